#!/bin/bash
# inherited.t - what a program gets from the one that has started it does it no harm
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
chmod 711 "$work"
inherit() { /usr/bin/python3 "$top/t/inherited.py" "$@"; } # THING... -- PROGRAM ARGUMENT...
command_of() { inherit "$1" -- "$build/cli/latchkey" --config "$conf" "${@:2}" 2>>"$log"; } # THING ARGUMENT...
list() { latchkey mail list 2>>"$log" | cut -f 1,2,4; }
ask() { request POST /v1/auth/password-reset/trigger -d "{\"email\":\"$1@example.com\"}"; }

# script LINE...: a mail program.
script() {
	printf '%s\n' '#!/bin/bash' "$@" >"$work/program"
	chmod 755 "$work/program"
}

# --- the command, and the mail program that it starts

fresh 'hash_cost = 1' "mail_command = $work/program" "mail_templates = $top/conf/mail"
way=cgi
add ann@example.com "$good"
script 'cat >/dev/null' 'exit 3'
ask ann
command_of ignored mail send --once
is "$(list)" $'waiting\treset\t1' 'SIGCHLD ignored: a mail that failed is not taken for sent'

latchkey user passwd ann@example.com <<<'Other-Harbour-43' 2>>"$log"
script 'cat >/dev/null' "grep -E '^Sig(Blk|Ign)' /proc/self/status >'$drop/signals'" "umask >'$drop/umask'" \
	"ls /proc/\$\$/fd >'$drop/fds'"
inherit ignored blocked umask open=7 -- "$build/cli/latchkey" --config "$conf" mail send --once 2>>"$log"
# The first 31: 32 and 33 are glibc's own.
while read -r _ set; do printf '%x ' $((0x$set & 0x7fffffff)); done <"$drop/signals" >"$work/said"
is "$(<"$work/said")" '0 1 ' \
	'the mail program has no signal blocked, and SIGHUP alone ignored, as nohup has it'
is "$(<"$drop/umask")" 0022 'nor an umask'
is "$(grep -cx 7 "$drop/fds")" 0 'nor a descriptor that was open'

handles_term() {
	local set
	[[ /proc/$1/exe -ef $build/cli/latchkey ]] || return
	set=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status")
	(((0x$set >> 14) & 1))
}
ends() { # THING: that a sender with it ends when it is told to
	local pid
	/usr/bin/python3 "$top/t/inherited.py" "$1" -- "$build/cli/latchkey" --config "$conf" mail send 2>>"$log" &
	pid=$!
	wait_for 60 handles_term "$pid"
	kill -TERM "$pid"
	ok_if "$1: a sender ends when it is told to" wait_for 60 ended "$pid"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}
ends blocked
ends ignored

command_of timers import /dev/stdin < <(printf '{"username":"bob","hash":"%s"}\n' "$(
	openssl passwd -6 -salt 0123456789abcdef "$good"
)") >"$work/said"
is "$?" 0 'timers that run end no command'
command_of limits user add carol <<<"$good" >>"$log"
is "$?" 0 'a soft limit of a file does not stop the store'
fresh 'hash_cost = 1' 'mail_command ='
command_of umask user add ann <<<"$good" >>"$log"
command_of umask user list >"$work/said"
is "$? $(cut -f 1 "$work/said")" '0 ann' 'an umask of 0777: what is made can be opened'
command_of closed user disable nobody >/dev/null 2>&1
command_of closed user disable ann
is "$(latchkey user list 2>>"$log" | cut -f 1,4)" $'ann\tdisabled' 'standard descriptors that are closed'
is "$(grep -rlaF 'no such account' "$state")" '' 'nothing that is said gets into a file of the store'

# --- the programs

login='{"username":"ann","password":"'$good'"}'
params=(GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD=POST SCRIPT_NAME=/v1/api-login
	REMOTE_ADDR=127.0.0.1 CONTENT_TYPE=application/json CONTENT_LENGTH="${#login}" LATCHKEY_CONF="$conf")
latchkey user enable ann 2>>"$log"
for thing in ignored blocked timers umask limits; do
	answer=$(printf %s "$login" | env -i "${params[@]}" "${as_owner[@]}" \
		/usr/bin/python3 "$top/t/inherited.py" "$thing" -- "$build/cgi/login" 2>>"$log")
	like "$answer" '"success":true' "$thing: a program answers"
done
for thing in ignored blocked; do
	rm -f "$work/login.sock"
	LATCHKEY_CONF=$conf spawn-fcgi -n -s "$work/login.sock" "${spawn_as[@]}" -- \
		/usr/bin/python3 "$top/t/inherited.py" "$thing" -- "$build/cgi/login" >>"$log" 2>&1 &
	pids=($!)
	wait_for 60 listens "$work/login.sock"
	way=fcgi
	request POST /v1/api-login -d "$login"
	is "${member_of[.success]-}" true "$thing: a program on a socket"
	kill -TERM "${pids[0]}"
	ok_if "$thing: and it ends when it is told to" wait_for 60 ended "${pids[0]}"
	stop
done
done_testing
