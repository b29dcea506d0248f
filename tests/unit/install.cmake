# SPDX-License-Identifier: Apache-2.0
add_test(NAME unit/install COMMAND ${CMAKE_CURRENT_LIST_DIR}/install.sh ${CMAKE_BINARY_DIR})
set_tests_properties(unit/install PROPERTIES LABELS unit TIMEOUT 60)
