#!/bin/bash
# sessions.t - browsers' sessions by latchkey's own API: their cookie, how they end, and what another site's page can do
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' other='Quiet-Harbour-43'
common=('hash_cost = 1' 'mail_command =' 'throttle = off' 'site_url = http://localhost')
here=(-H 'Origin: http://localhost')
api=/account/api

# begin [MEMBERS]: a session of ann's; sets $cookie and $id.
begin() {
	request POST $api/session -d "{\"name\":\"ann\",\"password\":\"$good\"${1-}}" -H 'User-Agent: a browser'
	taken
	id=${member_of[.session.id]-}
}
# taken: sets $cookie to the one that the last answer has.
taken() { cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}"); }
by() { request "$1" "$api/$2" -H "Cookie: $cookie" "${@:3}"; }
code() { echo "$status ${member_of[.code]-}"; }
verified() { request GET /auth/verify -H "Cookie: $1" && echo "$status"; }

life() {
	local first
	begin
	is "$status" 200 "$way: a sign-in"
	like "$cookie" '^latchkey=eyJ' "$way: has a cookie"
	is "${member_of[.account.username]-} ${member_of[.session.remember]-}" 'ann false' "$way: and says whose it is"
	is "$(verified "$cookie")" 204 "$way: which opens what is protected"
	by GET session
	is "$status ${member_of[.session.id]-}" "200 $id" "$way: and is shown"
	first=$cookie
	by POST session/renew "${here[@]}"
	taken
	is "$status" 204 "$way: it is renewed"
	ok_if "$way: by another cookie" [ "$cookie" != "$first" ]
	is "$(verified "$cookie") $(verified "$first")" '204 204' "$way: and the one before goes on until its own end"
	by POST session/confirm "${here[@]}" -d "{\"password\":\"$other\"}"
	is "$(code)" '403 wrong-password' "$way: a wrong password confirms nothing"
	by POST session "${here[@]}" -d "{\"name\":\"ann\",\"password\":\"$other\"}"
	is "$(code) ${header_of[WWW-Authenticate]-}" '401 wrong-credentials Bearer' "$way: 38: nor is its cookie called bad for it"
	by POST session/confirm "${here[@]}" -d "{\"password\":\"$good\"}"
	is "$status" 204 "$way: the right one does"
	by DELETE session "${here[@]}"
	is "$status" 204 "$way: it is ended"
	is "$(verified "$cookie") $(verified "$first")" '401 401' "$way: with each of its cookies"
	by DELETE session "${here[@]}"
	is "$status" 204 "$way: once more, there is nothing to end"
	request POST $api/session -d "{\"name\":\"ann\",\"password\":\"$good\",\"cookie\":false}"
	is "$status ${header_of[Set-Cookie]-}" '200 ' "$way: a token alone has no cookie"
	like "${member_of[.token]-}" '^eyJ' "$way: it is in the body"
	request GET $api/session -H "Authorization: Bearer ${member_of[.token]}"
	is "$status ${member_of[.session]-none}" '200 null' "$way: and has no session"
	request POST $api/session/renew -H "Authorization: Bearer ${member_of[.token]-x}"
	is "$status" 401 "$way: nobody has none to renew"
}

several() {
	local first second
	begin ',"remember":true'
	like "${header_of[Set-Cookie]-}" 'Max-Age=1209600' "$way: one that is remembered stays beyond the browser"
	first=$cookie
	begin
	second=$cookie
	by GET sessions
	is "$status $(grep -o '"current":true' <<<"$body" | wc -l) $(grep -o '"agent":"a browser"' <<<"$body" | wc -l)" '200 1 2' \
		"$way: both are listed, and one is this one"
	for i in nothing "${id}x" "${id}abc" "${id^^}"; do
		by DELETE "sessions/$i" "${here[@]}"
		is "$(code)" '404 not-found' "$way: one that nobody has: $i"
	done
	is "$(verified "$first")" 204 "$way: which ends none"
	cookie=$first by DELETE "sessions/$id" "${here[@]}"
	is "$status $(verified "$second") $(verified "$first")" '204 401 204' "$way: one ends the other"
	like "$(grep '"session-end"' "$state/audit.log" | tail -n 1)" "\"outcome\":\"ok\".*\"target\":\"session:$id\"" "$way: the audit says which"
	begin
	second=$cookie
	cookie=$first by DELETE sessions "${here[@]}"
	taken
	is "$status $(verified "$second") $(verified "$first") $(verified "$cookie")" '204 401 401 204' "$way: and all others, with a new cookie"
	begin
	second=$cookie
	request PUT $api/password -H "Cookie: $second" "${here[@]}" -d "{\"current\":\"$good\",\"new\":\"short\"}"
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["too-short"]' "$way: a weak password"
	by PUT password "${here[@]}" -d "{\"current\":\"$good\",\"new\":\"$other\"}"
	taken
	is "$status $(verified "$second") $(verified "$cookie")" '204 401 204' "$way: another password: this session goes on"
	latchkey user passwd ann <<<"$good" 2>>"$log"
	is "$(verified "$cookie")" 401 "$way: and ends when the administrator sets one"
}

