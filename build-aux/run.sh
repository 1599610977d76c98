# shellcheck shell=bash disable=SC2034,SC2154 # some of it is for the scripts that source this
# run.sh - what nginx-example/run and apache-example/run have in common. They set $server, $public_default and $owner
# (and $same_user), source this, define the functions that follow, and call `run "$@"`.
#
#   server_conf       writes the web server's configuration
#   start_programs    starts the programs, where the web server does not do that itself
#   start_server      starts the web server in the background

# Bash can trap no signal that was ignored when it started, and a script's background jobs ignore INT: begin again with
# the defaults.
if [[ $(trap -p HUP INT TERM) ]]; then
	exec env --default-signal=HUP,INT,TERM "$0" "$@"
fi

tree=$(readlink -f "$0")
tree=${tree%/*/*}
# shellcheck source=build-aux/users.sh
. "$tree/build-aux/users.sh"
build=$(realpath "${LATCHKEY_BUILD:-$tree}")	# where the programs are; if given, built they are as well
PATH=$PATH:/usr/sbin:/sbin	# where web servers are; not in everyone's PATH on Debian
: "${same_user=}"		# why the programs' user may run the web server, too: it is the user who tries it here
umask 022			# what root makes is to be read; `save` is about what is not
exec {never}<> <(:)		# nothing is written there: reading it waits, without a process for it
purposes=()			# for build-aux/prepare, besides what it takes to serve

usage() {
	cat <<-END
		usage: $server-example/run [--port N] [--public PORT] [--state DIR] [--workers N] [--set 'KEY = VALUE']...

		Installs what is missing, builds, and serves until INT or TERM.

		  --port N       the machine's own server, on 127.0.0.1:N (6573)
		  --public PORT  the public server, on 127.0.0.1:PORT ($public_default)
		  --state DIR    configuration, sockets and, in DIR/state, accounts ($server-example/state); these outlive the run
		  --workers N    processes of each program ($workers)
		  --connections N  requests that one address may have in hand where passwords are hashed (8; Apache knows no bound)
		  --store STORE  where the records are: bdb:DIRECTORY or postgresql://... (bdb:store)
		  --with-postgresql  a PostgreSQL of its own for them, with its files in DIR/db, that ends with the run
		  --set LINE     a line for latchkey.conf, as often as you like; the file is made anew at each start
		  --help         this
	END
}

say() { printf 'latchkey: %s\n' "$*"; }
fail() {
	say "$@" >&2
	exit 1
}
wrong() {
	say "$1; --help tells more" >&2
	exit 2
}

# Sets $programs: each with the first path that it answers. When all is built.
list_programs() {
	local routes
	routes=$("$tree/build-aux/routes" "$build") || fail "a program in $build/cgi does not print its routes"
	mapfile -t programs < <(awk -F '\t' '!seen[$3]++ { print $3, $2 }' <<<"$routes")
}

read_options() {
	port=6573 public='' dir='' workers=$(nproc) connections=8 settings=() with_postgresql=''
	while (($#)); do
		[[ $1 == --@(help|with-postgresql) || $# -ge 2 ]] || wrong "'$1' is no option, or wants a value"
		case $1 in
		--help) usage && exit ;;
		--with-postgresql) with_postgresql=yes && shift && continue ;;
		--store) settings+=("store = $2") ;;
		--port) port=$2 ;;
		--public) public=$2 ;;
		--state) dir=$2 ;;
		--workers) workers=$2 ;;
		--connections) connections=$2 ;;
		--set) settings+=("$2") ;;
		*) wrong "unknown option '$1'" ;;
		esac
		shift 2
	done
	local number
	for number in "$port" ${public:+"$public"}; do
		[[ $number =~ ^[1-9][0-9]{0,4}$ && $number -le 65535 ]] || wrong "'$number' is no port"
	done
	[[ $port != "$public" ]] || wrong "--port and --public are the same"
	[[ $workers =~ ^[1-9][0-9]{0,2}$ ]] || wrong "'$workers' is no number of workers"
	[[ $connections =~ ^[1-9][0-9]{0,3}$ ]] || wrong "'$connections' is no number of connections"
}

# A checkout in a home directory is nothing that the owner can get to: then the state lies elsewhere, and the programs are
# copied there.
reaches() { "${become[@]}" test -x "$1"; }
choose_places() {
	if [[ ! $dir ]]; then
		dir=$tree/$server-example/state
		reaches "$tree" || dir=/var/lib/latchkey-example
	fi
	dir=$(realpath -ms "$dir")
	url=http://127.0.0.1:$port
	cli=("$build/cli/latchkey" --config "$dir/latchkey.conf")
}

# others_write USER PATH...: whether a user other than root and USER can put something into one of them, or have it lead
# elsewhere; sets $open to that path.
others_write() {
	local user=$1 uid mode
	shift
	while read -r uid mode open; do
		! ((uid != 0 && uid != user || 0$mode & 022 && !(0$mode & 01000))) || return 0
	done < <(
		stat -c '%u 0 %n' "$@" 2>/dev/null # a link's mode says nothing
		stat -L -c '%u %a %n' "$@" 2>/dev/null
	)
	return 1
}

# Root writes nothing where another user may have put a link. DIR is root's, and so is all that leads there, or it belongs
# to the user whose checkout this is: root runs that one's script already.
check_way() {
	local up open ups=(/)
	((EUID == 0)) || return 0
	! others_write 0 "$dir" ||
		fail "root writes into a directory of root's alone, and others can write $dir: choose another, or chown and chmod it"
	for up in "$dir" "$(realpath -m "$dir")"; do
		while up=${up%/*} && [[ $up ]]; do ups+=("$up"); done
	done
	! others_write "$(stat -c %u "$tree")" "${ups[@]}" ||
		fail "root writes nothing below a directory that others can write, as $open is: choose another --state"
}

# What earlier versions had in DIR itself is in DIR/state now.
check_layout() {
	[[ ! -d $dir/store ]] || fail "$dir has the accounts of an earlier version. They belong into a directory of their own now:" \
		"stop what uses them, then: mv $dir $dir.old && mkdir $dir && mv $dir.old $state && $give"
}
check_state() {
	[[ ! -d $state || $(stat -c %U "$state") == "$as" ]] || fail "$state must be $as's, whom the programs run as: $give"
}

# The directory is ours alone, by the lock in it. Whatever we start inherits the lock: should we be killed, those that
# are left hold it, and DIR is in use as long as there is one of them.
take_directory() {
	[[ $dir =~ ^[[:alnum:]/._+-]+$ ]] || fail "the configuration cannot hold the path '$dir'; choose letters, digits and /._+-"
	((${#dir} <= 107 - 18)) || fail "the path $dir is too long: a socket's may have 107 bytes, a program's name included"
	[[ ! -k $dir ]] || fail "$dir is shared with others: choose a directory for latchkey alone"
	local give="chown -hR $as: $state"
	check_layout
	check_way
	check_state
	install -d -m "$( ((EUID)) && echo 0700 || echo 0755)" "$dir" "$dir/tmp" || fail "cannot make $dir"
	exec {lock}>"$dir/lock" || exit 1
	flock -n "$lock" || fail "$dir is in use by another run"
	rm -f "$dir"/*.sock
	install -d -m 0700 "${owned[@]}" "$state" || fail "cannot make $state"
}

check_port() {
	# shellcheck disable=SC2016 # for the inner bash
	if timeout 1 bash -c ': <>"/dev/tcp/127.0.0.1/$1"' - "$1" 2>/dev/null; then
		fail "port $1 on 127.0.0.1 is taken"
	fi
}

# The sample, where every setting is commented out, and ours after it. The reader refuses a key that is there twice: of
# two --set the last wins.
latchkey_conf() {
	local -A line=()
	local setting key
	for setting in "state_dir = $state" "web_key_file = $dir/web-key" "site_url = $url" "mail_templates = $templates" \
		"common_passwords = $filters/common-passwords.filter" "leaked_secrets = $filters/jwt-secrets.filter" \
		"pages = $dir/pages:$pages" "www = $dir/www:$www" \
		"${settings[@]}"; do
		read -r key <<<"${setting%%=*}"
		line[${key:-=}]=$setting
	done
	printf '# Made by %s-example/run at each start: use its --set.\n' "$server"
	cat "$tree/conf/latchkey.conf"
	printf '\n'
	printf '%s\n' "${line[@]}" | sort
	[[ ! $same_user || ${line[same_user_is_trusted]-} ]] || printf '# %s\nsame_user_is_trusted = yes\n' "$same_user"
}

# save NAME [GROUP]: standard input as DIR/NAME, for us alone, or for the group to read besides: it may hold passwords.
save() {
	local readers=(-m 0600)
	[[ ! ${2-} ]] || readers=(-m 0640 -g "$2")
	install "${readers[@]}" /dev/stdin "$dir/$1.new"
	mv "$dir/$1.new" "$dir/$1"
}

declare -A name_of=() # by process id

# --- a PostgreSQL of its own

postgresql=/usr/lib/postgresql/15/bin

# It runs as whoever has started this, or as Debian's user postgres, since it refuses root. Nobody else gets in: by its
# socket that user is the role postgres, and the user of the programs the role latchkey.
make_database() {
	[[ ! -d $dir/db/data ]] || return 0
	say "making a PostgreSQL in $dir/db"
	rm -rf "$dir/db"
	install -d "${database_owned[@]}" "$dir/db"
	(cd / && "${database_as[@]}" "$postgresql/initdb" -D "$dir/db/new" -U postgres -E UTF8 --locale=C.UTF-8 -A peer \
		--no-instructions {lock}>&- >/dev/null) || fail "$dir/db: no PostgreSQL could be made"
	"${database_as[@]}" tee "$dir/db/new/pg_hba.conf" <<<'local all all peer map=here' >/dev/null
	"${database_as[@]}" tee "$dir/db/new/pg_ident.conf" <<<"here $database_user postgres"$'\n'"here $as latchkey" >/dev/null
	"${database_as[@]}" mv "$dir/db/new" "$dir/db/data"
}
ask_database() {
	(cd / && "${database_as[@]}" "$postgresql/psql" -XqAt -v ON_ERROR_STOP=1 -h "$dir/db" -p 5432 -U postgres "$@" postgres \
		{lock}>&-)
}
# What a killed one has left may stop another, and $lock says that there is none.
start_database() {
	local end=$((SECONDS + 60)) database_user=$as database_as=() database_owned=()
	((EUID)) || {
		database_user=postgres
		database_as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
		database_owned=(-o postgres -g postgres)
	}
	make_database
	rm -f "$dir"/db/.s.PGSQL.*
	(cd / && exec "${database_as[@]}" multiwatch -f 1 -r 1000000 -t 1 -s INT -- "$postgresql/postgres" -D "$dir/db/data" \
		-k "$dir/db" -c listen_addresses= -c log_min_messages=panic) &
	name_of[$!]=PostgreSQL
	until ask_database -c 'select 1' >/dev/null 2>&1; do
		{ ((SECONDS < end)) && all_run; } || stop_and_fail "PostgreSQL does not start"
		read -rt 0.1 -u "$never" || true
	done
	ask_database <<-END || stop_and_fail "PostgreSQL takes no role and no database"
		select 'create role latchkey login' where not exists (select from pg_roles where rolname = 'latchkey') \\gexec
		select 'create database latchkey owner latchkey'
			where not exists (select from pg_database where datname = 'latchkey') \\gexec
	END
	"${cli[@]}" store init {lock}>&- || stop_and_fail "latchkey store init fails: see above"
}
stop_and_fail() {
	stop
	fail "$@"
}

# uses_postgresql: whether the records are in a database, which one process then watches for what other machines do.
uses_postgresql() { [[ ${settings[*]} =~ (^| )store' '*=' '*\"?postgresql:// ]]; }
start_watcher() {
	"${become[@]}" multiwatch -f 1 -r 1000000 -t 1 -s TERM -- "${cli[@]}" store watch &
	name_of[$!]='store watch'
}

# Sends the mails that the programs leave in the store.
start_mailer() {
	"${become[@]}" multiwatch -f 1 -r 1000000 -t 1 -s TERM -- "${cli[@]}" mail send &
	name_of[$!]='mail send'
}

# This script's processes are its jobs. When those are gone, they are the others that have the lock: what a killed master
# has left behind.
list_ours() {
	local fd pid
	ours=()
	# Bash may hold for running what has ended while it was busy.
	for pid in $(jobs -pr); do
		! kill -0 "$pid" 2>/dev/null || ours+=("$pid")
	done
	((${#ours[@]} == 0)) || return 0
	for fd in /proc/[0-9]*/fd/"$lock"; do
		[[ $fd -ef $dir/lock ]] || continue
		pid=${fd#/proc/} pid=${pid%%/*}
		((pid == $$)) || ours+=("$pid")
	done
}

# TERM again each second: multiwatch passes it on once, and may just have started another child.
stop() {
	local i ours
	trap '' HUP INT TERM
	for ((i = 0; ; i++)); do
		list_ours
		((${#ours[@]})) || break
		((i % 20)) || kill -TERM "${ours[@]}" 2>/dev/null || true
		read -rt 0.05 -u "$never" || true
	done
}

# answers PATH: whether a program answers there, through the server. What that says in its place is a 5xx, after 10 s at last.
answers() {
	local fd status=''
	exec {fd}<>"/dev/tcp/127.0.0.1/$port" || return 1
	printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$1" >&"$fd"
	read -r -t 15 _ status _ <&"$fd" || true
	exec {fd}>&-
	status=${status%$'\r'} # where no words follow the number
	[[ $status == [234]?? && $status != 404 ]]
}

# all_run: or which one is gone. Not by wait alone: bash forgets those that it has reaped before wait asks.
all_run() {
	local running pid
	mapfile -t running < <(jobs -pr)
	for pid in "${!name_of[@]}"; do
		[[ " ${running[*]} " == *" $pid "* ]] || { gone=${name_of[$pid]} && return 1; }
	done
}

# Returns 0 when each program answers, and at once when one of them, or the server, has ended.
await_answers() {
	local program name path end=$((SECONDS + 60))
	for program in "${programs[@]}"; do
		read -r name path <<<"$program"
		until answers "$path" 2>/dev/null; do
			all_run || return 0
			if ((SECONDS >= end)); then
				say "cgi/$name does not answer" >&2
				return 1
			fi
			read -rt 0.1 -u "$never" || true
		done
	done
}

# A page takes a form at site_url alone, which a --set may have changed.
welcome() {
	local site way='Open it in a browser, and make the first administrator. Or here'
	site=$("${cli[@]}" config --programs {lock}>&- | sed -n 's|^site_url = ||p')
	[[ $site == "$url" ]] || way="Browsers go to ${site:-no page, since site_url is empty}. Here"
	[[ ! $("${cli[@]}" user list --admin {lock}>&-) ]] || way="Open ${site:-it} in a browser, and sign in. Or here"
	cat <<-END
		latchkey: ready on $url
		$way: an administrator, a sign-in, and what the token opens:
		  echo 'Quiet-Harbour-42' | ${cli[@]} user add admin --admin
		  token=\$(curl -s $url/auth/admin/login -H 'Content-Type: application/json' -d '{"password":"Quiet-Harbour-42"}' | grep -o 'eyJ[^"]*')
		  curl -i $url/auth/verify -H "Authorization: Bearer \$token"
		  curl -i $url/protected/ -H "Authorization: Bearer \$token"
	END
}

# Sets $bin and $templates: where they are, or copies that the owner can get to.
place_programs() {
	local program
	bin=$build/cgi templates=$tree/conf/mail
	! reaches "$bin/verify" || return 0
	say "$as cannot get to $tree: state and programs are in $dir"
	install -d -m 0755 "$dir/cgi"
	for program in "${programs[@]}"; do
		install -m 0755 "$bin/${program%% *}" "$dir/cgi/"
	done
	cp -r "$templates" "$dir/"
	bin=$dir/cgi templates=$dir/mail
}

# Sets $filters likewise: without them no program starts.
place_filters() {
	filters=$tree/conf
	! reaches "$filters" || return 0
	install -m 0644 "$filters"/*.filter "$dir/"
	filters=$dir
}

# Sets $www and $pages likewise: the web server reads the one, its configuration names it, and the programs read both.
place_pages() {
	www=$tree/www pages=$tree/conf/pages
	! reaches "$www" || [[ ! $tree =~ ^[[:alnum:]/._+-]+$ ]] || return 0
	install -d -m 0755 "$dir/share"
	cp -r "$www" "$pages" "$dir/share/"
	www=$dir/share/www pages=$dir/share/pages
}

# Started by root, programs, state and mails are the owner's, and all else is root's. Started by another user, all is that
# user's.
choose_users() {
	make_users || fail 'cannot make the user latchkey and the group latchkey-web'
	as=$owner owned=() become=()
	if ((EUID)); then
		as=$(id -un)
		same_user="$as has started all of this, and nothing but what that user runs could be taken for nginx."
	else
		owned=(-o "$owner" -g "$owner")
		become=(setpriv --reuid="$owner" --regid="$owner" --init-groups)
	fi
}

run() {
	read_options "$@"
	choose_users
	choose_places
	state=$dir/state
	[[ ! $with_postgresql ]] || {
		settings+=("store = postgresql://latchkey@/latchkey?host=$dir/db&port=5432")
		purposes+=(postgresql)
	}
	take_directory
	check_port "$port"
	[[ ! $public ]] || check_port "$public"

	[[ ${LATCHKEY_BUILD-} ]] || "$tree/build-aux/prepare" "${purposes[@]}" {lock}>&- || exit 1

	reaches "$state" || fail "$owner must get to $dir, and cannot: is it in a home directory?"
	list_programs
	place_programs
	place_filters
	place_pages
	rm -f "$dir/conf.d/latchkey.conf" # nginx's, of an earlier version; what lies there is latchkey's now
	latchkey_conf | save latchkey.conf ${owned:+"$owner"}
	server_conf | save "$server.conf"
	rm -f "$dir"/web-key* # it has no other user than what is started here
	"${cli[@]}" web-key make >/dev/null {lock}>&- || fail "no key for $server could be made: see above"
	"${cli[@]}" config --programs >/dev/null {lock}>&- || fail "the programs would refuse this configuration"

	trap 'stop; exit 0' HUP INT TERM
	[[ ! $with_postgresql ]] || start_database
	start_programs
	! uses_postgresql || start_watcher
	start_mailer
	start_server

	if await_answers; then
		! all_run || welcome
		while all_run; do
			sleep 5 {lock}>&- &
			wait -n || true
		done
		say "$gone has ended" >&2
	fi
	stop
	exit 1
}
