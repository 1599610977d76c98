#!/bin/bash
# root.t - what root starts: it takes no orders from another user, writes nothing for one, and stays root nowhere
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

if ((EUID)); then
	pass 'root # SKIP it takes root to show what root does not do'
	done_testing
fi
common=('hash_cost = 1' "mail_templates = $top/conf/mail")

# --- the command

# refused REASON NAME COMMAND...: it fails, says why, and has not run what the settings name.
refused() {
	"${@:3}" >"$work/out" 2>"$work/err"
	is "$? $(<"$work/out")" '1 ' "$2: refused"
	if grep -qF -- "$1" "$work/err"; then pass "$2: says why"; else flunk "$2: says why" "$(<"$work/err")"; fi
	ok_if "$2: nothing was run" test ! -e "$work/runs/run-by"
}
printf '#!/bin/sh\nid -u >%s/run-by\ncat >/dev/null\n' "$work/runs" >"$work/mailer"
chmod 755 "$work/mailer"
install -d -m 0777 "$work/open" "$work/runs"
install -d -m 1777 "$work/sticky"
install -d -o www-data "$work/theirs"
install -d -m 0700 "$work/roots"

# mails DIR [OPTION...]: tries a mail by settings in that directory, which install(1) makes as the options say.
mails() {
	printf '%s\n' "state_dir = $state" "mail_command = $work/mailer" 'mail_from = a@example.org' "${common[@]}" \
		"common_passwords = $work/common-passwords.filter" "leaked_secrets = $work/jwt-secrets.filter" >"$work/settings"
	install -m 0644 "${@:2}" "$work/settings" "$1/settings.conf"
	"$build/cli/latchkey" --config "$1/settings.conf" mail test b@example.org
}
set_conf "${common[@]}"
others='others can write it, or its directory'
refused "$others" "another user's settings" mails "$work" -o www-data
refused "$others" 'settings that their group may write' mails "$work" -m 0664
refused "$others" 'settings that everybody may write' mails "$work" -m 0646
refused "$others" "in another user's directory" mails "$work/theirs"
refused "$others" 'in a directory that everybody may write' mails "$work/open"
refused "$others" 'in one where everybody may have files' mails "$work/sticky"
# parts [OPTION...]: the same, by root's own settings, with a file of conf.d that install(1) makes as the options say.
parts() {
	: >"$work/settings"
	install -m 0644 "$@" "$work/settings" "$work/conf.d/part.conf"
	mails "$work"
}
install -d -m 0755 "$work/conf.d"
refused "$work/conf.d/part.conf: $others" "conf.d: another user's file" parts -o www-data
refused "$work/conf.d/part.conf: $others" 'conf.d: a file that everybody may write' parts -m 0646
chmod 777 "$work/conf.d"
refused "$work/conf.d/part.conf: $others" 'conf.d: a directory that everybody may write' parts
rm -r "$work/conf.d"
chown root:root "$state"
refused "state_dir: $state is root's" 'a state_dir of root' mails "$work"
refused "state_dir: $state is root's" 'a state_dir of root: to make a key there' latchkey web-key make
own latchkey
mails "$work" >"$work/out" 2>&1
is "$? $(<"$work/runs/run-by")" "0 $(id -u latchkey)" 'with settings of root alone: a mail is sent, by the owner of the state'
rm -r "$work/runs"
# As root's supervisor would have it, with what a program's user could write so far.
printf '%s\n' "state_dir = $work/roots" "mail_command = $work/mailer" >"$work/theirs/latchkey.conf"
chown www-data "$work/theirs/latchkey.conf"
refused "$others" 'settings that the sender of mails is to be root by' \
	"$build/cli/latchkey" --config "$work/theirs/latchkey.conf" mail send --once

# --- the run scripts: what another user has put in the way

