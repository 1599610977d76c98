#!/bin/bash
# store-watch.t - on a database: the process that sees what other machines change, what the operator is told of the servers,
# and what a backup has
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/postgresql.sh
. "${0%/*}/postgresql.sh"

password=Quiet-Harbour-42
pg_start one
pg_sql one 'alter role latchkey nocreatedb'
pg_database one accounts
fresh 'hash_cost = 1' 'mail_command =' "store = $(pg_uri one accounts)"

# --- before there is anything

try 2 'no tables: store status' store status
like "$out" $'\nerror +the database has no tables of latchkey.s(\n|$)' 'no tables: which it says'
try 0 'the tables are made' store init
add admin "$password" --admin
try 1 'nobody watches: status' status
like "$out" 'LATCHKEY WARNING - watch: nobody watches the database' 'nobody watches: which it says'

# --- one that watches

watch() {
	"$build/cli/latchkey" --config "$conf" store watch >"$work/watch.out" 2>>"$work/watch.log" &
	watcher=$!
	pids+=("$watcher")
	wait_for 30 is_watched || give_up 'nobody watches'
}
# says PATTERN WORD...: what a command prints, whatever its exit status.
says() { grep -q "$1" < <(latchkey "${@:2}" 2>>"$log"); }
is_watched() { says '^watch  *runs; this machine has looked [0-4]\.' store status; }
ends() { # SIGNAL
	kill -s "$1" "$watcher"
	wait "$watcher"
	is "$?" 0 "it ends on $1"
}
count() { od -An -t u8 -N 8 "$state/store-page" | tr -d ' '; }
has_moved() { [[ $(count) != "$before" ]]; }

: >"$work/watch.log"
watch
try 0 'watched: status' status
set_conf 'hash_cost = 1' 'mail_command =' 'disk_reserve = 1099511627776' "store = $(pg_uri one accounts)"
try 0 'less than disk_reserve is free here, where no record is: status' status
like "$out" ' free=[0-9]*B store=' 'less than disk_reserve is free here: status has no limit for it'
latchkey doctor >"$work/out" 2>>"$log"
ok_if 'less than disk_reserve is free here: doctor' grep -q '^ok  *room$' "$work/out"
set_conf 'hash_cost = 1' 'mail_command =' "store = $(pg_uri one accounts)"
try 1 'a second one' store watch
like "$err" 'another process watches it on this machine' 'a second one is refused'
before=$(count)
pg_sql one 'update generation set n = 42' accounts
ok_if "another machine's change is seen" wait_for 30 has_moved
pg_stop one
ok_if 'an outage' wait_for 30 grep -q ': error: store: database accounts: connect: ' "$work/watch.log"
lost() { says '^LATCHKEY CRITICAL - .*store: it cannot be had now' status; }
ok_if 'an outage: status says so' wait_for 30 lost
try 2 'an outage: store status' store status
like "$out" $'\nerror +no server takes changes' 'an outage: which it says'
is "$err" '' 'an outage: and nothing else besides'
latchkey store status --json >"$work/out" 2>>"$log"
ok_if 'an outage: store status --json' python3 - "$work/out" <<-'END'
	import json, sys
	it = json.load(open(sys.argv[1]))
	assert it["result"] == "error" and it["servers"][0]["state"] == "away" and it["servers"][0]["why"], it
	assert it["watch"]["runs"] and any("no server takes changes" in f["what"] and f["command"] for f in it["findings"]), it
END
try 2 'an outage: doctor' doctor
like "$out" $'\nerror +servers: [^\n]*pg:[0-9]+: [^\n]*\n +ssh ' 'an outage: the doctor says which server'
is "$(grep -c '^error *store: ' <<<"$out") $(grep -cE '^ok *(administrator|auth_enabled|records)$' <<<"$out") $err" '1 0 ' \
	'an outage: the doctor says once that the store cannot be had, and of no record that it is well'
