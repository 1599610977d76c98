#!/bin/bash
# jwt-attacks.t - what is tried against JWTs, each by itself: 401, in whatever way it is asked
. "${0%/*}/lib.sh"

verify() { request GET /auth/verify -H "X-Jwt-Token: $1"; }
sign_in() {
	request POST /v1/auth/login -d '{"email":"ann@example.org","password":"Quiet-Harbour-42"}'
	token=${member_of[.token]-}
}
attacks() { python3 -I "$top/t/jwt-attacks.py" "$@"; }

tried() {
	local wanted what made
	attacks make "$token" "$work/key." >"$work/tokens" || give_up 'no tokens'
	while IFS=$'\t' read -r wanted what made; do
		verify "$made"
		is "$status" "$wanted" "$way: $what"
		[[ $wanted == 204 ]] || is "${header_of[WWW-Authenticate]-}" 'Bearer error="invalid_token"' "$way: 38: and says so"
	done <"$work/tokens"
	ok_if "$way: all of them were tried" test "$(wc -l <"$work/tokens")" -gt 180
}

export LATCHKEY_JWT_SECRET='a secret that the attacker has not, but we'
fresh 'hash_cost = 1'
add ann@example.org Quiet-Harbour-42 --verified
for each in fcgi nginx; do
	start "$each"
	sign_in
	tried
done
is "$(attacks change "$port" "$token")" '204 [] enough' "$way: 32: every byte of a token changed, left out and doubled"
done_testing
