#!/bin/bash
# shellcheck disable=SC2016 # the dollars of units
# systemd.t - the units: systemd reads them, finds them safe, and what they let the programs do is all that these do
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

units=$work/units
mkdir "$units"
cp -r "$top"/conf/systemd/* "$units"

# --- systemd's own opinion

# With the programs that are built, not those that may be installed.
here() { sed -e "s|/usr/libexec/latchkey/|$build/cgi/|; s|/usr/bin/latchkey|$build/cli/latchkey|"; }
for unit in "$units"/*.service; do
	here <"$unit" >"$unit.new"
	mv "$unit.new" "$unit"
done
names=(latchkey.target)
for unit in "$units"/*.*; do
	unit=${unit##*/}
	case $unit in
	*.d | latchkey.target) ;;
	*@.*) for program in "${programs[@]}"; do names+=("${unit/@/@$program}"); done ;;
	*) names+=("$unit") ;;
	esac
done
is "$(cd "$units" && SYSTEMD_UNIT_PATH=$units: systemd-analyze verify --man=no --recursive-errors=no "${names[@]}" 2>&1)" '' \
	'systemd has nothing to say against the units'

# What the guide has an operator enable starts at the next boot, too.
while read -r unit; do
	ok_if "systemctl enable $unit: it says what wants it" grep -q '^WantedBy=' "$top/conf/systemd/$unit"
done < <(grep -rhoP 'systemctl enable (--now )?\Klatchkey[-.a-z]*' "$top/doc/guide" | sort -u)

# systemd gives up after five starts in ten seconds. A unit that is begun again sooner than after a second says otherwise.
is "$(grep -lE '^RestartSec=.*ms$' "$top"/conf/systemd/*.service)" "$(grep -l '^StartLimitIntervalSec=0$' "$top"/conf/systemd/*.service)" \
	'no unit is given up after a few seconds'

# How exposed each is, in tenths. A unit that is not named here is to be as safe as the programs.
# The backup calls fchown(); the watch goes to a database, wherever that is.
declare -A exposed=([latchkey-mail]=69 [latchkey-backup]=13 [latchkey-store-watch]=19)
is_safe() { systemd-analyze security --offline=yes --no-pager --threshold="$1" "$2" >>"$log" 2>&1; }
for unit in "$top"/conf/systemd/*.service; do
	name=${unit##*/} name=${name%.service}
	ok_if "$name: is exposed by no more than ${exposed[$name]-12} tenths" \
		is_safe "${exposed[$name]-12}" "$unit"
done
# In a container these have a unit see another boot's id than the command does: each would recover the store after the other.
is "$(cat "$top"/conf/systemd/*.service "$top/doc/guide/systemd.md" | grep -E '^ *(ProtectControlGroups|ProtectKernelTunables|ProtectProc|ProcSubset)=')" '' \
	'all see the same boot'
# With that each command of the unit, of a reload too, takes O_NONBLOCK from the socket that the programs wait at.
is "$(grep '^StandardInput=' "$top/conf/systemd/latchkey@.service")" '' 'no command of a unit has the socket but the programs'
# What the guide has for a mail program that needs no rights.
{
	sed '/^ExecStart/d; /^\[Install\]/,$d' "$top/conf/systemd/latchkey-mail.service"
	echo 'ExecStart=/bin/true'
	sed -n '/^The service for mails/,/^Then/s/^    //p' "$top/doc/guide/systemd.md"
} >"$work/bound.service"
ok_if "the guide's bounds for a mail program hold" \
	is_safe 20 "$work/bound.service"
# What it has for a database elsewhere.
elsewhere=$(sed -n '/^    PrivateNetwork=no/,/^$/s/^    //p' "$top/doc/guide/systemd.md")
for name in latchkey@ latchkey-store-watch; do
	{ cat "$top/conf/systemd/$name.service" && printf '[Service]\n%s\n' "$elsewhere"; } >"$work/$name.service"
	ok_if "$name: with a database elsewhere it has the network, and little of it" is_safe 18 "$work/$name.service"
	like "$(<"$work/$name.service")" $'\nIPAddressDeny=any\nIPAddressAllow=[0-9.]+ ' "$name: namely the database's addresses"
