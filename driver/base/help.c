// SPDX-License-Identifier: Apache-2.0
/* base/help.c - the tables of options for people: --help, and a page for man(1). */
#include <string.h>

#include "base/opts.h"

#define HELP_WIDTH 80

/* A paragraph, wrapped. */
static void help_wrap(const char *text, size_t indent, FILE *out)
{
    size_t col = indent;

    fprintf(out, "%*s", (int)indent, "");
    while (*text) {
        size_t word = strcspn(text, " ");
        if (col + word > HELP_WIDTH && col > indent) {
            fprintf(out, "\n%*s", (int)indent, "");
            col = indent;
        }
        fprintf(out, "%.*s", (int)word, text);
        col += word;
        text += word;
        if (*text == ' ') {
            text++;
            fputc(' ', out);
            col++;
        }
    }
    fputc('\n', out);
}

static void help_usage(const struct dc_program *p, FILE *out)
{
    fprintf(out, "%s [option ...]", p->name);
    for (const struct dc_word *w = p->words; w && w->name; w++)
        fprintf(out, " %s", w->name);
    fputc('\n', out);
}

void dc_program_help(const struct dc_program *p, FILE *out)
{
    fprintf(out, "%s - %s\n\nusage: ", p->name, p->summary);
    help_usage(p, out);
    fputc('\n', out);
    for (const struct dc_word *w = p->words; w && w->name; w++) {
        fprintf(out, "  %s\n", w->name);
        help_wrap(w->help, 6, out);
    }
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        fprintf(out, "  --%s%s%s%s\n", o->name, o->arg ? " " : "", o->arg ? o->arg : "",
                o->required ? "  (required)" : "");
        help_wrap(o->help, 6, out);
    }
    fprintf(out, "  --help, --version\n");
}

static void help_sections(const struct dc_tool *t, FILE *out)
{
    for (const struct dc_manual_section *s = t->sections; s->title; s++) {
        fprintf(out, "\n%s\n", s->title);
        for (const struct dc_manual_row *r = s->rows; r->term; r++) {
            fprintf(out, "  %s\n", r->term);
            help_wrap(r->text, 6, out);
        }
    }
}

void dc_tool_help(const struct dc_tool *t, FILE *out)
{
    fprintf(out, "%s - %s\n\n", t->name, t->summary);
    for (const struct dc_program *p = t->commands; p->name; p++) {
        fprintf(out, "  ");
        help_usage(p, out);
        help_wrap(p->summary, 6, out);
    }
    fprintf(out, "\nEach command has its own --help.\n");
    help_sections(t, out);
}

/* --- man(1): the macros of man(7) --- */

/* Text that troff leaves as it is. */
static void man_text(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void man_wrapped(const char *before, const char *text, const char *after, FILE *out)
{
    fputs(before, out);
    man_text(text, out);
    fputs(after, out);
}

static void man_item(const char *term, const char *arg, const char *text, FILE *out)
{
    man_wrapped(".TP\n\\fB", term, "\\fR", out);
    if (arg)
        man_wrapped(" \\fI", arg, "\\fR", out);
    fputc('\n', out);
    man_text(text, out);
    fputc('\n', out);
}

static void man_usage(const struct dc_program *p, FILE *out)
{
    man_wrapped("\\fB", p->name, "\\fR [\\fIoption\\fR ...]", out);
    for (const struct dc_word *w = p->words; w && w->name; w++)
        man_wrapped(" \\fI", w->name, "\\fR", out);
    fputs("\n.br\n", out);
}

static void man_program(const struct dc_program *p, FILE *out)
{
    man_wrapped(".SS ", p->name, "\n", out);
    man_text(p->summary, out);
    fputc('\n', out);
    for (const struct dc_word *w = p->words; w && w->name; w++)
        man_item(w->name, NULL, w->help, out);
    for (const struct dc_opt *o = p->opts; o->name; o++) {
        char name[64];

        (void)snprintf(name, sizeof name, "--%s", o->name);
        man_item(name, o->arg, o->help, out);
    }
}

void dc_tool_manual(const struct dc_tool *t, FILE *out)
{
    fprintf(out, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n", t->name, t->name,
            DECANT_VERSION);
    man_wrapped("", t->name, " \\- ", out);
    man_text(t->summary, out);
    fputs("\n.SH SYNOPSIS\n", out);
    for (const struct dc_program *p = t->commands; p->name; p++)
        man_usage(p, out);
    fputs(".SH COMMANDS\n", out);
    for (const struct dc_program *p = t->commands; p->name; p++)
        man_program(p, out);
    for (const struct dc_manual_section *s = t->sections; s->title; s++) {
        man_wrapped(".SH ", s->title, "\n", out);
        for (const struct dc_manual_row *r = s->rows; r->term; r++)
            man_item(r->term, NULL, r->text, out);
    }
}
