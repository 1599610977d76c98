#!/bin/bash
# security-passwords.t - what a password may be, and what nobody learns by trying, by the numbers of doc/security.md
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' other='Other-Harbour-43'

# text NAME TEXT...: JSON's text of it.
json() { python3 -I -S -c 'import json, sys; print(json.dumps(sys.argv[1], ensure_ascii=False))' "$1"; }
repeat() { printf "%$2s" '' | sed "s/ /$1/g"; }
# reset PASSWORD, login PASSWORD: the administrator's.
reset() { request POST /auth/admin/reset-password -d "{\"password\":$(json "$1")}"; }
login() { request POST /auth/admin/login -d "{\"password\":$(json "$1")}"; }

# takes PASSWORD NAME: as a new one, and it signs in.
takes() {
	reset "$1"
	is "$status" 200 "$2 is taken"
	login "$1"
	is "$status" 200 "$2 signs in"
}

whole() {
	local long printable
	printf -v long '%s%s' "$(repeat a 72)" 12345678
	takes "$long" "$way: 2: a password of 80 characters"
	login "${long:0:72}"
	is "$status" 401 "$way: 2: its first 72 bytes do not do"
	login "${long%?}"
	is "$status" 401 "$way: 2: nor all but one"
	login "${long}9"
	is "$status" 401 "$way: 2: nor one more"
	takes "$(repeat 'ü' 255)x" "$way: 2: 256 code points of two bytes"
	reset "$(repeat 'ü' 256)x"
	is "$status" 400 "$way: 2: 257 are refused, not cut"
	printf -v printable '%b' "$(printf '\\x%x' {32..126})"
	takes "$printable" "$way: 4: each printable character of ASCII"
	for long in '  two blanks before' 'two blanks behind  ' $'\ttabs about it\t'; do
		takes "$long" "$way: 4: blanks are part of it"
		login "$(sed 's/^[[:space:]]*//; s/[[:space:]]*$//' <<<"$long")"
		is "$status" 401 "$way: 4: it is not without them"
	done
	takes '⚓ тихая гавань 42' "$way: 4: letters of other scripts"
	reset $'Quiet-Harbo\xcc\x88ur'
	login $'Quiet-Harb\xc3\xb6ur'
	is "$status" 200 "$way: 4: set in NFD, sent in NFC"
	request POST /auth/admin/reset-password -d '{"password":"Quiet-Harbour\u0000-43"}'
	is "$status" 400 "$way: 4: a NUL is refused"
	reset $good
}

# bcrypt takes no more than 72 bytes, so neither do we.
bcrypt() {
	local long
	long=$(repeat a 72)
	# shellcheck disable=SC2016 # a prefix of crypt(5)
	set_conf 'hash = $2b$' 'hash_cost = 10' 'policy = length' 'throttle = off'
	start "$way"
	reset "${long}x"
	answers 400 '{"status":"error","message":"Password must not be longer than 256 characters or 72 bytes"}' \
		"$way: 2: bcrypt: 73 bytes are refused, not cut"
	takes "$long" "$way: 2: bcrypt: 72 bytes"
	login "${long%?}"
	is "$status" 401 "$way: 2: bcrypt: not without the last"
	set_conf "${common[@]}"
	start "$way"
	reset "${long}y"
	# shellcheck disable=SC2016
	set_conf 'hash = $2b$' 'hash_cost = 10' 'throttle = off'
	start "$way"
	login "${long}y"
	is "$status" 200 "$way: 2: bcrypt: a longer one from before signs in"
	login "${long}z"
	is "$status" 401 "$way: 2: bcrypt: and is not made anew, as it would be cut"
	set_conf "${common[@]}"
	start "$way"
	reset $good
}

hash_of() { dump | grep '^account/' | grep -F "\"$1\"" | grep -o '"hash":"[^"]*"' | head -n 1; }

stored() {
	local one two scheme='"hash":"[$]y[$]j9T[$][./0-9A-Za-z]{22}[$][./0-9A-Za-z]{43}"'
	set_conf
	add one@example.com $good
	add two@example.com $good
	one=$(hash_of one@example.com) two=$(hash_of two@example.com)
	like "$one" "^$scheme$" '6: yescrypt, with its cost and 128 bits of salt'
	like "$two" "^$scheme$" '6: another account'
	isnt "$one" "$two" '6: the same password, another hash'
	is "$(dump | grep -c "$good")" 0 '6: the password is nowhere'
	for scheme in '2b=9' '7=5' '6=99999' '1=0' '5=1'; do
		set_conf "hash = \$${scheme%=*}\$" "hash_cost = ${scheme#*=}"
		is "$(latchkey config >>"$log" 2>&1; echo $?)" 1 "6: no cost of $scheme"
	done
}

# --- the same for every account and for none

everything() { printf '%s\n%s\n%s' "$status" "$headers" "$body"; }

