#!/bin/bash
# self.t - what a person does to her own account by latchkey's own API, and what a stranger must not get by it
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/mails.sh
. "${0%/*}/mails.sh"

good='Quiet-Harbour-42' other='Other-Harbour-433' wrong=0000-0000-0000
common=('hash_cost = 1' 'throttle = off' 'site_url = http://localhost' "mail_templates = $work/mail" "$msmtp"
	'registration = open')
here=(-H 'Origin: http://localhost')
api=/account/api

# post PATH MEMBERS [OPTION...]: MEMBERS is JSON without the braces.
post() { request POST "$api/$1" -d "{$2}" "${@:3}"; }
# sign_in NAME PASSWORD: a session; sets $cookie.
sign_in() {
	post session "\"name\":\"$1\",\"password\":\"$2\""
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
}
# by METHOD PATH [MEMBERS]: by the session of $cookie.
by() {
	local at=()
	[[ $2 != tokens/* ]] || at=(--program token)
	request "$1" "$api/$2" -H "Cookie: $cookie" "${here[@]}" ${3+-d "{$3}"} "${at[@]}"
}
code() { echo "$status ${member_of[.code]-}"; }
signs_in() { sign_in "$1" "$2"; echo "$status"; }
# mailed ADDRESS COUNT: waits for the COUNTth mail to it, reads it, and sets $mailed to its code.
mailed() {
	is_real || latchkey mail send --once 2>>"$log"
	wait_for 60 has "$2" "$1" || flunk "$way: mail $2 for $1"
	receive "$1"
	mailed=$(code_in)
}
# forget_mails: the next test begins with none.
forget_mails() { rm -f "$sink"/*.to "$sink"/*.eml "$sink"/*.sender; }

# --- a forgotten password

forgotten() {
	local name
	request GET $api/policy
	answers 200 '{"min":15,"max":256,"classes":[],"common":true}' "$way: what a new password must be like"
	for name in ann@example.com nobody@example.com ' ' "$(printf 'x%.0s' {1..300})"; do
		post password/request "\"email\":\"$name\""
		[[ $name != ' ' ]] || { is "$(code)" '400 bad-body' "$way: blanks are no address" && continue; }
		answers 202 '{}' "$way: a code for '${name:0:20}' is asked for"
	done
	mailed ann@example.com 1
	post password/reset "\"code\":\"$mailed\",\"new\":\"short\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["too-short"]' "$way: a weak password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"ann@example.com\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["name"]' "$way: the account's own name"
	post password/reset "\"code\":\"$wrong\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: a wrong code"
	post password/reset "\"code\":\"$mailed\",\"email\":\"bob@example.com\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: the code of another account"
	is "$(signs_in ann "$good") $(signs_in ann "$other")" '200 401' "$way: none of which has changed the password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"$other\""
	answers 200 '{"email":"ann@example.com"}' "$way: the code"
	is "${header_of[Set-Cookie]-none}" none "$way: signs nobody in"
	is "$(signs_in ann "$good") $(signs_in ann "$other")" '401 200' "$way: and has set the new password"
	post password/reset "\"code\":\"$mailed\",\"new\":\"$good\""
	is "$(code)" '400 wrong-code' "$way: a code used twice"
}

# Of an account with a second factor: the mailbox does not stand in for it.
forgotten_with_factor() {
	local app=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
	# shellcheck disable=SC2016 # a prefix of crypt(5)
	latchkey import - <<<"{\"username\":\"cora\",\"email\":\"cora@example.com\",\"totp\":\"$app\",\"hash\":\"$(
		python3 -W ignore -c 'import crypt, sys; print(crypt.crypt(sys.argv[1], "$y$j75$" + "." * 22))' "$good"
	)\"}" >/dev/null 2>>"$log"
	post password/request '"email":"cora@example.com"'
	mailed cora@example.com 1
	post password/reset "\"code\":\"$mailed\",\"new\":\"$other\""
	is "$status" 200 "$way: a reset of an account with a second factor"
	sign_in cora "$other"
	is "$(code) $cookie" '401 code-required ' "$way: 25: leaves the factor"
	post session "\"name\":\"cora\",\"password\":\"$other\",\"code\":\"$(oathtool --totp -b "$app")\""
	is "$status ${member_of[.session.amr]-}" '200 ["pwd", "otp"]' "$way: 25: and its app, which is the same"
}

# --- an address is proved

# register ADDRESS: a stranger does, with a password of the stranger's. Sets $mailed.
register() {
	request POST /v1/auth/register -d "{\"email\":\"$1\",\"password\":\"$good\"}"
	mailed "$1" 1
}
proved() {
	register one@example.com
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\""
	is "$(code)" '400 bad-body' "$way: 22: a code without a password proves nothing"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\",\"password\":\"$other\""
	is "$(code)" '401 wrong-credentials' "$way: 22: with another password"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$wrong\",\"password\":\"$good\""
	is "$(code) $(signs_in one@example.com "$good")" '400 wrong-code 401' "$way: with a wrong code"
	post email/verify "\"email\":\"one@example.com\",\"code\":\"$mailed\",\"password\":\"$good\""
	is "$status $(signs_in one@example.com "$good")" '200 200' "$way: with the password of the registration"

	register two@example.com
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"short\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["too-short"]' "$way: a weak password in its place"
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"two@example.com\""
	is "$(code) ${member_of[.fields.new]-}" '400 weak-password ["name"]' "$way: the account's own name in its place"
	post email/verify "\"email\":\"two@example.com\",\"code\":\"$mailed\",\"new\":\"$other\""
	is "$status $(signs_in two@example.com "$good") $(signs_in two@example.com "$other")" '200 401 200' \
		"$way: 22: a new password in the place of the stranger's"

	add old "$good" --email old@example.com
	post email/request '"email":"old@example.com"'
	answers 202 '{}' "$way: a code for an account that nobody has to prove"
	mailed old@example.com 1
	post email/verify "\"email\":\"old@example.com\",\"code\":\"$mailed\",\"new\":\"$other\""
	is "$status $(signs_in old "$good") $(signs_in old "$other")" '200 200 401' "$way: proves its address, and sets no password"
}

# --- an account is registered

# registers MEMBERS: MEMBERS besides address and password.
registers() { post account "\"email\":\"$1\",\"password\":\"$good\"${2-}"; }
answered() { echo "$status ${header_of[Location]-} $body"; }
registered() {
	local first
	registers new@example.com ',"username":"newbie","name":"New","language":"de"'
	first=$(answered)
	is "$first" '201 /account/api/session {}' "$way: 12: a registration"
	mailed new@example.com 1
	like "${member_of[.subject]-}" '^Bitte bestätigen' "$way: has a mail in the language that was asked for"
	is "$(signs_in newbie "$good")" 401 "$way: and signs nobody in before the address is proved"
	post email/verify "\"email\":\"new@example.com\",\"code\":\"$mailed\",\"password\":\"$good\""
	is "$status ${member_of[.account.username]-} ${member_of[.account.name]-} ${member_of[.account.language]-}" '200 newbie New de' \
		"$way: which makes it good, with all that was said"
	registers new@example.com ',"username":"other"'
	is "$(answered)" "$first" "$way: 12: an address that is taken looks the same"
	mailed new@example.com 2
	like "${member_of[.subject]-}" 'Konto' "$way: and its owner is told"
	registers third@example.com ',"username":"ann"'
	is "$(answered)" "$first" "$way: 12: a username that is taken looks the same"
	mailed third@example.com 1
	post email/verify "\"email\":\"third@example.com\",\"code\":\"$mailed\",\"password\":\"$good\""
	is "$status ${member_of[.account.username]-none} ${member_of[.account.email]-}" '200  third@example.com' \
		"$way: and is told once the address is proved"
	is "$(signs_in ann "$good")" 200 "$way: its owner keeps it"
	bad_registrations
	sign_in ann "$good"
	by POST account "\"email\":\"fourth@example.com\",\"password\":\"$good\""
	is "$status" 201 "$way: a browser that has a session registers another"
	cookie=latchkey=eyJ.eyJ.x by POST account "\"email\":\"fifth@example.com\",\"password\":\"$good\""
	is "$status" 201 "$way: and so does one whose session is over"
	post account "\"email\":\"sixth@example.com\",\"password\":\"$good\"" -H 'Authorization: Bearer eyJ.eyJ.x'
	is "$(code)" '401 not-signed-in' "$way: but no token that is not good"
}

bad_registrations() {
	local rest
	for rest in '"email":"x"' '"email":"@example.com"' '"email":"x@example.com","username":"a@b@c"' \
		'"email":"x@example.com","username":"admin"' '"email":"x@example.com","username":"00000000-0000-4000-8000-000000000000"'; do
		post account "$rest,\"password\":\"$good\""
		is "$(code)" '400 bad-name' "$way: no name: $rest"
	done
	for rest in '"language":"x"' '"language":"de-AT"' "\"name\":\"$(printf 'x%.0s' {1..121})\"" '"name":["x"]' '"username":1'; do
		registers y@example.com ",$rest"
		is "$(code)" '400 bad-body' "$way: no member: ${rest:0:30}"
	done
	post account '"email":"x@example.com","password":"short"'
	is "$(code) ${member_of[.fields.password]-}" '400 weak-password ["too-short"]' "$way: a weak password"
	post account '"email":"seventh@example.com","password":"seventh@example.com"'
	is "$(code) ${member_of[.fields.password]-}" '400 weak-password ["name"]' "$way: a name of the account's for a password"
}

# --- what an account says of its owner, and its end

described() {
	sign_in ann "$good"
	by PATCH account '"name":"Ann Ähnlich","language":"de","role":"admin","username":"chief"'
	is "$status ${member_of[.account.name]-} ${member_of[.account.language]-} ${member_of[.account.role]-} ${member_of[.account.username]-}" \
		'200 Ann Ähnlich de user ann' "$way: name and language, and nothing else"
	by GET session
	is "$status ${member_of[.account.name]-}" '200 Ann Ähnlich' "$way: which stay, and the session goes on"
	by PATCH account '"name":""'
	is "$status ${member_of[.account.name]-} ${member_of[.account.language]-}" '200  de' "$way: one of them is taken away"
	by PATCH account '"language":"x"'
	is "$(code)" '400 bad-body' "$way: no language"
	by PATCH account "\"name\":\"$(printf 'x%.0s' {1..121})\""
	is "$(code)" '400 bad-body' "$way: a name that is too long"
	request PATCH $api/account -d '{"name":"x"}'
	is "$(code)" '401 not-signed-in' "$way: nobody's"
	request PATCH $api/account -H "Cookie: $cookie" -H 'Origin: http://example.com' -d '{"name":"x"}'
	is "$(code)" '401 not-signed-in' "$way: another site's page"
}

closed() {
	sign_in bob "$good"
	by DELETE account
	is "$(code)" '403 forbidden' "$way: nobody deletes an account, as the setting is"
	fresh "${common[@]}" 'self_delete = yes' 'fresh_life = 60'
	add admin "$good" --admin
	add ann "$good" --email ann@example.com
	start "$way"
	sign_in ann "$good"
	[[ $way != cgi ]] || later 61 stale
	request DELETE $api/account -H "Cookie: $cookie" -H 'Origin: http://example.com'
	is "$(code)" '401 not-signed-in' "$way: another site's page"
	by DELETE account
	is "$status" 204 "$way: with the setting she does"
	like "${header_of[Set-Cookie]-}" 'Max-Age=0' "$way: and her cookie is taken away"
	by GET session
	is "$(code) $(signs_in ann "$good")" '401 not-signed-in 401' "$way: she is gone"
	is "$(latchkey user list 2>>"$log" | wc -l)" 1 "$way: and nobody else"
	add ann@example.com "$good"
	is "$(signs_in ann@example.com "$good")" 200 "$way: her names are free"
	sign_in admin "$good"
	by DELETE account
	is "$(code) $(signs_in admin "$good")" '409 last-administrator 200' "$way: the last administrator stays"
}
stale() {
	by DELETE account
	is "$(code)" '403 confirm-required' "$way: a session that is not fresh"
}

# --- another address

asks_to_move() { by PUT email "\"email\":\"$1\""; }
gives() { by POST email/verify "\"email\":\"$1\",\"code\":\"$2\""; }
moved() {
	local code reset name
	sign_in ann "$good"
	post password/request '"email":"ann@example.com"'
	mailed ann@example.com 1
	reset=$mailed
	asks_to_move moved@example.com
	answers 202 '{}' "$way: another address is asked for"
	mailed ann@example.com 2
	like "${member_of[.subject]-}" '^Another address' "$way: the one before gets a notice"
	is "$mailed" '' "$way: without the code"
	mailed moved@example.com 1
	code=$mailed
	gives moved@example.com "$wrong"
	is "$(code)" '400 wrong-code' "$way: a wrong code"
	gives other@example.com "$code"
	is "$(code)" '400 wrong-code' "$way: 21: the code with yet another address"
	post email/verify "\"email\":\"moved@example.com\",\"code\":\"$code\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: 21: the code without a session"
	request POST $api/email/verify -H "Cookie: $cookie" -H 'Origin: http://example.com' \
		-d "{\"email\":\"moved@example.com\",\"code\":\"$code\"}"
	is "$(code)" '400 bad-body' "$way: another site's page"
	name=$cookie
	sign_in bob "$good"
	gives moved@example.com "$code"
	is "$(code)" '400 wrong-code' "$way: 21: the code in a session of another account"
	cookie=$name
	gives moved@example.com "$code"
	is "$status ${member_of[.account.email]-} ${member_of[.account.verified]-}" '200 moved@example.com true' "$way: the code"
	by GET session
	is "$status ${member_of[.account.email]-}" '200 moved@example.com' "$way: which the session outlives"
	is "$(signs_in moved@example.com "$good") $(signs_in ann@example.com "$good")" '200 401' "$way: the account goes by it"
	post password/reset "\"code\":\"$reset\",\"new\":\"$other\""
	is "$(code)" '400 wrong-code' "$way: 21: the codes in the mailbox before are dead"
	cookie=$name
	gives moved@example.com "$code"
	is "$(code)" '400 wrong-code' "$way: 18: a code used twice"
	not_moved
}

not_moved() {
	local code rest
	asks_to_move bob@example.com
	answers 202 '{}' "$way: 12: an address that is taken looks the same"
	mailed bob@example.com 1
	like "${member_of[.subject]-} $mailed" '^You have an account .* $' "$way: and its owner is told, without a code"
	asks_to_move late@example.com
	mailed late@example.com 1
	code=$mailed
	add late@example.com "$good"
	gives late@example.com "$code"
	is "$(code)" '400 wrong-code' "$way: an address that is taken by then"
	asks_to_move first@example.com
	mailed first@example.com 1
	code=$mailed
	by PUT password "\"current\":\"$good\",\"new\":\"$other\""
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	gives first@example.com "$code"
	is "$(code)" '400 wrong-code' "$way: a new password kills the code"
	by GET session
	is "${member_of[.account.email]-}" moved@example.com "$way: nothing of that has moved the account"
	for rest in '"email":"x"' '"email":"@x"' "\"email\":\"$(printf 'x%.0s' {1..300})@x\""; do
		by PUT email "$rest"
		is "$(code)" '400 bad-name' "$way: no address: ${rest:0:20}"
	done
	by PUT email '"email":"ä@example.com"'
	is "$(code)" '400 bad-body' "$way: an address that no mail could go to"
	request PUT $api/email -d '{"email":"x@example.com"}'
	is "$(code)" '401 not-signed-in' "$way: nobody's"
}

# --- access tokens of one's own

# makes MEMBERS: sets $secret and $token.
makes() {
	by POST tokens "$1"
	secret=${member_of[.token]-} token=${member_of[.id]-}
}
# acts SECRET: what verify says of it.
acts() {
	request GET /auth/verify -H "Authorization: Bearer $1" "${@:2}"
	echo "$status ${header_of[X-Auth-User]-} ${header_of[X-Auth-Role]-} ${header_of[X-Auth-Permission]-} ${header_of[X-Auth-Groups]-}"
}
own_tokens() {
	local anns first old new name rest
	latchkey user passwd ann <<<"$good" 2>>"$log"
	latchkey user group ann +staff 2>>"$log"
	sign_in ann "$good"
	anns=$cookie
	makes '"name":"laptop","permission":"read,write"'
	is "$status ${member_of[.name]-} ${member_of[.permission]-} ${member_of[.expires_at]-none}" '201 laptop read,write null' "$way: a token"
	first=$token old=$secret
	like "$secret" '^lk_[A-Za-z0-9_-]{43}$' "$way: is shown"
	by GET tokens
	like "$status $body" "^200 \\{\"tokens\":\\[\\{\"id\":$first,\"name\":\"laptop\"," "$way: and listed"
	is "$(grep -c "$old" <<<"$body")" 0 "$way: without its secret"
	is "$(acts "$old")" '204 ann user read,write staff' "$way: it acts as its owner"
	rest=$(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p')
	request GET /auth/verify -H "Authorization: Bearer $old"
	is "${header_of[X-Auth-Id]-}" "$rest" "$way: by her id, too"
	request GET $api/session -H "Authorization: Bearer $old"
	is "$(code)" '401 not-signed-in' "$way: but never for latchkey's own API"
	request POST $api/tokens -H "Authorization: Bearer $old" -d '{"name":"x","permission":"read"}'
	is "$(code)" '401 not-signed-in' "$way: nor for another token"
	is_real || latchkey mail send --once 2>>"$log"
	ok_if "$way: its owner is told" wait_for 60 grep -q '^Subject: A new access token' -r "$sink"
	makes '"name":"x","permission":"read,admin"'
	is "$(code)" '403 forbidden' "$way: no administrator's token for a user"
	for rest in '"name":"x"' '"name":"x","permission":"all"' '"name":"x","permission":"read","expires_at":"2020-01-01T00:00:00Z"' \
		'"name":"x","permission":"read","expires_at":"tomorrow"' '"name":"x","permission":"read","expires_at":3600' \
		"\"permission\":\"read\",\"name\":\"$(printf 'x%.0s' {1..201})\""; do
		by POST tokens "$rest"
		is "$(code)" '400 bad-body' "$way: no token: ${rest: -40}"
	done

	sign_in bob "$good"
	by GET tokens
	is "$status $body" '200 {"tokens":[]}' "$way: nobody else has it listed"
	by POST "tokens/$first/rotate" '"grace":0'
	is "$(code)" '404 not-found' "$way: or rotates it"
	by DELETE "tokens/$first"
	is "$(code) $(acts "$old" | cut -d ' ' -f 1)" '404 not-found 204' "$way: or deletes it"
	administrators "$first"

	cookie=$anns
	by POST "tokens/$first/rotate" '"grace":60'
	new=${member_of[.token]-}
	is "$status $(acts "$old" | cut -d ' ' -f 1) $(acts "$new" | cut -d ' ' -f 1)" '200 204 204' "$way: rotated, with time to change over"
	by POST "tokens/$first/rotate" '"grace":0'
	is "$status $(acts "$old" | cut -d ' ' -f 1) $(acts "$new" | cut -d ' ' -f 1)" '200 401 401' "$way: and without"
	new=${member_of[.token]-}
	latchkey user disable ann 2>>"$log"
	is "$(acts "$new" | cut -d ' ' -f 1)" 401 "$way: 31: it is dead while its owner is disabled"
	latchkey user enable ann 2>>"$log"
	is "$(acts "$new" | cut -d ' ' -f 1)" 204 "$way: and not afterwards"
	sign_in ann "$good"
	by DELETE "tokens/$first"
	is "$status $(acts "$new" | cut -d ' ' -f 1)" '204 401' "$way: its owner deletes it"
	by DELETE "tokens/$first"
	is "$(code)" '404 not-found' "$way: once"
	[[ $way != cgi ]] || later 601 not_fresh
	like "$(latchkey check 2>&1 | tail -n 1)" ' 0 problems$' "$way: the store is sound"
}
not_fresh() {
	makes '"name":"x","permission":"read"'
	is "$(code)" '403 confirm-required' "$way: none for a session that is not fresh"
}

# administrators TOKEN: what an administrator does with it, and with one of her own.
administrators() {
	local jwt
	add chief "$good" --admin
	sign_in chief "$good"
	request POST /v1/auth/login -d "{\"email\":\"chief\",\"password\":\"$good\"}"
	jwt=${member_of[.token]-}
	request POST "/auth/access_token/$1/rotate" -H "Authorization: Bearer $jwt"
	is "$status" 404 "$way: no administrator learns a person's secret"
	request GET /auth/access_tokens -H "Authorization: Bearer $jwt"
	is "$(grep -o '"personal":true' <<<"$body" | wc -l)" 1 "$way: but sees that there is one"
	makes '"name":"chief","permission":"read,admin"'
	is "$status $(acts "$secret" | cut -d ' ' -f 1-4)" '201 204 chief admin read,admin' "$way: an administrator's own"
	makes '"name":"chief","permission":"read"'
	is "$(acts "$secret" | cut -d ' ' -f 1-4)" '204 chief user read' "$way: is a user's where admin was not asked for"
	makes '"name":"chief","permission":"admin"'
	add chief2 "$good" --admin
	latchkey user set chief --role user 2>>"$log"
	is "$(acts "$secret" | cut -d ' ' -f 1)" 401 "$way: and dead when she is no administrator any more"
}

# tokens = admin, with a token from before.
for_administrators() {
	set_conf "${common[@]}" 'tokens = admin'
	start "$way"
	is "$(acts "$1" | cut -d ' ' -f 1)" 401 "$way: tokens = admin: a user's from before"
	sign_in ann "$good"
	makes '"name":"x","permission":"read"'
	is "$(code)" '403 forbidden' "$way: tokens = admin: and no other"
	set_conf "${common[@]}"
	start "$way"
	is "$(acts "$1" | cut -d ' ' -f 1)" 204 "$way: tokens = all again"
}

sink_up
for way in nginx cgi; do
	forget_mails
	fresh "${common[@]}"
	add ann "$good" --email ann@example.com
	add bob "$good" --email bob@example.com
	start "$way"
	forgotten
	forgotten_with_factor
	latchkey user passwd ann <<<"$good" 2>>"$log"
	proved
	registered
	described
	forget_mails
	latchkey user set ann --language en 2>>"$log" || by PATCH account '"language":"en"'
	moved
	forget_mails
	latchkey user set ann --email ann@example.com 2>>"$log"
	own_tokens
	makes '"name":"kept","permission":"read"'
	is_real || for_administrators "$secret"
	closed
done
done_testing
