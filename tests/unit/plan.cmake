# SPDX-License-Identifier: Apache-2.0
decant_test(unit plan_resolve SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c LINK decant_plan)
decant_test(unit plan_prime SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c LINK decant_plan)
decant_test(unit plan_fill SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c LINK decant_plan)
decant_test(unit plan_rebind SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c LINK decant_plan)
decant_test(unit plan_cleanup SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c LINK decant_plan)
decant_test(unit plan_world
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan_fixture.c ${CMAKE_CURRENT_LIST_DIR}/plan_world.c LINK decant_plan)
