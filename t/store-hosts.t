#!/bin/bash
# store-hosts.t - the servers that the setting `store` names: whose word counts, names that have no address yet, servers that
# hang or are silent, names that have several addresses
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/server.sh
. "${0%/*}/server.sh"
# shellcheck source=SCRIPTDIR/postgresql.sh
. "${0%/*}/postgresql.sh"

good=Quiet-Harbour-42
common=('hash_cost = 1' 'mail_command =' 'throttle = off')
pg_start one
pg_tables one accounts "$build"
here() { set_conf "${common[@]}" "store = $1"; }
fresh "${common[@]}" "store = $(pg_uri one accounts)"
add admin "$good" --admin
is "$(stat -c %u "$state"/store-page "$state"/store/*)" "$(for _ in "$state"/store-page "$state"/store/*; do stat -c %u "$state"; done)" \
	'what a command of root makes on the disk is the programs'\'' user'\''s'

# --- whose word counts

try_with() { local ahead=(env "${@:4}" "${ahead[@]}"); try "$1" "$2" user "$3"; }
try_with 0 'libpq is told of another server by the environment, and the setting counts' list \
	PGHOST=nowhere.invalid PGHOSTADDR=192.0.2.1 PGPORT=1 PGDATABASE=other PGUSER=other PGOPTIONS=-csearch_path=nowhere \
	PGSERVICE=other PGSSLMODE=verify-full PGREQUIREPEER=nobody PGTZ=nowhere PGPASSWORD=sesame PGTARGETSESSIONATTRS=standby
here "postgresql://latchkey@/accounts?port=${pg_port[one]}"
try_with 1 'a URI without a host' list "PGHOST=$pg_dir"
like "$err" '/var/run/postgresql/\.s\.PGSQL' 'a URI without a host: libpq looks where it was built to look'

# --- how many

hosts=$pg_dir ports=${pg_port[one]}
for ((i = 1; i < 16; i++)); do hosts+=,$pg_dir ports+=,${pg_port[one]}; done
here "postgresql://latchkey@/accounts?host=$hosts&port=$ports"
latchkey store status >"$work/out" 2>>"$log"
is "$(grep -c '^server .*primary' "$work/out")" 16 'sixteen hosts: each is asked'

# --- names

# getaddrinfo() goes by the file $names: a name and an address of it a line.
names=$work/names
: >"$names"
cat >"$work/names.c" <<-'END'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <netdb.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/socket.h>
	typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
	{
		look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
		FILE *file = fopen(getenv("NAMES"), "r");
		char known[64], address[64];
		struct addrinfo **end = found;
		int result = EAI_AGAIN;
		if (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0) /* libpq's, of an address */
			result = real(name, service, hints, found);
		while (file != NULL && fscanf(file, "%63s %63s", known, address) == 2)
			if (strcmp(known, name) == 0 && (result = real(address, service, hints, end)) == 0)
				end = &(*end)->ai_next; /* one address of one kind of socket: there was no next */
		if (file != NULL)
			fclose(file);
		return result;
	}
END
cc -shared -fPIC -o "$work/names.so" "$work/names.c" -ldl || give_up 'no library'

sign_in_at() { sign_in admin "$good"; echo "$status ${header_of[Retry-After]-}"; }
signs_in() { [[ $(sign_in_at) == "$1" ]]; }
programs=(login)
plain=("${under[@]}")
by_names=(env "LD_PRELOAD=$work/names.so" "NAMES=$names" ASAN_OPTIONS=verify_asan_link_order=0)
under=("$(command -v env)" "${by_names[@]:1}" multiwatch -f 1 -r 1000000 -t 1 -s TERM -- "${plain[@]}")
here "postgresql://latchkey@db1:${pg_port[one]},db2:${pg_port[one]}/accounts"
: >"$log"
start fcgi
is "$(sign_in_at)" '503 1' 'no name has an address: 503, with Retry-After'
like "$(<"$log")" 'connect: the host db1 had no address when it was looked up' 'no name has an address: the log says so'
echo 'db2 127.0.0.1' >"$names"
ok_if 'a name has an address: it comes back, without another start' wait_for 60 signs_in '200 '
is "$(grep -c 'names of the servers are looked up anew' "$log")" 1 'a name has an address: one process has ended for it'
: >"$log"
signs_in '200 '
is "$(grep -c 'error: ' "$log")" 0 'a name without an address is in nobody'\''s way'
pg_stop one
echo 'db2 127.0.0.2' >"$names"
pg_settings one <<<"listen_addresses = '127.0.0.2'"
pg_start one
ok_if 'a name has another address: it comes back, without another start' wait_for 60 signs_in '200 '
stop
here "postgresql://latchkey@127.0.0.2:${pg_port[one]}/accounts"
start fcgi
is "$(sign_in_at)" '200 ' 'an address is not looked up'
stop

