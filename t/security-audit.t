#!/bin/bash
# security-audit.t - each event has its line, and no line and no log a secret, by the numbers of doc/security.md
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

old='Calm-Harbour-46' new='Other-Harbour-43' wrong='Wrong-Harbour-44' typed='Typed-as-a-name-45'
audit=$state/audit.log
secrets=("$old" "$new" "$wrong" "$typed")

id_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^id: //p'; }

# line: the last of the audit, as `event outcome reason account by network`, - for what is not there. One that is not as
# every line must be says so instead.
line() {
	tail -n 1 "$audit" | python3 -I -S -c '
import datetime, json, re, sys
line = sys.stdin.read()
told = json.loads(line)
names = ("time", "event", "outcome", "reason", "account", "by", "network", "request", "target", "name", "by_name", "owner",
    "kid")
then = datetime.datetime.strptime(told["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
late = datetime.datetime.utcnow() - then
good = set(told) <= set(names) and abs(late.total_seconds()) < 60 and re.fullmatch("[\x20-\x7e]+\n", line)
good = good and re.fullmatch("[0-9A-Za-z@_-]{8,64}", told["request"])
print(*(told.get(name, "-") for name in names[1:7])) if good else print("bad:", line)'
}

# audited LINE NAME: what came last has that line, and just this one since the last look.
count=0
audited() {
	local lines
	lines=$(wc -l <"$audit")
	is "$((lines - count)) $(line)" "1 $1" "$way: 46: $2"
	count=$lines
}
# quiet NAME: no line since.
quiet() { is "$(($(wc -l <"$audit") - count))" 0 "$way: 46: $1 has no line"; }

here=127.0.0.1

sign_ins() {
	local name at
	for at in "/v1/auth/login email" "/v1/api-login username" "/api/v2/admin-account/jwt email"; do
		name=${at#* } at=${at% *}
		request POST "$at" -d "{\"$name\":\"chief@example.com\",\"password\":\"$old\"}"
		audited "sign-in ok - $chief - $here" "a sign-in, $at"
		request POST "$at" -d "{\"$name\":\"chief@example.com\",\"password\":\"$wrong\"}"
		audited "sign-in refused bad-credentials $chief - $here" "a wrong password, $at"
		request POST "$at" -d "{\"$name\":\"$typed\",\"password\":\"$wrong\"}"
		audited "sign-in refused bad-credentials - - $here" "a name that nobody has, $at"
		request POST "$at" -d "{\"$name\":"
		audited "sign-in refused bad-body - - $here" "no JSON, $at"
	done
	# What the operator is asked, and a client not told.
	latchkey user disable chief@example.com && ((++count))
	request POST /v1/auth/login -d "{\"email\":\"chief@example.com\",\"password\":\"$wrong\"}"
	audited "sign-in refused bad-credentials $chief - $here" 'a wrong password of one who is disabled'
	request POST /v1/auth/login -d "{\"email\":\"chief@example.com\",\"password\":\"$old\"}"
	audited "sign-in refused disabled $chief - $here" 'a right one'
	latchkey user enable chief@example.com && ((++count))
	request POST /api/v2/admin-account/jwt -d "{\"email\":\"ann@example.com\",\"password\":\"$old\"}"
	audited "sign-in refused no-administrator $ann - $here" 'a right one where an administrator is asked for'
	request POST /auth/admin/login -d "{\"password\":\"$old\"}"
	audited "sign-in ok - $admin - $here" "the administrator's"
	request POST /auth/admin/login -d "{\"password\":\"$wrong\"}"
	audited "sign-in refused bad-credentials $admin - $here" "a wrong one of his"
	sign_in chief@example.com
	audited "sign-in ok - $chief - $here" 'a sign-in'
	secrets+=("$token" "${token##*.}")
	request GET /auth/verify -H "X-Jwt-Token: $token"
	request GET /v1/auth/me -H "X-Jwt-Token: $token"
	quiet 'what only looks'
}

changes() {
	request POST /v1/api/user/change-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"$wrong\",\"newPassword\":\"$new\"}"
	audited "password-change refused wrong-password $chief $chief $here" 'a wrong current password'
	request POST /v1/api/user/change-password -d "{\"currentPassword\":\"$old\",\"newPassword\":\"$new\"}"
	audited "password-change refused no-token - - $here" 'no token'
	request POST /api/v2/service-token/reset-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"$old\",\"password\":\"$new\"}"
	audited "password-change ok - $chief $chief $here" 'a change'
	request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
	audited "password-reset ok - $admin - $here" 'a reset on the machine'
	request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}" --public
	audited "password-reset refused not-local - - $here" 'a reset from elsewhere'
}

codes() {
	local code
	request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.com"}'
	audited "code-request ok - $ann - $here" 'a request for a code'
	request POST /v1/auth/password-reset/trigger -d "{\"email\":\"$typed@example.com\"}"
	audited "code-request ok - - - $here" 'one for nobody'
	code=$(new_code ann@example.com)
	secrets+=("$code" "${code//-/}")
	count=$(wc -l <"$audit") # whatever the command has had to say
	request POST /v1/api-user-verify-reset-password-code -d "{\"email\":\"ann@example.com\",\"code\":\"$code\"}"
	audited "code-check ok - $ann - $here" 'a look at a code'
	request POST /v1/api-user-reset-password \
		-d "{\"email\":\"ann@example.com\",\"code\":\"ZZZZ-ZZZZ-ZZZZ\",\"newPassword\":\"$new\"}"
	audited "code-reset refused bad-code $ann - $here" 'a wrong code'
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"short\"}"
	audited "code-reset refused weak-password - - $here" 'a bad new password'
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"$new\"}"
	audited "code-reset ok - $ann - $here" 'a new password for a code'
	request POST /v1/auth/verify-email -d '{"email":"ann@example.com","code":"ZZZZ-ZZZZ-ZZZZ"}'
	audited "email-verify refused bad-code $ann - $here" 'a wrong code for an address'
	code=$(latchkey code new --verify ann@example.com 2>>"$log" | grep -o '[^ ]*$')
	secrets+=("$code" "${code//-/}")
	count=$(wc -l <"$audit")
	request POST /v1/auth/verify-email -d "{\"email\":\"ann@example.com\",\"code\":\"$code\"}"
	audited "email-verify ok - $ann - $here" 'an address that is proved'
}

tokens() {
	local id access
	request POST /v1/api-login -d "{\"username\":\"chief@example.com\",\"password\":\"$new\"}"
	token=${member_of[.token]-}
	audited "sign-in ok - $chief - $here" 'signed in anew'
	request POST /auth/access_token -H "X-Jwt-Token: $token" -d '{"name":"a","permission":"admin"}'
	audited "token-create ok - $chief $chief $here" 'an access token'
	id=${member_of[.id]-} access=${member_of[.token]-}
	secrets+=("$access" "${access#lk_}")
	request GET /auth/access_tokens -H "X-Api-Key: ${access%?}"
	audited "access-token refused bad-token - - $here" 'a wrong access token'
	request GET /auth/verify -H "X-Api-Key: ${access%?}x"
	audited "access-token refused bad-token - - $here" 'a wrong access token, to verify'
	request GET /auth/verify -H "Cookie: jwt=${access%?}~; jwt=$token"
	is "$status" 204 "$way: a cookie that is no token, and a good one after it"
	quiet 'what has not the form of one'
	request GET /auth/verify -H "Cookie: jwt=lk_$(printf 'x%.0s' {1..43}); jwt=$token"
	is "$status" 204 "$way: a wrong access token, and a good cookie after it"
	audited "access-token refused bad-token $chief $chief $here" 'the wrong one, and whose the good one is'
	request POST "/auth/access_token/$id/rotate" --program token -H "X-Api-Key: $access"
	audited "token-rotate ok - $chief token:$id $here" 'one that rotates itself'
	secrets+=("${member_of[.token]-}")
	request DELETE "/auth/access_token/$id" --program token -H "X-Jwt-Token: $token"
	audited "token-delete ok - $chief $chief $here" 'deleted'
	request DELETE /v1/auth/session -H "X-Jwt-Token: $token"
	audited "sign-out ok - $chief $chief $here" 'a sign-out'
	request DELETE /v1/auth/session -H "X-Jwt-Token: $token"
	is "$status" 204 "$way: signed out already"
	request DELETE /v1/auth/session
	quiet 'one of nobody'
}

accounts() {
	request POST /v1/auth/register -d "{\"email\":\"x@example.com\",\"password\":\"$old\"}"
	audited "account-create refused forbidden - - $here" 'an account without a token'
	sign_in chief@example.com "$new"
	count=$(wc -l <"$audit")
	request PATCH /auth/enabled -H "X-Jwt-Token: $token" -d '{"enabled":true}'
	audited "auth-enabled ok - $chief $chief $here" 'the switch'
	request POST /v1/auth/register -H "X-Jwt-Token: $token" -d "{\"email\":\"y@example.com\",\"password\":\"$old\"}"
	audited "account-create ok - $(id_of y@example.com) $chief $here" 'an account by an administrator'
}

# What a person does by latchkey's own API.
herself() {
	local api=/account/api cookie=() eve id
	eve=$(id_of eve@example.com)
	request POST $api/session -d "{\"name\":\"eve@example.com\",\"password\":\"$old\"}"
	request POST $api/session -d "{\"name\":\"eve@example.com\",\"password\":\"$old\"}"
	cookie=(-H "Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")" -H 'Sec-Fetch-Site: same-origin')
	secrets+=("${cookie[1]#*=}") id=${member_of[.session.id]-}
	count=$(wc -l <"$audit")
	request POST $api/session/confirm "${cookie[@]}" -d "{\"password\":\"$old\"}"
	audited "confirm ok - $eve $eve $here" 'the password once more'
	request DELETE $api/sessions "${cookie[@]}"
	cookie[1]="Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")"
	audited "sessions-end ok - $eve $eve $here" 'the end of the other sessions'
	request PATCH $api/account "${cookie[@]}" -d '{"name":"Eve"}'
	audited "account-change ok - $eve $eve $here" 'another name'
	request PUT $api/email "${cookie[@]}" -d '{"email":"eve@example.net"}'
	audited "email-change ok - $eve $eve $here" 'another address that is asked for'
	request POST $api/totp "${cookie[@]}"
	secrets+=("${member_of[.secret]-}")
	audited "factor-begin ok - $eve $eve $here" "an app's secret"
	request PUT $api/totp "${cookie[@]}" -d "{\"code\":\"$(oathtool --totp -b "${member_of[.secret]-}")\"}"
	cookie[1]="Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")"
	audited "factor-add ok - $eve $eve $here" 'a second factor'
	request POST $api/recovery-codes "${cookie[@]}"
	secrets+=("$(grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}' <<<"$body" | head -n 1)")
	audited "recovery-codes ok - $eve $eve $here" 'other recovery codes'
	request DELETE $api/totp "${cookie[@]}"
	cookie[1]="Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")"
	audited "factor-remove ok - $eve $eve $here" 'the end of the second factor'
	request DELETE "$api/sessions/$id" "${cookie[@]}"
	audited "session-end ok - $eve $eve $here" 'the end of one session'
	request POST $api/session -d "{\"name\":\"eve@example.com\",\"password\":\"$old\"}"
	cookie[1]="Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")"
	count=$(wc -l <"$audit")
	request DELETE $api/account "${cookie[@]}"
	audited "account-delete ok - $eve $eve $here" 'the end of an account'
}

