// SPDX-License-Identifier: Apache-2.0
/*
 * tests/lib/fault.h - make the nth allocation fail. Link with t_fault_wraps: malloc, calloc and
 * strdup of our rooms go through here; those inside shared libraries do not.
 */
#pragma once
#include <stdbool.h>

/* The nth allocation from now on (0: the first) fails, once. */
void t_fault_arm(long nth);
/* No more faults. Whether it has happened. */
bool t_fault_disarm(void);
