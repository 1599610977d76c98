#!/bin/bash
# sign-out.t - the end of a session, whose it is, and what an administrator's JWT is for
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
uuid='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
jwt='eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}'
when='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
unauthorized='{"error":"unauthorized"}'
common=('hash_cost = 1' 'mail_command =' 'throttle = off')

sign_in() { # NAME; sets $token
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$good\"}"
	token=${member_of[.token]-}
}
sign_out() { request DELETE /v1/auth/session "$@"; }
me() { request GET /v1/auth/me "$@"; }
status_of() { request GET /auth/verify -H "X-Jwt-Token: $1" && echo "$status"; }

# last_line MEMBER...: those of the audit's last line, "-" for what is not in it.
last_line() {
	tail -n 1 "$state/audit.log" | python3 -I -S -c '
import json, sys
line = json.loads(sys.stdin.read())
print(*[line.get(name, "-") for name in sys.argv[1:]])' "$@"
}

people() {
	add admin "$good" --admin
	add chief@example.com "$good" --admin
	add ann@example.com "$good" --verified
	add bob@example.com "$good"
}

# --- px0's me

who() {
	local row name said
	for name in 'ann@example.com true false' 'bob@example.com false false' 'chief@example.com false true'; do
		read -ra row <<<"$name"
		name=${row[0]}
		sign_in "$name"
		me -H "Authorization: Bearer $token"
		like "$status $body" \
			"^200 \{\"user\":\{\"id\":\"$uuid\",\"email\":\"$name\",\"is_verified\":${row[1]},\"is_admin\":${row[2]},\"created_at\":\"$when\"\}\}$" \
			"$way: me of $name"
		is "${member_of[.user.id]-}" "$(latchkey user show "$name" 2>>"$log" | sed -n 's/^id: //p')" "$way: and his id"
	done
	request POST /v1/auth/login -d "{\"email\":\"$name\",\"password\":\"$good\"}"
	said=${member_of[.user]-}
	me -H "Authorization: Bearer $token"
	is "${member_of[.user]-}" "$said" "$way: the same as px0's sign-in says"
	me -H "Cookie: jwt=$token"
	is "$status" 200 "$way: me by the cookie"
	me
	is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer" "$way: me of nobody"
	me -H 'Authorization: Bearer x.y.z'
	is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer error=\"invalid_token\"" "$way: me with a bad token"
	request POST /v1/auth/me
	is "$status ${header_of[Allow]-}" '405 GET, HEAD' "$way: me is asked by GET"
}

# --- one session

# dead TOKEN NAME: it opens no endpoint.
dead() {
	is "$(status_of "$1")" 401 "$way: 31: verify after $2"
	me -H "Authorization: Bearer $1"
	is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer error=\"invalid_token\"" "$way: me after $2"
	request POST /v1/api/user/change-password -H "Authorization: Bearer $1" -d '{"currentPassword":"a","newPassword":"b"}'
	is "$status $body" '200 {"success":false,"error":"Invalid or expired token"}' "$way: edge-impulse's change after $2"
	request POST /api/v2/service-token/reset-password -H "Authorization: Bearer $1" -d '{"currentPassword":"a","password":"b"}'
	is "$status ${member_of[.error.message]-}" '401 Invalid or expired token' "$way: databrain's change after $2"
	request GET /auth/access_tokens -H "Authorization: Bearer $1"
	is "$status" 401 "$way: actian's access tokens after $2"
	request PATCH /auth/enabled -H "Authorization: Bearer $1" -d '{"enabled":false}'
	is "$status" 401 "$way: actian's enabled after $2"
	request POST /v1/auth/register -H "Authorization: Bearer $1" -d "{\"email\":\"x@example.com\",\"password\":\"$good\"}"
	is "$status" 401 "$way: px0's register after $2"
	request POST /auth/admin/reset-password -H "Authorization: Bearer $1" -d "{\"password\":\"$good\"}"
	is "$status" 401 "$way: actian's reset after $2"
}

