#!/bin/bash
# upgrade.t - all processes are exchanged while requests go on, and none of these is lost: under multiwatch alone, and with
# a socket of systemd's; a process that was killed loses no more than the request in its hand
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

# supervisors REGEX: the multiwatch of what fits.
supervisors() { children "${pids[0]}" | xargs ps -o pid=,args= -p | awk -v of="$1" '$2 ~ /multiwatch$/ && $0 ~ of { print $1 }'; }
# renewed OLD: none of those workers is left, and there are as many others.
renewed() {
	local now
	now=$(workers | sort)
	[[ $(wc -w <<<"$now") == $(wc -w <<<"$1") && ! $(comm -12 <(tr ' ' '\n' <<<"$1" | sort) <(printf '%s\n' "$now")) ]]
}
# exchange SIGNAL: sends it to each supervisor, and waits for other workers.
exchange() {
	local before
	before=$(workers | xargs)
	# shellcheck disable=SC2046 # a list
	kill -"$1" $(supervisors /cgi/)
	wait_for 60 renewed "$before"
}
# under_load NAME COMMAND...: which takes place three times, while people ask.
under_load() {
	local i answers
	rm -f "$work/enough"
	python3 -I -S "$top/t/load.py" "$port" "$old" "$token" 300 "$work/enough" >"$work/answers" 2>"$work/lost" &
	local load=$!
	for i in 1 2 3; do ok_if "$1: $i" "${@:2}"; done
	: >"$work/enough"
	wait "$load"
	read -ra answers <"$work/answers"
	ok_if "$1: ${answers[0]-no} requests" test "${answers[0]-0}" -ge 300
	is "${answers[5]-?} $(sort "$work/lost" | uniq -c)" '0 ' "$1: none is lost"
}

fresh 'hash_cost = 1' 'throttle = off' # as often as this no person signs in
start nginx
add admin "$old" --admin
sign_in admin
under_load 'multiwatch: other workers' exchange USR2

# --- the mails

mailer() { children "${pids[0]}" | xargs ps -o pid=,args= -p | awk '$2 ~ /\/latchkey$/ && / mail send/ { print $1 }'; }
another_mailer() { [[ $(mailer) && $(mailer) != "$before" ]]; }
before=$(mailer)
isnt "$before" '' 'mails are sent'
kill -USR2 "$(supervisors 'mail send')"
ok_if 'and by another process after an exchange' wait_for 60 another_mailer

# --- a worker that is killed: the queue is not its own

killed() {
	local before
	before=$(workers login | xargs)
	# shellcheck disable=SC2086 # a list
	kill -KILL $before
	wait_for 60 all_back
}
all_back() { [[ $(workers login | wc -l) -eq 2 ]] && sign_in admin; }
ok_if 'kill -9: others are there, and sign in' killed

# --- with a socket that outlives them all

stop
mkdir "$work/bin"
ln -s "$top/t/socket-activate" "$work/bin/spawn-fcgi"
PATH=$work/bin:$PATH
start nginx
sign_in admin
under_load 'a socket of systemd: other workers, as by a reload' exchange USR2
under_load 'a socket of systemd: all of them anew, as by a restart' exchange TERM
taken_down TERM 30
done_testing
