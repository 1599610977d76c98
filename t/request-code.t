#!/bin/bash
# request-code.t - asking for a code by mail, and what nobody learns from it
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' new='Other-Harbour-43'
wrong=ZZZZ-ZZZZ-ZZZZ
reset_sent='{"message":"password reset email sent successfully"}'
verify_sent='{"message":"verification email sent successfully"}'
# Nobody sends: the mails stay where they can be counted. (Behind a web server there is a sender.)
silent=('hash_cost = 1' 'mail_command =')
mailing=('hash_cost = 1' 'mail_command = /bin/false')

trigger() { request POST /v1/auth/password-reset/trigger -d "{\"email\":\"$1\"}" "${@:2}"; }
edge() { request POST /v1/api-user-request-reset-password -d "{\"email\":\"$1\"}" "${@:2}"; }
ask_verify() { request GET "/v1/auth/verify-email?email=$1" "${@:2}"; }
prove() { request POST /v1/auth/verify-email -d "{\"email\":\"$1\",\"code\":\"$2\"}" "${@:3}"; }
verify_code() {
	local line
	line=$(latchkey code new --verify "$1" 2>>"$log")
	echo "${line##* }"
}
mails() { latchkey mail list 2>>"$log" | wc -l; }
kinds() { latchkey mail list 2>>"$log" | cut -f 2 | sort | uniq -c | sed 's/^ *//' | paste -sd ' '; }
id_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^id: //p'; }
is_verified() { latchkey user show "$1" 2>>"$log" | sed -n 's/^verified: //p'; }

people() {
	add admin "$good" --admin
	add ann@example.com "$good" --verified
	add bob@example.com "$good"
}

# --- what is wrong in itself

malformed() {
	local rest
	for rest in '{}' '{"email":null}' '{"email":""}'; do
		request POST /v1/auth/password-reset/trigger -d "$rest"
		answers 400 '{"error":"email is required"}' "$way: trigger with $rest"
		request POST /v1/api-user-request-reset-password -d "$rest"
		answers 200 '{"success":false,"error":"Missing required field: email"}' "$way: edge-impulse's request with $rest"
	done
	request POST /v1/auth/password-reset/trigger -d '{"email":["ann@example.com"]}'
	answers 400 '{"error":"invalid request body"}' "$way: trigger with an array"
	request POST /v1/api-user-request-reset-password -d '{"email":1}'
	answers 400 '{"success":false,"error":"Invalid request body"}' "$way: edge-impulse's request with a number"
	for rest in '' '?' '?email' '?email=' '?mail=ann@example.com' '?email=%' '?email=%00' '?email=%ff' \
		'?email=ann@example.com&email=bob@example.com' '?Email=ann@example.com'; do
		request GET "/v1/auth/verify-email$rest"
		answers 400 '{"error":"email is required"}' "$way: verify-email$rest"
	done
	for rest in '{}' '{"email":"ann@example.com"}' "{\"code\":\"$wrong\"}" '{"email":"","code":""}' '{"email":null,"code":null}'; do
		request POST /v1/auth/verify-email -d "$rest"
		answers 400 '{"error":"email and code are required"}' "$way: verify-email with $rest"
	done
	request POST /v1/auth/verify-email -d '{"email":"ann@example.com","code":123456}'
	answers 400 '{"error":"invalid request body"}' "$way: verify-email with a number for a code"
	ask_verify "$(printf 'x%.0s' {1..1000})"
	is "$status" 400 "$way: verify-email for what is too long"
	request PUT /v1/auth/verify-email
	is "$status ${header_of[Allow]-}" '405 GET, HEAD, POST' "$way: verify-email by another method"
	request GET /v1/auth/password-reset/trigger
	is "$status ${header_of[Allow]-}" '405 POST' "$way: trigger by GET"
	request GET /v1/api-user-request-reset-password
	is "$status ${header_of[Allow]-}" '405 POST' "$way: edge-impulse's request by GET"
}

# --- hidden: no answer tells whether an address has an account

all_headers() { grep -v '^Date:' <<<"$headers" | sort; }

# alike NAME COMMAND...: the same answer for an account, an unknown address, a verified account, a disabled one and what
# is no address; twice, so that the second time is capped.
alike() {
	local name first=''
	for name in ann@example.com bob@example.com gone@example.com nobody@example.com admin ' x' a@b@c ann@example.com \
		nobody@example.com "$(printf 'x%.0s' {1..200})"; do
		"${@:2}" "${name// /%20}"
		: "${first:=$status $(all_headers) $body}"
		is "$status $(all_headers) $body" "$first" "$way: $1 for '${name:0:30}' is as for all"
	done
}

hidden() {
	latchkey user disable gone@example.com 2>>"$log"
	trigger ann@example.com
	answers 200 "$reset_sent" "$way: trigger"
	edge ann@example.com
	answers 200 '{"success":true}' "$way: edge-impulse's request"
	edge ann@example.com --public
	answers 200 '{"success":true}' "$way: edge-impulse's request from elsewhere"
	request POST /api-user-request-reset-password -d '{"email":"ann@example.com"}'
	answers 200 '{"success":true}' "$way: edge-impulse's request at the path of its document"
	ask_verify bob@example.com
	answers 200 "$verify_sent" "$way: verify-email"
	ask_verify bob%40example.com
	answers 200 "$verify_sent" "$way: verify-email, percent-encoded"
	alike trigger trigger
	alike "edge-impulse's request" edge
	alike verify-email ask_verify
	alike 'a wrong code' wrong_code
}
wrong_code() { prove "$1" "$wrong"; }

