#!/bin/bash
# web.t - what people do on the pages, in a real browser, with nginx: with script, on a wide screen, in light colours; and
# each page in each language. web-apache.t has the other of each two, bench/pages has all of them with all others.
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/server.sh"
. "${0%/*}/web.sh"

browser_or_skip
site_up nginx http
visit visit.mjs script-light-1280-en plain-dark-320-qps-keyboard-late script-light-320-{de,fr,es,ja}-reader
done_testing
