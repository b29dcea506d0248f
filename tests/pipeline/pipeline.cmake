# SPDX-License-Identifier: Apache-2.0
# Real stages between a web server that misbehaves and real targets.
set(pipeline_lib ${PROJECT_SOURCE_DIR}/tests/lib/http_server.c
    ${PROJECT_SOURCE_DIR}/tests/lib/image.c ${PROJECT_SOURCE_DIR}/tests/pipeline/fixture.c)
decant_test(pipeline fill_device SOURCES ${pipeline_lib} LINK decant_fill)
