# SPDX-License-Identifier: Apache-2.0
decant_test(unit filters LINK decant_filter decant_source decant_format)
decant_test(unit hasher LINK decant_filter)
target_link_options(test_hasher PRIVATE -Wl,--wrap=pthread_create) # threads that cannot start
