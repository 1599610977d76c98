#!/bin/bash
# nginx.t - nginx-example/run and nginx.conf: what happens around the programs, and when they fail
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

all_of_them=$((2 * ${#programs[@]} - 1)) # one of status
all_back() { (($(workers | wc -l) == all_of_them)); }

# What follows the ready line of the last start.
welcomed() { grep -A1 '^latchkey: ready' "$log" | tail -n 1; }
as_printed() {
	local lines said
	fresh 'hash_cost = 1'
	start nginx
	lines=$(sed -n '/^latchkey: ready/,$s/^  //p' "$log")
	is "$(grep -c 'curl ' <<<"$lines")" 3 'three curl lines are printed'
	is "$(grep -c "^latchkey: ready on http://127.0.0.1:$port$" "$log")" 1 'and the ready line'
	like "$(welcomed)" '^Open it in a browser, and make the first administrator\.' 'a browser makes the first administrator'
	said=$(bash -c "$lines" 2>>"$log")
	like "$said" 'HTTP/1.1 204 .*X-Auth-User: admin.*HTTP/1.1 200 .*"user":"admin"' 'they work as they are printed'
	is "$(stat -c '%a' "$state" "$conf" "$work/login.sock" | xargs)" "700 $readable 660" \
		'the directory, the settings and the sockets are ours alone'
	is "$(workers | wc -l)" "$all_of_them" 'each worker is an absolute path in ps'
	is "$(children "${pids[0]}" | xargs ps -o pgid= -p | sort -u | wc -l)" 1 'all in one process group'
}

killed() {
	local i all
	for ((i = 0; i < 50; i++)); do
		mapfile -t all < <(workers)
		((${#all[@]} == 0)) || kill -KILL "${all[RANDOM % ${#all[@]}]}" 2>/dev/null
	done
	ok_if 'after 50 kills every worker is back' wait_for 60 all_back
	ok_if 'and they sign in' sign_in admin
	request GET /auth/verify -H "X-Jwt-Token: $token"
	is "$status" 204 'and verify'
	request POST /auth/admin/reset-password -d '{}'
	is "$status" 400 'and reset'
	request POST /v1/api/user/change-password -d '{}'
	is "$status" 200 'and change'
	request POST /v1/auth/password-reset/reset -d '{}'
	is "$status" 400 'and take codes'
}

# A hash that takes its time, so that the signal comes in the middle of it: once a worker has worked for 50 ms.
spent() {
	local all
	mapfile -t all < <(workers login | sed 's|.*|/proc/&/stat|')
	awk '{ spent += $14 + $15 } END { print spent }' "${all[@]}" 2>/dev/null
}
hashing() { (($(spent) >= spent + 5)) && runs "$client"; }
terminated() {
	local client before spent signal
	# shellcheck disable=SC2016 # a prefix of crypt(5)
	fresh 'hash = $6$' 'hash_cost = 400000' 'site_url = http://127.0.0.1:PUBLIC_PORT'
	start nginx
	like "$(welcomed)" "^Browsers go to http://127.0.0.1:$public_port\\. Here: an administrator" \
		'a site_url of another port: no page here would take the form of the first administrator'
	add admin "$old" --admin
	# QUIT is what multiwatch makes of a TERM of its own, and USR2 what it passes on.
	for signal in TERM QUIT USR2; do
		before=$(workers login | xargs)
		spent=$(spent)
		(
			scratch=$work/slow-$signal
			mkdir "$scratch"
			sign_in admin
			echo "$status" >"$scratch/status"
		) &
		client=$!
		ok_if 'a request is in hand' wait_for 60 hashing
		# shellcheck disable=SC2046 # a list
		kill -"$signal" $(workers login)
		wait "$client"
		is "$(<"$work/slow-$signal/status")" 200 "$signal lets the request in hand finish"
		wait_for 60 all_back
		isnt "$(workers login | xargs)" "$before" 'and other workers take over'
		ok_if 'which sign in, too' sign_in admin
	done
}

unavailable='Service temporarily unavailable'
out_of_order() { # WHY; every dialect says so in its own words
	local wanted path text
	while read -r path wanted; do
		request POST "$path" -d "{\"email\":\"a@b\",\"username\":\"a@b\",\"password\":\"$old\"}" -H "X-Jwt-Token: $token"
		text=$(printf '%s|' "${header_of[Content-Type]-}" "${header_of[Cache-Control]-}" "${header_of[X-Content-Type-Options]-}")
		is "$status $body $text" "503 $wanted application/json; charset=utf-8|no-store|nosniff|" "$1: $path"
		like "${header_of[Retry-After]-}" '^[1-9][0-9]*$' "$1: $path says when to come back"
	done <<-END
		/auth/admin/login {"status":"error","message":"$unavailable"}
		/api/v2/service-token/reset-password {"error":{"code":"INTERNAL_SERVER_ERROR","message":"$unavailable"}}
		/v1/auth/login {"error":"${unavailable,}"}
		/v1/api-login {"success":false,"error":"$unavailable"}
		/api-login {"success":false,"error":"$unavailable"}
	END
}

program_gone() {
	local program
	fresh 'hash_cost = 1'
	start nginx
	add admin "$old" --admin
	sign_in admin
	for program in login change verify; do mv "$work/$program.sock" "$work/$program.gone"; done
	out_of_order 'no program'
	request POST /account/sign-in "${page[@]}" -d 'x=y'
	is "$status ${header_of[Content-Type]-} ${header_of[Retry-After]-}" '503 text/html; charset=utf-8 1' 'no program: a person gets a page'
	request POST /account/api/session -d '{}'
	is "$status ${header_of[Content-Type]-} ${header_of[Retry-After]-}" '503 application/problem+json; charset=utf-8 1' 'no program: a script does not'
	request GET /protected/ -H "X-Jwt-Token: $token"
	is "$status $body" "503 {\"status\":\"error\",\"message\":\"$unavailable\"}" 'no verify: a protected page stays shut'
	request POST /protected/ -H "X-Jwt-Token: $token" "${page[@]}" -d 'x=y'
	is "$status ${header_of[Content-Type]-} ${header_of[Retry-After]-}" '503 text/html; charset=utf-8 1' 'no verify: a person gets a page'
	for program in login change verify; do mv "$work/$program.gone" "$work/$program.sock"; done
	request GET /protected/ -H "X-Jwt-Token: $token"
	is "$status" 200 'and opens by itself'
}

# Those that have the store open keep it, so new workers have to come.
store_gone() {
	local all
	mapfile -t all < <(workers)
	: >"$log"
	chmod 000 "$state/store"
	kill -KILL "${all[@]}"
	wait_for 60 all_back
	out_of_order 'no store'
	request GET /auth/verify -H "X-Jwt-Token: $token"
	is "$status" 401 '39: no store: verify fails closed'
	request GET /protected/ -H "X-Jwt-Token: $token"
	is "$status" 401 '39: no store: so does a protected page'
	like "$(<"$log")" "latchkey login: error: \[POST /auth/admin/login [0-9a-f]+\] .*$state/store" 'no store: the log has the reason'
	chmod 700 "$state/store"
	ok_if 'the store is back, and they sign in by themselves' sign_in admin
	request GET /auth/verify -H "X-Jwt-Token: $token"
	is "$status" 204 'and verify'
}

ended_by_itself() {
	local all pid left=()
	mapfile -t all < <(children "${pids[0]}")
	for pid in "${all[@]}"; do
		[[ $(ps -o args= -p "$pid") != *multiwatch*"$build/cgi/reset" ]] || kill -TERM "$pid"
	done
	wait_for 60 ended "${pids[0]}"
	wait "${pids[0]}"
	is $? 1 'without one of the programs it ends'
	pids=()
	like "$(<"$log")" 'cgi/reset has ended' 'and names it'
	for pid in "${all[@]}"; do ended "$pid" || left+=("$(ps -o args= -p "$pid")"); done
	is "${left[*]}" '' 'and leaves nothing behind'
}

# A wrong access token at a page: its line can be held against nginx's own log.
page_audited() {
	request GET /protected/ -H 'X-Api-Key: lk_wrong'
	like "$(tail -n 1 "$state/audit.log")" '"event":"access-token",.*"request":"[0-9a-f]{32}"' '46: a page has its request id'
}

# queued PROGRAM: how many find a place in its queue while its workers are stopped.
queued() {
	local all
	mapfile -t all < <(workers "$1")
	kill -STOP "${all[@]}"
	python3 -I -S -c '
import socket, sys

waiting = []
try:
    while len(waiting) < 1000:
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        waiting[-1].connect(sys.argv[1])
except BlockingIOError:
    print(len(waiting) - 1)' "$work/$1.sock"
	kill -CONT "${all[@]}"
}
queues() {
	like "$(queued login)" '^6[4-9]$' 'the queue for sign-ins is short'
	like "$(queued verify)" '^51[1-9]$' 'the one for verify holds a burst'
	ok_if 'and is worked off' wait_for 60 worked_off
}
worked_off() {
	request GET /auth/verify
	[[ $status == 401 ]]
}

as_printed
refusals
page_audited
queues
killed
terminated
program_gone
store_gone
add bob@example.com "$old" --verified
protected
protected --public
sign_in bob@example.com
taken_down INT $((3 * ${#programs[@]}))
start nginx
request GET /auth/verify -H "X-Jwt-Token: $token"
is "$status" 204 'a token outlives the run'
ok_if 'and so do the accounts' sign_in admin
taken_down TERM $((3 * ${#programs[@]}))
start nginx
like "$(welcomed)" "^Open http://127.0.0.1:$port in a browser, and sign in\\." 'an administrator who is there signs in'
ended_by_itself
done_testing
