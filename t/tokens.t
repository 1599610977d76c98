#!/bin/bash
# tokens.t - which tokens are good, where they are looked for, and when they die
. "${0%/*}/lib.sh"

old='Quiet-Harbour-42' new='Other-Harbour-43'
site='http://localhost:6573'

sign_in() { # NAME PASSWORD; sets $token
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$2\"}"
	token=${member_of[.token]-}
}
verify() { request GET /auth/verify "$@"; }
# Tried with a wrong current password: a request that gets as far as that has a good token.
change() { request POST /v1/api/user/change-password -d '{"currentPassword":"wrong","newPassword":"Wrong-Harbour-1"}' "$@"; }
let_in='{"success":false,"error":"The current password is not correct"}'
kept_out='{"success":false,"error":"Not signed in"}'

# --- when they die

# dies AFTER NAME PASSWORD COMMAND...: NAME's token is good until the command, and dead at the next request.
dies() {
	local token found
	sign_in "$2" "$3"
	verify -H "Authorization: Bearer $token" # now the workers know it
	found=$status
	verify -H "Authorization: Bearer $token"
	is "$found $status" '204 204' "$way: a token before $1"
	"${@:4}" >"$work/out" 2>&1 || diag "$(<"$work/out")"
	verify -H "Authorization: Bearer $token"
	is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer error="invalid_token"' "$way: 31: it is dead after $1"
	change -H "Authorization: Bearer $token"
	is "$body" '{"success":false,"error":"Invalid or expired token"}' "$way: and changes no password"
	request POST /api/v2/service-token/reset-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$3\",\"password\":\"$new\"}"
	is "$status" 401 "$way: nor in databrain's way"
}

