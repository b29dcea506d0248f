# SPDX-License-Identifier: Apache-2.0
foreach(module journal node_request space table)
    decant_test(unit ${module} LINK decant_node)
endforeach()

# The whole agent with a CSI plugin and a web server of the test's own.
foreach(module agent agent_faults)
    decant_test(pipeline ${module} LINK decant_node
        SOURCES agent_fixture.c ${PROJECT_SOURCE_DIR}/tests/lib/http_server.c
            ${PROJECT_SOURCE_DIR}/tests/lib/image.c)
    set_tests_properties(pipeline/${module} PROPERTIES
        ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endforeach()
