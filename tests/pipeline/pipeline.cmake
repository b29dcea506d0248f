# SPDX-License-Identifier: Apache-2.0
# Real stages between a web server that misbehaves and real targets.
set(pipeline_lib ${PROJECT_SOURCE_DIR}/tests/lib/http_server.c
    ${PROJECT_SOURCE_DIR}/tests/lib/image.c ${PROJECT_SOURCE_DIR}/tests/pipeline/fixture.c)
decant_test(pipeline fill_device SOURCES ${pipeline_lib} LINK decant_fill)
decant_test(pipeline fill_http
    SOURCES ${pipeline_lib} ${PROJECT_SOURCE_DIR}/tests/lib/fault.c LINK decant_fill)
decant_test(pipeline fill_resume SOURCES ${pipeline_lib} LINK decant_fill)
decant_test(pipeline fill_packed
    SOURCES ${pipeline_lib} ${PROJECT_SOURCE_DIR}/tests/lib/pack.c
        ${PROJECT_SOURCE_DIR}/tests/lib/fault.c LINK decant_fill)
decant_test(pipeline fill_tls SOURCES ${pipeline_lib} LINK decant_fill)
decant_test(pipeline probe SOURCES ${PROJECT_SOURCE_DIR}/tests/lib/http_server.c LINK decant_fill)
# The allocations that tests/lib/fault.h makes fail.
foreach(test fill_http fill_packed)
    target_link_options(test_${test} PRIVATE
        -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=strdup)
endforeach()
