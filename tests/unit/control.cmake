# SPDX-License-Identifier: Apache-2.0
foreach(module control_queue control_source control_prime control_observe control_status)
    decant_test(unit ${module} LINK decant_control)
endforeach()
