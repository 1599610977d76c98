#!/bin/bash
# self.t - what a person does to her own account by latchkey's own API, and what a stranger must not get by it
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/mails.sh
. "${0%/*}/mails.sh"

good='Quiet-Harbour-42' other='Other-Harbour-433' wrong=0000-0000-0000
common=('hash_cost = 1' 'throttle = off' 'site_url = http://localhost' "mail_templates = $work/mail" "$msmtp"
	'registration = open')
here=(-H 'Origin: http://localhost')
api=/account/api

# post PATH MEMBERS [OPTION...]: MEMBERS is JSON without the braces.
post() { request POST "$api/$1" -d "{$2}" "${@:3}"; }
# sign_in NAME PASSWORD: a session; sets $cookie.
sign_in() {
	post session "\"name\":\"$1\",\"password\":\"$2\""
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
}
# by METHOD PATH [MEMBERS]: by the session of $cookie.
by() { request "$1" "$api/$2" -H "Cookie: $cookie" "${here[@]}" ${3+-d "{$3}"}; }
code() { echo "$status ${member_of[.code]-}"; }
signs_in() { sign_in "$1" "$2"; echo "$status"; }
# mailed ADDRESS COUNT: waits for the COUNTth mail to it, reads it, and sets $mailed to its code.
mailed() {
	is_real || latchkey mail send --once 2>>"$log"
	wait_for 60 has "$2" "$1" || flunk "$way: mail $2 for $1"
	receive "$1"
	mailed=$(code_in)
}
# forget_mails: the next test begins with none.
forget_mails() { rm -f "$sink"/*.to "$sink"/*.eml "$sink"/*.sender; }

# --- a forgotten password

forgotten() {
	local name
	request GET $api/policy
	answers 200 '{"min":15,"max":256,"classes":[],"common":true}' "$way: what a new password must be like"
	for name in ann@example.com nobody@example.com ' ' "$(printf 'x%.0s' {1..300})"; do
		post password/request "\"email\":\"$name\""
		[[ $name != ' ' ]] || { is "$(code)" '400 bad-body' "$way: blanks are no address" && continue; }
		answers 202 '{}' "$way: a code for '${name:0:20}' is asked for"
	done
	mailed ann@example.com 1
	post password/reset "\"code\":\"$mailed\",\"new\":\"short\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["too-short"]' "$way: a weak password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"ann@example.com\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["name"]' "$way: the account's own name"
	post password/reset "\"code\":\"$wrong\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: a wrong code"
	post password/reset "\"code\":\"$mailed\",\"email\":\"bob@example.com\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: the code of another account"
	is "$(signs_in ann "$good") $(signs_in ann "$other")" '200 401' "$way: none of which has changed the password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"$other\""
	answers 200 '{"email":"ann@example.com"}' "$way: the code"
	is "${header_of[Set-Cookie]-none}" none "$way: signs nobody in"
	is "$(signs_in ann "$good") $(signs_in ann "$other")" '401 200' "$way: and has set the new password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"$good\""
	is "$(code)" '400 wrong-code' "$way: a code used twice"
}

# --- an address is proved

# register ADDRESS: a stranger does, with a password of the stranger's. Sets $mailed.
register() {
	request POST /v1/auth/register -d "{\"email\":\"$1\",\"password\":\"$good\"}"
	mailed "$1" 1
}
proved() {
	register one@example.com
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\""
	is "$(code)" '400 bad-body' "$way: 22: a code without a password proves nothing"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\",\"password\":\"$other\""
	is "$(code)" '401 wrong-credentials' "$way: 22: with another password"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$wrong\",\"password\":\"$good\""
	is "$(code) $(signs_in one@example.com "$good")" '400 wrong-code 401' "$way: with a wrong code"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\",\"password\":\"$good\""
	is "$status $(signs_in one@example.com "$good")" '204 200' "$way: with the password of the registration"

	register two@example.com
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"short\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["too-short"]' "$way: a weak password in its place"
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"two@example.com\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["name"]' "$way: the account's own name in its place"
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"$other\""
	is "$status $(signs_in two@example.com "$good") $(signs_in two@example.com "$other")" '204 401 200' \
		"$way: 22: a new password in the place of the stranger's"

	add old "$good" --email old@example.com
	post email/request '"email":"old@example.com"'
	answers 202 '{}' "$way: a code for an account that nobody has to prove"
	mailed old@example.com 1
	post email/verify "\"email\":\"old@example.com\",\"code\":\"$mailed\",\"new\":\"$other\""
	is "$status $(signs_in old "$good") $(signs_in old "$other")" '204 200 401' "$way: proves its address, and sets no password"
}

sink_up
for way in nginx apache cgi; do
	forget_mails
	fresh "${common[@]}"
	add ann "$good" --email ann@example.com
	add bob "$good" --email bob@example.com
	start "$way"
	forgotten
	proved
done
done_testing
