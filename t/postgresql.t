#!/bin/bash
# postgresql.t - the records in a real PostgreSQL: the store's contract, tests of what is kept there, and what goes wrong
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/server.sh
. "${0%/*}/server.sh"
# shellcheck source=SCRIPTDIR/postgresql.sh
. "${0%/*}/postgresql.sh"

good=Quiet-Harbour-42
common=('hash_cost = 1' 'mail_command =' 'throttle = off')

pg_start one 'max_connections = 200'
pg_tables one latchkey "$build"

# --- what has to go well

# empty DATABASE: a new one, with the tables.
empty() { pg_sql one "drop database if exists $1 with (force)" && pg_sql one "create database $1 template latchkey owner latchkey"; }

# The tests of what is kept in the store, as they are: each state_dir has a database of its own.
runs_on_it() { # NAME PROGRAM
	local said
	if said=$(LATCHKEY_TEST_STORE=$(pg_uri one) "$2" 2>&1); then
		pass "$1: ${2##*/}, $(grep -c '^ok' <<<"$said") of its tests"
	else
		flunk "$1: ${2##*/}" "$(grep -v '^ok' <<<"$said" | tail -n 30)"
	fi
}
while read -r name program; do
	runs_on_it "$name" "$build/t/unit/$program"
done <<'END'
contract store/store
sign-in account/account-sign-in
codes account/code
tokens account/token
sessions account/session-record
factors account/factor
mail account/mail
check account/integrity
keys site/keys-shared
END
runs_on_it 'import and check' "$top/t/export.t"

# --- the programs, sealed, by a socket and by TLS

# here URI: a fresh state on it.
here() {
	stop
	rm -rf "$state"
	set_conf "${common[@]}" "store = $1"
}
verified() { request GET /auth/verify -H "Authorization: Bearer $token"; echo "$status"; }
signed_in() { sign_in admin "$good"; echo "$status ${header_of[Retry-After]-}"; }
is_verified() { [[ $(verified) == "$1" ]]; }
signs_in() { [[ $(signed_in) == "$1" ]]; }

# works NAME: an account, a sign-in, a request, by each program's own process.
works() {
	add admin "$good" --admin
	start fcgi
	sign_in admin "$good"
	is "$status $(verified)" '200 204' "$1: a sign-in, and what it opens"
	is "$(for pid in "${pids[@]}"; do awk '/^(NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$pid/status"; done | sort -u)" \
		"$(for _ in "${pids[@]}"; do printf '1 2 '; done)" "$1: each program is in the sandbox"
	is "$(grep -c ' error: ' "$log")" 0 "$1: and nobody complains" || tail "$log"
}

empty a
here "$(pg_uri one a)"
: >"$log"
works 'on a socket'

# Wrong tries are counted there, for all machines.
set_conf "${common[@]/throttle = off/throttle = on}" "store = $(pg_uri one a)"
start fcgi
for _ in {1..6}; do sign_in admin Wrong-Harbour-42; done
is "$status $(pg_sql one "select count(*) > 0 from records where kind = 'throttle'" a)" '429 t' 'throttle: six wrong passwords'
like "$(latchkey check 2>>"$log")" '[0-9]+ records, 0 problems$' 'check: nothing is wrong with it' ||
	diag "$(latchkey check 2>&1)"

# The password is in a file that the programs' user alone can read.
pg_tls one
pg_sql one "create role app login password 'sesame-of-the-database'; grant latchkey to app"
pg_rules one <<-END
	hostssl all app 127.0.0.1/32 scram-sha-256
	host all app 127.0.0.1/32 reject
END
install -d -m 0700 "${owned[@]}" "$work/pass"
pass_word() { install -m 0600 "${owned[@]}" /dev/stdin "$work/pass/pgpass" <<<"*:*:*:app:$1"; }
pass_word sesame-of-the-database
install -d -m 0755 "$work/tls"
install -m 0644 "$pg_dir"/tls/{ca,other}.crt "$work/tls"
by_tls() { echo "$(pg_tcp one b app)?sslmode=verify-full&sslrootcert=$work/tls/${1-ca}.crt&passfile=$work/pass/pgpass"; }

empty b
here "$(by_tls)"
: >"$log"
works 'by TLS with a password'
is "$(pg_sql one "select count(*) > 0 from pg_stat_ssl join pg_stat_activity using (pid) where ssl and usename = 'app'")" t \
	'by TLS with a password: the connections are such'

# --- what has to go wrong