invited() {
	local code
	code=$(latchkey user invite gus --json 2>>"$log" | sed -n 's/.*"code":"\([^"]*\)".*/\1/p')
	secrets+=("$code" "${code//-/}")
	count=$(wc -l <"$audit")
	request POST /account/api/invitation -d "{\"code\":\"$code\",\"password\":\"$old\"}"
	audited "invitation-accept ok - $(id_of gus) - $here" 'the first password by an invitation'
	add boss "$old" --admin
	request POST /account/api/session -d "{\"name\":\"boss\",\"password\":\"$old\"}"
	count=$(wc -l <"$audit")
	request DELETE "/account/api/accounts/$ann/throttle" --program admin \
		-H "Cookie: $(grep -o '[^ ]*latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")" -H 'Sec-Fetch-Site: same-origin'
	audited "throttle-clear ok - $ann $(id_of boss) $here" "what an administrator does to another's account"
}

# A client's text that would be a line, or an end of one, of its own.
injections() {
	local fake='{"time":"2020-01-01T00:00:00.000Z","event":"sign-in","outcome":"ok"}' lines
	: >>"$log"
	lines=$(wc -l <"$audit")
	request POST /v1/api-login -H "User-Agent: x\",\"outcome\":\"ok" -H "X-Forwarded-For: $fake" -H 'Referer: \u000a' \
		-d '{"username":"a\nlatchkey login: error: fake\r\n\u001b[2J","password":"\n\n'"$wrong"'"}'
	request POST "/v1/api-login%0alatchkey%20login:%20error:%20fake%0d%1b" --program login -d '{}'
	request GET "/v1/auth/verify-email?email=%0alatchkey%20login:%20error:%20fake" --program request-code
	request GET /auth/verify -H "X-Request-Id: $fake" -H "Request-Id: $fake"
	is "$(($(wc -l <"$audit") - lines))" 2 "$way: 46: one line a try, whatever is in it"
	is "$(grep -c '^latchkey [a-z]*: error: fake' "$log")$(grep -c $'\e' "$log")" 00 "$way: 46: and none in the log"
	is "$(grep -c '2020-01-01\|User-Agent\|fake' "$audit")" 0 "$way: 46: nothing of it is in the audit"
	python3 -I -S -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$audit" 2>>"$log"
	is $? 0 "$way: 46: each line is JSON"
}

