// SPDX-License-Identifier: Apache-2.0
/* tests/lib/http_server.h - a web server that misbehaves on request, in threads of the test. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct t_server;

/* One answer. The script's answers are given in order, the last one for ever after. */
struct t_reply {
    int status;          /* 0: 200, or 206 when a range is asked for             */
    const char *headers; /* more header lines, each with "\r\n"                  */
    const void *body;    /* the whole file; ranges are cut out of it             */
    size_t len;
    const char *etag; /* with its quotes; this or the date is what If-Range must name */
    const char *last_modified, *date;
    bool ignore_range;  /* the whole file, always                               */
    bool deaf;          /* ranges, whatever If-Range says                       */
    size_t part_max;    /* bytes of a part at most; 0: all that is asked for    */
    bool no_length;     /* no Content-Length: the end is the end of connection  */
    bool chunked;       /* no Content-Length: chunks                            */
    size_t more_length; /* add to Content-Length what will not come             */
    size_t wrong_range; /* add to the first byte named in Content-Range         */
    size_t wrong_total; /* add to the total named in Content-Range              */
    bool cut;           /* close ...                                            */
    size_t cut_after;   /*  ... after so many bytes of the body                 */
    bool stall;         /* say nothing more ...                                 */
    size_t stall_after; /*  ... after so many bytes of the body, until the stop */
    bool silent;        /* close without an answer                              */
    size_t fragment;    /* bytes a send; 0: as many as fit                      */
};

/* Aborts the test when it cannot. The script is borrowed until the stop. */
struct t_server *t_server_start(const struct t_reply *script, size_t n);
void t_server_stop(struct t_server *s);

/* "http://127.0.0.1:PORT" + path, kept by the server until its next call. */
const char *t_server_url(struct t_server *s, const char *path);
/* How many requests have come, and the head of one of them (NULL: there is none). */
size_t t_server_requests(struct t_server *s);
const char *t_server_request(struct t_server *s, size_t i);
