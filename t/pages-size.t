#!/bin/bash
# pages-size.t - what a browser has to load for the pages, in bytes over the wire with headers
. "${0%/*}/lib.sh"

# wire PATH: how many bytes its answer has, as a browser asks for it.
wire() {
	curl -s --compressed -o /dev/null -w '%{size_header} %{size_download}' -H 'Accept: text/html' "http://127.0.0.1:$port$1" |
		awk '{ print $1 + $2 }'
}
at_most() { # NAME BYTES MOST
	if (($2 <= $3)); then pass "$1: $2 bytes"; else flunk "$1" "got:    $2 bytes" "at most $3"; fi
}

for way in nginx apache; do
	fresh 'hash_cost = 1' 'registration = open'
	start "$way"
	request GET /account/sign-in "${page[@]}"
	[[ $body =~ /account/www/[^/]*/ ]] && www=${BASH_REMATCH[0]}
	at_most "$way: the sign-in's first paint, page and style" $(($(wire /account/sign-in) + $(wire "${www}page.css"))) $((14 * 1024))
	sum=0
	for file in "$top"/www/*; do
		[[ $file == */error-* ]] || ((sum += $(wire "$www${file##*/}")))
	done
	at_most "$way: all files of all pages" "$sum" $((40 * 1024))
done
done_testing