# same NAME PATH BODY WHO...: the answer is the same for all, WHO in the place of @ in the body.
same() {
	local who first=''
	for who in "${@:4}"; do
		if [[ $3 == GET ]]; then
			request GET "${2//@/$who}"
		else
			request POST "$2" -d "${3//@/$who}"
		fi
		: "${first:=$(everything)}"
		is "$(everything)" "$first" "$way: 12: $1, $who"
	done
}

alike() {
	local everyone=(known@example.com nobody@example.com disabled@example.com unproved@example.com KNOWN@EXAMPLE.COM)
	local password refused='"code":"ZZZZ-ZZZZ-ZZZZ"'
	for password in wrong $good; do
		[[ $password == wrong ]] || everyone=("${everyone[@]:1:3}") # who may not sign in, though it be the right one
		same "px0's sign-in, $password" /v1/auth/login "{\"email\":\"@\",\"password\":\"$password\"}" "${everyone[@]}"
		same "edge-impulse's sign-in, $password" /v1/api-login "{\"username\":\"@\",\"password\":\"$password\"}" \
			"${everyone[@]}"
		same "databrain's sign-in, $password" /api/v2/admin-account/jwt "{\"email\":\"@\",\"password\":\"$password\"}" \
			"${everyone[@]}"
	done
	everyone=(known@example.com nobody@example.com disabled@example.com unproved@example.com)
	same "px0's request" /v1/auth/password-reset/trigger '{"email":"@"}' "${everyone[@]}"
	same "px0's, once more" /v1/auth/password-reset/trigger '{"email":"@"}' "${everyone[@]}"
	same "edge-impulse's request" /v1/api-user-request-reset-password '{"email":"@"}' "${everyone[@]}"
	same "a request to be verified" '/v1/auth/verify-email?email=@' GET "${everyone[@]}"
	new_code known@example.com >/dev/null
	same "edge-impulse's reset" /v1/api-user-reset-password "{\"email\":\"@\",$refused,\"newPassword\":\"$other\"}" \
		"${everyone[@]}"
	same 'is it the code' /v1/api-user-verify-reset-password-code "{\"email\":\"@\",$refused}" "${everyone[@]}"
	same "a code that proves an address" /v1/auth/verify-email "{\"email\":\"@\",$refused}" "${everyone[@]}"
	same 'an account' /v1/auth/register "{\"email\":\"@\",\"password\":\"short\"}" "${everyone[@]}"
	request POST /v1/auth/login -d "{\"email\":\"known@example.com\",\"password\":\"$good\"}"
	is "$status" 200 "$way: 22: all of that has changed nothing"
	is "${member_of[.user.is_verified]-}" false "$way: 22: nor proved an address"
}

# --- every door has the lock

# locked NAME REMOTE METHOD PATH [OPTION...]: the sixth wrong one has to wait.
locked() {
	local tries
	for ((tries = 0; tries < 8; tries++)); do
		request "${@:3}" --remote "$2"
		[[ $status != 429 ]] || break
	done
	is "$tries $(grep -c '^[1-9]' <<<"${header_of[Retry-After]-}")" '5 1' "$way: 13: $1"
}

doors() {
	local token code='"code":"0000-0000-0000"' n=1 at
	request POST /v1/api-login -d "{\"username\":\"chief@example.com\",\"password\":\"$good\"}" --remote 192.0.2.99
	token=${member_of[.token]-}
	locked "actian's sign-in" 192.0.2.1 POST /auth/admin/login -d '{"password":"wrong"}'
	locked "databrain's sign-in" 192.0.2.2 POST /api/v2/admin-account/jwt -d '{"email":"chief@example.com","password":"wrong"}'
	locked "px0's sign-in" 192.0.2.3 POST /v1/auth/login -d '{"email":"chief@example.com","password":"wrong"}'
	locked "edge-impulse's sign-in" 192.0.2.4 POST /v1/api-login -d '{"username":"chief@example.com","password":"wrong"}'
	locked "databrain's change" 192.0.2.5 POST /api/v2/service-token/reset-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"wrong\",\"password\":\"$other\"}"
	locked "edge-impulse's change" 192.0.2.6 POST /v1/api/user/change-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"wrong\",\"newPassword\":\"$other\"}"
	locked "px0's code" 192.0.2.7 POST /v1/auth/password-reset/reset -d "{$code,\"new_password\":\"$other\"}"
	locked "edge-impulse's code" 192.0.2.8 POST /v1/api-user-reset-password \
		-d "{\"email\":\"chief@example.com\",$code,\"newPassword\":\"$other\"}"
	locked "edge-impulse's look at a code" 192.0.2.9 POST /v1/api-user-verify-reset-password-code \
		-d "{\"email\":\"chief@example.com\",$code}"
	locked "px0's code for an address" 192.0.2.10 POST /v1/auth/verify-email -d "{\"email\":\"chief@example.com\",$code}"
	for at in 'GET /auth/access_tokens' 'POST /auth/access_token' 'DELETE /auth/access_token/1' \
		'POST /auth/access_token/1/rotate' 'POST /api/v2/service-token' 'POST /api/v2/service-token/rotate' \
		'GET /v1/auth/me' 'PATCH /auth/enabled' 'POST /v1/auth/register' 'POST /api/v2/service-token/reset-password' \
		'POST /v1/api/user/change-password'; do
		locked "an access token for $at" "198.51.100.$((n++))" "${at% *}" "${at#* }" -H 'X-Api-Key: lk_wrong' \
			-d "{\"email\":\"x@example.com\",\"password\":\"$good\"}" \
			--program "${program_of[${at#* }]-token}"
	done
}

