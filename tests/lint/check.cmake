# SPDX-License-Identifier: Apache-2.0
# Targets: format (rewrites), tidy, lint (all gates), check (gates, then the unit tests).
# Included last: it needs to know the tests.

set(lint ${PROJECT_SOURCE_DIR}/tests/lint)
add_custom_target(format COMMAND ${lint}/format.sh --fix USES_TERMINAL VERBATIM)
add_custom_target(tidy COMMAND ${lint}/check ${CMAKE_BINARY_DIR} tidy USES_TERMINAL VERBATIM)
add_custom_target(lint COMMAND ${lint}/check ${CMAKE_BINARY_DIR} USES_TERMINAL VERBATIM)
# The gates read code that includes machine-written headers.
foreach(target tidy lint)
    add_dependencies(${target} decant_messages)
endforeach()

if(DECANT_TESTS)
    get_property(unit_tests DIRECTORY ${PROJECT_SOURCE_DIR}/tests/unit
        PROPERTY BUILDSYSTEM_TARGETS)
    add_custom_target(check
        COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_BINARY_DIR} -L unit
            --output-on-failure --no-tests=error --progress
        COMMAND ${lint}/check ${CMAKE_BINARY_DIR}
        USES_TERMINAL VERBATIM)
    add_dependencies(check decant_messages ${unit_tests})
endif()

# The gates are tested as well: each must see a planted fault. Once is enough, and sanitizers
# have nothing to say about scripts.
if(DECANT_TESTS AND NOT DECANT_SANITIZE)
    add_test(NAME lint/selftest COMMAND ${lint}/selftest)
    set_tests_properties(lint/selftest PROPERTIES LABELS unit TIMEOUT 120)
endif()