# What another site's page can have a browser send.
strangers() {
	local origin
	begin
	for origin in 'Origin: http://example.com' 'Sec-Fetch-Site: cross-site' 'Origin: null'; do
		by DELETE session -H "$origin"
		is "$(code) ${header_of[Set-Cookie]-}" '403 forbidden ' "$way: sign-out, $origin"
		by POST session/renew -H "$origin"
		is "$(code)" '401 not-signed-in' "$way: renewal, $origin"
		by DELETE sessions -H "$origin"
		is "$(code)" '401 not-signed-in' "$way: the end of the others, $origin"
	done
	is "$(verified "$cookie")" 204 "$way: nothing has ended"
	for origin in 'Origin: http://example.com' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Origin: null'; do
		request POST $api/session -H "$origin" -d "{\"name\":\"ann\",\"password\":\"$good\"}"
		is "$(code) ${header_of[Set-Cookie]-}" '403 forbidden ' "$way: 44: no page of another site signs anybody in, $origin"
		request POST $api/session -H "$origin" -d "{\"name\":\"ann\",\"password\":\"$good\",\"cookie\":false}"
		is "$status ${header_of[Set-Cookie]-}" '200 ' "$way: 44: but for a token alone, $origin"
	done
	for origin in "${here[1]}" 'Sec-Fetch-Site: same-origin' 'X-Other: x'; do
		request POST $api/session -H "$origin" -d "{\"name\":\"ann\",\"password\":\"$good\"}"
		is "$status" 200 "$way: a page of this site does, and who is no browser: $origin"
	done
	request POST $api/session -H 'Content-Type: application/x-www-form-urlencoded' -d "name=ann&password=$good"
	is "$(code)" '415 bad-type' "$way: a form signs nobody in"
}

# As many as a site beside this one may set; the good one comes last.
planted() {
	local before='' value i
	begin
	for value in x eyJ.eyJ.x "${cookie#*=}x"; do
		before=
		for i in {1..50}; do before+="latchkey=$value; jwt=$value; "; done
		before=${before:0:5000}'; ' # what a web server lets through
		is "$(verified "$before$cookie")" 204 "$way: 44: planted cookies before a good one: ${value:0:10}"
		request GET $api/session -H "Cookie: $before$cookie"
		is "$status ${member_of[.account.username]-}" '200 ann' "$way: 44: which says whose it is"
	done
	request POST $api/session/renew -H "Cookie: latchkey=1; latchkey=2; latchkey=3; latchkey=4; latchkey=5; $cookie" "${here[@]}"
	is "$status" 204 "$way: and is renewed"
	request DELETE $api/session -H "Cookie: latchkey=1; latchkey=2; latchkey=3; latchkey=4; latchkey=5; $cookie" "${here[@]}"
	is "$status $(verified "$cookie")" '204 401' "$way: 31: and ended by a sign-out"
}

# The cookie of edge-impulse's sign-in counts where none of latchkey's own does.
beside() {
	local jwt
	request POST /v1/api-login -d "{\"username\":\"bob\",\"password\":\"$good\"}"
	jwt=jwt=${member_of[.token]-}
	begin
	request GET $api/session -H "Cookie: $jwt; $cookie"
	is "${member_of[.account.username]-}" ann "$way: of two cookies latchkey's own counts"
	request GET $api/session -H "Cookie: $jwt; latchkey=eyJ.eyJ.x"
	is "${member_of[.account.username]-}" bob "$way: and the other where that one is not good"
	begin
	is "$(verified "$cookie")" 204 "$way: a new session"
	request POST $api/session -H "Cookie: $cookie" "${here[@]}" -d "{\"name\":\"ann\",\"password\":\"$good\"}"
	is "$status $(verified "$cookie")" '200 401' "$way: takes the place of the one before"
}

# A web server that cannot see where verify sends a browser says what the page demands.
needs() {
	local need page
	begin
	while read -r need page; do
		request GET "/account/sign-in?next=%2Fx&need=$need" -H "Cookie: $cookie" -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document'
		is "$status ${header_of[Location]-}" "303 $page" "$way: what lacks ${need:0:20}"
	done <<-'END'
		age%3D300 /x
		age%3D9223372036854775807 /x
		age%3D-1 /account/confirm?next=/x
		factor%3D2 /account/two-factor?next=/x
		factor%3D2%26age%3D300 /account/two-factor?next=/x
	END
}

for way in nginx cgi; do
	fresh "${common[@]}"
	add ann "$good" --email ann@example.com
	add bob "$good" --email bob@example.com
	start "$way"
	life
	several
	strangers
	planted
	beside
	needs
done
done_testing