pg_start one
ok_if 'it goes on when the database is back' wait_for 60 grep -q 'database accounts: it can be had again' "$work/watch.log"
ok_if 'an outage: it was said, and not twice a second' [ "$(grep -c ': error: ' "$work/watch.log")" -le 4 ]
ok_if 'and what it sees is new' wait_for 30 is_watched
ends USR2
watch
ends TERM

# --- what is wrong with a database

# finds LEVEL CHECK PATTERN NAME: what the doctor says, and the command that mends it.
finds() {
	local found
	latchkey doctor >"$work/out" 2>>"$log"
	found=$(grep -A1 -E "^$1 +$2: .*$3" "$work/out")
	if [[ $found ]]; then pass "$4: found"; else flunk "$4: found" "$(<"$work/out")"; fi
	command=$(sed -n '2s/^ \{9\}//p' <<<"$found")
}
# mends LEVEL CHECK PATTERN NAME: and that it is gone after that command, by the superuser.
mends() {
	finds "$@"
	PGHOST=$pg_dir PGPORT=${pg_port[one]} PGUSER=postgres bash -c "$command" >>"$log" 2>&1 || diag "$command"
	if wait_for 30 is_gone "$@"; then pass "$4: mended"; else flunk "$4: mended" "$command" "$(<"$work/out")"; fi
}
is_gone() {
	latchkey doctor >"$work/out" 2>>"$log"
	! grep -qE "^$1 +$2: .*$3" "$work/out"
}
mends error durable 'fsync is off' 'a server that does not flush'
mends error durable 'full_page_writes is off' 'a server that does not write whole pages'
pg_sql one 'alter role latchkey createdb'
mends warning role 'rights that it does not need: createdb' 'a role with too many rights'
is "$(grep -E '^(ok|warning|error)' "$work/out" | sed -n 's/^ok *\(servers\|tables\|standbys\|durable\|network\|role\|clocks\|lock\|machines\)$/\1/p' | xargs)" \
	'servers tables standbys durable network role clocks lock machines' 'all is well with it then'
finds warning watch 'nobody watches' 'nobody watches'
held() {
	latchkey doctor >"$work/out" 2>>"$log"
	grep -q "^error  *lock: $said" "$work/out"
}
pg_sql one 'create role stranger login'
while IFS=: read -r what role said lock; do
	psql -qX "$(pg_uri one accounts "$role")" >>"$log" 2>&1 < <(
		echo "$lock(7155, 'generation'::regclass::oid::integer);"
		read -rt 60 -u "$never"
	) &
	holder=$!
	ok_if "$what: found" wait_for 30 held
	mends error lock "$said" "$what"
	kill "$holder" 2>/dev/null
	wait "$holder" 2>/dev/null
done <<'END'
a process that has the lock:latchkey:a process on .* has had the lock for:begin; select pg_advisory_xact_lock
one that has it without a transaction:latchkey:a process on .* has had the lock for:select pg_advisory_lock
another role has it:stranger:the role stranger, which is not latchkey's, has the lock:begin; select pg_advisory_xact_lock
END
if ((!EUID)); then
	chown 0 "$state/store-page"
	mends error state 'of its files belong to another user' "a page that is root's"
fi
install -m 0644 "${owned[@]}" /dev/null "$state/pgpass"
set_conf 'hash_cost = 1' 'mail_command =' "store = $(pg_uri one accounts)&passfile=$state/pgpass"
mends error network 'mode 0644 lets others read the password' 'a password that others can read'
set_conf 'hash_cost = 1' 'mail_command =' "store = $(pg_uri one accounts)"
pg_sql one "insert into records values ('revoked', 'nothing', '{}')" accounts
pg_sql one "create table large as select repeat('x', 1900) from generate_series(1, 18000)" accounts
try 1 'a large database: doctor' doctor
like "$out" $'\nok +records: not looked at, as the store has [0-9]+ MB; this does\n +latchkey --config [^ ]* check\n' \
	'a large database: its records are left to latchkey check'
