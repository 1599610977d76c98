#!/bin/bash
# Tokens are what everybody takes for JWTs: npm's jose reads ours, we take its, and none that is not as ours are.
. "${0%/*}/lib.sh"

node_modules
js_jwt() { node "$top/t/jose.mjs" "$@"; }
verify() { request GET /auth/verify -H "Authorization: Bearer $1"; }

export LATCHKEY_JWT_SECRET=$'its bytes as they are: \xc3\xbc " \\ %41 and a blank '
fresh 'hash_cost = 1'
add ann@example.org Quiet-Harbour-42
start fcgi
request POST /v1/auth/login -d '{"email":"ann@example.org","password":"Quiet-Harbour-42"}'
token=${member_of[.token]-}

body=$(js_jwt read "$token")
read_json "$body"
ok_if 'jose accepts our token with the configured secret' test "${body:0:1}" = '{'
is "${member_of[.header.alg]-} ${member_of[.header.typ]-}" 'HS256 JWT' 'alg and typ'
is "${member_of[.claims.sub]-}" "$(latchkey user show ann@example.org | sed -n 's/^id: //p')" 'sub is the account'
is $((${member_of[.claims.exp]-} - ${member_of[.claims.iat]-})) 3600 'it holds for an hour'
LATCHKEY_JWT_SECRET=another js_jwt read "$token" >"$work/out" 2>&1
like "$(<"$work/out")" JWSSignatureVerificationFailed 'jose refuses our token with another secret'

js_jwt make "$token" >"$work/tokens" || give_up 'jose makes no tokens'
while IFS=$'\t' read -r wanted what made; do
	verify "$made"
	is "$status" "$wanted" "made by jose: $what"
done <"$work/tokens"
is "$(wc -l <"$work/tokens")" 15 'all of them were tried'

done_testing