# --- no way in to begin with

defaults() {
	local name password
	is "$(latchkey user list 2>>"$log")" '' '14: there is no account to begin with'
	request GET /auth/admin/exists
	is "$status ${member_of[.result]-}" '200 false' '14: and no administrator'
	for name in admin root administrator user latchkey postgres test guest; do
		for password in admin password root latchkey changeme '' 123456 $name; do
			request POST /v1/api-login -d "{\"username\":\"$name\",\"password\":\"$password\"}"
			is "${member_of[.success]-}" false "14: no $name by '$password'"
		done
	done
	request GET /auth/verify -H 'X-Api-Key: lk_0000000000000000000000000000000000000000000'
	is "$status" 401 '14: nor an access token'
}

samples() {
	local secret=LongDefaultSecretKeyForEncryption
	LATCHKEY_JWT_SECRET=$secret LATCHKEY_CONF=$conf timeout 60 "$build/cgi/login" >"$work/said" 2>&1 </dev/null
	is $? 1 '14: a secret of public code stops the start'
	like "$(<"$work/said")" 'on the list of leaked secrets' '14: and the log says so'
	is "$(grep -c $secret "$work/said")" 0 '14: without it'
}

# --- what an administrator may not

no_masters() {
	local token id hash all=''
	add ann@example.com $good --verified
	add chief@example.com $good --admin
	id=$(latchkey user show ann@example.com | sed -n 's/^id: //p')
	request POST /v1/api-login -d "{\"username\":\"chief@example.com\",\"password\":\"$good\"}"
	token=${member_of[.token]-}
	request POST /v1/auth/register -H "X-Jwt-Token: $token" -d "{\"email\":\"ann@example.com\",\"password\":\"$other\"}"
	all+="$status $body"
	like "$all" '^409 ' "$way: 27: an administrator makes no account over another"
	request POST /v1/api-user-create -H "X-Jwt-Token: $token" -d "{\"name\":\"a\",\"username\":\"ann\",
		\"email\":\"ann@example.com\",\"password\":\"$other\",\"privacyPolicy\":true}"
	all+=$body
	is "${member_of[.success]-}" false "$way: 27: nor in edge-impulse's way"
	request POST /v1/api/user/change-password -H "X-Jwt-Token: $token" -d "{\"currentPassword\":\"$good\",
		\"newPassword\":\"$other\",\"username\":\"ann@example.com\",\"email\":\"ann@example.com\",\"id\":\"$id\"}"
	all+=$body
	is "${member_of[.success]-}" true "$way: 27: a change is one's own, whatever else is sent"
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	is "$status" 200 "$way: 27: her password is hers"
	all+="$body$(latchkey user show ann@example.com)$(latchkey user list)"
	hash=$(hash_of ann@example.com | cut -d'"' -f 4)
	like "$hash" '^[$]y[$]' "$way: she has a hash"
	is "$(grep -cF -e $good -e $other -e "$hash" <<<"$all")" 0 "$way: 27: no answer and no listing has a password or a hash"
	like "$(latchkey code new ann@example.com)" '^reset code for ann' "$way: 27: the operator can start a reset"
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	is "$status" 200 "$way: 27: which changes nothing before the code comes"
}

common=('hash_cost = 1' 'mail_command =' 'policy = length' 'policy.length.min = 8' 'throttle = off')
for each in fcgi nginx; do
	fresh "${common[@]}"
	add admin $good --admin
	start "$each"
	whole
	[[ $each == nginx ]] || bcrypt
done
stop
stored

for each in fcgi cgi; do
	fresh 'hash_cost = 1' 'mail_command = /bin/false' 'registration = open' 'throttle = off'
	start "$each"
	add chief@example.com $good --admin
	for name in known disabled; do add $name@example.com $good; done
	request POST /v1/auth/register -d "{\"email\":\"unproved@example.com\",\"password\":\"$good\"}"
	latchkey user disable disabled@example.com 2>>"$log"
	alike
done

# More tries at one account than it has in all.
fresh 'hash_cost = 1' 'mail_command =' 'throttle.first = 100' 'throttle.account = 200'
start fcgi
add admin $good --admin
add chief@example.com $good --admin
doors
fresh 'hash_cost = 1' 'throttle = off'
start fcgi
defaults
samples
for each in fcgi cgi; do
	fresh 'hash_cost = 1' 'mail_command =' 'throttle = off'
	start "$each"
	no_masters
done
done_testing
