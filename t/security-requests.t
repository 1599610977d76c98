#!/bin/bash
# security-requests.t - requests that are not what they seem, by the numbers of doc/security.md
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

site=http://localhost:6573
bad='{"status":"error","message":"Bad request"}'

# raw PROGRAM OPTION...: by t/fcgi.py, to the letter.
raw() {
	/usr/bin/python3 -I "$top/t/fcgi.py" "$work/$1.sock" "${@:2}" >"$scratch/answer" 2>>"$log"
	asked note "$scratch/answer"
	read_answer
}

# A reset on the machine itself, and a question to verify: with these they succeed.
body_of() { printf '{"password":"%s"}' "$old" >"$work/body"; }
local_reset=(REQUEST_METHOD=POST SCRIPT_NAME=/auth/admin/reset-password QUERY_STRING= CONTENT_TYPE=application/json
	CONTENT_LENGTH=31 REMOTE_ADDR=127.0.0.1 LATCHKEY_LOCAL=yes HTTP_HOST=localhost "HTTP_ORIGIN=$site")
reset() { raw reset --body "$work/body" "${local_reset[@]}" "$@"; }
question() {
	raw verify REQUEST_METHOD=GET SCRIPT_NAME=/auth/verify REMOTE_ADDR=127.0.0.1 "HTTP_X_JWT_TOKEN=$token" "$@"
}

# --- a variable that stands twice

doubled() {
	local name path program
	reset
	is "$status" 200 'a reset with each variable once'
	for name in REQUEST_METHOD=POST SCRIPT_NAME=/auth/admin/reset-password QUERY_STRING=a=b CONTENT_TYPE=application/json \
		CONTENT_LENGTH=31 CONTENT_LENGTH=3 REMOTE_ADDR=127.0.0.1 REMOTE_ADDR=192.0.2.1 LATCHKEY_LOCAL=yes LATCHKEY_LOCAL= \
		HTTP_HOST=localhost HTTP_HOST=evil.example "HTTP_ORIGIN=$site" HTTP_ORIGIN=http://evil.example; do
		reset "$name"
		answers 400 "$bad" "47: $name once more"
	done
	for name in PATH_INFO= HTTP_SEC_FETCH_SITE=none HTTP_AUTHORIZATION= HTTP_X_JWT_TOKEN= HTTP_X_API_KEY= HTTP_COOKIE=a=b \
		LATCHKEY_REQUIRE= REQUEST_ID=a UNIQUE_ID=a; do
		reset "$name"
		is "$status" 200 "$name"
		reset "$name" "$name"
		answers 400 "$bad" "47: $name twice"
	done
	reset HTTP_ACCEPT=a HTTP_ACCEPT=b HTTP_USER_AGENT=a HTTP_USER_AGENT=b HTTP_LATCHKEY_LOCAL=a HTTP_LATCHKEY_LOCAL=b
	is "$status" 200 'what nothing is decided by may stand there twice'
	reset HTTP_X_FORWARDED_FOR=127.0.0.1 HTTP_X_FORWARDED_FOR=127.0.0.1
	is "$status" 403 'what refuses once refuses twice'
	while read -r program path name; do
		raw "$program" --body "$work/body" "${local_reset[@]/#SCRIPT_NAME=*/SCRIPT_NAME=$path}" REMOTE_ADDR=127.0.0.1
		answers 400 "$name" "47: in the words of $path"
	done <<-'END'
		login /v1/auth/login {"error":"bad request"}
		login /v1/api-login {"success":false,"error":"Bad request"}
		login /api/v2/admin-account/jwt {"error":{"code":"INVALID_REQUEST","message":"Bad request"}}
	END
	like "$(<"$log")" 'warning: \[POST /auth/admin/reset-password [^]]*\] LATCHKEY_LOCAL stands twice' 'the log names it'
}

demanded_twice() {
	local first second
	sign_in user@example.com
	question LATCHKEY_REQUIRE=role=user
	is "$status" 204 'verify with each variable once'
	for first in role=user role=admin ''; do
		for second in role=user role=admin ''; do
			question "LATCHKEY_REQUIRE=$first" "LATCHKEY_REQUIRE=$second"
			is "$status" 401 "39: LATCHKEY_REQUIRE '$first' and '$second'"
		done
	done
	for first in REQUEST_METHOD=POST SCRIPT_NAME=/auth/verify REMOTE_ADDR=::1 HTTP_X_JWT_TOKEN=x "HTTP_X_JWT_TOKEN=$token"; do
		question "$first"
		is "$status ${header_of[X-Auth-User]-}" '401 ' "39: ${first%%=*} twice"
	done
	question HTTP_COOKIE=a=b HTTP_COOKIE=c=d
	is "$status" 401 '39: two cookie headers'
}

# --- the length of a body

lengths() {
	local length
	for length in x -1 -31 +31 ' 31' '31 ' 0x1f 1e3 31,31 31.0 9223372036854775808 18446744073709551647 30 32 0; do
		reset_with "$length"
		is "$status" 400 "47: CONTENT_LENGTH '$length' for 31 bytes"
	done
	reset_with 99999999
	is "$status" 413 '47: CONTENT_LENGTH is large'
	reset_with 31
	is "$status" 200 '47: CONTENT_LENGTH 31 for 31 bytes'
	printf ' ' >>"$work/body"
	reset_with 31
	is "$status" 400 '47: a body that is good up to CONTENT_LENGTH, and goes on'
	reset_with 32
	is "$status" 200 '47: the same with its length'
	body_of
	# FastCGI says itself where a body ends.
	raw reset --body "$work/body" "${local_reset[@]/#CONTENT_LENGTH=*/X=}"
	is "$status" 200 'no CONTENT_LENGTH'
	reset_with ''
	is "$status" 200 'an empty CONTENT_LENGTH'
	raw reset "${local_reset[@]/#CONTENT_LENGTH=*/X=}"
	is "$status" 400 '47: no CONTENT_LENGTH, and no body'
	printf '%16385s' '' >"$work/body"
	raw reset --body "$work/body" "${local_reset[@]/#CONTENT_LENGTH=*/X=}"
	is "$status" 413 '47: no CONTENT_LENGTH, and a byte too many'
	body_of
	raw reset "${local_reset[@]}"
	is "$status" 400 '47: no body'
}
reset_with() { raw reset --body "$work/body" "${local_reset[@]/#CONTENT_LENGTH=*/CONTENT_LENGTH=$1}"; }

