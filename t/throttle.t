#!/bin/bash
# throttle.t - too many wrong tries have to wait, in each dialect, and nobody is shut out by others
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' wrong='Wrong-Harbour-42'
json429='{"status":"error","message":"Too many requests"}'

login() { request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}" "${@:3}"; } # NAME PASSWORD [OPTION...]

# tries COMMAND...: sets $tries, how many of ten are looked at before one has to wait.
tries() {
	for ((tries = 0; tries < 10; tries++)); do
		"$@"
		[[ $status != 429 ]] || break
	done
}

# waits NAME: the request that came last has to wait, and is told how long.
waits() {
	is "$status" 429 "$1"
	like "${header_of[Retry-After]-}" '^[1-9][0-9]*$' "$1: Retry-After, in seconds"
	is "${header_of[X-Retry-After]-}" '' "$1: and no other header for it"
	is "${header_of[Cache-Control]-}" no-store "$1: not to be kept"
}

sign_ins() { # way, address option
	local there=() nobody=() i
	for ((i = 0; i < 7; i++)); do
		login ann@example.com $wrong
		there+=("$status ${header_of[Content-Type]-} $body")
		login no-one@example.com $wrong
		nobody+=("$status ${header_of[Content-Type]-} $body")
	done
	is "${nobody[*]}" "${there[*]}" "$way: 40: the same for a name that nobody has"
	waits "$way: 40: a sixth wrong password"
	answers 429 '{"error":"too many requests"}' "$way: px0's shape"
	login ann@example.com $good
	answers 429 '{"error":"too many requests"}' "$way: the right one has to wait, too"
	request POST /v1/api-login -d "{\"username\":\"ANN@example.com\",\"password\":\"$good\"}"
	answers 429 '{"success":false,"error":"Too many requests"}' "$way: 13: in edge-impulse's dialect as well"
	request POST /api/v2/admin-account/jwt -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	answers 429 '{"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}}' "$way: and in databrain's"
	login bob@example.com $good
	is "$status" 200 "$way: another account does not wait"
	login ann@example.com $good --remote 127.0.0.9
	is "$status" 200 "$way: nor another network"
}

admins() {
	tries request POST /auth/admin/login -d "{\"password\":\"$wrong\"}"
	is "$tries" 5 "$way: actian's sign-in"
	request POST /auth/admin/login -d "{\"password\":\"$good\"}"
	answers 429 "$json429" "$way: actian's shape"
	request POST /auth/admin/reset-password -d "{\"password\":\"$good\"}"
	is "$status" 200 "$way: 22: the reset on the machine itself stays possible"
}

changes() {
	local token
	login cat@example.com $good
	token=${member_of[.token]-}
	tries request POST /v1/api/user/change-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$wrong\",\"newPassword\":\"Other-Harbour-43\"}"
	is "$tries" 5 "$way: 9: the current password"
	login cat@example.com $good
	is "$status" 429 "$way: 9: counts for the sign-in"
}

codes() {
	local code
	code=$(new_code bob@example.com)
	tries request POST /v1/api-user-verify-reset-password-code -d '{"email":"bob@example.com","code":"0000-0000-0000"}'
	is "$tries" 5 "$way: 19: wrong codes"
	request POST /v1/api-user-reset-password -d "{\"email\":\"bob@example.com\",\"code\":\"$code\",\"newPassword\":\"Other-Harbour-43\"}"
	answers 429 '{"success":false,"error":"Too many requests"}' "$way: 19: wherever they are used"
	tries request POST /v1/auth/password-reset/reset -d '{"code":"0000-0000-0000","new_password":"Other-Harbour-43"}' \
		--remote 127.0.0.7
	is "$tries" 5 "$way: codes that name nobody"
	tries request POST /v1/auth/verify-email -d '{"email":"cat@example.com","code":"0000-0000-0000"}' \
		--remote 127.0.0.8
	is "$tries" 5 "$way: codes that prove an address"
	login bob@example.com $good
	is "$status" 200 "$way: 22: none of that keeps him from signing in"
}

access_tokens() {
	local token
	request POST /auth/admin/login -d "{\"password\":\"$good\"}" --remote 127.0.0.9
	request POST /auth/access_token -H "Authorization: Bearer ${member_of[.token]-}" -d '{"name":"a","permission":"admin"}' \
		--remote 127.0.0.9
	token=${member_of[.token]-}
	tries request GET /auth/access_tokens -H 'x-api-key: lk_wrong'
	is "$tries" 5 "$way: 13: wrong access tokens"
	waits "$way: a sixth wrong access token"
	request GET /auth/verify -H 'x-api-key: lk_wrong'
	is "$status" 401 "$way: 39: verify says nothing but 401"
	request GET /auth/verify -H "x-api-key: $token"
	is "$status" 204 "$way: a good one goes on"
	request GET /auth/access_tokens -H "x-api-key: $token"
	is "$status" 200 "$way: everywhere"
}

