#!/bin/bash
# security-tokens.t - what codes, tokens and cookies are for, and for nothing else, by the numbers of doc/security.md
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

new='Other-Harbour-43'
site=https://auth.example.com

px0() { request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"$new\"}" "${@:2}"; }
proves() { request POST /v1/auth/verify-email -d "{\"email\":\"ann@example.com\",\"code\":\"$1\"}"; }
verify_code() { latchkey code new --verify "$1" 2>>"$log" | grep -o '[^ ]*$'; }
signs_in() { sign_in ann@example.com "$1"; }
is_code() { request POST /v1/api-user-verify-reset-password-code -d "{\"email\":\"ann@example.com\",\"code\":\"$1\"}"; }
is_good() { # CODE NAME
	is_code "$1"
	is "${member_of[.success]-}" true "$2"
}

# --- codes

drawn() {
	local i
	for i in {1..64}; do new_code ann@example.com >"$work/code.$i"; done
	is "$(cat "$work"/code.* | sort -u | wc -l)" 64 "$way: 16: sixty-four codes are sixty-four"
	is "$(cat "$work"/code.* | fold -w 1 | sort -u | grep -c '[0-9A-Z]')" 32 "$way: 16: of thirty-two symbols, twelve each"
	rm "$work"/code.*
}

only_by_post() {
	local code method data
	code=$(new_code ann@example.com)
	for method in GET HEAD OPTIONS PUT; do
		data=(-d "{\"code\":\"$code\",\"new_password\":\"$new\"}")
		[[ $method != HEAD ]] || data=() # curl sends no body with it
		request $method "/v1/auth/password-reset/reset?code=$code&new_password=$new" "${data[@]}"
		is "$status ${header_of[Allow]-}" '405 POST' "$way: 18: $method of a code"
	done
	request GET "/reset-password?code=$code"
	is "$status" 404 "$way: 18: a mail scanner that follows the link"
	is_good "$code" "$way: 18: has spent nothing"
	is "$(grep -rlaiF -e "$code" -e "${code//-/}" "$state" 2>/dev/null)" '' "$way: 20: the code itself is in no file"
	px0 "$code"
	is "$status" 200 "$way: 18: a POST does"
	latchkey user passwd ann@example.com <<<"$old" 2>>"$log"
}

# Before a code that is right comes, nothing has happened; and it opens no session.
no_side_effects() {
	local code session
	signs_in "$old"
	session=$token
	request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.com"}'
	code=$(new_code ann@example.com)
	px0 ZZZZ-ZZZZ-ZZZZ
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"short\"}"
	ok_if "$way: 22: the old password is good until a code comes" signs_in "$old"
	request GET /auth/verify -H "X-Jwt-Token: $session"
	is "$status" 204 "$way: 22: so are the sessions"
	px0 "$code"
	is "$status ${header_of[Set-Cookie]-} $(grep -c eyJ <<<"$body")" '200  0' "$way: 22: a reset signs nobody in"
	request GET /auth/verify -H "X-Jwt-Token: $session"
	is "$status" 401 "$way: 31: and ends all sessions"
	signs_in "$old"
	is "${member_of[.success]-}" false "$way: 22: then the old password is not good"
	latchkey user passwd ann@example.com <<<"$old" 2>>"$log"
}

# In 150 requests, in an order that nobody has thought of (RANDOM's, the same each time), nobody has ann's code.
orders() {
	local i bob verify refused=0
	bob=$(new_code bob@example.com) verify=$(verify_code ann@example.com)
	RANDOM=6573
	for ((i = 0; i < 150; i++)); do
		case $((RANDOM % 10)) in
		0) request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.com"}' ;;
		1) request POST /v1/api-user-request-reset-password -d '{"email":"ann@example.com"}' ;;
		2) request GET '/v1/auth/verify-email?email=ann@example.com' ;;
		3) proves "$verify" ;;
		4) new_code ann@example.com >/dev/null ;;
		5) is_code "$bob" ;;
		6) is_code "$verify" ;;
		7) edge "$bob" ;;
		8) edge "$verify" ;;
		9) px0 "$verify" ;;
		esac
		[[ $status == 200 ]] || ((++refused))
	done
	ok_if "$way: some of them were refused" test "$refused" -gt 10
	ok_if "$way: 22: no order of requests sets a password without its code" signs_in "$old"
}
edge() {
	request POST /v1/api-user-reset-password \
		-d "{\"email\":\"ann@example.com\",\"code\":\"$1\",\"newPassword\":\"$new\"}"
}

