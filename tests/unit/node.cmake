# SPDX-License-Identifier: Apache-2.0
foreach(module journal space table)
    decant_test(unit ${module} LINK decant_node)
endforeach()
