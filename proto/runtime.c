// SPDX-License-Identifier: Apache-2.0
/* proto/runtime.c - the gRPC library as a whole: start, stop, its log, its completion queues. */
#include <assert.h>
#include <grpc/support/log.h>
#include <string.h>

#include "decant/log.h"
#include "proto/priv.h"

/* The library is chatty about peers that misbehave; to us that is debugging. */
static void log_line(gpr_log_func_args *args)
{
    const char *slash = strrchr(args->file, '/');

    dc_debug("grpc", "%s:%d: %s", slash ? slash + 1 : args->file, args->line, args->message);
}

void dc_rpc_init(void)
{
    gpr_set_log_function(log_line);
    grpc_init();
}

void dc_rpc_exit(void)
{
    grpc_shutdown_blocking(); /* or its threads outlive main() */
}

void dc_rpc_loop(grpc_completion_queue *cq)
{
    for (;;) {
        grpc_event ev =
            grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

        if (ev.type == GRPC_QUEUE_SHUTDOWN)
            return;
        struct dc_rpc_tag *tag = ev.tag;
        (void)atomic_load_explicit(&tag->handed, memory_order_acquire);
        tag->fn(tag, ev.success != 0);
    }
}

void dc_rpc_batch(grpc_call *call, const grpc_op *ops, size_t n, struct dc_rpc_tag *tag)
{
    dc_rpc_tag_hand(tag);

    grpc_call_error rc = grpc_call_start_batch(call, ops, n, tag, NULL);

    assert(rc == GRPC_CALL_OK);
    (void)rc;
}

grpc_arg dc_rpc_int_arg(const char *key, int value)
{
    return (grpc_arg){
        .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

size_t dc_rpc_common_args(grpc_arg *args)
{
    size_t n = 0;

    args[n++] = dc_rpc_int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, DC_RPC_MAX_MESSAGE);
    /* A peer whose node has vanished sends no RST; 30 s without a sign of life ends the call. */
    args[n++] = dc_rpc_int_arg(GRPC_ARG_KEEPALIVE_TIME_MS, 20000);
    args[n++] = dc_rpc_int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
    args[n++] = dc_rpc_int_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    assert(n <= DC_RPC_COMMON_ARGS);
    return n;
}

gpr_timespec dc_rpc_deadline(uint32_t timeout_ms)
{
    if (timeout_ms == 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

grpc_slice dc_rpc_slice(const char *text)
{
    return grpc_slice_from_copied_string(text);
}