# --- verify-email with a code

proving() { # hidden or revealed
	local code older
	is "$(is_verified bob@example.com)" no "$way, $1: not verified"
	prove bob@example.com "$wrong"
	answers 400 '{"error":"invalid verification code"}' "$way, $1: a wrong code"
	code=$(new_code bob@example.com)
	prove bob@example.com "$code"
	answers 400 '{"error":"invalid verification code"}' "$way, $1: a code for a new password"
	code=$(verify_code bob@example.com)
	prove admin "$code"
	answers 400 '{"error":"invalid verification code"}' "$way, $1: somebody else's code"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"$new\"}"
	answers 400 '{"error":"invalid or expired password reset code"}' "$way, $1: a code that proves an address sets no password"
	older=$code
	code=$(verify_code bob@example.com)
	prove bob@example.com "$older"
	answers 400 '{"error":"invalid verification code"}' "$way, $1: an older code"
	prove Bob@Example.com "$code"
	answers 200 '{"message":"email verified successfully"}' "$way, $1: the code"
	is "$(is_verified bob@example.com)" yes "$way, $1: verified"
	prove bob@example.com "$code"
	if [[ $1 == hidden ]]; then
		answers 400 '{"error":"invalid verification code"}' "$way, $1: a code used twice"
		prove nobody@example.com "$wrong"
		answers 400 '{"error":"invalid verification code"}' "$way, $1: of nobody"
	else
		answers 200 '{"message":"user is already verified"}' "$way, $1: once more"
		prove nobody@example.com "$wrong"
		is "$status $body" '401 {"error":"invalid credentials"}' "$way, $1: of nobody"
	fi
	request POST /v1/auth/login -d "{\"email\":\"bob@example.com\",\"password\":\"$good\"}"
	is "$status ${member_of[.user.is_verified]-}" '200 true' "$way, $1: px0 says so"
}

# --- revealed

revealed() {
	trigger ann@example.com
	answers 200 "$reset_sent" "$way: revealed, trigger"
	trigger nobody@example.com
	answers 404 '{"error":"user not found"}' "$way: revealed, trigger for nobody"
	trigger a@b@c
	answers 404 '{"error":"user not found"}' "$way: revealed, trigger for what is no address"
	edge nobody@example.com
	is "$status" 200 "$way: revealed, edge-impulse's request for nobody"
	ask_verify bob@example.com
	answers 200 "$verify_sent" "$way: revealed, verify-email"
	ask_verify ann@example.com
	answers 400 '{"error":"user is already verified"}' "$way: revealed, verify-email for who is verified"
	ask_verify nobody@example.com
	answers 404 '{"error":"user not found"}' "$way: revealed, verify-email for nobody"
	prove ann@example.com "$wrong"
	answers 200 '{"message":"user is already verified"}' "$way: revealed, a code from who is verified"
}

# --- one a minute, five an hour, and the same answer

capped() {
	local i first
	fresh "${mailing[@]}"
	start "$way"
	people
	trigger ann@example.com
	first="$status $(all_headers) $body"
	is "$(latchkey mail list 2>>"$log" | cut -f 1-5,7)" "waiting	reset	$(id_of ann@example.com)	0	-	ann@example.com" \
		"$way: a mail for ann"
	for i in 1 2; do trigger ann@example.com; done
	trigger ANN@example.com
	edge ann@example.com
	is "$(mails)" 5 "$way: 24: five in the hour, in capitals and through the other dialect, too"
	for i in 1 2 3; do
		trigger ann@example.com
		is "$status $(all_headers) $body $(mails)" "$first 5" "$way: 24: no sixth in the hour, $i"
	done
	edge ann@example.com
	answers 200 '{"success":true}' "$way: edge-impulse's request, capped"
	trigger bob@example.com
	is "$(mails)" 6 "$way: somebody else gets his"
	ask_verify bob@example.com
	is "$(kinds)" '6 reset 1 verify' "$way: and one to prove his address"
	# What is written for nobody takes the same time, and nobody looks at it.
	for i in 1 2 3; do trigger "nobody-$i@example.com"; done
	is "$(mails)" 7 "$way: a mail for nobody is none"
	trigger ' no name' && trigger "$(printf 'x%.0s' {1..1000})@example.com"
	is "$(mails)" 7 "$way: what can be no name gets none"
	new_code ann@example.com >/dev/null && new_code ann@example.com >/dev/null
	is "$(mails)" 7 "$way: the operator's command sends none"
	old_code_lives
}

# A request that is capped replaces no code.
old_code_lives() {
	local code
	code=$(new_code ann@example.com)
	trigger ann@example.com
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"$new\"}"
	is "$status" 200 "$way: a capped request leaves the code alone"
}

