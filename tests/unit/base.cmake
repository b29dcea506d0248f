# SPDX-License-Identifier: Apache-2.0
decant_test(unit files SOURCES dir_fixture.c LINK decant_base)
foreach(module buf digest err json log name num opts stage)
    decant_test(unit ${module} LINK decant_base)
endforeach()
