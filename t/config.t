#!/bin/bash
# latchkey config: it fails where a program would not start or a mail not go, and says what is in the way.
. "${0%/*}/lib.sh"

# config STATUS NAME OPTION...: the command's exit status; $err is what it said. The settings are printed in any case.
config() {
	latchkey config "${@:3}" >"$work/out" 2>"$work/err"
	is "$?" "$1" "$2${3+, $3}"
	err=$(<"$work/err")
	like "$(<"$work/out")" $'\nstate_dir = ' "$2: the settings are printed"
}
# broken REASON NAME: neither would the programs start.
broken() {
	config 1 "$2"
	like "$err" "$1" "$2: says why"
	config 1 "$2" --programs
}
# broken_mails REASON NAME: but the programs would.
broken_mails() {
	config 1 "$2"
	like "$err" "$1" "$2: says why"
	config 0 "$2" --programs
	is "$err" '' "$2: of which nothing is said then"
}
# starts: a program does, as plain CGI.
starts() { LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/login" </dev/null >"$work/out" 2>>"$log"; }

cp -r "$top/conf/mail" "$work/mail" # where the owner can read them
chmod -R a+rX "$work/mail"
common=('hash_cost = 1' "mail_templates = $work/mail")
fresh "${common[@]}" 'mail_command = /bin/true'
add ann Quiet-Harbour-42
config 0 'all is well'
is "$err" '' 'all is well: nothing is said'
ok_if 'all is well: a program starts' starts

# --- mails

set_conf "${common[@]}" "mail_command = $work/nowhere/sendmail -t -i"
broken_mails "mail_command: $work/nowhere/sendmail: No such file or directory; install a mail program, or write .mail_command =. " \
	'no mail program'
: >"$work/mailer"
chmod 644 "$work/mailer"
set_conf "${common[@]}" "mail_command = $work/mailer"
broken_mails "mail_command: $work/mailer: Permission denied" 'a mail program that is none'
set_conf "mail_templates = $work/nowhere" 'mail_command ='
config 0 'no mails'
# Of several directories the first that has a text has it, and the others' are not looked at.
mkdir -p "$work/changed/de" "$work/more/en" "$work/more/nl"
echo 'Subject: {lnik}' | tee "$work/more/en/test.txt" >"$work/more/nl/test.txt"
cp "$work/mail/de/test.txt" "$work/changed/de/"
chmod -R a+rX "$work/changed" "$work/more"
set_conf "${common[0]}" "mail_templates = $work/changed:$work/mail" 'mail_command = /bin/true'
config 0 'a text of its own in a directory before'
set_conf "${common[0]}" "mail_templates = $work/mail:$work/more" 'mail_command = /bin/true'
broken_mails "$work/more/nl/test.txt:1: .*lnik" 'a fault in the second directory'
rm "$work/more/nl/test.txt"
config 0 'a fault in a text that has another before it'

# --- the state

set_conf "${common[@]}" 'mail_command =' 'store = bdb:/nowhere/store'
broken '/nowhere/store: No such file or directory' 'no directory of the records'
ok_if 'no directory of the records: nor does a program start' eval '! starts'
set_conf "${common[@]}" 'mail_command ='
mv "$state" "$state.away"
broken "state_dir: $state: No such file or directory" 'no state'
ok_if 'no state: nor does a program start' eval '! starts'
mv "$state.away" "$state"
config 0 'the state is back'

# --- the web server's key

set_conf "${common[@]}" 'mail_command =' "web_key_file = $work/web-key"
broken "web_key_file: $work/web-key: No such file or directory" 'no key'
ok_if 'no key: nor does a program start' eval '! starts'
latchkey web-key make >>"$log" 2>&1
config 0 'a key'
ln "$work/web-key" "$work/second"
broken "web_key_file: $work/web-key: has a second name" 'a key with a second name'
rm "$work/second"
set_conf "${common[@]}" 'mail_command =' "web_key_file = $work/mail"
broken "web_key_file: $work/mail: is no regular file" 'a key that is a directory'
set_conf "${common[@]}" 'mail_command ='

if ((EUID)); then
	pass "another user's state # SKIP it takes root to give files away"
else
	touch "$state/store/log.9999999999"
	broken "store: $state/store/log.9999999999 belongs to uid 0, so uid [1-9][0-9]* cannot work with it" 'a file of root'
	rm "$state/store/log.9999999999"
	chown nobody "$state"
	broken "state_dir: $state/[^/]* belongs to uid [1-9][0-9]*, so uid $(id -u nobody) cannot" "another user's files"
	chown --reference="$state/store" "$state"
	mkdir "$state/lost+found"
	config 0 'what a file system has of its own'
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$build/cli/latchkey" --config "$conf" config >"$work/out" 2>"$work/err"
	is "$?" 1 'asked by another user'
	like "$(<"$work/err")" "state_dir: $state belongs to uid [1-9][0-9]*, so uid $(id -u nobody) cannot .* run this as root" \
		'asked by another user: says why'
fi

done_testing