# cleared: whose counts were forgotten, by the audit.
cleared() {
	grep '"throttle-clear"' "$state/audit.log" | python3 -c '
import json, sys
for line in map(json.loads, sys.stdin):
    print(*[line.get(name, "-") for name in ("account", "reason", "outcome", "target")], end="|")'
}

operator() {
	local id other
	id=$(latchkey user show ann@example.com | sed -n 's/^id: //p')
	like "$(latchkey throttle list)" "pair	password	$id	127.0.0.1	[0-9]+	waits [0-9]+ s" "$way: throttle list"
	like "$(latchkey throttle list)" "pair	password	$id	127.0.0.9	0	known" "$way: with the networks that are known"
	is "$(latchkey throttle list | grep -c no-one)" 0 "$way: and without what was typed for nobody"
	latchkey throttle clear ann@example.com
	login ann@example.com $good
	is "$status" 200 "$way: throttle clear NAME"
	login no-one@example.com $good
	is "$status" 429 "$way: and no other's"
	latchkey throttle clear 127.0.0.1
	login no-one@example.com $good
	is "$status" 401 "$way: throttle clear NETWORK"
	is "$(cleared)" "$id - ok -|- - ok 127.0.0.1|" "$way: and the audit has of whom"
	login bob@example.com $wrong
	id=$(latchkey user show bob@example.com | sed -n 's/^id: //p')
	like "$(latchkey throttle list)" "pair	password	$id	127.0.0.1	[1-9]" "$way: another one's"
	latchkey throttle clear "$id"
	is "$(latchkey throttle list | grep -c "pair	password	$id	127.0.0.1	[1-9]")" 0 "$way: throttle clear ID"
	login no-one@example.com $wrong
	latchkey throttle clear all
	is "$(cleared | sed 's/.*|\(.*|\)/\1/')" '- - ok all|' "$way: throttle clear all, and the audit says so"
	for other in 192.0.2.1 2001:db8::1 2001:db8::/64 unknown; do
		is "$(latchkey throttle clear $other 2>&1) $?" "latchkey throttle clear: nothing is counted for $other 0" \
			"$way: throttle clear: nothing to forget of $other"
	done
	for other in no-body 192.0.2 192.0.2.0/24 192.0.2.1/64 2001:db8::/48 2001:db8::1/ ''; do
		is "$(latchkey throttle clear "$other" 2>&1) $?" \
			"latchkey throttle clear: $other: neither an account nor a network: an IPv4 address, or an IPv6 /64 1" \
			"$way: throttle clear: neither account nor network: '$other'"
	done
	is "$(cleared | sed 's/.*|\(.*|\)/\1/')" '- bad-field refused -|' "$way: and what was typed is not in the audit"
	latchkey throttle clear >>"$log" 2>&1
	is $? 2 "$way: throttle clear wants to know what"
}

for way in nginx fcgi cgi; do
	fresh 'hash_cost = 1' 'mail_command =' 'throttle.first = 100'
	start $way
	add admin $good --admin
	for name in ann bob cat; do add $name@example.com $good; done
	sign_ins
	admins
	changes
	codes
	access_tokens
	operator
done

# Without memory for a hash nobody can tell whether the password is right: 503, and no try. The sanitizers map far
# more than that limit.
fresh 'mail_command ='
start cgi
add ann@example.com $good
: >"$log"
if ! grep -q '^#define SANITIZERS 1' "$build/config.h"; then
	under=(prlimit --as=$((20 << 20)))
	for name in ann@example.com nobody@example.com; do
		for password in $good $wrong; do
			login $name $password
			is "$status ${header_of[Retry-After]-}" '503 1' "no memory for a hash: $name, $password"
		done
	done
	read -ra under <<<"${LATCHKEY_UNDER-}"
	is "$(grep -c 'no memory for a hash of yescrypt' "$log") $(wc -l <"$log")" '4 4' 'no memory for a hash: a line each'
	is "$(latchkey throttle list | grep -c ^pair)" 0 'no memory for a hash: no try is counted'
fi
login ann@example.com $good
is "$status" 200 'with memory it is right'

# A restart forgets nothing, off is off, and one's own numbers count.
fresh 'hash_cost = 1' 'mail_command =' 'throttle.free = 2' 'throttle.first = 100'
start fcgi
add ann@example.com $good
tries login ann@example.com $wrong
is "$tries" 2 'throttle.free'
start fcgi
login ann@example.com $wrong
is "$status" 429 'a restart forgets nothing'
set_conf 'hash_cost = 1' 'throttle = off'
start fcgi
tries login ann@example.com $wrong
is "$tries" 10 'throttle = off'

done_testing
