// SPDX-License-Identifier: Apache-2.0
/* cli/options.c - the tables of decant. */
#include "cli/options.h"

#include <assert.h>

#include "base/num.h"
#include "cli/exit.h"

static const struct dc_manual_row exits[] = {
#define X(id, code, name, text) {#code, text},
    CLI_EXITS(X)
#undef X
        {NULL, NULL},
};

static const struct dc_manual_row environment[] = {
    {"DECANT_PASSWORD", "The password that belongs to --user NAME."},
    {"http_proxy, https_proxy, all_proxy, no_proxy", "Proxies, as curl knows them."},
    {NULL, NULL},
};

static const struct dc_manual_row examples[] = {
    {"decant copy https://example.org/disk.img /dev/vdb",
     "Fill a block device; what it has behind the image reads as zeros."},
    {"decant copy --size 20Gi disk.img vm.img", "Make a sparse file of 20 GiB from an image."},
    {"decant copy --output json --progress none disk.img /dev/vdb | jq .digest",
     "The SHA-256 of what was read, for a script."},
    {"decant inspect --output json https://example.org/disk.img",
     "What it is and whether it can be copied, from its first bytes."},
    {NULL, NULL},
};

static const struct dc_manual_section sections[] = {
    {"EXIT STATUS", exits},
    {"ENVIRONMENT", environment},
    {"EXAMPLES", examples},
    {NULL, NULL},
};

static struct dc_opt *opts_source(struct dc_opt *o, struct cli_settings *s)
{
    *o++ = (struct dc_opt){
        .name = "header",
        .kind = DC_OPT_LIST,
        .value = &s->headers,
        .arg = "LINE",
        .help = "Send a header to the source, as \"Name: value\"; may be repeated. It is not "
                "sent on to another host when the source redirects. Other users of this "
                "machine can see it on the command line."};
    *o++ = (struct dc_opt){
        .name = "user",
        .kind = DC_OPT_STRING,
        .value = &s->user,
        .arg = "NAME[:PASSWORD]",
        .help = "Log in to the source with HTTP basic authentication. Without :PASSWORD the "
                "password is taken from the environment variable DECANT_PASSWORD, where "
                "other users of this machine cannot see it."};
    *o++ = (struct dc_opt){
        .name = "ca-file",
        .kind = DC_OPT_STRING,
        .value = &s->ca_file,
        .arg = "FILE",
        .help = "Trust the certificates of this PEM file instead of the system's."};
    return o;
}

static struct dc_opt *opts_output(struct dc_opt *o, struct cli_settings *s)
{
    *o++ = (struct dc_opt){
        .name = "output",
        .kind = DC_OPT_CHOICE,
        .value = &s->output,
        .arg = "text|json",
        .help = "What standard output tells at the end: text for people, by default, or one "
                "JSON object."};
    return o;
}

static void opts_copy(struct dc_opt *o, struct cli_settings *s)
{
    *o++ = (struct dc_opt){
        .name = "checksum",
        .kind = DC_OPT_STRING,
        .value = &s->checksum,
        .arg = "ALG:HEX",
        .help = "Fail when the bytes of the source, as served, have another checksum. ALG is "
                "md5, sha1, sha256 or sha512."};
    *o++ = (struct dc_opt){
        .name = "size",
        .kind = DC_OPT_SIZE,
        .value = &s->size,
        .arg = "SIZE",
        .min = 1,
        .help = "Size of a target that is a regular file, as 20Gi or a number of bytes; an "
                "image that is larger is refused. By default that of the image."};
    *o++ = (struct dc_opt){
        .name = "memory",
        .kind = DC_OPT_SIZE,
        .value = &s->memory,
        .arg = "SIZE",
        .min = DC_MIB,
        .help = "Memory for buffers, at least 1Mi; by default at most 64Mi, and less where "
                "that is as fast."};
    o = opts_source(o, s);
    *o++ = (struct dc_opt){
        .name = "progress",
        .kind = DC_OPT_CHOICE,
        .value = &s->progress,
        .arg = "auto|bar|json|none",
        .help = "What standard error tells meanwhile: a bar, one JSON object a line each "
                "second, or nothing. By default auto: a bar on a terminal, else nothing."};
    o = opts_output(o, s);
    *o = (struct dc_opt){0};
}

static void words_put(struct dc_word *w, struct cli_settings *s, bool target)
{
    *w++ = (struct dc_word){
        .name = "SOURCE",
        .value = &s->source,
        .help = "Where the image is: http://..., https://..., or a regular file or block "
                "device as PATH or file:PATH."};
    if (target)
        *w++ = (struct dc_word){
            .name = "TARGET",
            .value = &s->target,
            .help = "What is overwritten: a block device that nobody else uses, or a regular "
                    "file, which is made or replaced."};
    *w = (struct dc_word){0};
}

void cli_tables_init(struct cli_tables *t, struct cli_settings *s)
{
    *t = (struct cli_tables){0};
    *s = (struct cli_settings){0};
    opts_copy(t->opts[CLI_COPY], s);
    *opts_output(opts_source(t->opts[CLI_INSPECT], s), s) = (struct dc_opt){0};
    words_put(t->words[CLI_COPY], s, true);
    words_put(t->words[CLI_INSPECT], s, false);
    t->commands[CLI_COPY] = (struct dc_program){
        .name = "decant copy",
        .summary = "Write the disk image SOURCE to TARGET in one pass, checked and flushed.",
        .opts = t->opts[CLI_COPY],
        .words = t->words[CLI_COPY]};
    t->commands[CLI_INSPECT] = (struct dc_program){
        .name = "decant inspect",
        .summary =
            "Tell what SOURCE is, and what of it would be refused, from its first bytes.",
        .opts = t->opts[CLI_INSPECT],
        .words = t->words[CLI_INSPECT]};
    t->tool = (struct dc_tool){.name = "decant",
                               .summary = "copies disk images to devices and files",
                               .commands = t->commands,
                               .sections = sections};
}
