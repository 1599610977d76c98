#!/bin/bash
# factor.t - a second factor by latchkey's own API and by the four others: getting one, signing in with it, losing it
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' other='Quiet-Harbour-43'
common=('hash_cost = 1' 'mail_command = /bin/true' 'site_url = http://localhost' 'audit_lines = 1000')
# Of $good, at the cost of the tests.
# shellcheck disable=SC2016 # a prefix of crypt(5)
hash=$(python3 -W ignore -c 'import crypt, sys; print(crypt.crypt(sys.argv[1], "$y$j75$" + "." * 22))' "$good")
here=(-H 'Origin: http://localhost')
api=/account/api

# sign_in [MEMBERS]: of ann, or of $name; sets $cookie.
sign_in() {
	request POST $api/session -d "{\"name\":\"${name-ann}\",\"password\":\"${password-$good}\"${1-}}"
	taken
}
taken() { cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}"); }
by() { request "$1" "$api/$2" -H "Cookie: $cookie" "${here[@]}" "${@:3}"; }
code() { echo "$status ${member_of[.code]-}"; }
verified() { request GET /auth/verify -H "Cookie: $1" && echo "$status"; }
# totp SECONDS: the app's code of that time.
totp() { oathtool --totp -b -N "now ${1-+0} seconds" "$secret"; }
# recovery N: the Nth of the recovery codes in the last answer that had any.
recovery() { grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}' <<<"$codes" | sed -n "$1p"; }
audited() { tail -n 1 "$state/audit.log" | grep -q "\"reason\":\"$1\""; }

# enrol: an app for the session at hand.
enrol() {
	by POST totp
	secret=${member_of[.secret]-}
	by PUT totp -d "{\"code\":\"$(totp)\"}"
	codes=$body
	taken
}

getting_one() {
	local first
	sign_in
	first=$cookie
	sign_in
	by GET factors
	answers 200 '{"totp":null,"recovery_codes":null}' "$way: nobody begins with one"
	by POST totp
	is "$status" 200 "$way: an app's secret"
	secret=${member_of[.secret]-}
	is "${member_of[.uri]-}" "otpauth://totp/localhost:ann?secret=$secret&issuer=localhost&algorithm=SHA1&digits=6&period=30" \
		"$way: as a link"
	like "${member_of[.qr.path]-}" '^M0 0h7v1h-7zM' "$way: and as a QR code"
	like "${member_of[.qr.size]-}" '^(45|49|53)$' "$way: of that many modules"
	by PUT totp -d '{"code":"000000"}'
	like "$(code) ${member_of[.detail]-}" '^403 wrong-code .*It is 20..-..-..T..:..:..Z here.*recovery code' \
		"$way: a wrong code is told the time"
	by GET factors
	is "${member_of[.totp]-}" null "$way: and changes nothing"
	enrolled=$(totp)
	by PUT totp -d "{\"code\":\"$enrolled\"}"
	codes=$body
	is "$status $(grep -oE '"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}"' <<<"$body" | sort -u | wc -l)" '200 10' \
		"$way: a right one brings ten recovery codes"
	like "$(tail -n 1 "$state/audit.log")" '"event":"factor-add","outcome":"ok","account":"[^"]*","name":"ann"' "$way: the audit says whose"
	is "$(verified "$first")" 401 "$way: other sessions end"
	is "$(verified "$cookie")" 401 "$way: and older cookies of this one"
	taken
	is "$(verified "$cookie")" 204 "$way: this one goes on"
	by GET session
	is "${member_of[.session.amr]-} ${member_of[.account.factors.totp]-} ${member_of[.account.factors.recovery_codes_left]-}" \
		'["pwd", "otp"] true 10' "$way: with both"
	by GET factors
	like "${member_of[.totp.since]-} ${member_of[.recovery_codes.left]-}" '^20.*Z 10$' "$way: what there is"
	like "$(latchkey user show ann 2>>"$log")" "second factor: ${member_of[.totp.since]-none}" "$way: the operator sees it"
	request POST $api/totp
	is "$(code)" '401 not-signed-in' "$way: not for nobody"
	request POST $api/totp -d '{"ticket":"01890000-0000-7000-8000-000000000000.00000000000000000000000000000000"}'
	is "$(code)" '401 not-signed-in' "$way: nor by a ticket that nobody has given"
}

