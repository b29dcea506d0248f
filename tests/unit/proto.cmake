# SPDX-License-Identifier: Apache-2.0
foreach(module rpc rpc_raw rpc_tls)
    decant_test(unit ${module} SOURCES rpc_fixture.c LINK decant_proto)
endforeach()
foreach(module msg redact rpc_example wire)
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

# Needs the pinned modules, so it belongs to the layer that has them.
set(csi_tests ${PROJECT_SOURCE_DIR}/tests/csi)
add_executable(proto_facts ${csi_tests}/proto_facts.c)
target_link_libraries(proto_facts PRIVATE decant_base decant_messages)
set_target_properties(proto_facts PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_dependencies(proto_facts proto_desc)
add_test(NAME csi/descriptors
    COMMAND ${csi_tests}/descriptors $<TARGET_FILE:proto_facts> ${CMAKE_BINARY_DIR}/gen/proto.desc)
set_tests_properties(csi/descriptors PROPERTIES LABELS csi TIMEOUT 300 SKIP_RETURN_CODE 77)