by_reset() { request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"; }
by_databrain() {
	request POST /api/v2/service-token/reset-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$new\",\"password\":\"$old\"}"
}
by_edge_impulse() {
	request POST /v1/api/user/change-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$old\",\"newPassword\":\"$new\"}"
}
by_px0_code() { request POST /v1/auth/password-reset/reset -d "{\"code\":\"$(new_code ann@example.com)\",\"new_password\":\"$old\"}"; }
by_edge_impulse_code() {
	request POST /v1/api-user-reset-password \
		-d "{\"email\":\"ann@example.com\",\"code\":\"$(new_code ann@example.com)\",\"newPassword\":\"$new\"}"
}
by_command() { latchkey user passwd ann@example.com <<<"$old"; }
by_two() { latchkey user disable ann@example.com && latchkey user enable ann@example.com; }

deaths() {
	local others
	sign_in bob@example.com "$old"
	others=$token
	dies "the administrator's reset" admin "$old" by_reset
	dies "databrain's change" admin "$new" by_databrain
	dies "edge-impulse's change" ann@example.com "$old" by_edge_impulse
	dies "px0's code" ann@example.com "$new" by_px0_code
	dies "edge-impulse's code" ann@example.com "$old" by_edge_impulse_code
	dies "the operator's command" ann@example.com "$new" by_command
	dies 'disable' ann@example.com "$old" latchkey user disable ann@example.com
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$old\"}"
	is "$status" 401 "$way: who is disabled cannot sign in"
	latchkey user enable ann@example.com 2>>"$log"
	dies 'disable and enable' ann@example.com "$old" by_two
	dies 'delete' ann@example.com "$old" latchkey user delete ann@example.com
	verify -H "Authorization: Bearer $others"
	is "$status" 204 "$way: all that is nothing to somebody else's token"
}

# --- where they are looked for

places() {
	local name
	sign_in admin "$old"
	for name in "Authorization: Bearer $token" "authorization: bearer $token" "X-Jwt-Token: $token" "X-Api-Key: $token" \
		"Cookie: jwt=$token" "Cookie: a=b; jwt=$token; c=d"; do
		verify -H "$name"
		is "$status" 204 "$way: a token in ${name%%e[yJ]*}"
	done
	for name in "Authorization: $token" "Authorization: Basic $token" "Cookie: xjwt=$token" "Cookie: JWT=$token" \
		"X-Auth-Token: $token" 'Authorization: Bearer' 'Cookie: jwt='; do
		verify -H "$name"
		is "$status" 401 "$way: no token in ${name%%e[yJ]*}"
	done
	verify -H 'Authorization: Bearer x.y.z' -H "X-Jwt-Token: $token" -H "X-Api-Key: $token" -H "Cookie: jwt=$token"
	is "$status" 401 "$way: Bearer comes before all others"
	verify -H 'X-Jwt-Token: x.y.z' -H "X-Api-Key: $token" -H "Cookie: jwt=$token"
	is "$status" 401 "$way: x-jwt-token before x-api-key"
	verify -H 'X-Api-Key: x.y.z' -H "Cookie: jwt=$token"
	is "$status" 401 "$way: x-api-key before the cookie"
	verify -H "Authorization: Bearer $token" -H 'X-Jwt-Token: x.y.z' -H 'Cookie: jwt=x.y.z'
	is "$status" 204 "$way: what comes later does not matter"
	request GET "/auth/verify?token=$token&jwt=$token"
	isnt "$status" 204 "$way: no token in the query"
}

cookies() {
	local header
	sign_in admin "$old"
	change -H "Cookie: jwt=$token"
	is "$body" "$let_in" "$way: a cookie from no browser"
	for header in "Origin: $site" 'Sec-Fetch-Site: same-origin'; do
		change -H "Cookie: jwt=$token" -H "$header"
		is "$body" "$let_in" "$way: a cookie from a page of this site, $header"
	done
	for header in 'Origin: http://example.com' 'Origin: null' 'Origin:' 'Origin: http://localhost:65730' \
		'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Sec-Fetch-Site: none' 'Sec-Fetch-Site:'; do
		change -H "Cookie: jwt=$token" -H "$header"
		is "$body" "$kept_out" "$way: 44: a cookie from elsewhere, $header"
		change -H "X-Jwt-Token: $token" -H "$header"
		is "$body" "$let_in" "$way: a token that no browser adds by itself, $header"
	done
	verify -H "Cookie: jwt=$token" -H 'Sec-Fetch-Site: cross-site'
	is "$status" 204 "$way: a page that is only read may be linked to"
	request POST /auth/verify -H "Cookie: jwt=$token" -H 'Sec-Fetch-Site: cross-site'
	is "$status" 401 "$way: one that is posted to may not"
}

https_cookies() {
	set_conf 'hash_cost = 1' 'site_url = https://auth.example.com/base'
	start "$way"
	sign_in admin "$old"
	is "${header_of[Set-Cookie]-}" "__Host-jwt=$token; HttpOnly; SameSite=Strict; Path=/; Secure" "$way: 43: the cookie of an https site"
	verify -H "Cookie: __Host-jwt=$token" -H 'Sec-Fetch-Site: cross-site'
	is "$status" 204 "$way: __Host-jwt"
	change -H "Cookie: __Host-jwt=$token" -H 'Origin: https://auth.example.com'
	is "$body" "$let_in" "$way: __Host-jwt from a page of this site"
	change -H "Cookie: __Host-jwt=$token" -H 'Origin: http://auth.example.com'
	is "$body" "$kept_out" "$way: __Host-jwt from a page that came without TLS"
	change -H "Cookie: jwt=$token" -H 'Origin: https://auth.example.com'
	is "$body" "$kept_out" "$way: 44: a plain jwt on an https site may be planted"
	verify -H "Cookie: jwt=$token" -H 'Sec-Fetch-Site: same-origin'
	is "$status" 401 "$way: for reading, too"
	verify -H "Cookie: jwt=$token"
	is "$status" 204 "$way: but comes from no browser without those headers"
	set_conf "${common[@]}"
	start "$way"
}

# --- verify

identity() { printf '%s\n' "${header_of[X-Auth-User]-}" "${header_of[X-Auth-Role]-}" "${header_of[X-Auth-Permission]-}"; }

verifying() {
	local id user method path
	id=$(latchkey user show bob@example.com 2>>"$log" | sed -n 's/^id: //p')
	sign_in bob@example.com "$old"
	user=$token
	verify -H "Authorization: Bearer $user"
	is "$status $body $(identity)" $'204  bob@example.com\nuser\nread,write' "$way: what verify says of a user"
	is "${header_of[X-Auth-Id]-}" "$id" "$way: and his id"
	sign_in admin "$old"
	verify -H "Authorization: Bearer $token"
	is "$status $body $(identity)" $'204  admin\nadmin\nread,write,admin' "$way: and of an administrator"
	for method in POST PUT DELETE PATCH OPTIONS BREW; do
		request $method /auth/verify -H "Authorization: Bearer $user"
		is "$status" 204 "$way: verify for a $method"
	done
	request POST /auth/verify -H "Authorization: Bearer $user" -H 'Content-Type: text/plain' -d '{"not JSON'
	is "$status" 204 "$way: the body is nothing to verify"
	request POST /auth/verify -H "Authorization: Bearer $user" -d "$(printf '%60000s' '')"
	is "$status" 204 "$way: a long one neither"
	for path in /auth/verify%3Frole=admin /auth/verify%3F /auth/verify/ /auth/verifyx /auth; do
		if is_real; then
			request GET "$path" -H "Authorization: Bearer $token"
			is "$status" 404 "$way: $path is not there"
		else
			request GET "$path" --program verify -H "Authorization: Bearer $token"
			is "$status" 401 "$way: $path is refused"
		fi
	done
	if [[ $way == fcgi ]]; then # the role is libfcgi's to say
		request GET /auth/verifyx --program verify --param FCGI_ROLE=AUTHORIZER -H "Authorization: Bearer $token"
		is "$status" 401 "$way: a parameter makes no authorizer"
	fi
}

# Headers that name the caller are the web server's to set: where its line has been lost, a client that brings one would
# choose its own name.
claims() {
	local name value
	sign_in bob@example.com "$old"
	for name in User Id Role Permission Email Name Groups Factors Session; do
		for value in admin ''; do
			verify -H "Authorization: Bearer $token" -H "X-Auth-$name: $value"
			answers 403 '{"status":"error","message":"Forbidden"}' "$way: 39: X-Auth-$name: '$value'"
		done
		verify -H "X-Auth-$name: admin"
		is "$status" 403 "$way: 39: X-Auth-$name without a token"
	done
	verify -H "Authorization: Bearer $token" -H 'X-Auth-Token: x' -H 'X-Auth-Users: x' -H 'X-Auth: x'
	is "$status" 204 "$way: headers that are called alike are not ours"
}

# What a location can ask for, with the status for a user and for an administrator.
demands() {
	local user wanted_user wanted_admin text
	sign_in bob@example.com "$old"
	user=$token
	sign_in admin "$old"
	while read -r wanted_user wanted_admin text; do
		demand "?$text"
		is_real || demand '' --param "LATCHKEY_REQUIRE=$text"
	done <<-'END'
		204 204 role=user
		403 204 role=admin
		204 204 permission=read
		204 204 permission=read,write
		403 204 permission=admin
		403 204 permission=read,admin
		403 403 permission=
		403 403 permission=read,
		403 403 permission=everything
		403 403 role=
		403 403 role=adminx
		403 403 ROLE=admin
		403 403 anything
		403 204 role=user&role=admin
		403 204 permission=read&role=admin
		403 403 role=admin&x
	END
	! is_real || return
	wanted_user=403 wanted_admin=403 text='nothing, where something should be'
	request GET '/auth/verify?role=user' --param LATCHKEY_REQUIRE=role=admin -H "Authorization: Bearer $user"
	is "$status" 403 "$way: the caller's query takes nothing from the location's demand"
	: >"$log"
	demand '' --param LATCHKEY_REQUIRE=
	like "$(<"$log")" 'LATCHKEY_REQUIRE is empty: refused' "$way: an empty demand is in the log"
	request GET /auth/verify --param LATCHKEY_REQUIRE=role=admin
	is "$status" 401 "$way: without a token it is not yet a question of the role"
}
demand() { # QUERY OPTION...; in the variables of demands()
	local found
	request GET "/auth/verify$1" -H "Authorization: Bearer $user" "${@:2}"
	found=$status
	request GET "/auth/verify$1" -H "Authorization: Bearer $token" "${@:2}"
	is "$found $status" "$wanted_user $wanted_admin" "$way: a user and an administrator, asked for $text${1:+ in the query}"
}

# --- what is no token

base64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }

