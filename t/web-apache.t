#!/bin/bash
# web-apache.t - what people do on the pages, in a real browser, with Apache and https: without script and without a mouse, on
# a narrow screen, in dark colours, in a language that is written from right to left and longer
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/server.sh"
. "${0%/*}/web.sh"

browser_or_skip
site_up apache https
WEB_FLOWS='beginning signingIn secondFactor forgotten invited ownAccount losing refusing' visit visit.mjs plain-dark-320-qps-keyboard
done_testing