# A code for one thing is none for another, and is not spent there.
purposes() {
	local reset verify access
	reset=$(new_code ann@example.com) verify=$(verify_code ann@example.com)
	px0 "$verify"
	is "$status" 400 "$way: 36: a code that proves an address sets no password"
	edge "$verify"
	is "${member_of[.success]-}" false "$way: 36: nor in edge-impulse's words"
	is_code "$verify"
	is "${member_of[.success]-}" false "$way: 36: and is no code for one"
	proves "$reset"
	is "$status" 400 "$way: 36: one that sets a password proves no address"
	is_good "$reset" "$way: 36: neither has cost the other anything"
	proves "$verify"
	is "$status" 200 "$way: 36: each is good for its own"
	sign_in chief@example.com
	request POST /auth/access_token -H "X-Jwt-Token: $token" -d '{"name":"a","permission":"read,write,admin"}'
	access=${member_of[.token]-}
	for reset in "$reset" "$access"; do
		request GET /v1/auth/me -H "X-Api-Key: $reset"
		is "$status" 401 "$way: 36: ${reset:0:3}...: no session"
		request POST /v1/api/user/change-password -H "X-Api-Key: $reset" \
			-d "{\"currentPassword\":\"$old\",\"newPassword\":\"$new\"}"
		is "${member_of[.success]-}" false "$way: 36: ${reset:0:3}...: changes no password"
		request PATCH /auth/enabled -H "X-Api-Key: $reset" -d '{"enabled":false}'
		is "$status" 401 "$way: 36: ${reset:0:3}...: switches nothing off"
		request POST /v1/auth/register -H "X-Api-Key: $reset" -d "{\"email\":\"x@example.com\",\"password\":\"$old\"}"
		is "$status" 401 "$way: 36: ${reset:0:3}...: makes no account"
	done
	px0 "$access"
	is "$status" 400 "$way: 36: an access token is no code"
	px0 "$token"
	is "$status" 400 "$way: 36: a session is no code"
	sign_in ann@example.com
	reset=$token
	for access in "Basic $(printf 'ann@example.com:%s' "$old" | base64 -w0)" "Bearer $old"; do
		request GET /auth/verify -H "Authorization: $access"
		is "$status" 401 "$way: 36: a password is no token (${access%% *})"
	done
	isnt "$reset" "$(sign_in ann@example.com && echo "$token")" "$way: 29: another sign-in, another token"
}

# --- nobody keeps an answer