sessions() {
	local one two another i
	sign_in bob@example.com && another=$token
	sign_in chief@example.com && one=$token
	sign_in chief@example.com && two=$token
	isnt "$one" "$two" "$way: two sessions have two tokens"
	for i in 1 2 3 4; do status_of "$one" >/dev/null; done # now the workers know it
	sign_out -H "Authorization: Bearer $one"
	is "$status $body ${header_of[Content-Type]-}" '204  ' "$way: sign-out"
	is "${header_of[Cache-Control]-}" no-store "$way: nobody keeps that"
	dead "$one" 'a sign-out'
	is "$(status_of "$two") $(status_of "$another")" '204 204' "$way: other sessions live, his own and others'"
	sign_out -H "Authorization: Bearer $one"
	answers 204 '' "$way: signed out twice"
	sign_out
	is "$status $body ${header_of[WWW-Authenticate]-}" '204  ' "$way: nobody signs out"
	for i in x.y.z "$one." "${two%?}" x ''; do
		sign_out -H "Authorization: Bearer $i"
		answers 204 '' "$way: sign-out with a token like ${i:0:10}... (${#i} bytes)"
	done
	is "$(status_of "$two")" 204 "$way: nothing has come of those"
	request POST /v1/auth/session -H "Authorization: Bearer $two"
	is "$status $body ${header_of[Allow]-}" '405 {"error":"method not allowed"} DELETE' "$way: a session is ended by DELETE"
	sign_out -H "Cookie: jwt=$two" -H 'Sec-Fetch-Site: cross-site'
	is "$status ${header_of[Set-Cookie]-} $(status_of "$two")" '204  204' "$way: another site's page signs nobody out"
	is "$(last_line event outcome reason account)" 'sign-out refused cookie-not-counted -' "$way: 46: another site's page is in the audit"
	start "$way"
	is "$(status_of "$one") $(status_of "$two")" '401 204' "$way: it is dead after a restart, too"
	cookies
	sign_out -H "Cookie: jwt=$two" --public
	is "$status ${header_of[Set-Cookie]-}" '204 jwt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0' \
		"$way: sign-out by the cookie, which goes"
	is "$(status_of "$two")" 401 "$way: so does the session"
	sign_out -H "Cookie: jwt=$two" --public
	is "$status ${header_of[Set-Cookie]-}" '204 jwt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0' \
		"$way: one that is dead goes, too"
	sign_out -H "Authorization: Bearer $two"
	is "$status ${header_of[Set-Cookie]-}" '204 ' "$way: by a header there is none to go"
	sign_in chief@example.com
	is "$(status_of "$token")" 204 "$way: and in again"
}

# Several cookies of one name: any good one counts, but not two callers'.
cookies() {
	local mine more hers
	sign_in ann@example.com && hers=$token
	sign_in bob@example.com && mine=$token
	sign_in bob@example.com && more=$token
	for i in "jwt=x.y.z; jwt=$mine" "jwt=$mine; jwt=x.y.z" "jwt=$mine; jwt=$more"; do
		request GET /auth/verify -H "Cookie: $i"
		is "$status ${header_of[X-Auth-User]-}" '204 bob@example.com' "$way: the cookies ${i:0:9}...; jwt=${i: -5}"
	done
	request GET /auth/verify -H "Cookie: jwt=$hers; jwt=$mine"
	is "$status ${header_of[X-Auth-User]-}" '401 ' "$way: 44: two good cookies of different people"
	sign_out -H "Cookie: jwt=x.y.z; jwt=$mine; jwt=$more"
	is "$status $(status_of "$mine") $(status_of "$more")" '204 401 401' "$way: a sign-out ends each that is sent"
	is "$(last_line event outcome by)" "sign-out ok $(latchkey user show bob@example.com | sed -n 's/^id: //p')" \
		"$way: and is in the audit"
	is "$(status_of "$hers")" 204 "$way: and no other's"
	# A websocket, and a proxy that asks with a GET of its own for a page's POST.
	for i in 'Upgrade: websocket' 'X-Forwarded-Method: POST'; do
		request GET /auth/verify -H "Cookie: jwt=$hers" -H "$i" -H 'Origin: https://evil.example'
		is "$status" 401 "$way: 44: another site's page, ${i%%:*}"
		request GET /auth/verify -H "Cookie: jwt=$hers" -H "$i"
		is "$status" 204 "$way: no browser's, ${i%%:*}"
	done
}

