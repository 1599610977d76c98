#!/bin/bash
# shellcheck disable=SC2119 # workers, without a name, are all
# apache.t - apache-example/run and what it serves: what happens around the programs, and when they fail
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

as_printed() {
	local lines said
	fresh 'hash_cost = 1'
	start apache
	lines=$(sed -n '/^latchkey: ready/,$s/^  //p' "$log")
	is "$(grep -c "^latchkey: ready on http://127.0.0.1:$port$" "$log")" 1 'the ready line'
	said=$(bash -c "$lines" 2>>"$log")
	like "$said" 'HTTP/1.1 204 .*X-Auth-User: admin.*HTTP/1.1 200 .*"user":"admin"' 'the lines work as they are printed'
	is "$(grep -c Variable- <<<"$said")" 0 'what verify tells Apache stays there'
	is "$(stat -c '%a' "$state" "$conf" "$work/apache.conf" | xargs)" "700 $readable 600" \
		'the directory and the settings are ours alone'
	like "$(<"$top/apache-example/conf-available/latchkey.conf")" ' MinProcesses 4 MaxProcesses 4 ' \
		'8: four processes a program in the example'
	like "$(<"$work/apache.conf")" ' MinProcesses 2 MaxProcesses 2 ' 'and as many as --workers says in ours'
	isnt "$(children "${pids[0]}" | xargs ps -o sid= -p | sort -u | wc -l)" 1 'Apache has a session of its own'
}

odd_paths() {
	local path
	for path in /auth/access_token /auth/access_token/1 /auth/access_token/1/rotate; do
		request PUT "$path"
		is "$status" 405 "$path is a program's"
	done
	for path in /auth/access_token/ /auth/access_token/1/ /auth/access_token/1/rotate/x /auth/nothing /auth/verify/x; do
		request GET "$path"
		answers 404 '{"status":"error","message":"Not found"}' "$path is nobody's"
	done
}

killed() {
	local i all
	for ((i = 0; i < 20; i++)); do
		mapfile -t all < <(workers)
		((${#all[@]} == 0)) || kill -KILL "${all[RANDOM % ${#all[@]}]}" 2>/dev/null
		request GET /auth/verify
	done
	ok_if 'after 20 kills they sign in' wait_for 60 sign_in admin
	ok_if 'and verify' wait_for 60 verified
	mapfile -t all < <(workers)
	kill -KILL "${all[@]}"
	ok_if 'with all dead at once they sign in' wait_for 60 sign_in admin
	ok_if 'and verify, too' wait_for 60 verified
	request GET /protected/ -H "X-Jwt-Token: $token"
	is "$status" 200 'and open protected pages'
}
verified() {
	request GET /auth/verify -H "X-Jwt-Token: $token"
	[[ $status == 204 ]]
}

# A graceful restart: mod_fcgid ends all processes, and starts others.
restarted() {
	local before pid
	before=$(workers | xargs)
	kill -USR1 "$(<"$work/apache.pid")"
	# shellcheck disable=SC2086 # a list
	ok_if 'a restart ends the processes' wait_for 60 all_ended $before
	ok_if 'and with others they sign in' wait_for 60 sign_in admin
}
all_ended() {
	local pid
	for pid; do ended "$pid" || return; done
}

# A program that cannot be started: the client gets a 503, and a protected page stays shut.
program_gone() {
	local file=$work/apache.conf
	fresh 'hash_cost = 1'
	mkdir "$work/cgi"
	cp "$build"/cgi/* "$work/cgi/" 2>/dev/null
	start apache
	add admin "$old" --admin
	sign_in admin
	stop
	own_apache -e "s|$build/cgi|$work/cgi|"
	for program in login verify; do printf '#!/bin/sh\nexit 1\n' >"$work/cgi/$program"; done
	request POST /v1/auth/login -d "{\"email\":\"a@b\",\"password\":\"$old\"}"
	like "$status $body" '^50[03] [{]"error":"service temporarily unavailable"[}]$' 'no program'
	is "${header_of[Retry-After]-} ${header_of[Cache-Control]-}" '1 no-store' 'no program: come back'
	request POST /account/sign-in "${page[@]}" -d 'x=y'
	like "$status ${header_of[Content-Type]-} ${header_of[Retry-After]-}" '^50[03] text/html; charset=utf-8 1$' 'no program: a person gets a page'
	request GET /protected/ -H "X-Jwt-Token: $token"
	like "$status" '^(401|500|503)$' 'no verify: a protected page stays shut'
	stop
}

# The same programs, the same paths, one process a request.
plain_cgi() {
	local path
	fresh 'hash_cost = 1'
	start apache
	add admin "$old" --admin
	stop
	own_apache -e 's/fcgid-script/cgi-script/' -e 's/^LoadModule fcgid_module .*/LoadModule cgid_module \/usr\/lib\/apache2\/modules\/mod_cgid.so/' \
		-e "s|^FcgidIPCDir.*|ScriptSock $work/cgid.sock|; /^ *Fcgid/d; s|^DocumentRoot.*|&\nSetEnv LATCHKEY_CONF $conf|"
	ok_if 'plain CGI: login' sign_in admin
	request GET /auth/verify -H "Authorization: Bearer $token"
	is "$status ${header_of[X-Auth-User]-}" '204 admin' 'plain CGI: verify'
	request GET /auth/verify -H "Authorization: Bearer x.y.z"
	is "$status" 401 'plain CGI: verify, a bad token'
	request POST /auth/access_token -H "Authorization: Bearer $token" -d '{"name":"x","permission":"read"}'
	is "$status" 200 'plain CGI: token'
	request POST "/auth/access_token/${member_of[.id]-}/rotate" -H "Authorization: Bearer $token"
	is "$status" 200 'plain CGI: token, with an id in the path'
	request GET /auth/admin/exists
	is "$status ${member_of[.result]-}" '200 true' 'plain CGI: account'
	request POST /v1/auth/password-reset/trigger -d '{"email":"nobody@example.com"}'
	is "$status" 200 'plain CGI: request-code'
	request POST /v1/auth/password-reset/reset -d '{}'
	answers 400 '{"error":"code and new_password are required"}' 'plain CGI: code-reset'
	request POST /v1/api/user/change-password -H "X-Jwt-Token: $token" \
		-d "{\"currentPassword\":\"$old\",\"newPassword\":\"${old}3\"}"
	answers 200 '{"success":true}' 'plain CGI: change'
	request POST /auth/admin/reset-password --public -d "{\"password\":\"$old\"}"
	is "$status" 403 'plain CGI: reset, from the public server'
	request POST /auth/admin/reset-password -d "{\"password\":\"$old\"}"
	is "$status" 200 'plain CGI: reset'
	ok_if 'plain CGI: login again' sign_in admin
	stop
}

as_printed
odd_paths
refusals
killed
restarted
add bob@example.com "$old" --verified
protected
protected --public
taken_down INT "${#programs[@]}"
start apache
ok_if 'accounts outlive the run' sign_in admin
taken_down TERM "${#programs[@]}"
program_gone
plain_cgi
done_testing
