# SPDX-License-Identifier: Apache-2.0
set(decode_pack ${PROJECT_SOURCE_DIR}/tests/lib/pack.c)
decant_test(unit decode SOURCES ${decode_pack}
    LINK decant_decode decant_format decant_source decant_filter)
decant_test(unit decode_limits SOURCES ${decode_pack} LINK decant_decode decant_source)
