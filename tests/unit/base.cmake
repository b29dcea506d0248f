# SPDX-License-Identifier: Apache-2.0
foreach(module buf digest err json name num opts stage)
    decant_test(unit ${module} LINK decant_base)
endforeach()
