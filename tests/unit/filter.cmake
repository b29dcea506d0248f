# SPDX-License-Identifier: Apache-2.0
decant_test(unit filters LINK decant_filter decant_source decant_format)
