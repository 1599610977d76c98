# shellcheck shell=bash disable=SC2034,SC2154 # some of it is for the scripts that source this
# postgresql.sh - scratch clusters of Debian's PostgreSQL: . "$top/t/postgresql.sh", after a lib.sh, which has $work
#
#   pg_start one                  a cluster, $work/pg/one, on a UNIX socket in $work/pg and on 127.0.0.1
#   pg_database one accounts      an empty database in it
#   store=$(pg_uri one accounts)  where it is, on the socket; pg_tcp: by 127.0.0.1
#   pg_sql one 'select 1'
#   pg_stop one                   and it may be started again
#
# A cluster is a child of the script. It ends with the script, whatever becomes of that: by the trap, or by a signal that
# the kernel sends at the script's death. All is trusted (no password), and nothing is flushed to the disk unless asked:
# PG_FSYNC=on pg_start one. As root it runs as Debian's user postgres, since PostgreSQL refuses root.

pg_bin=/usr/lib/postgresql/15/bin
pg_dir=$work/pg
declare -A pg_pid=() pg_port=()

pg_user=$(id -un) pg_become=() pg_owned=()
if ((EUID == 0)); then
	pg_user=postgres
	pg_become=(setpriv --reuid=postgres --regid=postgres --clear-groups)
	pg_owned=(-o postgres -g postgres)
fi

# pg_as COMMAND...: as the clusters' owner, who cannot always get to where the script is.
pg_as() { (cd / && exec "${pg_become[@]}" "$@"); }

# pg_fail WORDS [FILE]: a test gives up by lib.sh's give_up, any other script by its exit.
pg_fail() {
	[[ ! -s ${2-} ]] || tail -n 20 "$2" | sed 's/^/# /'
	[[ $(type -t give_up) != function ]] || give_up "$1"
	printf '%s\n' "$1" >&2
	exit 1
}

# Below the ports that the kernel gives to clients.
pg_free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# pg_make NAME: the cluster's files. Its owner is the superuser `postgres`; the role `latchkey` may make databases.
pg_make() {
	install -d -m 0755 "${pg_owned[@]}" "$pg_dir"
	pg_as "$pg_bin/initdb" -D "$pg_dir/$1" -U postgres -E UTF8 --locale=C.UTF-8 -A trust --wal-segsize=1 --no-sync \
		--no-instructions >"$pg_dir/$1.log" 2>&1 || pg_fail "no cluster $1" "$pg_dir/$1.log"
	pg_settings "$1" <<-END
		unix_socket_directories = '$pg_dir'
		listen_addresses = '127.0.0.1'
		max_connections = 60
		shared_buffers = 16MB
		min_wal_size = 16MB
		max_wal_size = 128MB
		jit = off
		fsync = ${PG_FSYNC:-off}
		full_page_writes = ${PG_FSYNC:-off}
		wal_retrieve_retry_interval = 500ms
		wal_sender_timeout = 5s
		wal_receiver_timeout = 5s
		log_line_prefix = '%m [%p] %q%u@%d '
		include_if_exists = 'own.conf'
	END
}
# pg_settings NAME: standard input is added to the cluster's configuration.
pg_settings() { pg_as tee -a "$pg_dir/$1/postgresql.conf" >/dev/null; }

