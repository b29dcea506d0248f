# SPDX-License-Identifier: Apache-2.0
foreach(module rpc rpc_raw rpc_tls)
    decant_test(unit ${module} SOURCES rpc_fixture.c LINK decant_proto)
endforeach()
foreach(module redact rpc_example wire)
    decant_test(unit ${module} LINK decant_proto)
endforeach()
foreach(module redact rpc rpc_example rpc_raw rpc_tls wire)
    target_compile_definitions(test_${module} PRIVATE
        DECANT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
        DECANT_PROTO_DESC="${CMAKE_BINARY_DIR}/gen/proto.desc")
    # The library hides from the thread sanitizer how it hands things over.
    set_tests_properties(unit/${module} PROPERTIES
        ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endforeach()
add_dependencies(test_redact proto_desc)