# The whole of both, for all that was a secret in this run, and for what was typed where a name belongs.
clean() {
	local secret
	for secret in "${secrets[@]}"; do
		is "$(grep -cF -e "$secret" "$audit") $(grep -cF -e "$secret" "$log")" '0 0' \
			"$way: 46: not ${secret:0:9}..., neither here nor there"
	done
	is "$(stat -c %a "$audit")" 600 "$way: 46: and nobody else reads it"
}

for each in fcgi nginx; do
	fresh 'hash_cost = 1' 'mail_command =' 'throttle = off' 'self_delete = yes'
	start "$each"
	add admin "$old" --admin
	add chief@example.com "$old" --admin
	add ann@example.com "$old"
	add eve@example.com "$old"
	admin=$(id_of admin) chief=$(id_of chief@example.com) ann=$(id_of ann@example.com) count=0
	[[ ! -e $audit ]] || count=$(wc -l <"$audit")
	sign_ins
	changes
	codes
	tokens
	accounts
	herself
	invited
	is "$(sed -n 's/.*"event":"\([a-z-]*\)","outcome":"ok".*/\1/p' "$audit" | sort -u | comm -13 - <(cut -f 5 <<<"$routes" | grep -v '^-$' | sort -u))" \
		'' "$way: 46: each event of the endpoints has come up, and gone well"
	injections
	clean
