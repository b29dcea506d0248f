# SPDX-License-Identifier: Apache-2.0
decant_test(unit cli LINK decant_cli)