pg_sql one 'drop table large' accounts
finds error records 'revoked nothing: it does not say when it expires' 'a damaged record of one that is not large'
pg_sql one "delete from records where key = 'nothing'" accounts

# --- two servers

pg_standby two one
both="postgresql://latchkey@/accounts?host=$pg_dir,$pg_dir&port=${pg_port[one]},${pg_port[two]}"
set_conf 'hash_cost = 1' 'mail_command =' "store = $both"
latchkey store status >"$work/out" 2>>"$log"
latchkey store status --json >"$work/json" 2>>"$log"
ok_if 'two servers: store status --json' python3 - "$work/json" <<-'END'
	import json, sys
	it = json.load(open(sys.argv[1]))
	assert [(s["state"], s["in_use"], s["tls"]) for s in it["servers"]] == [("primary", True, False), ("standby", False, False)], it
	assert it["database"]["version"] == 1 and it["database"]["bytes"] > 0 and it["lock"] == {"waiting": 0}, it
	assert [(m["this_one"], m["lacks"]) for m in it["machines"]] == [(True, [])] and it["result"] == "warning", it
END
like "$(<"$work/out")" "^server +[^ ]*:${pg_port[one]}: primary, in use, PostgreSQL 1[0-9.]+[^"$'\n]*\n'"server +[^ ]*:${pg_port[two]}: standby" 'two servers: what each is'
finds warning standbys 'no standby is synchronous' 'a standby that is not waited for'
pg_sql one 'grant pg_read_all_stats to latchkey'
pg_synchronous one two
latchkey doctor >"$work/out" 2>>"$log"
ok_if 'a synchronous standby: all is well' grep -q '^ok  *standbys$' "$work/out"
pg_sql one 'alter role latchkey set synchronous_commit = local'
finds error standbys 'synchronous_commit is local' 'a commit that does not wait'
pg_sql one 'alter role latchkey reset synchronous_commit'
pg_synchronous one
pg_promote two
finds error servers "${pg_port[one]} takes changes, and so does [^ ]*:${pg_port[two]}: the old primary was not fenced" 'an old primary that nobody has fenced'
pg_stop one
finds warning servers "${pg_port[one]}: " 'a server that is away'
try 1 'a server that is away: store status' store status
pg_stop two
try 2 'both are away' doctor
is "$(sed -En 's/^(ok|warning|error) +(servers|tables|standbys|durable|network|role|clocks|lock|watch|machines)\b.*/\2/p' "$work/out" | sort -u | xargs)" \
	'network servers watch' 'both are away: what cannot be looked at is not said to be well'
pg_start two

# --- a backup has this machine's secrets

install -d -m 0700 "${owned[@]}" "$work/backups"
try 0 'a backup' backup --keep 2 "$work/backups"
like "$out" 'these are the secrets of this machine; .*pg_basebackup' 'a backup: what it is, and how the records get theirs'
ok_if 'a backup: the manifest says so' grep -q '"secrets":true' "$work"/backups/latchkey-*/manifest
try 0 'check' check
try 0 'check --files' check --files
try 1 'where there are secrets' restore "$work"/backups/latchkey-*
like "$err" 'two are never mixed' 'where there are secrets a restore is refused'
mv "$state/store" "$work/lost"
try 0 'the secrets are restored' restore "$work"/backups/latchkey-*
like "$out" '^the secrets of this machine, of 20' 'the secrets are restored: what it says'
way=cgi
request POST /v1/api-login -d "{\"username\":\"admin\",\"password\":\"$password\"}"
is "$status ${member_of[.success]-}" '200 true' 'people sign in'
rm "$work/out"
mv "$state/store" "$work/lost2"
set_conf 'hash_cost = 1'
try 1 'on Berkeley DB' restore "$work"/backups/latchkey-*
like "$err" 'it has the secrets of a machine alone' 'on Berkeley DB it is refused'
done_testing