# Eight sessions end at the same moment, and none of the others.
at_once() {
	local i jobs=() tokens=() found=''
	for i in {1..16}; do
		sign_in ann@example.com && tokens+=("$token")
	done
	for i in {0..7}; do
		(mkdir -p "$work/$i" && scratch=$work/$i && insist sign_out -H "Authorization: Bearer ${tokens[i]}" && [[ $status == 204 ]]) &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || flunk "$way: a sign-out at the same moment"; done
	for i in {0..15}; do found+="$(status_of "${tokens[i]}") "; done
	is "$found" "$(printf '401 %.0s' {1..8})$(printf '204 %.0s' {1..8})" "$way: eight sign-outs at the same moment"
}

# --- all of a person's

by_the_operator() {
	local one two another
	sign_in ann@example.com && one=$token
	sign_in ann@example.com && two=$token
	sign_in bob@example.com && another=$token
	is "$(status_of "$one") $(status_of "$two")" '204 204' "$way: two sessions"
	latchkey user sign-out Ann@Example.com >"$work/out" 2>&1
	is "$? $(<"$work/out")" '0 ' "$way: latchkey user sign-out"
	is "$(status_of "$one") $(status_of "$two") $(status_of "$another")" '401 401 204' "$way: 31: ends all of hers and no other"
	sign_in ann@example.com
	is "$(status_of "$token")" 204 "$way: she may sign in again, with the same password"
	latchkey user sign-out admin >"$work/out" 2>&1
	is $? 0 "$way: an administrator, too"
	latchkey user sign-out nobody@example.com >"$work/out" 2>&1
	is "$? $(grep -c 'no such account' "$work/out")" '1 1' "$way: nobody cannot be signed out"
}

# --- databrain's JWT

databrain() { # EMAIL PASSWORD
	request POST /api/v2/admin-account/jwt -d "{\"email\":\"$1\",\"password\":\"$2\"}"
}
jwt_of() { # hidden or revealed
	local refused='{"error":{"code":"Invalid credentials","message":"Invalid credentials"}}' unknown name
	unknown=$refused
	[[ $1 != revealed ]] || unknown='{"error":{"code":"USER_NOT_FOUND","message":"No User found with the given email"}}'
	databrain Chief@example.com "$good"
	like "$status $body" "^200 \{\"data\":\{\"accessToken\":\"$jwt\"\}\}$" "$way, $1: an administrator's JWT"
	is "$(status_of "${member_of[.data.accessToken]-}")" 204 "$way, $1: it is good"
	databrain chief@example.com wrong
	answers 400 "$refused" "$way, $1: with a wrong password"
	databrain ann@example.com "$good"
	answers 400 "$refused" "$way, $1: a user has none"
	databrain ann@example.com wrong
	answers 400 "$refused" "$way, $1: not with a wrong password either"
	for name in nobody@example.com a@b@c 'chief @example.com'; do
		databrain "$name" "$good"
		answers 400 "$unknown" "$way, $1: a JWT of '$name'"
	done
	for name in email password; do
		request POST /api/v2/admin-account/jwt -d "{\"$([[ $name == email ]] && echo password || echo email)\":\"x\"}"
		answers 400 "{\"error\":{\"code\":\"INVALID_REQUEST_BODY\",\"message\":\"\\\"$name\\\" is required\"}}" \
			"$way, $1: a JWT without $name"
	done
	request GET /api/v2/admin-account/jwt
	is "$status ${member_of[.error.code]-} ${header_of[Allow]-}" '405 METHOD_NOT_ALLOWED POST' "$way, $1: a JWT is asked for by POST"
	latchkey user disable chief@example.com 2>>"$log"
	databrain chief@example.com "$good"
	answers 400 "$refused" "$way, $1: nor has who is disabled"
	latchkey user enable chief@example.com 2>>"$log"
	# Databrain alone has words for a name that nobody has.
	request POST /v1/auth/login -d "{\"email\":\"nobody@example.com\",\"password\":\"$good\"}"
	answers 401 '{"error":"invalid credentials"}' "$way, $1: px0 has no other words for nobody"
	request POST /v1/api-login -d "{\"username\":\"nobody@example.com\",\"password\":\"$good\"}"
	answers 200 '{"success":false,"error":"Invalid username or password"}' "$way, $1: edge-impulse neither"
}