# --- servers that hang

under=("${plain[@]}")
pg_standby two one
both="postgresql://latchkey@/accounts?host=$pg_dir,$pg_dir&port=${pg_port[one]},${pg_port[two]}"
here "$both"
start fcgi
is "$(sign_in_at)" '200 ' 'two servers'
pg_freeze one
pg_promote two
: >"$log"
is "$(sign_in_at)" '503 1' 'the primary hangs: 503'
is "$(sign_in_at)" '200 ' 'the primary hangs: the next request goes to the other one'
is "$(grep -c 'no answer in time' "$log")" 1 'the primary hangs: and does not wait for it once more'
stop
pg_thaw one

# Four sockets that take connections, and say nothing.
python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets), sep=",", flush=True)
sys.stdin.read()' <&"$never" >"$work/silent" &
silent=$!
wait_for 30 grep -q , "$work/silent" || give_up 'no silent servers'
here "postgresql://latchkey@/accounts?host=127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,$pg_dir&port=$(<"$work/silent"),${pg_port[two]}"
: >"$log"
start fcgi
is "$(sign_in_at)" '503 1' 'four of five are silent: a request does not wait for all of them'
ok_if 'four of five are silent: the next ones go on with the next' wait_for 30 signs_in '200 '
ok_if 'four of five are silent: and wait for each once' [ "$(grep -c 'no answer in time' "$log")" -le 5 ] || cat "$log"
kill "$silent"

# --- a name that has several addresses

# servers_are WANTED NAME: each server of `store status`, and what it is.
servers_are() {
	latchkey store status --json >"$work/out" 2>>"$log"
	is "$(python3 -c 'import json, sys; print(*(s["name"] + " " + s["state"] for s in json.load(sys.stdin)["servers"]), sep=", ")' \
		<"$work/out")" "$1" "$2"
}
# finds WANTED NAME: what the doctor says is wrong with the servers.
finds() {
	latchkey doctor >"$work/out" 2>>"$log"
	is "$(sed -n 's/^\(ok\|warning\|error\)  *servers\(: \([^ ]* takes changes, and so does [^ ]*:[0-9]*\):.*\)\{0,1\}/\1 \3/p' "$work/out")" \
		"$1" "$2"
}
listen() { # NAME ADDRESSES
	pg_stop "$1"
	pg_settings "$1" <<<"listen_addresses = '$2'"
}
port=${pg_port[one]}
pg_stop two
listen one 127.0.0.1,127.0.0.2
pg_start one
printf '%s\n' 'db 127.0.0.1' 'db 127.0.0.2' 'other 127.0.0.2' >"$names"
ahead=("${by_names[@]}")
here "postgresql://latchkey@db:$port/accounts"
servers_are "db:$port primary" 'two addresses of one server: it is one server'
finds 'ok ' 'two addresses of one server: no second primary'
here "postgresql://latchkey@db:$port,other:$port/accounts"
servers_are "db:$port primary, other:$port primary" 'two names of one server: each has its line'
finds 'ok ' 'two names of one server: no second primary'
here "postgresql://latchkey@db:$port/accounts"
listen one 127.0.0.2
pg_start one
servers_are "db:$port primary" 'it listens at one address of two: the other one is no server'
finds 'ok ' 'it listens at one address of two: all is well'

# The same port as the other's, and so no socket in the same directory.
listen two 127.0.0.1
pg_settings two <<<"unix_socket_directories = ''"
pg_port[two]=$port
pg_launch two
pg_await two || give_up 'no second server'
servers_are "127.0.0.1:$port primary, 127.0.0.2:$port primary" 'two servers of one name: both, by their addresses'
finds "error 127.0.0.2:$port takes changes, and so does 127.0.0.1:$port" 'two servers of one name: the old primary is found'
like "$(<"$work/out")" $'\n +ssh 127.0.0.2 systemctl stop postgresql\n' 'two servers of one name: and is the one to be stopped'
pg_stop two
pg_stop one
servers_are "127.0.0.1:$port away, 127.0.0.2:$port away" 'a name that nobody answers at: both addresses'
done_testing
