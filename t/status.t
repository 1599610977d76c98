#!/bin/bash
# status.t - latchkey status, as monitors read it, and latchkey top
. "${0%/*}/lib.sh"

password='Quiet-Harbour-42'

# status_is CODE PATTERN NAME [WORD...]: exit status, and the one line.
status_is() {
	said=$(latchkey status "${@:4}" 2>>"$log")
	like "$? $said" "^$1 $2$" "$3"
}
free=$(df --output=avail -B 1 "$work" | tail -n 1)

# --- status

fresh 'hash_cost = 1' 'mail_command = /bin/false'
status_is 2 'LATCHKEY CRITICAL - store: there is none: latchkey user add makes it, .* \| [^|]*' 'before there is a store'
like "$(latchkey top 2>&1)" 'nothing is counted' 'before there is a store: top'
start cgi
latchkey import - </dev/null >>"$log" 2>&1
status_is 1 'LATCHKEY WARNING - accounts: there is none \| [^|]*' 'a store with nobody in it'
add ann "$password" --email ann@example.com --verified
request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$password\"}"
request POST /v1/api-login -d '{"username":"ann","password":"wrong"}'
status_is 0 'LATCHKEY OK - .* \| .* ok=[1-9][0-9]*c refused=[1-9][0-9]*c .*' 'after requests'
for word in ${said#*| }; do
	like "$word" '^[a-z_]+=[0-9]+(B|s|c)?(;[0-9]*:?;[0-9]*:?)?$' "performance data: ${word%%=*}"
done
read_json "$(latchkey status --json 2>>"$log")"
is "${member_of[.state]-} ${member_of[.checks.store]-} ${member_of[.checks.clock]-} ${member_of[.refused]-}" 'OK ok ok 1' 'as JSON'

request POST /v1/api-user-request-reset-password -d '{"email":"ann@example.com"}'
status_is 0 'LATCHKEY OK - .* 1 mails wait .*' 'a mail waits'
ahead=(env "LD_PRELOAD=$work/later.so" LATER=400)
[[ -e $work/later.so ]] || build_clock
# `store watch` notes by its own clock when it saw a database. By another clock that was long ago, or is not yet.
other_clock='(; watch: the database was not seen for [0-9]* s)?'
status_is 1 "LATCHKEY WARNING - mail: one is due for [0-9]* s; does .latchkey mail send. run[?]$other_clock \\| .*" 'and nobody sends it'
ahead=()
is_ok() { [[ $(latchkey status 2>>"$log") == 'LATCHKEY OK '* ]]; }
[[ ! ${LATCHKEY_TEST_STORE-} ]] || wait_for 60 is_ok
status_is 0 'LATCHKEY OK .*' 'now it is young'

set_conf 'hash_cost = 1' 'mail_command =' "disk_reserve = $((free * 3 / 4))"
status_is 1 'LATCHKEY WARNING - disk: less than twice disk_reserve is free \| free=[0-9]*B;[0-9]*:;[0-9]*: .*' 'a disk that fills'
set_conf 'hash_cost = 1' 'mail_command =' 'disk_reserve = 1099511627776'
status_is 2 'LATCHKEY CRITICAL - disk: [0-9]* bytes free, disk_reserve is 1099511627776 \| .*' 'a disk that is full'
set_conf 'hash_cost = 1' 'mail_command ='
{ flock 9 && exec sleep 600; } 9<"$state/store/gate" &
holder=$!
is_held() { ! flock -n "$state/store/gate" true; }
ok_if 'the gate is held' wait_for 60 is_held
status_is 2 'LATCHKEY CRITICAL - store: it cannot be had now; the log says why \| .*' 'another process is inside'
kill "$holder"
wait "$holder" 2>/dev/null
set_conf 'hash_cost = expensive'
status_is 3 'LATCHKEY UNKNOWN - the settings or the state cannot be read: see standard error' 'a setting that is none'
mv "$state" "$state.away"
printf 'state_dir = %s\n' "$state" >"$conf"
status_is 3 'LATCHKEY UNKNOWN - .*' 'no state'
mv "$state.away" "$state"

# --- top

set_conf 'hash_cost = 1' 'mail_command ='
top_once() { said=$(latchkey top "$@" 2>>"$log"); }
for option in --once ''; do
	top_once ${option:+"$option"}
	is "$?" 0 "top ${option:-without a terminal}"
	same_lines "$(printf '%s\n' "${programs[@]}" program)" "$(sed '1,/^$/d' <<<"$said" | cut -d ' ' -f 1)" "top $option: a line for each program"
	like "$said" $'\nlogin +[0-9]+ +[0-9]+ +1 +0 +0 +[0-9.]+ +[0-9.]+\n' "top $option: the refused sign-in"
	is "$(grep -c $'\e' <<<"$said")" 0 "top $option: no control characters"
done
shown() { [[ $(grep -o $'\e\[2J' "$work/screen" 2>/dev/null | wc -l) -ge "$1" ]]; }
script -qfec "$build/cli/latchkey --config $conf top" "$work/screen" </dev/null >/dev/null 2>>"$log" &
viewer=$!
ok_if 'on a terminal it shows them again and again' wait_for 60 shown 2
like "$(tr -d '\r' <"$work/screen")" $'\nverify +0[.]0 +0[.]0 ' 'as rates'
kill "$viewer"
wait "$viewer" 2>/dev/null
rm "$state/counters"
top_once --once
is "$? $said" '1 ' 'where nothing was counted, it says so'
done_testing
