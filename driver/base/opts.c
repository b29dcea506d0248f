// SPDX-License-Identifier: Apache-2.0
/* base/opts.c - command-line settings as one table. */
#include "base/opts.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

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

/* Is value one of "a|b|c", and which? */
static int choice_set(const struct dc_opt *o, const char *value, struct dc_err *err)
{
    const char *at = o->arg;

    for (unsigned i = 0; *at; i++) {
        size_t len = strcspn(at, "|");

        if (strlen(value) == len && strncmp(at, value, len) == 0) {
            *(unsigned *)o->value = i;
            return 0;
        }
        at += len + (at[len] == '|');
    }
    return dc_fail(err, DC_BAD_INPUT, 0, "--%s: \"%s\" is none of %s", o->name, value, o->arg);
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
    case DC_OPT_CHOICE:
        return choice_set(o, value, err);
    }
    return 0;
}

struct parse {
    const struct dc_program *p;
    int argc, i; /* i: the word that is looked at; ends on the last one used */
    char **argv;
    uint64_t seen;  /* options, one bit each */
    size_t n_words; /* taken */
    bool words_only;
};

static int word_take(struct parse *w, struct dc_err *err)
{
    const char *arg = w->argv[w->i];
    const struct dc_word *word = w->p->words;

    if (!word)
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is not an option", arg);
    for (size_t i = 0; i < w->n_words && word->name; i++)
        word++;
    if (!word->name)
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is one word too many", arg);
    if (arg[0] == '\0')
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is empty", word->name);
    *word->value = arg;
    w->n_words++;
    return 0;
}

static int opt_take(struct parse *w, struct dc_err *err)
{
    const char *arg = w->argv[w->i], *value = NULL;
    size_t len = strcspn(arg + 2, "=");
    const struct dc_opt *o = opt_find(w->p, arg + 2, len);

    if (!o)
        return dc_fail(err, DC_BAD_INPUT, 0, "there is no option --%.*s", (int)len, arg + 2);
    if (arg[2 + len] == '=')
        value = arg + 2 + len + 1;
    if (o->kind == DC_OPT_FLAG && value)
        return dc_fail(err, DC_BAD_INPUT, 0, "--%s takes no value", o->name);
    if (o->kind != DC_OPT_FLAG && !value) {
        if (w->i + 1 >= w->argc)
            return dc_fail(err, DC_BAD_INPUT, 0, "--%s needs a value: %s", o->name, o->arg);
        value = w->argv[++w->i];
    }
    w->seen |= 1ull << (o - w->p->opts);
    return opt_set(o, value, err);
}

static int arg_take(struct parse *w, struct dc_err *err)
{
    const char *arg = w->argv[w->i];

    if (w->words_only || arg[0] != '-' || arg[1] == '\0')
        return word_take(w, err);
    if (arg[1] != '-')
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is not an option", arg);
    if (arg[2] != '\0')
        return opt_take(w, err);
    w->words_only = true;
    return 0;
}

static int args_parse(const struct dc_program *p, int argc, char **argv, struct dc_err *err)
{
    struct parse w = {.p = p, .argc = argc, .argv = argv, .words_only = false};

    for (w.i = 1; w.i < argc; w.i++) {
        if (arg_take(&w, err) != 0)
            return -1;
    }
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        if (o->required && !(w.seen & 1ull << (o - p->opts)))
            return dc_fail(err, DC_BAD_INPUT, 0, "--%s %s is required", o->name, o->arg);
    }
    if (p->words && p->words[w.n_words].name)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is missing", p->words[w.n_words].name);
    return 0;
}

static enum dc_opts_answer usage_wrong(const char *name, const struct dc_err *err)
{
    fprintf(stderr, "%s: %s\nTry \"%s --help\".\n", name, err->msg, name);
    return DC_OPTS_EXIT_USAGE;
}

enum dc_opts_answer dc_opts_parse(const struct dc_program *program, int argc, char **argv)
{
    struct dc_err err = {0};

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            dc_program_help(program, stdout);
            return DC_OPTS_EXIT_OK;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", program->name, DECANT_VERSION);
            return DC_OPTS_EXIT_OK;
        }
    }
    if (args_parse(program, argc, argv, &err) != 0)
        return usage_wrong(program->name, &err);
    return DC_OPTS_RUN;
}

enum dc_opts_answer dc_tool_parse(const struct dc_tool *tool, int argc, char **argv,
                                  const struct dc_program **ret)
{
    const char *word = argc > 1 ? argv[1] : "";
    size_t prefix = strlen(tool->name) + 1; /* of a command's name: "decant " */
    struct dc_err err = {0};

    for (const struct dc_program *p = tool->commands; p->name; p++) {
        if (strcmp(p->name + prefix, word) == 0) {
            *ret = p;
            return dc_opts_parse(p, argc - 1, argv + 1);
        }
    }
    if (strcmp(word, "--help") == 0) {
        dc_tool_help(tool, stdout);
        return DC_OPTS_EXIT_OK;
    }
    if (strcmp(word, "--man") == 0) {
        dc_tool_manual(tool, stdout);
        return DC_OPTS_EXIT_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", tool->name, DECANT_VERSION);
        return DC_OPTS_EXIT_OK;
    }
    if (word[0])
        (void)dc_fail(&err, DC_BAD_INPUT, 0, "\"%s\" is no command", word);
    else
        (void)dc_fail(&err, DC_BAD_INPUT, 0, "a command is missing");
    return usage_wrong(tool->name, &err);
}