echo untouched >"$work/victim"
# in_the_way NAME DIR: neither server is started there, and what the links lead to is as it was.
in_the_way() {
	local server
	for server in nginx apache; do
		way=$server run_again --state "$2" --port "$(free_port)"
		like "$code $said" '^1 .*others can write' "$server: $1: refused"
	done
	is "$(<"$work/victim") $(find "$work/elsewhere" -mindepth 1)" 'untouched ' "$1: nothing is written"
}
mkdir "$work/elsewhere"
for link in lock latchkey.conf.new nginx.conf.new apache.conf.new latchkey.conf; do ln -s "$work/victim" "$work/theirs/$link.x"; done
rm "$work/theirs/latchkey.conf"
for link in "$work/theirs"/*.x; do mv "$link" "${link%.x}"; done
ln -s "$work/elsewhere" "$work/theirs/tmp"
ln -s "$work/elsewhere" "$work/theirs/state"
chown -h www-data "$work/theirs"/*
in_the_way 'a directory of another' "$work/theirs"
in_the_way 'one below it' "$work/theirs/below"
ln -s "$work/elsewhere" "$work/theirs/linked"
in_the_way 'one by a link in it' "$work/theirs/linked/x"
install -d -m 0775 -g www-data "$work/shared"
in_the_way 'a directory that a group can write' "$work/shared"

# --- what is whose, while it runs

stop
way=nginx
fresh "${common[@]}"
start nginx
add admin "$old" --admin
ok_if 'nginx: they sign in' sign_in admin
is "$(find "$work" -path "$state" -prune -o -newer "$work/victim" \( ! -user root -o -perm /022 \) ! -type l -print |
	sed "s|$work/||" | grep -v '^theirs\|^shared\|[.]sock$\|^tmp/\|^web-key$' | xargs)" '' 'nginx: all but the state is root'\''s alone'
is "$(stat -c '%U %a' "$work/web-key" "$work/web-key.nginx" | xargs)" 'latchkey 400 root 600' \
	'nginx: the key is for the programs to read, and for root'
is "$(find "$state" ! -user latchkey)" '' 'nginx: the state is all of latchkey'
is "$(stat -c '%U %G %a' "$work/reset.sock")" 'latchkey latchkey-web 660' 'nginx: a socket is for its group'

# running: user, group and name of each process of the run but for the script itself.
running() { children "${pids[0]}" | xargs ps -o euser:20=,egroup:20=,comm= -p | sed 's/  */ /g' | sort -u; }
is "$(running | grep -v ' nginx$\| sleep$' | cut -d' ' -f1,2 | sort -u)" 'latchkey latchkey' \
	'nginx: programs, supervisors and the sender of mails are latchkey'
is "$(running | grep ' nginx$' | xargs)" 'root root nginx www-data latchkey-web nginx' \
	'nginx: its workers are www-data, in the group of the sockets'
is "$(running | grep -c ' root .*latchkey$\|^root .*multiwatch')" 0 'nginx: none of ours is root'
# knock SOCKET: as a page of PHP's that is www-data, too.
knock() {
	setpriv --reuid=www-data --regid=www-data --init-groups \
		python3 -I -S -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$1" 2>&1 | tail -n 1
}
for program in "${programs[@]}"; do
	is "$(knock "$work/$program.sock")" 'PermissionError: [Errno 13] Permission denied' "nginx: www-data alone cannot ask $program"
done
# Who can put a link in the place of a socket that root has just made is given the file that it leads to.
bash -c "$(sed -n 's|^    \(install .*\) /run/latchkey$|\1|p' "$top/doc/guide/multiwatch.md") $work/sockets"
is "$(setpriv --reuid=latchkey --regid=latchkey --init-groups ln -s /etc/shadow "$work/sockets/login.sock" 2>&1 | grep -c 'Permission denied')" 1 \
	"the guide's directory of sockets: the programs' user puts nothing there"
is "$(setpriv --reuid=www-data --regid=latchkey-web --clear-groups ls "$work/sockets/." 2>&1 | grep -c 'cannot open')$(
	setpriv --reuid=www-data --regid=latchkey-web --clear-groups test -d "$work/sockets/." && echo ' in')" '1 in' \
	'and the web server finds one that it knows'
is "$(setpriv --reuid=www-data --regid=www-data --init-groups cat "$conf" "$work/nginx.conf" 2>/dev/null)" '' \
	'nginx: www-data reads no settings'

# --- another owner, another layout

stop
way=apache run_again --state "$work" --port "$(free_port)"
like "$code $said" "^1 .*$state must be www-data's.*chown -hR www-data: $state" "the other server does not take the state: what to do"
start apache
is "$(find "$state" ! -user www-data)" '' 'apache: the state is all of www-data'
ok_if 'apache: they sign in' sign_in admin
stop

own www-data
mv "$state" "$work/old"
way=nginx run_again --state "$work/old" --port "$(free_port)"
like "$code $said" "^1 .*accounts of an earlier version.*: mv $work/old " 'the state of an earlier version: what to do'
bash -c "$(sed -n 's/.*then: //p' <<<"$said")" # as it says
mv "$work/old/state" "$state"
start nginx
ok_if 'which leaves the accounts as they were' sign_in admin
stop

done_testing
