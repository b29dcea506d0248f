# SPDX-License-Identifier: Apache-2.0
decant_test(unit magic LINK decant_format)
decant_test(unit raw LINK decant_format decant_source decant_filter)
