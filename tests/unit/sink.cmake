# SPDX-License-Identifier: Apache-2.0
decant_test(unit sinks SOURCES ${PROJECT_SOURCE_DIR}/tests/lib/image.c LINK decant_sink)
decant_test(unit slot LINK decant_sink)
# The kernel that refuses: these go through the test.
target_link_options(test_sinks PRIVATE -Wl,--wrap=io_uring_queue_init
    -Wl,--wrap=io_uring_register_buffers -Wl,--wrap=io_uring_submit)