signing_in() {
	local later_code
	sign_in
	is "$(code) $cookie" '401 code-required ' "$way: the password alone"
	password=$other sign_in ",\"code\":\"$(totp +30)\""
	is "$(code)" '401 wrong-credentials' "$way: a wrong password with a right code"
	sign_in ',"code":"000000"'
	like "$(code) ${member_of[.detail]-}" '^401 wrong-code .*recovery code' "$way: a wrong code"
	sign_in ",\"code\":\"$enrolled\""
	is "$(code)" '401 wrong-code' "$way: 28: the code of the enrolment"
	later_code=$(totp +30)
	sign_in ",\"code\":\"$later_code\""
	is "$status ${member_of[.session.amr]-}" '200 ["pwd", "otp"]' "$way: that of a clock half a minute ahead"
	sign_in ",\"code\":\"$later_code\""
	is "$(code)" '401 wrong-code' "$way: 28: a code used twice"
	sign_in ",\"code\":\"$(recovery 1)\""
	is "$status ${member_of[.account.factors.recovery_codes_left]-}" '200 9' "$way: a recovery code"
	sign_in ",\"code\":\"$(recovery 1)\""
	is "$(code)" '401 wrong-code' "$way: 26: a recovery code used twice"
	sign_in ",\"code\":\"$(recovery 2)\",\"cookie\":false"
	request GET $api/session -H "Authorization: Bearer ${member_of[.token]-x}"
	is "$status" 200 "$way: a token alone by both"
	sign_in ",\"code\":\"$(recovery 3)\""
	by POST session/confirm -d "{\"password\":\"$good\"}"
	is "$(code) ${header_of[WWW-Authenticate]-}" '401 code-required Bearer' "$way: the password alone confirms nothing"
	by POST session/confirm -d "{\"password\":\"$good\",\"code\":\"$(recovery 3)\"}"
	is "$(code)" '403 wrong-code' "$way: nor with a wrong code"
	is "$(verified "$cookie")" 204 "$way: which ends nothing"
	by POST session/confirm -d "{\"code\":\"$(recovery 4)\"}"
	is "$status" 204 "$way: the code alone confirms"
	by POST session/confirm -d '{}'
	is "$(code)" '401 code-required' "$way: neither of the two"
}