halfway() {
	raw reset --body "$work/body" --hold 20 "${local_reset[@]}"
	is "$status" 400 '47: a body that stops halfway ends after a while'
	raw reset --body "$work/body" --hold 20 "${local_reset[@]/#CONTENT_LENGTH=*/X=}"
	is "$status" 400 '47: the same without a length'
	raw reset --body "$work/body" --hold 0 "${local_reset[@]/#SCRIPT_NAME=*/SCRIPT_NAME=/auth/nowhere}"
	is "$status" 404 '47: also where nobody wants to read it'
	reset
	is "$status" 200 '47: and then it is the turn of the next'
}

# --- through nginx

# Eight bodies that never end, at two workers. They are all that one address may have in hand, so another signs in.
slow_bodies() {
	local fd fds=()
	for _ in {1..8}; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		printf 'POST /v1/api-login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' >&"$fd"
		printf 'Content-Length: 60\r\n\r\n{"username":' >&"$fd"
		fds+=("$fd")
	done
	ok_if '47: slow bodies keep nobody waiting' sign_in user@example.com "$old" --remote 127.0.0.2
	for fd in "${fds[@]}"; do exec {fd}>&-; done
}

# code_of PATH HEADER...
code_of() {
	local headers=() each
	for each in "${@:2}"; do headers+=(-H "$each"); done
	curl -s -o /dev/null -w '%{http_code}' --max-time 30 "${headers[@]}" "http://127.0.0.1:$port$1"
}

behind_nginx() {
	sign_in user@example.com
	is "$(code_of /auth/verify "X-Jwt-Token: $token")" 204 'nginx: one header'
	is "$(code_of /auth/verify "X-Jwt-Token: $token" 'X-Jwt-Token: x')" 401 'nginx: 39: two headers with a token'
	is "$(code_of /auth/verify 'X-Jwt-Token: x' "X-Jwt-Token: $token")" 401 'nginx: 39: in the other order'
	is "$(code_of /protected/ "X-Jwt-Token: $token" 'X-Jwt-Token: x')" 401 'nginx: 39: a protected page'
	is "$(code_of /auth/verify "X-Jwt-Token: $token" 'Accept: a' 'Accept: b')" 204 'nginx: others may be there twice'
	is "$(code_of /auth/admin/exists 'X-Api-Key: a' 'X-Api-Key: b')" 400 'nginx: 47: and at an endpoint'
	is "$(code_of /auth/admin/exists 'Content-Length: 0' 'Content-Length: 1')" 400 'nginx: 47: Content-Length twice'
}

# --- httpoxy, and what nobody knows

poisoned='Proxy: http://evil.example:3128'
proxies() {
	request POST /v1/auth/password-reset/trigger -H "$poisoned" -H 'Mail-Command: /bin/false' \
		-d '{"email":"user@example.com"}'
	is "$status" 200 "$way: a request with a header Proxy"
	latchkey mail send --once 2>>"$log"
	ok_if "$way: the mail program has run" test -s "$drop/environment"
	is "$(grep -ci proxy "$drop/environment")" 0 "$way: 47: no HTTP_PROXY reaches the mail program"
	rm "$drop/environment"
}

unknown() {
	sign_in user@example.com
	request GET '/v1/auth/me?role=admin&sub=x&token=x' -H "X-Jwt-Token: $token" -H 'X-Auth-Role: admin' -H 'X-Role: admin'
	is "$status ${member_of[.user.is_admin]-}" '200 false' "$way: 47: a query and headers that nobody knows"
	request POST /v1/api/user/change-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"$old\",\"newPassword\":\"$old-2\",\"role\":\"admin\",\"email\":\"admin\",\"id\":1}"
	is "$status ${member_of[.success]-}" '200 true' "$way: 47: members that nobody knows"
	like "$(latchkey user show user@example.com)" 'role: user' "$way: 47: change nothing"
	sign_in user@example.com "$old-2"
	request POST /v1/api/user/change-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"wrong\",\"newPassword\":\"$old-3\",\"ticket\":\"x\"}"
	is "$body" '{"success":false,"error":"The current password is not correct"}' \
		"$way: 9: nor does a member of another API's stand in for the current password"
	latchkey user passwd user@example.com <<<"$old" 2>>"$log"
}

people() {
	add admin "$old" --admin
	add user@example.com "$old" --verified
}

# Called like sendmail; leaves what it was given.
printf '#!/bin/sh\ncat >/dev/null\nenv >%s/environment\n' "$drop" >"$work/mailer"
chmod 755 "$work/mailer"
cp -r "$top/conf/mail" "$work/mail"
chmod -R a+rX "$work/mail"

body_of
fresh 'hash_cost = 1' "site_url = $site" 'mail_command ='
people
start fcgi
doubled
demanded_twice
lengths
halfway
fresh 'hash_cost = 1' 'mail_command ='
people
start nginx
behind_nginx
slow_bodies
unknown
fresh 'hash_cost = 1' "site_url = $site" "mail_templates = $work/mail" "mail_command = $work/mailer -t"
people
start cgi
proxies
unknown
done_testing
