// SPDX-License-Identifier: Apache-2.0
/* attach/outcome.c - what a node plugin's answers mean, as kubelet reads them. */
#include <string.h>
#include <time.h>

#include "attach/client.h"
#include "base/num.h"

#define CALL_MS        120000 /* kubelet's csiTimeout for one call */
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS  5000

/* google.golang.org/grpc/codes */
enum {
    CODE_OK = 0,
    CODE_CANCELED = 1,
    CODE_INVALID_ARGUMENT = 3,
    CODE_DEADLINE_EXCEEDED = 4,
    CODE_NOT_FOUND = 5,
    CODE_PERMISSION_DENIED = 7,
    CODE_RESOURCE_EXHAUSTED = 8,
    CODE_FAILED_PRECONDITION = 9,
    CODE_ABORTED = 10,
    CODE_OUT_OF_RANGE = 11,
    CODE_UNIMPLEMENTED = 12,
    CODE_UNAVAILABLE = 14,
    CODE_UNAUTHENTICATED = 16,
};

/*
 * Whatever stands here with UNCERTAIN may have happened. The kinds are chosen for what a user
 * reads in an Event: a driver's NOT_FOUND is about the volume, never about a source.
 */
static const struct {
    int code;
    enum dc_csi_outcome outcome;
    enum dc_err_kind kind;
} codes[] = {
    {CODE_OK, DC_CSI_DONE, DC_OK},
    {CODE_CANCELED, DC_CSI_UNCERTAIN, DC_UNAVAILABLE},
    {CODE_INVALID_ARGUMENT, DC_CSI_FINAL, DC_UNSUPPORTED},
    {CODE_DEADLINE_EXCEEDED, DC_CSI_UNCERTAIN, DC_TIMEOUT},
    {CODE_NOT_FOUND, DC_CSI_ABSENT, DC_DEVICE},
    {CODE_PERMISSION_DENIED, DC_CSI_FINAL, DC_DENIED},
    {CODE_RESOURCE_EXHAUSTED, DC_CSI_UNCERTAIN, DC_EXHAUSTED},
    {CODE_FAILED_PRECONDITION, DC_CSI_FINAL, DC_PRECONDITION},
    {CODE_ABORTED, DC_CSI_UNCERTAIN, DC_BUSY},
    {CODE_OUT_OF_RANGE, DC_CSI_FINAL, DC_NO_SPACE},
    {CODE_UNIMPLEMENTED, DC_CSI_FINAL, DC_UNSUPPORTED},
    {CODE_UNAVAILABLE, DC_CSI_UNCERTAIN, DC_UNAVAILABLE},
    {CODE_UNAUTHENTICATED, DC_CSI_FINAL, DC_DENIED},
};

enum dc_csi_outcome dc_csi_outcome(int status)
{
    for (size_t i = 0; i < DC_LEN(codes); i++)
        if (codes[i].code == status)
            return codes[i].outcome;
    return DC_CSI_FINAL;
}

enum dc_err_kind dc_csi_kind(int status)
{
    for (size_t i = 0; i < DC_LEN(codes); i++)
        if (codes[i].code == status)
            return codes[i].kind;
    return DC_DEVICE;
}

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

int dc_csi_access_mode(const char *mode, bool multi_writer,
                       Csi__V1__VolumeCapability__AccessMode__Mode *ret, struct dc_err *err)
{
    static const struct {
        const char *name;
        Csi__V1__VolumeCapability__AccessMode__Mode plain, multi;
    } modes[] = {
        {"ReadWriteOnce", MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_MULTI_WRITER)},
        {"ReadWriteOncePod", MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_SINGLE_WRITER)},
        {"ReadOnlyMany", MODE(MULTI_NODE_READER_ONLY), MODE(MULTI_NODE_READER_ONLY)},
        {"ReadWriteMany", MODE(MULTI_NODE_MULTI_WRITER), MODE(MULTI_NODE_MULTI_WRITER)},
    };

    if (!mode || mode[0] == '\0')
        mode = "ReadWriteOnce";
    for (size_t i = 0; i < DC_LEN(modes); i++) {
        if (strcmp(modes[i].name, mode) != 0)
            continue;
        *ret = multi_writer ? modes[i].multi : modes[i].plain;
        return 0;
    }
    return dc_fail(
        err, DC_BAD_INPUT, 0,
        "access mode '%.40s': expected ReadWriteOnce, ReadWriteOncePod, ReadOnlyMany "
        "or ReadWriteMany",
        mode);
}

static void pause_ms(uint32_t ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&t, NULL);
}

/* A call that took all its time is not simply repeated: two minutes have gone. */
static bool is_repeated(int status)
{
    return dc_csi_outcome(status) == DC_CSI_UNCERTAIN && status != CODE_DEADLINE_EXCEEDED;
}

int dc_csi_call(struct dc_csi_node *node, const char *method, const ProtobufCMessage *req,
                uint32_t patience_ms, enum dc_csi_outcome *ret_outcome, struct dc_err *err)
{
    uint32_t pause = FIRST_PAUSE_MS, waited = 0;
    ProtobufCMessage *reply = NULL;
    bool maybe = false;
    struct dc_err last;
    int status;

    for (;;) {
        last = (struct dc_err){0};
        int rc = dc_rpc_call(node->client, &csi__v1__node__descriptor, method, req, CALL_MS,
                             &reply, &status, &last);
        if (rc == 0) {
            protobuf_c_message_free_unpacked(reply, NULL);
            *ret_outcome = DC_CSI_DONE;
            return 0;
        }
        maybe = maybe || dc_csi_outcome(status) == DC_CSI_UNCERTAIN;
        if (!is_repeated(status) || waited + pause > patience_ms)
            break;
        pause_ms(pause);
        waited += pause;
        pause = DC_MIN(2 * pause, LAST_PAUSE_MS);
    }
    *ret_outcome = maybe ? DC_CSI_UNCERTAIN : dc_csi_outcome(status);
    return dc_fail(err, dc_csi_kind(status), 0, "%s of driver %s: %s", method, node->driver,
                   last.msg);
}
