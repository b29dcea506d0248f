# SPDX-License-Identifier: Apache-2.0
decant_test(unit http_answer LINK decant_source)
decant_test(unit source_ring LINK decant_source)
decant_test(unit source_file LINK decant_source)
