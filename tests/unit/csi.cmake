# SPDX-License-Identifier: Apache-2.0
foreach(module busy capability capacity fields mount outcome record)
    decant_test(unit csi_${module} LINK decant_csi)
endforeach()
foreach(module attach format paths store)
    decant_test(unit csi_${module} SOURCES csi_fixture.c LINK decant_csi)
endforeach()
# The library hides from the thread sanitizer how it hands things over.
set_tests_properties(unit/csi_attach PROPERTIES
    ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
