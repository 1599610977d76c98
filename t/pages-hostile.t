#!/bin/bash
# pages-hostile.t - what pages make of what a stranger's link, a late form or an old cookie has in it
. "${0%/*}/lib.sh"

form() { # PATH FORM [OPTION...]
	request POST "$1" -H 'Content-Type: application/x-www-form-urlencoded' -H 'Origin: http://localhost' -d "$2" "${@:3}"
}
signed_in() { # NAME PASSWORD; sets $cookie
	form /account/sign-in "name=$1&password=$2" -H 'Cookie: latchkey-kept=1'
	cookie=$(grep -o 'latchkey=eyJ[^;]*' "$scratch/answer")
}

# What a link says that a page demands, where the web server cannot see what verify has said.
needs() {
	local need
	signed_in ann@example.com "$password"
	while read -r need page; do
		request GET "/account/sign-in?next=/x&need=$need" -H "Cookie: $cookie"
		is "$status ${header_of[Location]-}" "303 $page" "$way: a page that needs $need"
	done <<-'END'
		age=3600 /x
		age=-1 /account/confirm?next=/x
		age=9223372036854775807 /x
		age=99999999999999999999 /x
		factor=2 /account/two-factor?next=/x
		nothing /x
	END
}

# An address to which no code can be sent.
no_mail() {
	form /account/start "username=root1&email=%C3%BC@example.com&password=$password-17"
	is "$status $(grep -c 'id="error-email"' <<<"$body")" '400 1' "$way: an address that gets no mail"
	is "$(latchkey user list)" '' "$way: is no first administrator's"
}

password=Quiet-Harbour-42
for way in $ways; do
	fresh 'hash_cost = 1' 'mail_command =' 'site_url = http://localhost'
	start "$way"
	no_mail
	add ann@example.com "$password"
	needs
done
stop
done_testing