# More than strangers may have sent, and what the owner has apart.
by_the_day() {
	local i
	fresh "${mailing[@]}"
	start "$way"
	people
	for i in {1..5}; do trigger ann@example.com; done
	later 3610 trigger ann@example.com
	is "$(mails)" 5 "$way: 24: one network has no more than half of a day's sent"
	for i in {1..5}; do later 3610 trigger ann@example.com --remote 192.0.2.7; done
	is "$(mails)" 10 "$way: another has the other half"
	later 3620 trigger ann@example.com --remote 192.0.2.8
	is "$status $body $(mails)" "200 $reset_sent 10" "$way: 24: no eleventh in the day"
	later 3620 trigger bob@example.com --remote 192.0.2.8
	is "$(mails)" 11 "$way: nobody else pays for it"
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}" --remote 192.0.2.50
	later 3620 trigger ann@example.com --remote 192.0.2.50
	is "$(mails)" 12 "$way: 24: nor does she where she has signed in"
	later 86410 trigger ann@example.com
	is "$(mails)" 13 "$way: but in the next day"
	for i in {1..4}; do trigger bob@example.com; done
	is "$(mails)" 17 "$way: a clock that was wrong locks nobody out"
}

# Eight at once: the look and the count are one.
at_once() {
	local i jobs=()
	fresh "${mailing[@]}"
	start "$way"
	people
	for i in {1..8}; do
		(mkdir -p "$work/$i" && scratch=$work/$i && insist trigger ann@example.com && [[ $status == 200 ]]) &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || flunk "$way: a request at the same moment"; done
	is "$(mails)" 5 "$way: eight requests at the same moment, five mails"
}

# promises COOKIE N NAME: so many forms of these pages have a code mailed.
promises() {
	local at forms=''
	for at in forgot email verify-email reset-password; do
		request GET "/account/$at" -H "Cookie: $1" "${page[@]}"
		forms+=$(grep -o 'action="/account/\(forgot\|email\|verify-email/request\)"\|href="/account/forgot"' <<<"$body")
	done
	is "$(grep -o 'account' <<<"$forms" | wc -l)" "$2" "$way: $3"
}

# The page that takes such a code knows who is signed in, and it asks nobody to be.
the_page() {
	local cookie
	request POST /account/api/session -d "{\"name\":\"bob@example.com\",\"password\":\"$good\"}"
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	request GET /account/verify-email "${page[@]}"
	is "$status $(grep -c 'id="email" .*value=""' <<<"$body")" '200 1' "$way: the page for a code is for everybody"
	request GET /account/verify-email -H "Cookie: $cookie" "${page[@]}"
	is "$status $(grep -c 'id="email" .*value="bob@example.com"' <<<"$body")" '200 1' "$way: it has the address of the one who is signed in"
	is "$(grep -c 'href="/account/sign-in"\|name="new"' <<<"$body")" 0 "$way: and asks for no sign-in and no password"
	promises "$cookie" 0 'without a mail program no page promises a mail'
}

# posted NAME: the answer to the page's form, but for the name.
posted() {
	request POST /account/forgot -H 'Origin: http://localhost' -H 'Content-Type: application/x-www-form-urlencoded' -d "email=$1"
	printf '%s %s %s\n' "$status" "$(all_headers | grep -v '^X-Request-Id:')" "${body//"$1"/NAME}"
}
# A person may know the username alone. Whether it is one, no answer tells.
by_username() {
	local name known
	fresh "${mailing[@]}" 'site_url = http://localhost'
	start "$way"
	add dora "$good" --email dora@example.com --verified
	add lone "$good"
	known=$(posted dora@example.com)
	like "$known" '^200 .*page-forgot-sent.*value="NAME" autocomplete="username"' "$way: the page that takes the code knows for whom"
	for name in dora DORA lone nobody nobody@example.com; do
		is "$(posted "$name")" "$known" "$way: a forgotten password: $name is as the address of an account"
	done
	is "$(latchkey mail list 2>>"$log" | grep -c "reset.*$(id_of dora)")" 3 "$way: a code is mailed for the username, too"
	is "$(mails)" 4 "$way: and kept for an account without an address, to be dropped"
	name=$(latchkey code new dora)
	request POST /account/reset-password -H 'Origin: http://localhost' -H 'Content-Type: application/x-www-form-urlencoded' \
		-d "email=dora&code=${name##* }&new=$new"
	is "$status $(grep -c 'value="dora@example.com"' <<<"$body")" '200 1' "$way: and the code is taken with the username"
}

for each in $long_ways; do
	fresh "${silent[@]}"
	start "$each"
	people
	add gone@example.com "$good"
	malformed
	the_page
	hidden
	is "$(mails)" 0 "$way: no mail program, no mails"
	proving hidden
	fresh "${silent[@]}" 'reveal_accounts = yes'
	start "$each"
	people
	revealed
	proving revealed
	is_real || capped
	is_real || at_once
	[[ $each != cgi ]] || by_the_day
	fresh "${mailing[@]}"
	start "$each"
	promises x=y 3 'with one they do'
	is_real || by_username
done
done_testing