# pg_start NAME ['SETTING = VALUE'...]: makes the cluster where there is none. It keeps its port.
pg_start() {
	local name=$1 i
	[[ -d $pg_dir/$name ]] || pg_make "$name"
	(($# == 1)) || printf '%s\n' "${@:2}" | pg_settings "$name"
	for i in 1 2 3; do # another test may be quicker at the same port
		: "${pg_port[$name]:=$(pg_free_port)}"
		# What a killed one has left may stop a start.
		rm -f "$pg_dir/.s.PGSQL.${pg_port[$name]}"{,.lock}
		pg_launch "$name"
		! pg_await "$name" || break
		pg_kill "$name"
		! grep -q 'Address already in use' "$pg_dir/$name.log" || { unset "pg_port[$name]" && continue; }
		break
	done
	[[ ${pg_pid[$name]-} ]] || pg_fail "PostgreSQL does not start: $name" "$pg_dir/$name.log"
	[[ -e $pg_dir/$name.made ]] || pg_first "$name"
}
pg_launch() {
	: >"$pg_dir/$1.log"
	(cd / && exec setpriv --pdeathsig QUIT "${pg_become[@]:1}" "$pg_bin/postgres" -D "$pg_dir/$1" -p "${pg_port[$1]}" \
		-c cluster_name="$1") >>"$pg_dir/$1.log" 2>&1 </dev/null &
	pg_pid[$1]=$!
}
# pg_await NAME: it writes into its file what it is: `ready`, or `standby`.
pg_await() {
	local end=$((SECONDS + 60)) state
	while kill -0 "${pg_pid[$1]}" 2>/dev/null && ((SECONDS < end)); do
		state=$(sed -n 8p "$pg_dir/$1/postmaster.pid" 2>/dev/null)
		[[ $(sed -n 1p "$pg_dir/$1/postmaster.pid" 2>/dev/null) != "${pg_pid[$1]}" || $state != @(ready|standby)* ]] ||
			return 0
		read -rt 0.02 -u "$pg_never" || :
	done
	return 1
}
exec {pg_never}<> <(:)
pg_first() {
	pg_sql "$1" 'create role latchkey login createdb; grant create on database postgres to latchkey' && : >"$pg_dir/$1.made"
}

# pg_database NAME DATABASE: an empty one, in place of what there was, which belongs to the role latchkey.
pg_database() {
	pg_sql "$1" "drop database if exists $2 with (force)" && pg_sql "$1" "create database $2 owner latchkey"
}

# pg_tables NAME DATABASE BUILD: the same with the store's tables in it, which the latchkey of that tree makes.
pg_tables() {
	local own=$work/tables.$2
	pg_database "$1" "$2"
	mkdir -m 0755 "$own" && install -d -m 0700 "${pg_owned[@]}" "$own/state"
	printf '%s\n' "state_dir = $own/state" "store = $(pg_uri "$1" "$2")" 'common_passwords =' 'leaked_secrets =' >"$own/conf"
	"$3/cli/latchkey" --config "$own/conf" store init >>"$pg_dir/$1.log" 2>&1 || pg_fail "no tables in $2" "$pg_dir/$1.log"
}

# pg_uri NAME [DATABASE [USER]]: on the socket; pg_tcp: on 127.0.0.1; pg_sql NAME SQL [DATABASE]: as superuser
pg_uri() { echo "postgresql://${3:-latchkey}@/${2:-postgres}?host=$pg_dir&port=${pg_port[$1]}"; }
pg_tcp() { echo "postgresql://${3:-latchkey}@127.0.0.1:${pg_port[$1]}/${2:-postgres}"; }
pg_sql() { PGOPTIONS=-cclient_min_messages=warning psql -AtXq -v ON_ERROR_STOP=1 "$(pg_uri "$1" "${3-}" postgres)" -c "$2" </dev/null; }

# pg_stop NAME: ends it, and its connections.
pg_stop() {
	[[ ${pg_pid[$1]-} ]] || return 0
	kill -CONT "${pg_pid[$1]}" 2>/dev/null
	kill -INT "${pg_pid[$1]}" 2>/dev/null
	pg_gone "$1" 20 || pg_kill "$1"
}
pg_gone() {
	local end=$((SECONDS + $2))
	while kill -0 "${pg_pid[$1]}" 2>/dev/null; do
		((SECONDS < end)) || return 1
		read -rt 0.02 -u "$pg_never" || :
	done
	wait "${pg_pid[$1]}" 2>/dev/null
	unset "pg_pid[$1]"
}

# pg_processes NAME: all of it. Each process of a cluster is the postmaster's child.
pg_processes() {
	local of
	printf '%s\n' "${pg_pid[$1]}"
	for of in /proc/"${pg_pid[$1]}"/task/*/children; do
		read -ra of <"$of"
		((${#of[@]} == 0)) || printf '%s\n' "${of[@]}"
	done 2>/dev/null
}
# pg_freeze NAME: all of its processes stand still; pg_thaw: and go on. The postmaster first: it makes no more of them.
pg_freeze() {
	kill -STOP "${pg_pid[$1]}"
	pg_signal STOP "$1"
}
pg_thaw() { pg_signal CONT "$1"; }
# pg_kill NAME: all of its processes at once, as with the machine. The postmaster alone would leave the others at work.
pg_kill() {
	[[ ${pg_pid[$1]-} ]] || return 0
	kill -STOP "${pg_pid[$1]}" 2>/dev/null
	pg_signal KILL "$1"
	pg_gone "$1" 20
}
pg_signal() {
	local all
	mapfile -t all < <(pg_processes "$2")
	kill -s "$1" "${all[@]}" 2>/dev/null
}

# --- two of them

# pg_standby NAME OF: makes a standby of a cluster that runs, in place of what was there, and starts it.
pg_standby() {
	pg_kill "$1"
	rm -rf "${pg_dir:?}/$1"
	pg_as "$pg_bin/pg_basebackup" -D "$pg_dir/$1" -d "$(pg_uri "$2" '' postgres)" -c fast -X stream -R --no-sync \
		>"$pg_dir/$1.log" 2>&1 || pg_fail "no standby $1 of $2" "$pg_dir/$1.log"
	: >"$pg_dir/$1.made"
	pg_own "$1" ''
	pg_start "$1"
}
# pg_synchronous NAME [STANDBY]: each commit waits for that standby from now on; without one, for none.
pg_synchronous() {
	pg_own "$1" "${2-}"
	kill -HUP "${pg_pid[$1]}"
	pg_wait_for "$1" "${2:+sync}" "select coalesce(max(sync_state), '') from pg_stat_replication where sync_state = 'sync'" ||
		pg_fail "${2-no standby} does not get synchronous"
}
pg_own() { pg_as tee "$pg_dir/$1/own.conf" >/dev/null <<<"synchronous_standby_names = '$2'"; }
# pg_promote STANDBY: it is a primary, of its own.
pg_promote() {
	[[ $(pg_sql "$1" 'select pg_promote(true, 60)') == t ]] || pg_fail "$1 cannot be promoted" "$pg_dir/$1.log"
}
# pg_wait_for NAME TEXT SQL: until that is the answer.
pg_wait_for() {
	local end=$((SECONDS + 60))
	until [[ $(pg_sql "$1" "$3" 2>/dev/null) == "$2" ]]; do
		((SECONDS < end)) || return 1
		read -rt 0.05 -u "$pg_never" || :
	done
}

# --- who may come in, and how

# pg_rules NAME: standard input are the lines of pg_hba.conf before those that trust everybody.
pg_rules() {
	local before
	before=$(cat "$pg_dir/$1/pg_hba.conf")
	{ cat && printf '%s\n' "$before"; } | pg_as tee "$pg_dir/$1/pg_hba.conf" >/dev/null
	kill -HUP "${pg_pid[$1]}"
}

# pg_tls NAME: on 127.0.0.1 and localhost it has a certificate of the authority $pg_dir/tls/ca.crt; $pg_dir/tls/other.crt is
# an authority that has nothing to do with it. In $pg_dir/tls are also a certificate and key of the role latchkey.
pg_tls() {
	local tls=$pg_dir/tls
	[[ -d $tls ]] || pg_authority "$tls"
	install -m 0600 "${pg_owned[@]}" "$tls/server.key" "$tls/server.crt" "$tls/ca.crt" "$pg_dir/$1/"
	pg_settings "$1" <<<$'ssl = on\nssl_ca_file = \'ca.crt\''
	kill -HUP "${pg_pid[$1]}"
	pg_wait_for "$1" on 'show ssl' || pg_fail "$1 has no TLS" "$pg_dir/$1.log"
}
pg_authority() (
	mkdir "$1" && cd "$1" || exit
	for name in ca other; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj "/CN=latchkey's $name" \
			-keyout "$name.key" -out "$name.crt"
	done
	for name in server client; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=latchkey -keyout "$name.key" \
			-out "$name.csr"
		openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 7 -out "$name.crt" \
			-extfile <(echo 'subjectAltName = IP:127.0.0.1, DNS:localhost')
	done
) 2>/dev/null

# --- the end

# Before the script's own trap removes $work, also where a command that fails would end the trap (set -e).
pg_end() {
	local name
	for name in "${!pg_pid[@]}"; do pg_kill "$name"; done
}
pg_trap=$(trap -p EXIT)
eval "pg_trap=(${pg_trap#trap --})"
# shellcheck disable=SC2064 # what stands there now
trap "pg_end || :; ${pg_trap[0]-}" EXIT