done

# A registration has a line, in each dialect.
fresh 'hash_cost = 1' 'mail_command =' 'registration = open'
start fcgi
count=0
[[ ! -e $audit ]] || count=$(wc -l <"$audit")
request POST /v1/auth/register -d "{\"email\":\"x@example.com\",\"password\":\"$old\"}"
audited "account-create ok - $(id_of x@example.com) - $here" 'a registration'
request POST /v1/api-user-create -d "{\"name\":\"Y\",\"username\":\"y\",\"email\":\"y@example.com\",\"password\":\"$old\",\"privacyPolicy\":true}"
audited "account-create ok - $(id_of y@example.com) - $here" "one of edge-impulse's"

# A throttled network has one line, and its tries push nothing out.
fresh 'hash_cost = 1' 'throttle.first = 100'
start fcgi
add ann@example.com "$old"
for _ in {1..12}; do request POST /v1/api-login -d "{\"username\":\"ann@example.com\",\"password\":\"$wrong\"}"; done
is "$(grep -c bad-credentials "$audit") $(grep -c throttled "$audit")" '5 1' '46: five wrong ones, and that the rest had to wait'

# A cookie that has to wait takes nothing from what is done with the next one.
add chief@example.com "$old" --admin
request POST /v1/api-login -d "{\"username\":\"chief@example.com\",\"password\":\"$old\"}"
token=${member_of[.token]-}
for i in {1..6}; do request GET /auth/verify -H "X-Api-Key: lk_$i"; done
request POST /auth/access_token -H "Cookie: jwt=lk_$(printf 'x%.0s' {1..43}); jwt=$token" -d '{"name":"a","permission":"read"}'
is "$status $(line)" "200 token-create ok - $(id_of chief@example.com) $(id_of chief@example.com) 127.0.0.1" \
	'46: done, though another cookie had to wait'
done_testing