# secret_kept NAME: in no log, title or argument.
secret_kept() {
	is "$(grep -c sesame "$log") $(for pid in "${pids[@]}"; do cat "/proc/$pid"/{cmdline,comm}; done | grep -ac sesame)" '0 0' \
		"$1: no secret in a log, a title or an argument"
}
# fails NAME WORDS: each request a 503 that says when to come back; the log says why, in a line a try.
fails() {
	: >"$log"
	is "$(signed_in)" '503 1' "$1: a sign-in is a 503, with Retry-After"
	is "$(verified)" 401 "$1: verify says no"
	is "$(grep -c ' error: \[' "$log") $(grep -c " error: \[.*$2" "$log")" '2 2' "$1: a line in the log for each, with the reason" ||
		diag "$(grep '\[' "$log")"
	secret_kept "$1"
}
# anew: the programs once more, as at a start, which does not fail.
anew() { start fcgi; }

set_conf "${common[@]}" "store = $(by_tls other)"
anew
fails 'a wrong certificate' 'certificate verify failed'

set_conf "${common[@]}" "store = $(by_tls)"
pass_word sesame-of-before
anew
fails 'a wrong password' 'password authentication failed for user "app"'
pass_word sesame-of-the-database
ok_if 'a wrong password: the right one works, without another start' wait_for 20 signs_in '200 '

set_conf "${common[@]}" "store = $(pg_tcp one b nobody)"
anew
fails 'a wrong role' 'role "nobody" does not exist'

pg_sql one 'create role stranger login'
set_conf "${common[@]}" "store = $(pg_tcp one b stranger)"
anew
fails 'a role without rights' 'permission denied'

pg_sql one 'update latchkey_version set number = number + 1' a
set_conf "${common[@]}" "store = $(pg_uri one a)"
anew
fails 'tables of another version' 'its tables are of version'
pg_sql one 'update latchkey_version set number = number - 1' a

pg_database one c
set_conf "${common[@]}" "store = $(pg_uri one c)"
anew
fails 'no tables' "'latchkey store init' makes them"

# A standby alone can be read.
set_conf "${common[@]}" "store = $(pg_uri one b)"
anew
sign_in admin "$good"
pg_standby two one
set_conf "${common[@]}" "store = $(pg_uri two b)"
anew
: >"$log"
request POST /account/api/session -d "{\"name\":\"admin\",\"password\":\"$good\"}"
is "$status ${header_of[Retry-After]-} $(verified)" '503 1 204' 'a read-only standby alone: a session is a 503, and verify works'
cp "$state/store-page" "$work/page"
is "$(verified)" 204 'a read-only standby alone: verify asks it'
ok_if 'a read-only standby alone: and what it says is not remembered' eval '! cmp -s "$state/store-page" "$work/page"'
is_long_ago() { [[ $(latchkey store status 2>>"$log") =~ looked\ ([0-9]+)\. ]] && ((BASH_REMATCH[1] >= 3)); }
ok_if 'a read-only standby alone: what it says is not known to be of now' wait_for 60 is_long_ago
"${ahead[@]}" "$build/cli/latchkey" --config "$conf" store watch >"$work/watch.log" 2>&1 &
watcher=$!
pids+=("$watcher")
ok_if 'a read-only standby alone: who watches goes on looking for the primary' \
	wait_for 30 grep -q 'no server that can be written to' "$work/watch.log"
pg_promote two
ok_if 'a read-only standby alone: promoted, it is the primary' wait_for 30 signs_in '200 '
ok_if 'a read-only standby alone: which is seen' wait_for 30 grep -q 'it can be had again' "$work/watch.log"
kill "$watcher" && wait "$watcher"

# None at the start; it comes, and goes, and comes.
pg_stop two
anew
fails 'no database at the start' 'connect'
pg_start two
ok_if 'no database at the start: it comes, and they work, without another start' wait_for 30 signs_in '200 '
is "$(verified)" 204 'no database at the start: verify, too'
pg_kill two
ok_if 'a database that is gone: verify says no, after what it remembers' wait_for 10 is_verified 401
fails 'a database that is gone' 'connect'
pg_start two
ok_if 'a database that is gone: it comes again' wait_for 30 signs_in '200 '
is "$(verified)" 204 'a database that is gone: verify, too'

# --- what processes of long ago have left

# A process deletes their marks, and does not wait for one that is in use: the unit of that may be waiting for the lock.
empty marks
here "$(pg_uri one marks)"
pg_sql one "insert into outcome select 'old' || n, n, now() - interval '1 hour' from generate_series(1, 2) n" marks
left() { pg_sql one "select string_agg(client, ' ') from outcome where client like 'old%'" marks; }
mkfifo "$work/hold"
psql -qXAt "$(pg_uri one marks postgres)" <"$work/hold" >"$work/held" 2>>"$log" &
holder=$!
exec {hold}>"$work/hold"
echo "begin; select client from outcome where client = 'old1' for update;" >&"$hold"
ok_if 'marks: one is in use' wait_for 60 grep -q old1 "$work/held"
try 0 'marks: nobody waits for it' user add ann <<<"$good"
is "$(left)" old1 'marks: the others are gone'
exec {hold}>&-
wait "$holder"
try 0 'marks: it is in use no more' user add ben <<<"$good"
is "$(left)" '' 'marks: and gone'

# --- for a try

stop
is_served() { [[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/auth/admin/login" -H 'Content-Type: application/json' -d "{\"password\":\"$good\"}") == "$1" ]]; }
runs_with() { # RUN: sets $pids
	port=$(free_port)
	: >"$log"
	LATCHKEY_BUILD=$build "$top/nginx-example/run" --with-postgresql --state "$work/run" --port "$port" --workers 1 \
		--set 'hash_cost = 1' --set 'mail_command =' >>"$log" 2>&1 &
	pids=($!)
	ok_if "run --with-postgresql: $1" wait_for 60 is_ready || diag "$(tail "$log")"
}
runs_with 'for the first time'
echo "$good" | "$build/cli/latchkey" --config "$work/run/latchkey.conf" user add admin --admin >>"$log" 2>&1
ok_if 'run --with-postgresql: a sign-in' is_served 200
stop
ok_if 'run --with-postgresql: the database ends with it' test ! -e "$work/run/db/data/postmaster.pid"
runs_with 'again'
ok_if 'run --with-postgresql: the account is there' is_served 200

done_testing
