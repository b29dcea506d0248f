// SPDX-License-Identifier: Apache-2.0
/* decant/cleanup.h - locals that own: released when their scope ends, handed on by dc_steal(). */
#pragma once
#include <stdlib.h>
#include <unistd.h>

/* Run fn(&local) when the local goes out of scope. Declare and initialise on one line. */
#define DC_AUTO(fn)  __attribute__((cleanup(fn)))
#define dc_autofree  DC_AUTO(dc_free_at)
#define dc_autoclose DC_AUTO(dc_close_at)

static inline void dc_free_at(void *p)
{
    free(*(void **)p);
}

static inline void dc_close_at(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* never retried: Linux frees the number even on EINTR */
}

/* Hand a pointer on and forget it here, so that the cleanup finds NULL. */
#define dc_steal(p)                  \
    ({                               \
        __typeof__(p) stolen_ = (p); \
        (p) = NULL;                  \
        stolen_;                     \
    })

/* The same for a file descriptor, which is forgotten as -1. */
#define dc_steal_fd(fdp)  \
    ({                    \
        int fd_ = *(fdp); \
        *(fdp) = -1;      \
        fd_;              \
    })
