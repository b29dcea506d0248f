// SPDX-License-Identifier: Apache-2.0
/* net/http_err.c - curl's codes as kinds, each with a word on what to do. */
#include "net/http_err.h"

#include "base/num.h"

static const struct {
    CURLcode rc;
    enum dc_err_kind kind;
    const char *hint;
} meanings[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, DC_BAD_INPUT, "expected http:// or https://"},
    {CURLE_URL_MALFORMAT, DC_BAD_INPUT, "expected http://host/path or https://host/path"},
    {CURLE_COULDNT_RESOLVE_PROXY, DC_REMOTE, "check http_proxy and https_proxy"},
    {CURLE_COULDNT_RESOLVE_HOST, DC_REMOTE, "check the host name and the DNS of this node"},
    {CURLE_COULDNT_CONNECT, DC_REMOTE,
     "check that the server runs and can be reached from here"},
    {CURLE_PARTIAL_FILE, DC_REMOTE, "the server closed the connection too early"},
    {CURLE_GOT_NOTHING, DC_REMOTE, "the server closed the connection without an answer"},
    {CURLE_OUT_OF_MEMORY, DC_NO_MEMORY, "out of memory"},
    {CURLE_PEER_FAILED_VERIFICATION, DC_DENIED,
     "the server's certificate is not trusted; give the CA that signed it"},
    {CURLE_SSL_CACERT_BADFILE, DC_BAD_INPUT,
     "the CA certificates cannot be read; expected PEM"},
    {CURLE_SSL_CERTPROBLEM, DC_BAD_INPUT,
     "the client certificate cannot be used; expected PEM"},
    {CURLE_SSL_CONNECT_ERROR, DC_REMOTE, "TLS failed; check that the port speaks https"},
    {CURLE_WEIRD_SERVER_REPLY, DC_REMOTE, "the answer is not HTTP; check the port"},
};

void http_err_set(struct dc_err *err, CURLcode rc, const char *name, const char *detail,
                  bool connected)
{
    const char *what = detail[0] ? detail : curl_easy_strerror(rc);

    if (rc == CURLE_OPERATION_TIMEDOUT) {
        (void)dc_fail(err, connected ? DC_TIMEOUT : DC_REMOTE, 0, "%s: %s; %s", name, what,
                      connected ? "the server took too long"
                                : "check that the server runs and can be reached from here");
        return;
    }
    for (size_t i = 0; i < DC_LEN(meanings); i++) {
        if (meanings[i].rc != rc)
            continue;
        (void)dc_fail(err, meanings[i].kind, 0, "%s: %s; %s", name, what, meanings[i].hint);
        return;
    }
    (void)dc_fail(err, DC_REMOTE, 0, "%s: %s", name, what);
}
