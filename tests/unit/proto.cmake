# SPDX-License-Identifier: Apache-2.0
decant_test(unit rpc SOURCES rpc_fixture.c LINK decant_proto)
target_compile_definitions(test_rpc PRIVATE DECANT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
