# SPDX-License-Identifier: Apache-2.0
decant_test(unit plan_resolve LINK decant_plan)
decant_test(unit plan_prime LINK decant_plan)
decant_test(unit plan_fill LINK decant_plan)
decant_test(unit plan_rebind LINK decant_plan)
decant_test(unit plan_cleanup LINK decant_plan)
