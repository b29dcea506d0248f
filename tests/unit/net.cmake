# SPDX-License-Identifier: Apache-2.0
decant_test(unit backoff LINK decant_net)
decant_test(unit http SOURCES ${PROJECT_SOURCE_DIR}/tests/lib/http_server.c LINK decant_net)
decant_test(unit http_head LINK decant_net)
decant_test(unit loop LINK decant_net)
decant_test(unit url LINK decant_net)