forged() {
	local head claims mac i byte let_in=''
	sign_in admin "$old"
	IFS=. read -r head claims mac <<<"$token"
	for i in "$token=" "$token." ".$token" "$token.$mac" "$head..$claims.$mac" "$head.$claims" "$head.$claims." \
		"${token%?}" "$head.$claims.$mac$mac" "$head.$claims=.$mac" "$head.$claims. $mac" "$claims.$head.$mac" \
		"$(base64url <<<'{"alg":"none","typ":"JWT"}').$claims." \
		"$(base64url <<<'{"alg":"none","typ":"JWT"}').$claims.$mac" \
		"$(base64url <<<'{"alg":"HS512","typ":"JWT"}').$claims.$mac" \
		"$(base64url <<<'{"alg":"HS256","typ":"JWT"}').$claims.$mac" . .. ... x "$(printf 'x%.0s' {1..6000})"; do
		verify -H "X-Jwt-Token: $i"
		is "$status" 401 "$way: a token like ${i:0:30}... (${#i} bytes)"
	done
	[[ $way == fcgi ]] || return # the quickest; the code is the same
	for ((i = 0; i < ${#token}; i++)); do
		byte=A
		[[ ${token:i:1} != A ]] || byte=B
		verify -H "X-Jwt-Token: ${token:0:i}$byte${token:i+1}"
		[[ $status == 401 ]] || let_in+="$i "
	done
	is "$let_in" '' "$way: a token with any one byte changed"
	# 43 digits hold 258 bits, of which the last two are nobody's: they must be 0.
	for byte in {a..z} {A..Z} {0..9} - _; do
		[[ $byte != "${token: -1}" ]] || continue
		verify -H "X-Jwt-Token: ${token%?}$byte"
		[[ $status == 401 ]] || let_in+="$byte "
	done
	is "$let_in" '' "$way: a token with any other last byte"
	verify -H "X-Jwt-Token: $token"
	is "$status" 204 "$way: the token itself"
}

# --- the secret

# Whether $token is signed with the bytes of that text.
signed_with() {
	local mac
	mac=$(printf %s "${token%.*}" | openssl dgst -sha256 -hmac "$1" -binary | base64url)
	[[ $mac == "${token##*.}" ]]
}

secrets() {
	local first second
	export ACTIAN_VECTORAI_JWT_SECRET='the first secret of this one server'
	start "$way"
	sign_in admin "$old"
	first=$token
	ok_if "$way: ACTIAN_VECTORAI_JWT_SECRET signs, as it is" signed_with 'the first secret of this one server'
	unset ACTIAN_VECTORAI_JWT_SECRET
	export LATCHKEY_JWT_SECRET='the second secret of this server'
	start "$way"
	verify -H "X-Jwt-Token: $first"
	is "$status" 204 "$way: another secret signs nobody out"
	sign_in admin "$old"
	second=$token
	ok_if "$way: LATCHKEY_JWT_SECRET signs" signed_with 'the second secret of this server'
	unset LATCHKEY_JWT_SECRET
	start "$way"
	verify -H "X-Jwt-Token: $second"
	is "$status" 204 "$way: a secret outlives its variable"
	sign_in admin "$old"
	ok_if "$way: and goes on signing" signed_with 'the second secret of this server'
	verify -H "X-Jwt-Token: $first"
	is "$status" 204 "$way: the one before is still good"
	ok_if "$way: server_params.btr is there" test -s "$state/store/server_params.btr"
}

two_secrets() {
	local said one='one secret that both are to have'
	export ACTIAN_VECTORAI_JWT_SECRET=$one LATCHKEY_JWT_SECRET="another, $one"
	stop
	if is_real; then
		said=$(run_server timeout 60 env 2>&1)
	else
		said=$(LATCHKEY_CONF=$conf "$build/cgi/verify" 2>&1 </dev/null)
	fi
	is $? 1 "$way: two secrets that differ end the start"
	like "$said" 'ACTIAN_VECTORAI_JWT_SECRET and LATCHKEY_JWT_SECRET' "$way: and are named"
	LATCHKEY_JWT_SECRET=$one
	start "$way"
	sign_in admin "$old"
	ok_if "$way: two that are the same are one" signed_with "$one"
	unset ACTIAN_VECTORAI_JWT_SECRET LATCHKEY_JWT_SECRET
}

common=('hash_cost = 1' 'throttle = off' "site_url = $site" 'policy = length' 'policy.length.min = 8')
for each in $long_ways; do
	fresh "${common[@]}"
	start "$each"
	add admin "$old" --admin
	add ann@example.com "$old" --verified
	add bob@example.com "$old" --verified
	deaths
	places
	cookies
	https_cookies
	verifying
	is_real || claims # no web server has a part in these
	demands
	forged
	is_real || secrets
	two_secrets
done
done_testing