done
# What has the unit stay away where there is no database.
condition=$(sed -n 's/^ExecCondition=//p' "$units/latchkey-store-watch.service")
condition=${condition#"/bin/sh -c '"}
wants_watch() { LATCHKEY_CONF=$conf sh -c "${condition%"'"}" 2>>"$log"; }
set_conf 'hash_cost = 1'
ok_if 'latchkey-store-watch: Berkeley DB wants no watch' eval '! wants_watch'
set_conf 'store = postgresql://latchkey@/latchkey?host=/run/postgresql'
ok_if 'latchkey-store-watch: a database wants one' wants_watch

# --- what the programs do, and what the unit lets them do

# setting NAME: its values in the unit, one a line.
setting() { sed -n "s/^$1=//p" "$units/latchkey@.service"; }
# calls_of NAME: the system calls of a word of SystemCallFilter=.
calls_of() {
	local line
	[[ $1 == @* ]] || { echo "$1" && return; }
	systemd-analyze syscall-filter --no-pager "$1" | sed -n '2,$s/^ *//p' | grep -v '^#' | while read -r line; do
		[[ ! $line ]] || calls_of "$line"
	done
}
# permitted: those of the unit.
permitted() {
	local word
	setting SystemCallFilter | tr ' ' '\n' | grep -v '^~' | while read -r word; do calls_of "$word"; done | sort -u >"$work/given"
	setting SystemCallFilter | sed -n 's/^~//p' | while read -r word; do calls_of "$word"; done | sort -u >"$work/taken"
	comm -23 "$work/given" "$work/taken"
}
permitted >"$work/permitted"
ok_if 'the unit permits system calls' grep -qx openat "$work/permitted"

# Each call of sandbox.c that this processor has. What it lacks systemd does not list.
sed -n '/^static const int allowed/,/^};/s/CALL(\([a-z0-9_]*\))/\n\1\n/gp' "$top/common/site/sandbox.c" | grep -x '[a-z0-9_]*' | sort -u >"$work/wanted"
is "$(comm -23 "$work/wanted" "$work/permitted" | xargs)" '' "the programs' own sandbox is the narrower one"

if ((EUID)); then
	pass 'the whole unit # SKIP only root can play systemd'
	done_testing
fi

# play COMMAND...: in place of this shell, as the unit has it, as far as that goes without systemd: its user with no rights, no
# network, and nothing to write but the state.
play() {
	exec unshare --mount --net --ipc -- bash -c '
		state=$1 && shift
		mount --make-rprivate / && mount --bind "$state" "$state" && mount -o remount,bind,ro / || exit
		exec setpriv --reuid=latchkey --regid=latchkey --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"' \
		play "$state" "$@"
}
# command_of LINE PROGRAM: a command of the unit, as words; sets $command.
command_of() {
	local line=${1//%i/$2}
	command=()
	line=${line//'${WORKERS}'/2}
	eval "command=(${line//'$MAINPID'/${pid_of[$2]-}})" # in the quotes of the unit
}
# spawn PROGRAM [COMMAND...]: as systemd would, on a socket that root has made. The command comes before the unit's own.
declare -A pid_of=()
spawn() {
	rm -f "$work/$1.sock"
	command_of "$(setting ExecStart)" "$1"
	LATCHKEY_CONF=$conf spawn-fcgi -n -s "$work/$1.sock" -- \
		/bin/bash -c 'play "$@" 3<&0' spawn "${@:2}" "${command[@]}" >>"$log" 2>&1 &
	pids+=($!) pid_of[$1]=$!
	wait_for 60 listens "$work/$1.sock" || give_up "no socket of $1"
}
# found PROGRAM FIELD PATH: a field of ps of the processes of that program that run PATH.
found() { children "${pid_of[$1]}" | xargs ps -o "$2=,args=" -p 2>/dev/null | awk -v path="$3" '$2 == path { print $1 }' | sort -u | xargs; }

export -f play
export state
way=fcgi old=Quiet-Harbour-42
fresh 'hash_cost = 1'
add admin "$old" --admin

# --- what they call

for program in "${programs[@]}"; do spawn "$program" strace -f -qq -o "$state/calls-$program"; done
sign_in admin
is "$status" 200 'under the unit: a sign-in'
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 204 'under the unit: verify'
request POST /v1/api/user/change-password -d "{\"currentPassword\":\"$old\",\"newPassword\":\"Other-Harbour-43\"}" -H "X-Jwt-Token: $token"
is "$status" 200 'under the unit: a change'
for program in "${programs[@]}"; do
	request GET "$(awk -F '\t' -v of="$program" '$3 == of { print $2; exit }' <<<"$routes")" --program "$program"
	like "$status" '^[1-4]..$' "under the unit: $program answers"
	wanted=0
	! grep -q '\.hashes = true' "$top/cgi/$program.c" || wanted=10
	is "$(found "$program" ni "$build/cgi/$program")" "$wanted" "under the unit: $program is at nice $wanted"
done
for program in "${programs[@]}"; do kill -TERM "$(found "$program" pid /usr/bin/multiwatch)"; done
for program in "${programs[@]}"; do wait_for 60 ended "${pid_of[$program]}" || flunk "$program ends"; done
stop
sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$state"/calls-* | sort -u >"$work/made"
ok_if 'they make system calls' grep -qx epoll_wait "$work/made"
is "$(comm -23 "$work/made" "$work/permitted" | xargs)" '' 'from their start on they make none that the unit does not permit'
is "$(grep -hE '\b(mmap|mprotect)\(.*PROT_(WRITE\|PROT_)?EXEC' "$state"/calls-* | grep -c PROT_WRITE)" 0 'no memory is written and run'
is "$(sed -n 's/.* socket(\([A-Z_0-9]*\),.*/\1/p' "$state"/calls-* | sort -u | xargs)" '' 'no socket is made'
is "$(grep -hE ' (EPERM|EROFS) ' "$state"/calls-* | sed 's/^[0-9]* *//' | sort | uniq -c)" '' 'nothing is refused'
rm "$state"/calls-*

# --- a reload, by the lines of the unit

# reload PROGRAM: systemd stops at the first that fails.
reload() {
	local line
	setting ExecReload >"$work/lines"
	while read -r line; do
		command_of "$line" "$1"
		(LATCHKEY_CONF=$conf play "${command[@]}") >>"$log" 2>&1 </dev/null || return
	done <"$work/lines"
}
renewed() { [[ $(found login pid "$build/cgi/login" | wc -w) -eq 2 && $(found login pid "$build/cgi/login") != *"${before% *}"* ]]; }
spawn login
sign_in admin 'Other-Harbour-43'
before=$(found login pid "$build/cgi/login")
is "$(wc -w <<<"$before")" 2 'two processes of login'
ok_if 'a reload' reload login
ok_if 'has others take their place' wait_for 60 renewed
sign_in admin 'Other-Harbour-43'
is "$status" 200 'which sign in'
before=$(found login pid "$build/cgi/login")
echo 'no_such_thing = 1' >>"$conf"
ok_if 'a reload with a bad setting is refused' eval '! reload login'
like "$(<"$log")" 'no_such_thing: there is no such setting' 'with the reason'
is "$(found login pid "$build/cgi/login")" "$before" 'and those that run stay'
sign_in admin 'Other-Harbour-43'
is "$status" 200 'and sign in'
done_testing
