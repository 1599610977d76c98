#!/bin/bash
# machines.t - two machines with a state_dir each and one database: what is ended on one is over on the other within a second,
# a first account that is made on both is one, and keys are where they belong
. "${0%/*}/lib.sh"
. "$top/t/postgresql.sh"
rounds=${ROUNDS:-20}

# on MACHINE ARGUMENT...: the command there.
on() { latchkey --config "$work/$1/latchkey.conf" "${@:2}"; }
latchkey() { "$build/cli/latchkey" "$@"; }
python() { /usr/bin/python3 -I "$top/t/machines.py" "$@"; }

# machine NAME: its state_dir and settings.
machine() {
	install -d -m 0755 "$work/$1"
	state=$work/$1/state
	set_conf "store = $(pg_uri one site)" 'hash_cost = 1' 'throttle = off' 'mail_command ='
	mv "$conf" "$work/$1/latchkey.conf"
}
# start_machine NAME: its programs, and what looks after other machines' changes.
start_machine() {
	local program
	for program in login change verify account status; do
		LATCHKEY_CONF=$work/$1/latchkey.conf spawn-fcgi -n -s "$work/$1/$program.sock" "${spawn_as[@]}" -- \
			"$build/cgi/$program" >>"$log.$1" 2>&1 &
		pids+=($!)
	done
	"$build/cli/latchkey" --config "$work/$1/latchkey.conf" store watch >>"$log.$1" 2>&1 &
	pids+=($!) watch_of[$1]=$!
	for program in login change verify account status; do
		wait_for 60 listens "$work/$1/$program.sock" || give_up "no socket of $program"
	done
}
declare -A watch_of=()
# of_program MACHINE PROGRAM PATH: the status that it answers.
of_program() {
	/usr/bin/python3 -I "$top/t/fcgi.py" "$work/$1/$2.sock" GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD=GET \
		SCRIPT_NAME="$3" REQUEST_URI="$3" REMOTE_ADDR=127.0.0.1 HTTP_HOST=localhost LATCHKEY_LOCAL=yes |
		sed -n 's/^Status: \([0-9]*\).*/\1/p;q'
}
is_ready_at() { [[ $(of_program "$1" status /account/readyz) == 200 ]]; }
# lists MACHINE REGEX: whether `key machines` there has such a line.
lists() { on "$1" key machines 2>>"$log" | grep -Eq "$2"; }

pg_start one
pg_database one site
for each in ann ben; do machine "$each"; done
ok_if 'the tables' on ann store init

# --- keys: the first machine makes them, and the second one waits for them

ok_if 'an account on the one' on ann user add ann --email ann@example.org --admin --verified <<<Quiet-Harbour-42 2>>"$log"
for each in ann ben; do start_machine "$each"; done
is "$(of_program ben verify /auth/verify)" 401 'without its keys verify says no'
is "$(of_program ben status /account/readyz) $(of_program ann status /account/readyz)" '503 200' 'and readyz keeps people away'
ok_if 'the log says how to get them' wait_for 60 grep -q 'this machine lacks .*latchkey key import' "$log.ben"
ok_if 'the other one knows that it is there' wait_for 60 lists ann 'jwt|code_key'
is "$(on ben export --kind account 2>>"$log" | grep -c '"username":"ann"')" 1 'what it has of accounts needs no keys'
is "$(on ben export 2>&1 >"$work/out" | grep -c 'this machine lacks .*latchkey key import') $(wc -c <"$work/out")" '1 0' \
	'all of it does'
echo 'Quiet harbour 42' >"$work/phrase"
on ann key export --passphrase "$work/phrase" "$work/keys" 2>>"$log"
on ben key import --passphrase "$work/phrase" "$work/keys" >"$work/out" 2>>"$log"
is "$(<"$work/out")" 'keys that are new here: 5' 'all keys'
ok_if 'it is ready' wait_for 60 is_ready_at ben
for word in $(on ann export --kind param --secrets | grep -o '"\(secret\|key\)":"[^"]*"' | cut -d '"' -f 4); do
	is "$(pg_sql one "select count(*) from records where strpos(doc::text, '$word') > 0" site)" 0 'no secret byte is in the database'
done

# --- what is ended on one machine

over() {
	local good all median most
	read -r good all median most < <(python "$1" "$rounds" "$build" "$work/ann" "$work/ben" 2>&1)
	is "$good of $all" "$rounds of $rounds" "$2: over on the other machine within a second"
	echo "# $2: $median ms, $most at most"
}
over sign-out 'a sign-out'
over password 'a new password'
over key 'a key that is retired'
kill -KILL "${watch_of[ben]}" && wait "${watch_of[ben]}" 2>/dev/null # bash has a word on it, too
rounds=5 over sign-out 'without store watch'
"$build/cli/latchkey" --config "$work/ben/latchkey.conf" store watch >>"$log.ben" 2>&1 &
pids+=($!)

# --- a first account that is made on both at once

cat >"$work/empty" <<END
#!/bin/bash
exec psql -qXv ON_ERROR_STOP=1 '$(pg_uri one site postgres)' -c "delete from records where kind not in ('machine', 'param') or
	(kind = 'param' and key <> 'keys')" -c "update generation set n = (random() * 1000000000)::bigint"
END
chmod 755 "$work/empty"
is "$(python first "$rounds" "$build" "$work/ann" "$work/ben" "$work/empty" 2>&1 | tail -n 1)" "$rounds $rounds" \
	'a first account that is made on both machines at once is one'
is "$(cat "$log.ann" "$log.ben" | grep -c 'died\|SIGSYS\|assert')" 0 'nothing has died'
done_testing