# Their words, to the letter; only what comes besides tells of a factor.
other_apis() {
	local path sent wrong
	for path in /v1/auth/login /api/v2/admin-account/jwt /auth/admin/login; do
		case $path in
		/v1/auth/login) sent='"email":"ann@example.com",' wrong='401 {"error":"invalid credentials"}' ;;
		/api/v2/*) sent='"email":"ann@example.com",' wrong='400 {"error":{"code":"Invalid credentials","message":"Invalid credentials"}}' ;;
		*) continue ;; # ann is not admin
		esac
		request POST $path -d "{$sent\"password\":\"$good\"}"
		is "$status $body ${header_of[X-OTP]-}" "$wrong required" "$way: $path, without a code"
		request POST $path -d "{$sent\"password\":\"$good\"}" -H 'X-OTP: 000000'
		is "$status $body ${header_of[X-OTP]-}" "$wrong required" "$way: $path, with a wrong one"
		request POST $path -d "{$sent\"password\":\"$other\"}" -H "X-OTP: $(recovery 5)"
		is "$status $body ${header_of[X-OTP]-}" "$wrong " "$way: $path, a wrong password is told nothing"
	done
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}" -H "X-OTP: $(recovery 5)"
	is "$status" 200 "$way: px0, with a right one"
	is "$(verified "jwt=${member_of[.token]-x}")" 204 "$way: its token is good"
	request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$good\"}"
	is "$status $body ${header_of[X-OTP]-}" '200 {"success":false,"error":"ERR_TOTP_TOKEN IS REQUIRED"} ' \
		"$way: edge-impulse, without a code"
	ok_if "$way: the audit knows why" audited code-required
	request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$good\",\"totpToken\":\"$(recovery 6)\"}"
	is "$status ${member_of[.success]-}" '200 true' "$way: edge-impulse, with a right one"
}

# A code that is mailed, and whoever has it, gets past no factor.
losing_it() {
	local reset
	reset=$(new_code ann)
	request POST $api/password/reset -d "{\"code\":\"$reset\",\"email\":\"ann@example.com\",\"new\":\"$other\"}"
	is "$status" 200 "$way: a reset"
	password=$other sign_in
	is "$(code)" '401 code-required' "$way: 25: takes no factor away"
	password=$other sign_in ",\"code\":\"$(recovery 7)\""
	by POST recovery-codes
	codes=$body
	is "$status $(grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}' <<<"$body" | wc -l)" '200 10' "$way: ten new recovery codes"
	enrol
	is "$status" 200 "$way: another app"
	by DELETE totp
	is "$status" 204 "$way: the factor is taken away"
	taken
	by DELETE totp
	is "$(code)" '404 not-found' "$way: once"
	password=$other sign_in
	is "$status ${member_of[.account.factors.totp]-}" '200 false' "$way: then the password is enough"
	latchkey user passwd ann <<<"$good" 2>>"$log"
}

# spend COUNT COMMAND...: as many wrong codes, whatever is answered.
spend() {
	local i
	for ((i = 0; i < $1; i++)); do "${@:2}"; done
}
confirms() { by POST session/confirm -d "{\"code\":\"$1\"}"; }
# Wrong codes of a session, and then of a client with the password. While a count has them wait, each API says so.
spent() {
	local path sent stolen
	set_conf "${common[@]}" 'throttle.first = 600'
	start "$way"
	sign_in
	enrol
	sign_in ",\"code\":\"$(recovery 1)\""
	stolen=$cookie
	spend 6 confirms 000000
	is "$(code)" '429 throttled' "$way: 28: a stolen cookie with the sixth wrong code has to wait"
	confirms "$(recovery 2)"
	is "$(code)" '429 throttled' "$way: 28: whatever the next one is"
	sign_in ",\"code\":\"$(recovery 2)\""
	is "$status" 200 "$way: 28: but its owner, with the password, does not"
	confirms "$(recovery 3)"
	is "$status" 204 "$way: 28: nor does another session"
	cookie=$stolen by POST session/confirm -d "{\"password\":\"$good\",\"code\":\"$(recovery 4)\"}"
	is "$status" 204 "$way: nor that one by the password"
	by POST totp
	spend 6 by PUT totp -d '{"code":"000000"}'
	is "$(code)" '429 throttled' "$way: 28: codes of a new app, which come without the password, wait as well"
	sign_in ",\"code\":\"$(recovery 5)\""
	is "$status" 200 "$way: 28: and spend nothing of the owner's"
	spend 6 sign_in ',"code":"000000"'
	is "$(code)" '429 throttled' "$way: the sixth wrong code with the password has to wait"
	while read -r path sent; do
		request POST "$path" -d "$sent" -H "X-OTP: $(recovery 6)"
		like "$status ${header_of[Retry-After]-} ${header_of[X-OTP]-}" '^429 [1-9][0-9]* $' "$way: 40: $path says so, too"
	done <<-END
		/v1/auth/login {"email":"ann@example.com","password":"$good"}
		/api/v2/admin-account/jwt {"email":"ann@example.com","password":"$good"}
		/v1/api-login {"username":"ann","password":"$good","totpToken":"$(recovery 6)"}
		$api/session {"name":"ann","password":"$good","code":"$(recovery 6)"}
	END
	latchkey throttle clear all 2>>"$log"
	sign_in ",\"code\":\"$(recovery 6)\""
	is "$status" 200 "$way: the code is good yet"
	by DELETE totp
	set_conf "${common[@]}" 'throttle = off'
	start "$way"
}

# One code, sixteen times at once.
at_once() {
	local sent
	sign_in
	enrol
	for sent in "28: a code:$(totp +30)" "26: a recovery code:$(recovery 1)"; do
		is "$(for _ in {1..16}; do
			command curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port$api/session" -H 'Content-Type: application/json' \
				-d "{\"name\":\"ann\",\"password\":\"$good\",\"code\":\"${sent##*:}\"}" &
		done | grep -c 200)" 1 "$way: ${sent%:*}, sixteen times at once"
	done
	latchkey throttle clear all 2>>"$log"
	sign_in ",\"code\":\"$(recovery 2)\""
	by DELETE totp
}

# An account that must have a factor, and another password.
demanded() {
	local ticket old
	sign_in
	old=$cookie
	set_conf "${common[@]}" 'throttle = off' 'factor = all'
	start "$way"
	is "$(verified "$old")" 401 "$way: a session without a factor opens nothing any more"
	cookie=$old by GET session
	is "$(code)" '403 must-enrol' "$way: and is told why"
	cookie="latchkey=eyJ.eyJ.x; $old; jwt=eyJ.eyJ.x" by GET session
	is "$(code)" '403 must-enrol' "$way: whatever is planted beside it"
	cookie=$old by GET factors
	is "$status" 200 "$way: but may get one"
	cookie=$old by POST account -d "{\"email\":\"x@example.com\",\"password\":\"$good\"}"
	is "$(code)" '403 forbidden' "$way: for who registers another account its user is anybody"
	sign_in
	is "$(code)" '403 must-enrol' "$way: nor does a sign-in"
	ticket=${member_of[.ticket]-}
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	is "$status $body ${header_of[X-OTP]-}" '401 {"error":"invalid credentials"} ' "$way: px0 says what it says of a wrong password"
	ok_if "$way: and the audit why" audited must-enrol
	request PUT $api/password -d "{\"ticket\":\"$ticket\",\"new\":\"$other\"}"
	is "$(code)" '401 not-signed-in' "$way: the ticket is for nothing else"
	request POST $api/totp -d "{\"ticket\":\"$ticket\"}"
	secret=${member_of[.secret]-}
	is "$status" 200 "$way: the ticket begins"
	request PUT $api/totp -d "{\"ticket\":\"$ticket\",\"code\":\"$(totp)\"}"
	codes=$body
	is "$status ${header_of[Set-Cookie]-}" '200 ' "$way: and ends, and signs nobody in"
	request POST $api/totp -d "{\"ticket\":\"$ticket\"}"
	is "$(code)" '401 not-signed-in' "$way: once"
	sign_in ",\"code\":\"$(recovery 1)\""
	is "$status" 200 "$way: then a sign-in by both"
	by DELETE totp
	is "$(code)" '403 forbidden' "$way: which cannot be taken away"
	set_conf "${common[@]}" 'throttle = off'
	start "$way"
}

# Another password is needed first.
must_change() {
	local ticket name=bob
	latchkey import - <<<"{\"username\":\"bob\",\"email\":\"bob@example.com\",\"hash\":\"$hash\",\"must_change\":true}" \
		>/dev/null 2>>"$log"
	like "$(latchkey user show bob 2>>"$log")" 'must change: yes' "$way: the operator sees it"
	request POST /v1/api-login -d "{\"username\":\"bob\",\"password\":\"$good\"}"
	answers 200 '{"success":false,"error":"Invalid username or password"}' "$way: edge-impulse has no other words"
	ok_if "$way: the audit has" audited must-change
	sign_in
	is "$(code) $cookie" '403 must-change ' "$way: another password is needed first"
	ticket=${member_of[.ticket]-}
	request POST $api/totp -d "{\"ticket\":\"$ticket\"}"
	is "$(code)" '401 not-signed-in' "$way: the ticket is for nothing else"
	request PUT $api/password -d "{\"ticket\":\"$ticket\",\"new\":\"short\"}"
	is "$(code)" '400 weak-password' "$way: a weak password spends no ticket"
	request PUT $api/password -d "{\"ticket\":\"$ticket\",\"new\":\"$good\"}"
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["same"]' "$way: 27: nor does the one that must be changed"
	request POST $api/password/reset -d "{\"code\":\"$(new_code bob)\",\"new\":\"$good\"}"
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["same"]' "$way: 27: which no code sets anew, either"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$(new_code bob)\",\"new_password\":\"$good\"}"
	answers 400 '{"error":"password must not be the one before"}' "$way: 27: in px0's words"
	request PUT $api/password -d "{\"ticket\":\"$ticket\",\"new\":\"$other\"}"
	is "$status" 204 "$way: another password by the ticket"
	request PUT $api/password -d "{\"ticket\":\"$ticket\",\"new\":\"$good\"}"
	is "$(code)" '401 not-signed-in' "$way: once"
	password=$other sign_in
	is "$status" 200 "$way: which signs in"
	by PUT password -d "{\"current\":\"$other\",\"new\":\"$other\"}"
	is "$status" 204 "$way: and may then be set once more"
}

for way in nginx cgi; do
	fresh "${common[@]}" 'throttle = off'
	add ann "$good" --email ann@example.com --admin
	start "$way"
	getting_one
	signing_in
	other_apis
	losing_it
	! is_real || at_once
	spent
	demanded
	must_change
done
done_testing
