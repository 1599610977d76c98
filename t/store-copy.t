#!/bin/bash
# store init and store copy: the tables; all records from Berkeley DB's files into a database and back, by copies that are
# killed; what is refused meanwhile.
. "${0%/*}/lib.sh"
. "${0%/*}/postgresql.sh"

password=Quiet-Harbour-42
accounts=1500

# A database that has nothing yet.
pg_start one
pg_database one copies
database=$(pg_uri one copies)
files=bdb:store

names() { # STORE: what the setting store is from here on
	printf 'store = %s\n' "$1" >"$work/store.line"
	grep -v '^store = ' "$conf" >"$work/conf.new"
	cat "$work/conf.new" "$work/store.line" >"$conf"
}
# exported NAME: all that an export has.
exported() { latchkey export >"$work/$1" 2>>"$log"; }
# copy_killed FROM TO: the copy ends by a signal, again and again, and goes on, until one gets to the end; sets $out.
copy_killed() {
	local i result=1
	for i in 02 05 1 2 3; do
		timeout -s KILL "0.$i" "${ahead[@]}" "$build/cli/latchkey" --config "$conf" store copy "$1" "$2" >"$work/copied"
		result=$?
		((result != 0)) || break
	done 2>>"$log"
	if ((result != 0)); then
		latchkey store copy "$1" "$2" >"$work/copied" 2>>"$log"
		result=$?
	fi
	out=$(<"$work/copied")
	return "$result"
}

fresh 'hash_cost = 1' 'throttle = off'
try 0 'the tables of files' store init
like "$out" 'nothing to make' 'the tables of files: it says so'
add admin "$password" --admin
add ann "$password" --email ann@example.org
latchkey token new admin service >>"$log" 2>&1
hash=$(openssl passwd -6 -salt salt "$password")
for ((i = 0; i < accounts; i++)); do
	printf '{"username":"user%d","email":"user%d@example.org","hash":"%s"}\n' $i $i "$hash"
done | latchkey import - >>"$log" 2>&1
exported before

# --- there

try 2 'from a store to itself' store copy "$files" "$files"
try 1 'from a store that is not there' store copy bdb:sotre bdb:other
like "$err" 'bdb:sotre: there is no such store' 'from a store that is not there: why'
try 1 'from a store that is not there, given up' store copy --give-up bdb:sotre bdb:other
is "$(ls -d "$state"/{sotre,other} 2>/dev/null)" '' 'from a store that is not there: nothing is made'
try 1 'to no store' store copy "$files" /var/lib
try 1 'to a database without tables' store copy "$files" "$database"
like "$err" 'store init' 'to a database without tables: the command'
names "$database"
try 0 'the tables' store init
try 0 'and once more' store init
names "$files"
copy_killed "$files" "$database"
is $? 0 'there'
like "$out" "account: $((accounts + 2))" 'there: how many'
like "$out" 'Both are the same' 'there: compared'
try 1 'a change of what was copied' user disable ann
like "$err" 'copied to another store' 'a change of what was copied: why'
try 0 'it is read' user show ann
names "$database"
exported there
ok_if 'there: the same' cmp -s "$work/before" "$work/there"
try 0 'there: no damage' check
try 0 'there: it is written to' user disable ann
try 1 'there, a second time' store copy "$files" "$database"
like "$err" 'no copy was begun' 'there, a second time: why'

# --- and back, to where records of before are

exported changed
copy_killed "$database" "$files"
is $? 0 'back'
try 1 'a change of what was copied back' user enable ann
like "$err" 'copied to another store' 'a change of what was copied back: why'
names "$files"
exported back
ok_if 'back: the same' cmp -s "$work/changed" "$work/back"
try 0 'back: no damage' check
try 0 'back: it is written to' user enable ann

# --- a copy that is not the same, and one that is given up

try 0 'to other files' store copy "$files" bdb:other
try 0 'given up' store copy --give-up "$files" bdb:other
try 0 'given up: it is written to' user disable ann
names bdb:other
try 0 'the other files' user show ann
names "$files"

# --- the user of the programs, and the tables' owner

pg_database one owned
pg_sql one 'create role programs login' && pg_sql one 'create role owner login' && pg_sql one 'alter database owned owner to owner'
names "$(pg_uri one owned programs)"
try 1 'the tables, as a user who may make none' store init
like "$err" 'permission denied' 'the tables, as a user who may make none: why'
try 0 'the tables, as their owner' store init --owner "$(pg_uri one owned owner)"
try 0 'the programs write' user add bob <<<"$password"
is "$(pg_sql one "select has_table_privilege('programs', 'latchkey_version', 'update')" owned)" f 'and no more than they need'
pg_sql one 'update latchkey_version set number = 7' owned
try 1 'tables of another version' user show bob
like "$err" 'version 7, and this latchkey knows 1' 'tables of another version: both'
shape() { pg_sql one "select table_name, column_name, privilege_type from information_schema.column_privileges
	where table_schema = current_schema order by 1, 2, 3" owned; }
before=$(shape)
pg_sql one 'drop view documents' owned
try 1 'tables of a newer version' store init --owner "$(pg_uri one owned owner)"
like "$err" 'version 7, and this latchkey knows 1' 'tables of a newer version: both'
is "$(pg_sql one "select to_regclass('documents') is null" owned)" t 'tables of a newer version: nothing is made'

# A version before the first, which did not know events yet.
pg_sql one "update latchkey_version set number = 0; alter type record_kind rename value 'event' to 'other'" owned
try 1 'tables of an older version' user show bob
like "$err" 'store init' 'tables of an older version: the command'
try 0 'tables of an older version: brought to this one' store init --owner "$(pg_uri one owned owner)"
is "$(pg_sql one 'select number from latchkey_version' owned) $(shape)" "1 $before" 'the version, and the rights of before'
try 0 'what was there is there' user show bob
is "$(pg_sql one "insert into records values ('event', 'a/1', '{}') returning key" owned)" a/1 'the kinds of this version'
is "$(pg_sql one "insert into records values ('another', 'a', '{}')" owned 2>&1 | grep -c record_kind)" 1 'and no others'

pg_stop one
try 1 'no database' user show bob
like "$err" 'connect' 'no database: why'
done_testing
