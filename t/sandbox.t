#!/bin/bash
# The sandbox: every program is in it before it listens, the command where it can, and nobody else is in the state.
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

if [[ ${under[0]-} ]] || grep -q '^#define SANITIZERS 1' "$build/config.h"; then
	echo '1..0 # SKIP neither valgrind nor the sanitizers could work in it'
	exit 0
fi
common=('hash_cost = 1' 'mail_command =')

# status_of PID: NoNewPrivs and Seccomp, in numbers.
status_of() { awk '/^(NoNewPrivs|Seccomp):/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$1/status"; }
core_of() { sed -n 's/^Max core file size *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p' "/proc/$1/limits"; }
all_of() { echo "$(status_of "$1") $(core_of "$1")"; }
shows() { [[ $(all_of "$1") == "$2" ]]; }
# looks_into PID: as the user that it runs as, with no rights besides.
looks_into() { "${as_owner[@]}" head -c 1 "/proc/$1/environ" >/dev/null 2>&1; }
# Where root tests, the owner is another user without rights; where another user tests, that user is the owner.
attaches_to() { "${as_owner[@]}" timeout 60 strace -qq -o /dev/null -p "$1" >"$work/strace" 2>&1; (($? == 124)); }

# confined NAME PID...: each of them is.
confined() {
	local pid name=$1
	shift
	for pid; do
		wait_for 60 shows "$pid" '1 2 0 0'
		is "$(all_of "$pid")" '1 2 0 0' "$name: no new privileges, a filter, no core"
		if looks_into "$pid"; then
			flunk "$name: nobody of the same user looks into it"
		else
			pass "$name: nobody of the same user looks into it"
		fi
	done
}

# --- the programs

set_conf "${common[@]}"
start fcgi
for pid in "${pids[@]}"; do
	confined "fcgi: $(basename "$(tr '\0' '\n' <"/proc/$pid/cmdline" | head -n 1)")" "$pid"
done
add admin Quiet-Harbour-42 --admin
sign_in admin && request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 204 'fcgi: they work'
attaches_to "${pids[0]}"
is "$? $(grep -c 'Operation not permitted' "$work/strace")" '1 1' 'fcgi: no debugger of the same user'
kill -ABRT "${pids[0]}"
wait "${pids[0]}" 2>/dev/null
is "$?" $((128 + 6)) 'fcgi: abort() is what ends it'
is "$(grep sandbox "$log")" '' 'fcgi: the sandbox has nothing to say'

stop
set_conf "${common[@]}" 'sandbox = off'
start fcgi
sign_in admin
is "$status" 200 'sandbox = off: they work'
is "$(status_of "${pids[0]}")" '0 0' 'sandbox = off: none'
ok_if 'sandbox = off: the same user may look into it' looks_into "${pids[0]}"

# waiting PROGRAM...: started with an open end of a pipe as its input; sets $pid.
waiting() {
	rm -f "$work/pipe"
	mkfifo "$work/pipe"
	exec {pipe}<>"$work/pipe"
	"$@" <"$work/pipe" {pipe}>&- >>"$work/out" 2>>"$log" &
	pid=$!
}
go_on() { # WITH
	printf '%s' "$1" >&"$pipe"
	exec {pipe}>&-
	wait "$pid"
}

stop
set_conf "${common[@]}"
: >"$log"
waiting env LATCHKEY_CONF="$conf" REQUEST_METHOD=POST SCRIPT_NAME=/auth/admin/login CONTENT_TYPE=application/json \
	CONTENT_LENGTH=31 "${as_owner[@]}" "$build/cgi/login"
confined cgi "$pid"
go_on '{"password":"Quiet-Harbour-42"}'
is "$? $(head -n 1 "$work/out" | tr -d '\r')" '0 Status: 200 OK' 'cgi: it works'

# --- the audit's lines

install -d "${owned[@]}" "$work/audit"
set_conf "${common[@]}" "audit = $work/audit/log" 'audit_size = 65536'
"${as_owner[@]}" dd if=/dev/zero of="$work/audit/log" bs=65536 count=1 status=none
start fcgi
sign_in admin
sign_in admin
is "$status $(grep -c sign-in "$work/audit/log") $(grep -ac sign-in "$work/audit/log.1")" '200 2 0' \
	'audit: a file elsewhere is written, and rotated'
set_conf "${common[@]}" 'audit = syslog'
start cgi
sign_in admin
is "$status" 200 'audit: syslog, whether there is one or not'
set_conf "${common[@]}"

# --- the command

cli=("$build/cli/latchkey" --config "$conf")
waiting "${cli[@]}" user passwd admin
confined 'the command' "$pid"
go_on 'Other-Harbour-43'
is "$?" 0 'the command: it works'

# sendmail may be setgid, which no new privileges would undo.
"${cli[@]}" mail send >>"$log" 2>&1 &
pids=($!)
wait_for 60 shows $! '0 0 0 0'
is "$(all_of $!)" '0 0 0 0' 'mail send: no core, and what sendmail needs'
looks_into $!
is "$?" 1 'mail send: nobody of the same user looks into it'
stop

# --- behind nginx

start nginx
mapfile -t found < <(workers '')
is "${#found[@]}" $((2 * ${#programs[@]} - 1)) 'nginx: all of them, and of status one'
is "$(for pid in "${found[@]}"; do
	wait_for 60 shows "$pid" '1 2 0 0'
	all_of "$pid"
done | sort -u)" '1 2 0 0' 'nginx: each has no new privileges, a filter, no core'
is "$(for pid in "${found[@]}"; do ! looks_into "$pid" || echo "$pid"; done)" '' 'nginx: nobody of the same user looks into one'
sign_in admin Other-Harbour-43
is "$status" 200 'nginx: they work'
stop

# --- other users and the state

# refused REASON NAME: both do not start.
refused() {
	LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/login" </dev/null >"$work/out" 2>"$work/err"
	is "$? $(<"$work/out")" '1 ' "$2: a program does not start"
	is "$(<"$work/err")" "latchkey login: error: $1" "$2: and says why"
	"${cli[@]}" user list >"$work/out" 2>"$work/err"
	is "$? $(<"$work/out")" '1 ' "$2: nor does the command"
	is "$(<"$work/err")" "latchkey command: error: $1" "$2: which says it, too"
}
set_conf "${common[@]}"
cli=("$build/cli/latchkey" --config "$conf")
for mode in 0750 0705 0701 2770; do
	chmod "$mode" "$state"
	refused "state_dir: $state: mode $mode lets others in; make it 0700" "state_dir $mode"
done
set_conf "${common[@]}" 'sandbox = off'
refused "state_dir: $state: mode 2770 lets others in; make it 0700" 'state_dir 2770, sandbox = off'
chmod 00700 "$state"
install -d -m 0755 "${owned[@]}" "$work/store"
set_conf "${common[@]}" "store = bdb:$work/store"
refused "store: $work/store: mode 0755 lets others in; make it 0700" 'a store elsewhere, 0755'
chmod 0700 "$work/store"
is "$("${cli[@]}" import - <<<'{"username":"ann"}' 2>&1 | grep -v ' made$')" '1 imported, 0 there already, 0 skipped' 'a store elsewhere, 0700'
ok_if 'a store elsewhere, 0700: the records are there' test -s "$work/store/accounts.btr"

set_conf "${common[@]}"
rm -rf "$state"
LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/login" </dev/null >"$work/out" 2>"$work/err"
is "$? $(<"$work/out")" '1 ' 'state_dir is missing: a program does not start'
is "$(<"$work/err")" "latchkey login: error: sandbox: $state: No such file or directory" 'state_dir is missing: and says why'

done_testing
