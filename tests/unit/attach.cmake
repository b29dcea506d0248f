# SPDX-License-Identifier: Apache-2.0
foreach(module attach attach_paths)
    decant_test(unit ${module} SOURCES attach_fixture.c dir_fixture.c LINK decant_attach)
endforeach()
decant_test(unit attach_outcome LINK decant_attach)
# The library hides from the thread sanitizer how it hands things over.
set_tests_properties(unit/attach PROPERTIES
    ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
