#!/bin/bash
# web.t - what people do on the pages, in a real browser, with nginx: with script, on a wide screen, in light colours; each
# page in each language, and some in two themes. web-apache.t has the other of each two, bench/pages has all of them with all others.
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/server.sh"
. "${0%/*}/web.sh"

browser_or_skip
site_up nginx http
visit visit.mjs script-light-1280-en plain-dark-320-qps-keyboard-late script-light-320-{de,fr,es,ja}-reader
dress 1
visit visit.mjs script-light-320-en-dressed
dress 2 "$NODE_PATH/@picocss/pico/css/pico.classless.min.css"
visit visit.mjs script-dark-1280-en-dressed2
done_testing