kept_by_nobody() {
	local at
	sign_in chief@example.com
	while read -r at; do
		# shellcheck disable=SC2086 # a method and a path
		request ${at%% \{*} -H "X-Jwt-Token: $token" -d "{${at#*\{}"
		is "${header_of[Cache-Control]-} ${header_of[X-Content-Type-Options]-}" 'no-store nosniff' "$way: 42: $status of ${at%% \{*}"
	done <<-END
		POST /auth/admin/login {"password":"$old"}
		POST /auth/admin/login {"password":"wrong"}
		POST /v1/auth/login {"email":"ann@example.com","password":"$old"}
		POST /v1/api-login {"username":"ann@example.com","password":"$old"}
		POST /api/v2/admin-account/jwt {"email":"chief@example.com","password":"$old"}
		POST /auth/access_token {"name":"b","permission":"read"}
		POST /auth/access_token/1/rotate {}
		POST /api/v2/service-token {"token":"5f0f5a6e-3f0b-4c55-9d2c-0c7d3c1a2b3e"}
		GET /auth/access_tokens {}
		GET /v1/auth/me {}
		GET /auth/verify {}
		POST /v1/auth/password-reset/trigger {"email":"ann@example.com"}
		POST /v1/auth/password-reset/reset {"code":"ZZZZ-ZZZZ-ZZZZ","new_password":"$new"}
		POST /v1/api-user-reset-password {"email":"x","code":"ZZZZ-ZZZZ-ZZZZ","newPassword":"$new"}
		POST /v1/auth/register {"email":"y@example.com","password":"$old"}
		GET /auth/admin/exists {}
		GET /auth/nowhere {}
		PUT /v1/auth/login {}
		DELETE /v1/auth/session {}
	END
}

# --- the cookie, and pages of others

cookies() {
	local cookie
	sign_in ann@example.com
	cookie=${header_of[Set-Cookie]-}
	is "$cookie" "__Host-jwt=$token; HttpOnly; SameSite=Strict; Path=/; Secure" "$way: 43: all that a cookie can have"
	ok_if "$way: 43: it is small enough (${#cookie} bytes)" test "${#cookie}" -lt 4096
	add "$(printf 'x%.0s' {1..180})@example.com" "$old" --admin --verified
	sign_in "$(printf 'x%.0s' {1..180})@example.com"
	cookie=${header_of[Set-Cookie]-}
	ok_if "$way: 43: also for the longest of names" test "${#cookie}" -lt 4096
}

# What a form of another site's page can send without asking.
forms() {
	local at type
	sign_in chief@example.com
	for at in '/auth/admin/login {"password":"@"' '/v1/auth/login {"email":"chief@example.com","password":"@"' \
		'/v1/api-login {"username":"chief@example.com","password":"@"' \
		'/api/v2/admin-account/jwt {"email":"chief@example.com","password":"@"' \
		'/api/v2/service-token/reset-password {"currentPassword":"@","password":"Formed-Harbour-1"' \
		'/v1/api/user/change-password {"currentPassword":"@","newPassword":"Formed-Harbour-1"' \
		'/auth/admin/reset-password {"password":"Formed-Harbour-1"' '/v1/auth/password-reset/trigger {"email":"x@y.example"' \
		'/auth/access_token {"name":"a","permission":"read"'; do
		for type in text/plain application/x-www-form-urlencoded 'multipart/form-data; boundary=x' ''; do
			request POST "${at%% *}" -H "Content-Type: $type" -H "X-Jwt-Token: $token" -d "${at#* },\"=\":\"\"}"
			is "$status" 415 "$way: 44: ${at%% *} of a form, ${type:-no type}"
		done
		request OPTIONS "${at%% *}" -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: POST' \
			-H 'Access-Control-Request-Headers: content-type'
		is "$status $(grep -ci '^access-control' <<<"$headers")" '405 0' "$way: 44: ${at%% *}: no leave for another site"
	done
	request POST /auth/access_token -H "X-Jwt-Token: $token" -d '{"name":"c","permission":"read"}'
	for at in "DELETE /auth/access_token/${member_of[.id]-}" "POST /auth/access_token/${member_of[.id]-}/rotate"; do
		for type in 'Sec-Fetch-Site: cross-site' 'Origin: https://evil.example' 'Origin: null'; do
			request "${at% *}" "${at#* }" --program token -H "Cookie: __Host-jwt=$token" -H "$type"
			is "$status" 401 "$way: 44: ${at#* } by a cookie alone, $type"
		done
	done
}

# --- what only looks changes nothing

looks() {
	local method at before data
	before=$(records)
	isnt "$before" "" "$way: there are records"
	for at in /auth/admin/login /auth/admin/reset-password /v1/auth/password-reset/reset /v1/auth/register \
		/v1/api/user/change-password /auth/access_token /v1/api-user-create /auth/admin /auth/enabled /v1/auth/session; do
		for method in GET HEAD; do
			data=(-d "{\"password\":\"$new\",\"enabled\":false}")
			[[ $method != HEAD ]] || data=()
			request $method "$at?password=$new" -H "X-Jwt-Token: $token" "${data[@]}"
			is "$status" 405 "$way: 41: $method $at"
			isnt "${header_of[Allow]-}" '' "$way: 41: $method $at: with what is allowed"
		done
	done
	for at in /v1/auth/me /auth/verify /auth/access_tokens /auth/admin/exists; do
		request GET "$at" -H "X-Jwt-Token: $token"
	done
	is "$(records)" "$before" "$way: 41: no GET and no HEAD has written anything"
}
# But for the time at which a machine was seen last.
records() { dump | grep -v '^machine/'; }

for each in fcgi nginx; do
	fresh 'hash_cost = 1' 'mail_command =' 'throttle = off' "site_url = $site"
	start "$each"
	add admin "$old" --admin
	add chief@example.com "$old" --admin
	add ann@example.com "$old"
	add bob@example.com "$old"
	drawn
	only_by_post
	no_side_effects
	orders
	purposes
	kept_by_nobody
	cookies
	forms
	looks
done
done_testing
