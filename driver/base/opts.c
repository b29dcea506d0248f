// SPDX-License-Identifier: Apache-2.0
/* base/opts.c - command-line settings as one table. */
#include "base/opts.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define HELP_WIDTH 80

/* --help: the paragraph of one option, wrapped. */
static void help_wrap(const char *text, size_t indent)
{
    size_t col = indent;

    printf("%*s", (int)indent, "");
    while (*text) {
        size_t word = strcspn(text, " ");
        if (col + word > HELP_WIDTH && col > indent) {
            printf("\n%*s", (int)indent, "");
            col = indent;
        }
        printf("%.*s", (int)word, text);
        col += word;
        text += word;
        if (*text == ' ') {
            text++;
            putchar(' ');
            col++;
        }
    }
    putchar('\n');
}

static void help_print(const struct dc_program *p)
{
    printf("%s - %s\n\nusage: %s [option ...]\n\n", p->name, p->summary, p->name);
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        printf("  --%s%s%s%s\n", o->name, o->arg ? " " : "", o->arg ? o->arg : "",
               o->required ? "  (required)" : "");
        help_wrap(o->help, 6);
    }
    printf("  --help, --version\n");
}

static const struct dc_opt *opt_find(const struct dc_program *p, const char *name, size_t len)
{
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    }
    return NULL;
}

static int number_set(const struct dc_opt *o, const char *value, struct dc_err *err)
{
    bool size = o->kind == DC_OPT_SIZE;
    uint64_t n;

    if (!(size ? dc_parse_quantity(value, &n) : dc_parse_u64(value, &n)))
        return dc_fail(err, DC_BAD_INPUT, 0, "--%s: \"%s\" is not a %s", o->name, value,
                       size ? "size (as 64Mi, 1G or a number of bytes)" : "whole number");
    if (n < o->min || (o->max && n > o->max))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "--%s: %s is out of range, %llu to %llu is allowed", o->name, value,
                       (unsigned long long)o->min,
                       (unsigned long long)(o->max ? o->max : UINT64_MAX));
    *(uint64_t *)o->value = n;
    return 0;
}

static int opt_set(const struct dc_opt *o, const char *value, struct dc_err *err)
{
    struct dc_opt_list *list = o->value;

    switch (o->kind) {
    case DC_OPT_FLAG:
        *(bool *)o->value = true;
        return 0;
    case DC_OPT_STRING:
        *(const char **)o->value = value;
        return 0;
    case DC_OPT_U64:
    case DC_OPT_SIZE:
        return number_set(o, value, err);
    case DC_OPT_LIST:
        if (list->n == DC_OPT_LIST_MAX)
            return dc_fail(err, DC_BAD_INPUT, 0, "--%s: at most %d may be given", o->name,
                           DC_OPT_LIST_MAX);
        list->item[list->n++] = value;
        return 0;
    }
    return 0;
}

/* Take argv[*i] (and its value); *i ends on the last word used. */
static int arg_take(const struct dc_program *p, int argc, char **argv, int *i, uint64_t *seen,
                    struct dc_err *err)
{
    const char *arg = argv[*i], *value = NULL;

    if (strncmp(arg, "--", 2) != 0 || arg[2] == '\0')
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is not an option", arg);
    size_t len = strcspn(arg + 2, "=");
    const struct dc_opt *o = opt_find(p, arg + 2, len);
    if (!o)
        return dc_fail(err, DC_BAD_INPUT, 0, "there is no option --%.*s", (int)len, arg + 2);

    if (arg[2 + len] == '=')
        value = arg + 2 + len + 1;
    if (o->kind == DC_OPT_FLAG && value)
        return dc_fail(err, DC_BAD_INPUT, 0, "--%s takes no value", o->name);
    if (o->kind != DC_OPT_FLAG && !value) {
        if (*i + 1 >= argc)
            return dc_fail(err, DC_BAD_INPUT, 0, "--%s needs a value: %s", o->name, o->arg);
        value = argv[++*i];
    }
    *seen |= 1ull << (o - p->opts);
    return opt_set(o, value, err);
}

static int args_parse(const struct dc_program *p, int argc, char **argv, struct dc_err *err)
{
    uint64_t seen = 0;

    for (int i = 1; i < argc; i++) {
        if (arg_take(p, argc, argv, &i, &seen, err) != 0)
            return -1;
    }
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        if (o->required && !(seen & 1ull << (o - p->opts)))
            return dc_fail(err, DC_BAD_INPUT, 0, "--%s %s is required", o->name, o->arg);
    }
    return 0;
}

enum dc_opts_answer dc_opts_parse(const struct dc_program *program, int argc, char **argv)
{
    struct dc_err err = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            help_print(program);
            return DC_OPTS_EXIT_OK;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", program->name, DECANT_VERSION);
            return DC_OPTS_EXIT_OK;
        }
    }
    if (args_parse(program, argc, argv, &err) != 0) {
        fprintf(stderr, "%s: %s\nTry \"%s --help\".\n", program->name, err.msg, program->name);
        return DC_OPTS_EXIT_USAGE;
    }
    return DC_OPTS_RUN;
}
