#!/bin/bash
# web-passwords.t - what Chromium's own password manager makes of the pages: in a window, which has a screen of its own
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/server.sh"
. "${0%/*}/web.sh"

# screen_up: an X server that nobody sees, on a number that is free; sets $DISPLAY.
screen_up() {
	Xvfb -displayfd 5 -nolisten tcp -screen 0 1000x800x24 5>"$work/display" >>"$log" 2>&1 &
	pids+=($!)
	wait_for 60 test -s "$work/display" || give_up 'no X server'
	DISPLAY=:$(<"$work/display")
	export DISPLAY
}

browser_or_skip
site_up nginx http
screen_up
visit passwords.mjs
done_testing
