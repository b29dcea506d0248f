// SPDX-License-Identifier: Apache-2.0
/* tests/lib/fault.c - see fault.h. Faults hit only the thread that asked for them. */
#include "lib/fault.h"

#include <stddef.h>

static _Thread_local long left = -1;
static _Thread_local bool fired;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *s);

void t_fault_arm(long nth)
{
    left = nth;
    fired = false;
}

bool t_fault_disarm(void)
{
    left = -1;
    return fired;
}

static bool fails(void)
{
    if (left < 0 || left-- > 0)
        return false;
    fired = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}
