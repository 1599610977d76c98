# shellcheck shell=bash disable=SC2034 # what is unused here is used by the tests
# lib.sh - what every t/*.t begins with: . "${0%/*}/lib.sh"
#
# A test asks the suite in four ways, and asks the same in each of them:
#
#   nginx   nginx-example/run, so a real nginx and its workers
#   apache  apache-example/run, so a real Apache, and what mod_fcgid starts
#   fcgi    each program on a bare FastCGI socket, asked by cgi-fcgi
#   cgi     each program started for the one request, as plain CGI
#
#   fresh 'hash_cost = 1'
#   start fcgi
#   request POST /auth/admin/login -d '{"password":"x"}'
#   is "$status" 401 'nobody is there yet'
#   done_testing

set -uo pipefail
export LC_ALL=C
PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH # Debian's python3 has its jwt; nginx is in sbin
unset "${!ACTIAN_VECTORAI_JWT_@}" "${!LATCHKEY_JWT_@}" CREDENTIALS_DIRECTORY LATCHKEY_CONF

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$(cd "${LATCHKEY_BUILD:-$top}" && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/latchkey.XXXXXX")
state=$work/state    # the state_dir
log=$work/log        # what everything that was started has to say
scratch=$work        # a request's own files; requests at once want one each
conf=$work/latchkey.conf
ways='nginx apache fcgi cgi'
long_ways='nginx apache cgi' # of long tests: nginx asks the same sockets

# The programs get no root's rights in a test either, and what root reads or writes is in a directory of root's.
# shellcheck source=SCRIPTDIR/../build-aux/users.sh
. "$top/build-aux/users.sh"
make_users
((EUID)) || chmod 755 "$work"
drop=$work/drop # what the programs, and the mail program, leave for the test
install -d -m 1777 "$drop"

# own USER: whose state and programs are, where root tests.
own() {
	owned=() as_owner=() spawn_as=()
	((EUID == 0)) || return 0
	owned=(-o "$1" -g "$1")
	as_owner=(setpriv --reuid="$1" --regid="$1" --clear-groups)
	spawn_as=(-u "$1" -g "$1")
	[[ ! -d $state ]] || chown -hR "$1:$1" "$state"
}
own latchkey
# LATCHKEY_UNDER='/usr/bin/valgrind -q' puts the programs of fcgi and cgi under it, and out of the sandbox: valgrind is in
# the same process, and needs more.
under=()
[[ ! ${LATCHKEY_UNDER-} ]] || read -ra under <<<"$LATCHKEY_UNDER"

# --- the outcome, as TAP

tests=0 failures=0

# pass NAME, flunk NAME [LINE...]. What fails is said on standard error, too: prove shows no more than that.
pass() { printf 'ok %d - %s\n' $((++tests)) "$1"; }
flunk() {
	printf 'not ok %d - %s\n' $((++tests)) "$1"
	((++failures))
	diag "${0##*/}: test $tests fails: $1" "${@:2}"
}
diag() { (($# == 0)) || printf '%s\n' "$@" | sed 's/^/# /' >&2; }

# is GOT WANTED NAME, isnt GOT UNWANTED NAME, like GOT REGEX NAME
is() { if [[ $1 == "$2" ]]; then pass "$3"; else flunk "$3" "got:    $1" "wanted: $2"; fi; }
isnt() { if [[ $1 != "$2" ]]; then pass "$3"; else flunk "$3" "got:    $1" 'wanted: anything else'; fi; }
like() { if [[ $1 =~ $2 ]]; then pass "$3"; else flunk "$3" "got:    $1" "wanted: =~ $2"; fi; }

# ok_if NAME COMMAND...
ok_if() { if "${@:2}"; then pass "$1"; else flunk "$1" "failed: ${*:2}"; fi; }

# same_lines WANTED GOT NAME: two lists, in whatever order; says what one has and the other has not.
same_lines() {
	local differences
	differences=$(diff <(sort <<<"$1") <(sort <<<"$2") | sed -n 's/^</missing: /p; s/^>/too much: /p')
	if [[ ! $differences ]]; then pass "$3"; else flunk "$3" "$differences"; fi
}

# answers STATUS BODY NAME: what the request has brought, to the byte.
answers() { is "$status $body" "$1 $2" "$3"; }

done_testing() {
	printf '1..%d\n' "$tests"
	((failures == 0)) && exit 0
	exit 1
}

give_up() {
	[[ ! -s $log ]] || diag "$(tail -n 20 "$log")"
	printf 'Bail out! %s\n' "$1"
	failures=1
	exit 1
}

# --- the suite, started and stopped

# The table of endpoints: which program answers which path.
routes=$("$top/build-aux/routes" "$build") || give_up 'a program does not print its routes'
declare -A program_of=()
while IFS=$'\t' read -r _ path program _; do
	program_of[$path]=$program
done <<<"$routes"
mapfile -t programs < <(printf '%s\n' "${program_of[@]}" | sort -u)
unset path program

way='' settings=() pids=() port='' public_port=''

# set_conf 'KEY = VALUE'...: for the next start; the state stays.
set_conf() {
	settings=("$@")
	conf=$work/latchkey.conf
	rm -f "$conf" # which may be for another owner of the state to read
	printf '%s\n' "state_dir = $state" "$@" ${under:+"sandbox = off"} >"$conf"
	# As plain CGI, and where nobody is root: the user that tests runs nothing else here.
	[[ "$*" == *same_user_is_trusted* ]] || echo 'same_user_is_trusted = yes' >>"$conf"
	# This tree's, where the programs can get to them, unless the test has its own.
	[[ -e $work/jwt-secrets.filter ]] || cp "$top"/conf/*.filter "$work"
	[[ -d $work/share ]] || { mkdir "$work/share" && cp -r "$top/conf/pages" "$top/www" "$work/share"; }
	[[ "$*" == *common_passwords* ]] || echo "common_passwords = $work/common-passwords.filter" >>"$conf"
	[[ "$*" == *'pages = '* ]] || printf '%s\n' "pages = $work/share/pages" "www = $work/share/www" >>"$conf"
	[[ "$*" == *leaked_secrets* ]] || echo "leaked_secrets = $work/jwt-secrets.filter" >>"$conf"
	[[ ! ${LATCHKEY_TEST_STORE-} || "$*" == *'store = '* ]] || echo "store = $(database_uri)" >>"$conf"
	[[ -d $state ]] || {
		install -d -m 0700 "${owned[@]}" "$state"
		[[ ! ${LATCHKEY_TEST_STORE-} ]] || make_database
	}
}

# LATCHKEY_TEST_STORE is the URI of a PostgreSQL (t/with-postgresql): each state_dir has a database of its own there. One
# that is made anew has an empty one.
database_of() {
	local name=${work##*.}_${state##*/}
	echo "${name//[^[:alnum:]]/_}"
}
database_uri() { echo "${LATCHKEY_TEST_STORE/\/postgres/\/$(database_of)}"; }
database_sql() { psql -qXAt -v ON_ERROR_STOP=1 "${@:2}" "$1" >>"$log" 2>&1 </dev/null; }
declare -A databases=()
make_database() {
	local name
	name=$(database_of)
	databases[$name]=yes
	PGOPTIONS=-cclient_min_messages=warning database_sql "$LATCHKEY_TEST_STORE" \
		-c "drop database if exists \"$name\" with (force)" -c "create database \"$name\" template latchkey" ||
		give_up "no database $name"
}
drop_databases() {
	local name
	for name in "${!databases[@]}"; do
		database_sql "$LATCHKEY_TEST_STORE" -c "drop database if exists \"$name\" with (force)"
	done
}

# fresh 'KEY = VALUE'...: stops what runs, forgets all accounts.
fresh() {
	stop
	rm -rf "$state"
	set_conf "$@"
}

# elsewhere: a state_dir that has nothing, as on another machine; home: back to the first.
elsewhere() {
	state=$work/elsewhere
	rm -rf "$state"
	set_conf "${settings[@]}"
}
home() {
	state=$work/state
	set_conf "${settings[@]}"
}

latchkey() { "${ahead[@]}" "$build/cli/latchkey" --config "$conf" "$@"; }
# try STATUS NAME ARGUMENT...: the command's exit status; $out and $err are what it said.
try() {
	local wanted=$1 name=$2 got
	shift 2
	latchkey "$@" >"$work/out" 2>"$work/err"
	got=$?
	out=$(<"$work/out") err=$(grep -v ': info: ' "$work/err")
	is "$got" "$wanted" "$name"
	((got == wanted)) || diag "$out" "$err"
}

# add NAME PASSWORD OPTION...: an account.
add() { latchkey user add "$1" "${@:3}" <<<"$2" >/dev/null 2>>"$log" || give_up "no account $1"; }

# new_code NAME: a code for a new password.
new_code() {
	local line
	line=$(latchkey code new "$1" 2>>"$log") || return
	printf '%s\n' "${line##* }"
}

# start nginx|apache|fcgi|cgi
start() {
	stop
	! is_real || set_conf "${settings[@]}" # in the place of what the run script has written, with the server's key
	way=$1
	if [[ $way == apache ]]; then own www-data; else own latchkey; fi # mod_fcgid's programs are Apache's
	[[ ${#settings[@]} -gt 0 || -d $state ]] || set_conf
	case $way in
	nginx | apache) start_server ;;
	fcgi) start_programs && watch_database ;;
	cgi) watch_database ;;
	*) give_up "no way '$way'" ;;
	esac
}

# Below the ports that the kernel gives to clients, so that none of those is in the way.
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# PUBLIC_PORT in a setting is the port of the public server, for site_url.

# A real web server has an opinion of its own on some requests, and says itself where they come from.
is_real() { [[ $way == nginx || $way == apache ]]; }

# run_server env|timeout SECONDS env: the way's run script, on this test's directory and ports, in place of this shell.
run_server() {
	local setting lines=()
	[[ ! ${LATCHKEY_TEST_STORE-} ]] || lines=(--store "$(database_uri)") # unless a setting says another one
	for setting in "${settings[@]}"; do lines+=(--set "${setting/PUBLIC_PORT/$public_port}"); done
	exec "$@" LATCHKEY_BUILD="$build" "$top/$way-example/run" --state "$work" --workers 2 \
		--port "$port" --public "$public_port" "${lines[@]}"
}

start_server() {
	local i
	for i in 1 2 3; do # another test may be quicker at the same port
		port=$(free_port)
		while public_port=$(free_port) && [[ $public_port == "$port" ]]; do :; done
		: >"$log"
		run_server env >>"$log" 2>&1 &
		pids=($!)
		if wait_for 120 ready_or_gone && is_ready; then
			return
		fi
		stop
		grep -q 'is taken\|in use' "$log" || break
	done
	give_up "$way-example/run does not start"
}
is_ready() {
	local said
	IFS= read -rd '' said <"$log"
	[[ $'\n'$said == *$'\nlatchkey: ready'* ]]
}
ready_or_gone() { is_ready || ! runs "${pids[0]}"; }

# What looks after a database's changes on a machine; the run script of a server starts it, too.
watch_database() {
	[[ ${LATCHKEY_TEST_STORE-} && "${settings[*]}" != *'store = '* ]] || return 0
	"${as_owner[@]}" "$build/cli/latchkey" --config "$conf" store watch >>"$log" 2>&1 &
	pids+=($!)
}

start_programs() {
	local program
	for program in "${programs[@]}"; do
		rm -f "$work/$program.sock"
		LATCHKEY_CONF=$conf spawn-fcgi -n -s "$work/$program.sock" "${spawn_as[@]}" -- \
			"${under[@]}" "$build/cgi/$program" >>"$log" 2>&1 &
		pids+=($!)
	done
	for program in "${programs[@]}"; do
		wait_for 60 listens "$work/$program.sock" || give_up "no socket of $program"
	done
}
# listens SOCKET: whether a process does there: the file alone comes before that, and refuses. By its name at the bind(2).
listens() {
	local flags path
	while read -r _ _ _ flags _ _ _ path; do
		[[ $path != "$1" || $flags != 00010000 ]] || return 0
	done </proc/net/unix
	return 1
}

# wait_for SECONDS COMMAND...: until it succeeds. It looks often, and starts no process to wait: nobody writes to $never.
exec {never}<> <(:)
wait_for() {
	local end=$((SECONDS + $1 + 1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		read -rt 0.05 -u "$never" || :
	done
}
runs() { kill -0 "$1" 2>/dev/null; }
ended() { ! runs "$1"; }

# By process id, never by name: others may be running the same.
stop() {
	local pid
	for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null; done
	for pid in "${pids[@]}"; do
		wait_for 60 ended "$pid" || { diag "$pid ignores TERM"; kill -KILL "$pid"; }
		wait "$pid" 2>/dev/null
	done
	pids=()
}

clean_up() {
	stop
	drop_databases
	if ((failures)) && [[ ${KEEP-} ]]; then
		diag "kept: $work"
	else
		rm -rf "$work"
	fi
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# --- the time

# later SECONDS COMMAND...: with the clocks of what it starts set forward. Where $later_from is a path, they jump when
# that file appears. Programs that are there already have their own time.
later_from='' ahead=()
later() {
	local ahead=(env "LD_PRELOAD=$work/later.so" "LATER=$1" "LATER_FROM=$later_from" ASAN_OPTIONS=verify_asan_link_order=0)
	[[ -e $work/later.so ]] || build_clock
	"${@:2}"
}
build_clock() {
	cat >"$work/later.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <time.h>
		#include <unistd.h>
		static time_t later(void)
		{
			const char *seconds = getenv("LATER"), *from = getenv("LATER_FROM");
			if (seconds == NULL || (from != NULL && from[0] != '\0' && access(from, F_OK) != 0))
				return 0;
			return atol(seconds);
		}
		int clock_gettime(clockid_t id, struct timespec *now)
		{
			static int (*real)(clockid_t, struct timespec *);
			if (real == NULL)
				*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
			if (real(id, now) != 0)
				return -1;
			if (id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
				now->tv_sec += later();
			return 0;
		}
		time_t time(time_t *out)
		{
			struct timespec now;
			clock_gettime(CLOCK_REALTIME, &now);
			if (out != NULL)
				*out = now.tv_sec;
			return now.tv_sec;
		}
	END
	cc -shared -fPIC -o "$work/later.so" "$work/later.c" 2>>"$log" || give_up 'no clock'
	chmod 755 "$work/later.so"
}

# --- a request

# request METHOD PATH [-H 'Name: value']... [-d BODY | -f FILE] [--remote ADDRESS] [--public]
#         [--program NAME] [--param 'NAME=VALUE']...
#
# Sets $status, $headers and $body, ${header_of[NAME]}, the first of that name, and, where the body is JSON, ${member_of[.a.b]}:
# a text as it is, all else as JSON. A body is application/json unless a -H says something else. --public is the public
# server, in fcgi and cgi a request without LATCHKEY_LOCAL. The last two are for fcgi and cgi: a program for a path that
# is not its own, and what a location of nginx's would say. For nginx and apache PATH may be a whole http://HOST/PATH.
request() {
	local method=$1 path=$2 name value file='' length='' remote=127.0.0.1 public='' program='' params=()
	local -A sent=([Host]=localhost)
	shift 2
	while (($#)); do
		case $1 in
		-H)
			name=${2%%:*} value=${2#*:}
			sent[$name]=${value# }
			;;
		-d) file=$scratch/request length=${#2} && printf %s "$2" >"$file" ;;
		-f) file=$2 length=$(stat -c %s "$2") ;;
		--remote) remote=$2 ;;
		--public) public=yes && shift && continue ;;
		--program) program=$2 ;;
		--param) params+=("$2") ;;
		*) give_up "request: '$1'?" ;;
		esac
		shift 2
	done
	[[ ! $file || -v sent[Content-Type] ]] || sent[Content-Type]=application/json
	if is_real; then ask_server; else ask_program; fi
	read_answer
}

# insist COMMAND...: makes a request by that, and again while the answer is 503: one of many at once may have to wait for the
# gate for more than two seconds, where the machine has other work.
insist() { wait_for 60 is_had "$@"; }
is_had() { "$@"; [[ $status != 503 ]]; }

# asked FIELD...: has t/ask.py ask. There is one for a $scratch: requests at once have one each. It lives as long as the
# shell that has started it. A $(subshell) has its parent's, but not its parent's descriptors: bash closes a coprocess's.
asked() {
	[[ ${asker-} == "$scratch" ]] || start_asker
	printf '%s\0' "$#" "$@" >"$asker_in"
	read -r _ <"$asker_out"
}
start_asker() {
	{ coproc ASKER { exec /usr/bin/python3 -I -S "$top/t/ask.py" 2>>"$log"; }; } 2>/dev/null
	asker_in=/proc/$BASHPID/fd/${ASKER[1]} asker_out=/proc/$BASHPID/fd/${ASKER[0]} asker=$scratch
}

# In the two below: the variables of request().

ask_server() {
	local headers=() name at=$port
	[[ ! $public ]] || at=$public_port
	for name in "${!sent[@]}"; do headers+=("$name:${sent[$name]:+ }${sent[$name]}"); done
	asked http "$at" "$remote" "$method" "$path" "$file" "$scratch/answer" "${headers[@]}"
}

ask_program() {
	local name upper bare=${path%%\?*} query=''
	[[ $path != *\?* ]] || query=${path#*\?}
	printf -v bare %b "${bare//%/\\x}" # decoded, as the web server does
	: "${program:=${program_of[$bare]:-login}}"
	for name in "${!sent[@]}"; do
		upper=${name^^}
		params+=("HTTP_${upper//-/_}=${sent[$name]}")
	done
	[[ $public ]] || params+=(LATCHKEY_LOCAL=yes)
	for name in "${!ACTIAN_VECTORAI_JWT_@}" "${!LATCHKEY_JWT_@}" "${!ASAN_@}" "${!UBSAN_@}"; do
		params+=("$name=${!name}")
	done
	params=(GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD="$method" SCRIPT_NAME="$bare"
		REQUEST_URI="$path" QUERY_STRING="$query" REMOTE_ADDR="$remote" CONTENT_LENGTH="$length"
		CONTENT_TYPE="${sent[Content-Type]-}" PATH="$PATH" "${params[@]}")
	if [[ $way == fcgi ]]; then
		asked fcgi "$work/$program.sock" "$file" "$scratch/answer" "${params[@]}"
	else
		env -i "${params[@]}" LATCHKEY_CONF="$conf" "${as_owner[@]}" "${ahead[@]}" "${under[@]}" \
			"$build/cgi/$program" <"${file:-/dev/null}" >"$scratch/answer" 2>>"$log"
		asked note "$scratch/answer"
	fi
}

# From HTTP the status is in the first line, from CGI in a header `Status:`.
declare -A header_of=() member_of=()
read_answer() {
	local line value
	status=200 headers='' body='' header_of=()
	{
		while IFS= read -r line && line=${line%$'\r'} && [[ $line ]]; do
			value=${line#*:} value=${value# }
			case $line in
			HTTP/*\ 100*) IFS= read -r line ;;
			HTTP/*) line=${line#* } status=${line%% *} ;;
			Status:*) status=${value%% *} ;;
			*) headers+=$line$'\n' && : "${header_of[${line%%:*}]=$value}" ;;
			esac
		done
		IFS= read -r -d '' body
	} <"$scratch/answer"
	[[ -s $scratch/answer ]] || status=none
	read_members
}
read_members() {
	local line
	member_of=()
	while IFS= read -r -d '' line; do
		member_of[${line%%=*}]=${line#*=}
	done <"$scratch/answer.members"
}

# read_json TEXT: the members of any JSON.
read_json() {
	printf '\r\n\r\n%s' "$1" >"$scratch/answer"
	asked note "$scratch/answer"
	read_members
}

# --- a person's browser

# What it says of itself where a person goes to a page, and where a page's script asks.
page=(-H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' -H 'Sec-Fetch-Site: none')
script=(-H 'Sec-Fetch-Mode: cors' -H 'Sec-Fetch-Dest: empty' -H 'Sec-Fetch-Site: same-origin')

# next: where the last answer, which has sent the browser to the sign-in, would have it come back to.
next() {
	local text=${header_of[Location]-}
	[[ $text =~ ^(http://[^/]*)?/account/sign-in'?'next=([^&]*) ]] || return
	printf %b "${BASH_REMATCH[2]//%/\\x}"
}

# --- the store, while nothing writes

# dump: all records, their kind, key, tab, record, one a line, as db_dump -p writes bytes; a check of the files has libdb
# write all of them. load: the other way round, into new files, which take the place of the old ones at once: what runs
# would recover half of them. What is of no kind goes to the records.
dump_file() { db_dump -p "$state/store/$1" | sed '1,/^HEADER=END$/d; /^DATA=END$/d; s/^ //' | paste - - | sed "s|^|$2|"; }
dump() {
	latchkey check --files >/dev/null 2>>"$log"
	[[ ! ${LATCHKEY_TEST_STORE-} ]] || { dump_database && return; }
	dump_file accounts.btr account/
	dump_file records.btr ''
	dump_file server_params.btr param/
}
load_file() { tr '\t' '\n' | "${as_owner[@]}" db_load -T -t btree "$state/store.new/$1"; }
load() {
	local all
	all=$(cat)
	[[ ! ${LATCHKEY_TEST_STORE-} ]] || { load_database <<<"$all" && return; }
	"${as_owner[@]}" mkdir -m 0700 "$state/store.new"
	sed -n 's|^account/||p' <<<"$all" | load_file accounts.btr
	sed -n 's|^param/||p' <<<"$all" | load_file server_params.btr
	grep -vE '^(account|param)/' <<<"$all" | load_file records.btr
	python3 -c '
import os, sys
store = sys.argv[1]
if os.path.exists(store):
    os.rename(store, store + ".old")
os.rename(store + ".new", store)' "$state/store"
	rm -rf "$state/store.old"
}

# The same of a database, whose machine has its own secrets in a file.
dump_database() {
	psql -qXAt "$(database_uri)" -c "select kind || '/' || key || E'\t' || doc from records order by 1" |
		perl -pe 's/\\/\\\\/g; s/([^\x20-\x7e\t\n])/sprintf "\\%02x", ord $1/ge'
	dump_file server_params.btr param/
}
load_database() {
	local all own
	all=$(cat)
	latchkey check --files >/dev/null 2>>"$log"
	own=$(dump_file server_params.btr param/ | cut -f1)
	{
		echo 'begin; truncate records; copy records from stdin;'
		grep -vFf <(sed 's/$/\t/' <<<"$own") <<<"$all" |
			perl -pe 's/\\\\/\\5c/g; s/\\([0-9a-f]{2})/\\x$1/g; s|/|\t|'
		printf '%s\n' '\.' 'update generation set n = n + 1; commit'
	} | psql -qX -v ON_ERROR_STOP=1 "$(database_uri)" >>"$log" 2>&1
}

# --- npm's packages

# node_modules: those that package-lock.json names, put where the build is; NODE_PATH tells node.
node_modules() {
	local dir=$build/t
	mkdir -p "$dir"
	(
		exec {lock}<"$dir" && flock "$lock" || exit
		[[ ! $dir/node_modules/.package-lock.json -nt $top/t/package-lock.json ]] || exit 0
		[[ $dir -ef $top/t ]] || install -m 644 "$top"/t/package{,-lock}.json "$dir"
		cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	) || give_up 'npm ci fails'
	export NODE_PATH=$dir/node_modules
}