# --- verify while auth_enabled is false

x_auth() { grep -ci '^X-Auth' <<<"$headers"; }

disabled() {
	local admin demand
	sign_in admin && admin=$token
	request PATCH /auth/enabled -H "Authorization: Bearer $admin" -d '{"enabled":false}'
	is "$status ${member_of[.result]-}" '200 false' "$way: auth_enabled is false"
	is "$(last_line event outcome target)" 'auth-enabled ok off' "$way: which the audit has"
	is "$(latchkey auth show)" 'off: verify lets everybody in, and access tokens cannot be managed' "$way: and the command"
	is "$(latchkey check | grep -c '^auth_enabled is off')" 1 "$way: latchkey check, too"
	for demand in '' "X-Jwt-Token: $admin" 'X-Jwt-Token: x.y.z'; do
		request GET /auth/verify ${demand:+-H "$demand"}
		is "$status $body $(x_auth)" '204  0' "$way: verify lets everybody in as nobody, '${demand:0:20}'"
	done
	for demand in role=admin role=user permission=read x; do
		request GET "/auth/verify?$demand" -H "X-Jwt-Token: $admin"
		is "$status $(x_auth)" '403 0' "$way: but where $demand is asked for, in the query"
		is_real && continue
		request GET /auth/verify --param "LATCHKEY_REQUIRE=$demand" -H "X-Jwt-Token: $admin"
		is "$status $(x_auth)" '403 0' "$way: but where $demand is asked for"
		request GET /auth/verify --param "LATCHKEY_REQUIRE=$demand"
		is "$status $(x_auth)" '403 0' "$way: nobody at all where $demand is asked for"
	done
	if is_real; then
		request GET /protected/
		is "$status ${member_of[.user]-}" '200 ' "$way: a protected page"
		request GET /admin/ -H "Authorization: Bearer $admin"
		is "$status" 403 "$way: an administrator's page"
	fi
	me -H "Authorization: Bearer $admin"
	is "$status" 200 "$way: it is nothing to px0's me"
	me
	is "$status" 401 "$way: which asks for a token all the same"
	sign_out -H "Authorization: Bearer $admin"
	sign_in admin
	request PATCH /auth/enabled -H "Authorization: Bearer $token" -d '{"enabled":true}'
	is "$(status_of "$admin") $(status_of "$token")" '401 204' "$way: who signed out meanwhile is out"
	latchkey auth disable
	is "$(status_of '') $(last_line event outcome target)" '204 auth-enabled ok off' "$way: latchkey auth disable"
	latchkey auth enable
	is "$(status_of '') $(last_line event outcome target)" '401 auth-enabled ok on' "$way: latchkey auth enable"
	is "$(latchkey auth show)" on "$way: latchkey auth show"
}

# The cookies of very many domains would be more than the headers of an answer.
many_labels() {
	local host
	host=$(printf 'a.%.0s' {1..60})example.org
	fresh "${common[@]}" "site_url = https://$host"
	start fcgi
	request DELETE /account/api/session -H "Host: $host" -H "Origin: https://$host"
	is "$status $(grep -c '^Set-Cookie: __Secure-.* Max-Age=0' <<<"$headers")" '204 8' 'a host with sixty-two labels: a sign-out'
	like "$headers" 'Set-Cookie: __Secure-latchkey=.*Domain=example.org;' 'takes the cookie of its last domain away'
}

for each in $long_ways; do
	fresh "${common[@]}"
	start "$each"
	people
	who
	sessions
	at_once
	is_real || by_the_operator # no web server has a part in these
	is_real || disabled
	jwt_of hidden
	set_conf "${common[@]}" 'reveal_accounts = yes'
	start "$each"
	jwt_of revealed
done
many_labels
done_testing
