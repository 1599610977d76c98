#!/bin/bash
# Tokens are what everybody takes for JWTs: PyJWT reads ours, we take its, and none that is not as ours are.
. "${0%/*}/lib.sh"

py_jwt() { /usr/bin/python3 -I "$top/t/jwt.py" "$@"; }

# sign_in: $token is a new one of ann's.
sign_in() {
	request POST /v1/auth/login -d '{"email":"ann@example.org","password":"Quiet-Harbour-42"}'
	token=${member_of[.token]-}
}
verify() { request GET /auth/verify -H "Authorization: Bearer $1"; }

export LATCHKEY_JWT_SECRET=$'its bytes as they are: \xc3\xbc " \\ %41 and a blank '
fresh 'hash_cost = 1'
add ann@example.org Quiet-Harbour-42
start fcgi

# Ours, to PyJWT.
sign_in
now=$(date +%s)
body=$(py_jwt read "$token" 2>&1)
read_json "$body"
ok_if 'PyJWT accepts our token with the configured secret' test "${body:0:1}" = '{'
is "${member_of[.header.alg]-}" HS256 'alg'
is "${member_of[.header.typ]-}" JWT 'typ'
like "${member_of[.header.kid]-}" '^[0-9a-f]{16}$' 'kid'
is "${member_of[.claims.iss]-}" latchkey 'iss'
is "${member_of[.claims.sub]-}" "$(latchkey user show ann@example.org | sed -n 's/^id: //p')" 'sub is the account'
iat=${member_of[.claims.iat]-}
ok_if 'iat is now' test "$iat" -le "$now" -a "$iat" -gt $((now - 60))
is "${member_of[.claims.exp]-}" $((iat + 3600)) 'exp is an hour later'
like "${member_of[.claims.jti]-}" '^[0-9a-f]{32}$' '29: jti has 128 bits'
is "${member_of[.claims.role]-}" user 'role'
is "${member_of[.claims.epoch]-}" 1 'epoch'
is "$(python3 -c 'import json, sys; print(*json.load(sys.stdin)["claims"])' <<<"$body")" \
	'iss sub iat exp jti role epoch' 'no claim more'

jti=${member_of[.claims.jti]-}
sign_in
read_json "$(py_jwt read "$token")"
isnt "${member_of[.claims.jti]-}" "$jti" '29: two tokens, two jti'
LATCHKEY_JWT_SECRET=another py_jwt read "$token" >"$work/out" 2>&1
like "$(<"$work/out")" InvalidSignatureError 'PyJWT refuses our token with another secret'

# PyJWT's, to us.
py_jwt make "$token" >"$work/tokens" || give_up 'PyJWT makes no tokens'
while IFS=$'\t' read -r wanted what made; do
	verify "$made"
	is "$status" "$wanted" "made by PyJWT: $what"
done <"$work/tokens"
is "$(wc -l <"$work/tokens")" 27 'all of them were tried'

# Two secrets are valid at once, each under its own kid.
old=$token old_secret=$LATCHKEY_JWT_SECRET
start nginx
verify "$old"
is "$status" 204 'a token outlives a restart with the same secret'
export LATCHKEY_JWT_SECRET='the next secret, as long as it must be'
start fcgi
sign_in
verify "$token"
is "$status" 204 'a token by the next secret'
verify "$old"
is "$status" 204 'a token by the secret before'
mixed=$(LATCHKEY_JWT_SECRET=$old_secret py_jwt make "$token" | sed -n '1s/.*\t//p')
verify "$mixed"
is "$status" 401 'the secret before under the kid of the next'

done_testing
