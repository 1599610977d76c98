#!/bin/bash
# The operator's command: which accounts it makes and unmakes, what it answers and refuses, and that it keeps secrets.
. "${0%/*}/lib.sh"

# Every password here has this word in it, and no output may have it.
secret=Kumquat
all=$work/all

# try STATUS NAME ARGUMENT...: the command's exit status; $out and $err are what it said.
try() {
	local wanted=$1 name=$2 got
	shift 2
	latchkey "$@" >"$work/out" 2>"$work/err"
	got=$?
	cat "$work/out" "$work/err" >>"$all"
	out=$(<"$work/out") err=$(<"$work/err")
	is "$got" "$wanted" "$name"
}

# refused REASON NAME ARGUMENT...: refused, and the reason is on standard error, with nothing besides it.
refused() {
	local reason=$1 name=$2
	shift 2
	try 1 "$name" "$@"
	like "$err" "$reason" "$name: says why"
	is "$out" '' "$name: says nothing else"
}

# repeat TEXT TIMES
repeat() { local text && printf -v text "%$2s" '' && printf %s "${text// /$1}"; }

signs_in() { # NAME PASSWORD
	request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}"
	[[ $status == 200 ]]
}

refuses_reset() { # CODE
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"Quiet-Harbour-42\"}"
	[[ $status == 400 ]]
}

fresh 'hash_cost = 1'
start cgi

# --- user add

refused 'characters' 'add: a password too short' user add ann <<<'Kumquat'
refused 'no password' 'add: no password' user add ann </dev/null
refused 'characters' 'add: an empty line' user add ann <<<''
# A database is there before there is anything in it.
without=('user list' 'user show ann' 'user passwd ann' 'token list' 'key rotate' 'auth disabled' 'throttle clear all' export check)
[[ ! ${LATCHKEY_TEST_STORE-} ]] || without=()
for words in "${without[@]}"; do
	# shellcheck disable=SC2086 # words
	refused 'there is no store in' "no store: $words" $words <<<"$secret-ann"
done
try 0 'no store: what an import would do' import --dry-run - <<<'{"username":"ann"}'
is "$out $err" '1 would be imported, 0 there already, 0 skipped ' 'no store: what an import would do: said'
"$build/cli/latchkey" --config "$conf" mail send --once 2>>"$log"
"$build/cli/latchkey" --config "$conf" status >>"$log" 2>&1
ok_if 'no store: nothing of these has made one' test ! -e "$state/store/log.0000000001"

try 0 'add' user add ann <<<"$secret-ann"
like "$out" '^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' 'add: prints the id, a UUID'
like "$err" ': made$' 'add: and nothing else but that it makes a store'
id=$out
ok_if 'add: she signs in' signs_in ann $secret-ann
refused 'exists' 'add: a name taken' user add ann <<<"$secret-else"
refused 'exists' 'add: a name taken, in capitals' user add ANN <<<"$secret-else"
ok_if 'add: her password stays' signs_in ann $secret-ann
try 0 'add: an email as the name' user add Bob@example.org --verified <<<"$secret-bob"
refused 'exists' 'add: an email taken' user add bert --email bob@EXAMPLE.org <<<"$secret-else"
refused 'no such account' 'add: a name is not taken when the email was' user show bert
refused 'not a valid name' 'add: an email for an email' user add cat@example.org --email c@example.org <<<"$secret-cat"
for name in admin ADMIN; do
	refused "$name is the administrator of actian's API: add --admin" "add: $name without --admin" \
		user add $name --email root@example.org <<<"$secret-admin"
done
try 0 'add: name, email, administrator' user add admin --admin --email root@example.org <<<"$secret-admin"

while IFS= read -r name; do
	printf -v name %b "$name"
	refused 'not a valid name' "add: bad name ${name@Q}" user add -- "$name" <<<"$secret-bad"
done <<'END'
\x20blank-before
blank-after\x20

a\ttab
a\nline
a\rreturn
\033[2Jescape
delete\x7f
two@at@example.org
@example.org
nobody@
blank in@example.org
\xff
END
refused 'not a valid name' 'add: a name of 255 bytes' user add "$(repeat x 255)" <<<"$secret-bad"
try 0 'add: a name of 254 bytes' user add "$(repeat x 254)" <<<"$secret-long"
for name in no-at two@at@example.org 'blank @example.org' ''; do
	refused 'not a valid name' "add: bad email '$name'" user add dan --email "$name" <<<"$secret-bad"
done
try 0 'add: a name with a dash before it' user add -- --admin <<<"$secret-dash"

# --- invite

try 0 'invite' user invite ina --name Ina --group staff
like "$out" '^ina is invited until 20[^ ]*Z: [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$' 'invite: the code is the last word'
code=${out##* }
refused 'exists' 'invite: once' user invite INA
echo 'site_url = https://id.example.org/' >>"$conf"
try 0 'invite: once more' user invite ina --again
sed -i '$d' "$conf"
like "$out" '^ina is invited until 20[^ ]*Z, at https://id\.example\.org/account/invitation: [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$' 'invite: once more: another code, and where it is used'
request POST /account/api/invitation -d "{\"code\":\"$code\",\"password\":\"$secret-ina-invited\"}"
is "$status ${member_of[.code]-}" '400 wrong-code' 'invite: once more: the one before is dead'
try 2 'invite: once more, and other words' user invite ina --again --group staff
like "$err" "there is no '--group'" 'invite: once more, and other words: says so'
refused 'no such account' 'invite: once more, nobody' user invite nobody --again
try 0 'invite: disabled' user disable ina
refused 'user enable' 'invite: once more, a disabled one' user invite ina --again
try 0 'invite: enabled' user enable ina
try 0 'invite: once more, as JSON' user invite ina --again --json
code=$(sed -n 's/.*"code":"\([^"]*\)".*/\1/p' <<<"$out")
try 0 'invite: show' user show ina
like "$out" $'\nname: Ina\nrole: user\ngroups: staff\nstate: enabled\nverified: no\nhash: -\n' 'invite: without a password'
ok_if 'invite: the code opens no other door' refuses_reset "$code"
request POST /account/api/invitation -d "{\"code\":\"$code\",\"password\":\"$secret-ina-invited\"}"
is "$status ${member_of[.account.username]-}" '200 ina' 'invite: she chooses her password'
ok_if 'invite: and signs in' signs_in ina $secret-ina-invited
refused 'latchkey code new' 'invite: once more, with a password' user invite ina --again
try 0 'invite: as JSON' user invite jim@example.org --admin --json
like "$out" '^\{"id":"[^"]*","username":"","email":"jim@example.org","expires":"20[^"]*Z"\}$' 'invite: a mail has the code'
try 0 'invite: mails' mail list
like "$out" $'^waiting\tinvitation\t' 'invite: which waits'
refused 'add --admin' 'invite: admin' user invite admin
try 2 'invite: no group' user invite kim --group Staff
refused 'at most 120 bytes' 'invite: a full name too long' user invite kim --name "$(repeat x 121)"
refused 'not a valid name' 'invite: an email for an email' user invite k@example.org --email c@example.org
try 0 'invite: gone again' user delete ina
try 0 'invite: gone again' user delete jim@example.org

# --- list and show

try 0 'list' user list
is "$(cut -f 1-5 <<<"$out" | sort)" "$(sort <<END
ann	-	user	enabled	unverified
-	Bob@example.org	user	enabled	verified
admin	root@example.org	admin	enabled	unverified
$(repeat x 254)	-	user	enabled	unverified
--admin	-	user	enabled	unverified
END
)" 'list: everyone who was made, and nobody else'
is "$(grep -P "^ann\t" <<<"$out" | cut -f 6)" "$id" 'list: and the id'
try 0 'show' user show ann
is "${out%created*}" "id: $id
username: ann
email: -
role: user
state: enabled
verified: no
hash: yescrypt \$y\$j75\$
" 'show: as she was made'
like "$out" $'\ncreated: 20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' 'show: and when'
shown=$out
try 0 'show: in capitals' user show ANN
is "$out" "$shown" 'show: in capitals is the same'
try 0 'show: an email in capitals' user show BOB@EXAMPLE.ORG
like "$out" 'verified: yes' 'show: verified'
try 0 'show: by the other name' user show Root@example.org
like "$out" $'username: admin\nemail: root@example.org\nrole: admin' 'show: an administrator'
cp -r "$top/conf/mail" "$work/mail" # where the owner can read them
chmod -R a+rX "$work/mail"
set_conf 'hash_cost = 1' "mail_templates = $work/mail"
printf -v name 'Dora \033[2J\xc2\x9b\nrole: admin \xc3\xa9'
try 0 'language' user add dora --name "$name" --language de <<<"$secret-dora"
is "$err" '' 'language: there are templates for it'
try 0 'show: name and language' user show dora
is "$(sed -n '/^email/,/^role/p' <<<"$out")" $'email: -\nname: Dora \\u001b[2J\\u009b\\u000arole: admin \xc3\xa9\nlanguage: de\nrole: user' \
	'show: name and language, and nothing that steers a terminal'
try 0 'language: one without templates' user add erik --language xx <<<"$secret-erik"
is "$err" "latchkey user add: warning: there is no xx in $work/mail: mails will be in the default language, en" \
	'language: one without templates: says so'
set_conf 'hash_cost = 1' 'mail_command ='
try 0 'language: without mails' user add fred --language xx <<<"$secret-fred"
is "$err" '' 'language: without mails: says nothing'
set_conf 'hash_cost = 1'
refused 'nobody: there is no such account' 'show: unknown' user show nobody

# --- list: what fits, for people and for programs

read_list() { try 0 "list: $*" "$@"; }
read_list user list --admin
is "$(cut -f 1 <<<"$out")" admin 'list: administrators'
read_list user list --disabled
is "$out" '' 'list: nobody is disabled'
try 0 'list: one is' user disable dora
read_list user list --disabled
is "$(cut -f 1,4 <<<"$out")" $'dora\tdisabled' 'list: one is disabled'
read_list user list --disabled --admin
is "$out" '' 'list: all that is asked for has to fit'
try 0 'list: enabled again' user enable dora
try 2 'list: no group' user list --group A,B
read_list user list --admin --json
is "$out" '{"username":"admin","email":"root@example.org","role":"admin","state":"enabled","verified":"unverified","id":"'"$(
	latchkey user show admin | sed -n 's/^id: //p')"'","groups":""}' 'list: an object a line'
for list in 'token list' 'key list' 'throttle list' 'mail list' "user sessions ann"; do
	# shellcheck disable=SC2086 # several words
	try 0 "list: $list --json" $list --json
	is "$(grep -vc '^{.*}$' <<<"${out:-{\}}")" 0 "list: $list --json: objects"
done
# A terminal has headings; script(1) makes one.
is "$(script -qec "'$build/cli/latchkey' --config '$conf' user list --admin" /dev/null </dev/null | tr -d '\r' | head -n 1)" \
	$'username\temail\trole\tstate\tverified\tid\tgroups' 'list: on a terminal it has headings'

# --- sessions

for _ in 1 2; do
	request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$secret-ann\"}" -H 'User-Agent: a browser'
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	session=${member_of[.session.id]-}
done
try 0 'sessions' user sessions ann
is "$(wc -l <<<"$out") $(grep "$session" <<<"$out" | cut -f 5-7)" $'2 127.0.0.1\tpwd\ta browser' 'sessions: both, and what they are'
request GET /auth/verify -H "Cookie: $cookie"
is "$status" 204 'sessions: one is signed in'
try 0 'session end' session end "$session"
is "$out$err" '' 'session end: is quiet'
request GET /auth/verify -H "Cookie: $cookie"
is "$status" 401 'session end: it is signed in no more'
like "$(tail -n 1 "$state/audit.log")" '"event":"session-end","outcome":"ok","account":"'"$id"'","name":"ann".*"target":"session:'"$session" \
	'session end: the audit'
try 0 'session end: the other' user sessions ann
is "$(wc -l <<<"$out")" 1 'session end: the other is there'
refused 'no such session' 'session end: twice' session end "$session"
like "$(tail -n 1 "$state/audit.log")" '"event":"session-end","outcome":"refused","reason":"not-found"' 'session end: twice, the audit'

# --- group

signs_in ann $secret-ann
token=${member_of[.token]-}
try 0 'group' user group ann +staff +b.c -nothing
is "$out$err" '' 'group: is quiet'
try 0 'group: show' user show ann
like "$out" $'\ngroups: b.c,staff\n' 'group: sorted'
like "$(tail -n 1 "$state/audit.log")" '"event":"groups-change","outcome":"ok","account":"'"$id"'".*"target":".staff .b.c -nothing"' \
	'group: the audit says which'
try 0 'group: one less' user group ann -staff +a
try 0 'group: show again' user show ann
like "$out" $'\ngroups: a,b.c\n' 'group: one less, one more'
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 204 'group: she stays signed in'
for word in staff +Staff + - +a,b "+$(repeat x 33)" "+"$'\e[2J'; do
	try 2 "group: ${word@Q} is none" user group ann "$word"
done
try 0 'group: many' user group ann +g{1..30}
refused '32 groups at most' 'group: too many' user group ann +z
try 0 'group: out of all, and into as many others' user group ann -a -b.c -g{1..30} +h{1..32}
like "$(tail -n 1 "$state/audit.log")" '"target":"-a -b.c -g1 .* .h31 .h32"' 'group: the audit has them all'
try 0 'group: none' user group ann -h{1..31} -- -h32
try 2 'group: too many words' user group ann +i{1..65}
try 0 'group: show none' user show ann
is "$(grep -c groups <<<"$out")" 0 'group: all are gone'
refused 'no such account' 'group: unknown' user group nobody +a

# --- names in the audit

try 0 'audit: a name' user add $'\xc3\x84nne' <<<"$secret-anne"
like "$(tail -n 1 "$state/audit.log")" '"event":"account-create","outcome":"ok","account":"[^"]*","name":"\\u00c4nne","by":"uid:' \
	'audit: a name of any script, in ASCII'
try 0 'audit: gone again' user delete $'\xc3\x84nne'

# --- passwd

signs_in ann $secret-ann
token=${member_of[.token]-}
try 0 'passwd' user passwd Ann <<<"$secret-ann-2"
is "$out$err" '' 'passwd: is quiet'
ok_if 'passwd: the new one signs in' signs_in ann $secret-ann-2
signs_in ann $secret-ann
is "$status" 401 'passwd: the old one does not'
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'passwd: a token from before is dead'
refused 'characters' 'passwd: too short' user passwd ann <<<'Kumquat'
refused 'no password' 'passwd: none' user passwd ann </dev/null
refused 'no such account' 'passwd: unknown' user passwd nobody <<<"$secret-nobody"
ok_if 'passwd: refusals change nothing' signs_in ann $secret-ann-2

# --- the password on standard input

# takes NAME PASSWORD: what was typed has become that password.
takes() {
	try 0 "password: $1" user passwd ann <"$work/typed"
	ok_if "password: $1: signs in" signs_in ann "$2"
}
printf '%s\r\n' $secret-crlf >"$work/typed"
takes 'a line with \r\n' $secret-crlf
printf '\xef\xbb\xbf%s\r\n' $secret-mark >"$work/typed"
takes 'a line after a byte order mark' $secret-mark
printf '%s' $secret-no-end >"$work/typed"
takes 'a line without an end' $secret-no-end
printf '%s\nanother line\n' $secret-first >"$work/typed"
takes 'the first of two lines' $secret-first
printf '%s\n' "  $secret  " >"$work/typed"
takes 'blanks around it' "  $secret  "

long=$secret$(repeat $'\xe2\x82\xac' 168)
printf '%s\n' "$long" >"$work/typed"
is "$(wc -c <"$work/typed")" 512 'password: 511 bytes and a line end'
takes '511 bytes' "$long"

# not_taken WHAT: the password is refused, and no part of it has become hers.
not_taken() {
	latchkey user passwd ann <<<"$long"
	refused '^latchkey: ' "password: $1" user passwd ann <"$work/typed"
	ok_if "password: $1: the one before stays" signs_in ann "$long"
}
printf '%sx\n' "$long" >"$work/typed"
not_taken '512 bytes'
repeat x 257 >"$work/typed"
not_taken '257 characters'
repeat $'\xe2\x82\xac' 1000 >"$work/typed"
not_taken 'more than fits'
printf '%s\0%s\n' $secret-before after >"$work/typed"
not_taken 'a NUL byte'
printf '%s\xff\n' $secret >"$work/typed"
not_taken 'no UTF-8'
printf '%s\n' $secret-16 | iconv -t UTF-16 >"$work/typed"
not_taken 'UTF-16'
is "${err%%$'\n'*}" 'latchkey: standard input: UTF-16; save it as UTF-8' 'password: UTF-16: says so'
repeat x 256 >"$work/typed"
takes '256 characters' "$(repeat x 256)"

# --- disable, enable, delete

try 0 'passwd' user passwd ann <<<"$secret-ann"
signs_in ann $secret-ann
token=${member_of[.token]-}
try 0 'disable' user disable ANN
is "$out$err" '' 'disable: is quiet'
signs_in ann $secret-ann
is "$status" 401 'disable: no sign-in'
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'disable: her token is dead'
try 0 'disable: show' user show ann
like "$out" 'state: disabled' 'disable: shows'
try 0 'disable: again' user disable ann
try 0 'enable' user enable Ann
ok_if 'enable: signs in' signs_in ann $secret-ann
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'enable: her token from before stays dead'

refused 'last enabled administrator' 'disable: the last administrator' user disable admin
refused 'last enabled administrator' 'delete: the last administrator' user delete root@example.org
ok_if 'the last administrator signs in' signs_in admin $secret-admin
try 0 'a second administrator' user add eve --admin <<<"$secret-eve"
try 0 'disable: one of two administrators' user disable admin
refused 'last enabled administrator' 'disable: the last enabled one' user disable eve
refused 'last enabled administrator' 'delete: the last enabled one' user delete eve
try 0 'delete: a disabled administrator' user delete admin
refused 'last enabled administrator' 'delete: she is still the last' user delete eve
try 0 'an administrator of the same name' user add admin --admin <<<"$secret-again"
try 0 'delete: one of two administrators' user delete eve
refused 'last enabled administrator' 'delete: the other is the last then' user delete admin

try 0 'delete' user delete BOB@example.org
refused 'no such account' 'delete: it is gone' user show bob@example.org
signs_in bob@example.org $secret-bob
is "$status" 401 'delete: no sign-in'
try 0 'delete: the name is free' user add bob@example.org <<<"$secret-bob-2"
for verb in disable enable delete; do
	refused 'nobody: there is no such account' "$verb: unknown" user "$verb" nobody
done

# --- set

# account NAME: what is shown of it, but for the hash and when it was made.
account() { latchkey user show "$1" 2>&1 | grep -v '^hash\|^created'; }

try 0 'set: somebody' user add sue --email sue@example.org --verified <<<"$secret-sue"
sue=$out
signs_in sue $secret-sue
token=${member_of[.token]-}
set_conf 'hash_cost = 1' "mail_templates = $work/mail"
try 0 'set' user set SUE --username susan --name 'Susan B.' --language de --role admin
is "$out$err" '' 'set: is quiet'
changed="id: $sue
username: susan
email: sue@example.org
name: Susan B.
language: de
role: admin
state: enabled
verified: yes"
is "$(account susan)" "$changed" 'set: all that was given, and nothing else'
like "$(latchkey audit grep susan event=account-change)" "\"outcome\":\"ok\",\"account\":\"$sue\",\"name\":\"sue\",\"by\":\"uid:" 'set: the audit has it'
refused 'no such account' 'set: the old name is gone' user show sue
ok_if 'set: signs in by the new name' signs_in susan $secret-sue
ok_if 'set: and by the email' signs_in sue@example.org $secret-sue
signs_in sue $secret-sue
is "$status" 401 'set: but not by the old name'
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'set: a token from before is dead'
try 0 'set: the old name is free' user add sue <<<"$secret-other"
refused 'exists' 'set: a name taken' user set susan --email s@example.org --username SUE --role user
refused 'exists' 'set: an email taken' user set susan --username suzy --email Bob@EXAMPLE.org
refused 'not a valid name' 'set: an email for a username' user set susan --username s@example.org
refused 'not a valid name' 'set: no email' user set susan --email nowhere
refused 'not a valid name' 'set: a name too long' user set susan --username "$(repeat x 255)"
refused 'not a valid name' 'set: neither name' user set susan --username '' --email ''
refused 'at most 120 bytes' 'set: a full name too long' user set susan --name "$(repeat x 121)"
refused 'letters' 'set: no language' user set susan --language german
refused 'only an administrator is called that' 'set: admin is an administrator' user set sue --username Admin
refused 'nobody: there is no such account' 'set: unknown' user set nobody --verified
is "$(account susan)" "$changed" 'set: refusals change nothing'
refused 'no such account' 'set: and take no name' user show suzy
try 2 'set: nothing' user set susan
like "$err" 'there is nothing to change' 'set: nothing: says so'
try 2 'set: no role' user set susan --role root
like "$err" "no role: 'root'" 'set: no role: says so'
try 0 'set: another password is needed' user set susan --must-change
like "$(account susan)" 'must change: yes' 'set: another password is needed: shown'
signs_in susan $secret-sue
is "$status" 401 'set: another password is needed: the old one signs nobody in'
try 2 'set: another password is needed and not' user set susan --must-change --no-must-change
like "$err" "contradicts '--no-must-change'" 'set: another password is needed and not: says so'
try 0 'set: the same password will do' user set susan --no-must-change
is "$(account susan)" "$changed" 'set: the same password will do: nothing is needed any more'
ok_if 'set: the same password will do: it signs in' signs_in susan $secret-sue
try 0 'set: another password is needed again' user set susan --must-change
try 0 'set: the password' user passwd susan <<<"$secret-sue-other"
is "$(account susan)" "$changed" 'set: and then it is not needed any more'
try 0 'set: another case' user set susan --username Susan --email SUE@example.org
like "$(account susan)" $'\nusername: Susan\nemail: SUE@example.org\n.*verified: yes' 'set: another case: is the same address'
try 0 'set: another address' user set Susan --email new@example.org
like "$(account susan)" $'\nemail: new@example.org\n.*verified: no' 'set: another address: is to be proved'
try 0 'set: one that needs no proof' user set susan --email newer@example.org --verified
like "$(account newer@example.org)" 'verified: yes' 'set: one that needs no proof'
try 0 'set: taken away' user set susan --username '' --name '' --language ''
is "$(account newer@example.org)" "id: $sue
username: -
email: newer@example.org
role: admin
state: enabled
verified: yes" 'set: taken away'
try 0 'set: by id' user set "$sue" --role user
like "$(account newer@example.org)" 'role: user' 'set: by id'
try 0 'set: a language without templates' user set "$sue" --language xx
is "$err" "latchkey user set: warning: there is no xx in $work/mail: mails will be in the default language, en" \
	'set: a language without templates: says so'
refused 'last enabled administrator' 'set: the last administrator' user set admin --username boss --role user
try 0 'set: that is all of her' user delete newer@example.org
try 0 'set: check finds nothing amiss' check
try 0 'set: and all of the other' user delete sue
set_conf 'hash_cost = 1'

# --- an account's id for its name

try 0 'id: show' user show "$id"
like "$out" "^id: $id"$'\nusername: ann\n' 'id: show: it is hers'
try 0 'id: in capitals' user show "${id^^}"
like "$out" "^id: $id" 'id: in capitals: it is hers'
try 0 'id: passwd' user passwd "$id" <<<"$secret-by-id"
ok_if 'id: passwd: signs in' signs_in ann $secret-by-id
signs_in "$id" $secret-by-id
is "$status" 401 'id: nobody signs in with it'
try 0 'id: disable' user disable "$id"
like "$(latchkey user list | grep "$id")" $'^ann\t-\tuser\tdisabled\t' 'id: disable: she is'
try 0 'id: enable' user enable "$id"
ok_if 'id: enable: signs in' signs_in ann $secret-by-id
token=${member_of[.token]-}
try 0 'id: sign-out' user sign-out "$id"
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'id: sign-out: her token is dead'
try 0 'id: code' code new "$id"
request POST /v1/auth/password-reset/reset -d "{\"code\":\"${out##* }\",\"new_password\":\"$secret-Id-1\"}"
is "$status" 200 'id: code: the code is hers'
try 0 'id: audit grep' audit grep "${id^^}" event=code-create
like "$out" "\"account\":\"$id\"" 'id: audit grep: hers'
is "$(latchkey audit grep "account=$id" event=code-create)" "$out" 'id: audit grep account='
refused 'not a valid name' 'id: nobody else can call himself that' user add "$id" <<<"$secret-thief"
refused 'not a valid name' 'id: in no case' user add "${id^^}" <<<"$secret-thief"
like "$(latchkey user show "$id")" $'\nusername: ann\n' 'id: it is the account of that id who is meant'
is "$(latchkey audit grep "$id" event=code-create)" "$(latchkey audit grep ann event=code-create)" 'id: in the audit, too'
like "$(latchkey user show "${id^^}")" $'\nusername: ann\n' 'id: in capitals, too'
try 0 'id: an administrator' user add ida --admin <<<"$secret-ida"
ida=$out
try 0 'id: delete' user delete "$ida"
refused 'no such account' 'id: it is gone' user show ida
refused "$ida: there is no such account" 'id: and so is the id' user show "$ida"

# --- code new

# reset CODE PASSWORD
reset() { request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"$2\"}"; }

try 0 'code' code new Ann
like "$out" '^reset code for Ann, good for 600 seconds: [0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$' 'code: its line'
code=${out##* }
reset "$code" "$secret-Code-1"
is "$status" 200 'code: the last word is the code'
ok_if 'code: and has set the password' signs_in ann "$secret-Code-1"
try 0 'code' code new ann
code=${out##* }
try 0 'code: a second one' code new ann
isnt "${out##* }" "$code" 'code: a second one is another'
reset "$code" "$secret-Code-2"
is "$status" 400 'code: the first died with it'
reset "${out##* }" "$secret-Code-2"
is "$status" 200 'code: the second holds'
try 0 'code --verify' code new --verify ann
like "$out" '^verification code for ann, good for 600 seconds: [-0-9A-Z]{14}$' 'code --verify: its line'
reset "${out##* }" "$secret-Code-3"
is "$status" 400 'code --verify: sets no password'
try 0 'code: --verify after the name' code new ann --verify
echo 'site_url = https://id.example.org/' >>"$conf"
try 0 'code: with a site_url' code new ann
sed -i '$d' "$conf"
like "$out" '^reset code for ann, good for 600 seconds, at https://id\.example\.org/account/reset-password: [-0-9A-Z]{14}$' 'code: where it is used'
refused 'no such account' 'code: unknown' code new nobody
refused 'no such account' 'code: unknown, --verify' code new --verify nobody@example.org
try 0 'disable' user disable ann
refused 'ann: the account is disabled: latchkey user enable it first' 'code: a disabled one' code new ann
try 0 'enable' user enable ann

set_conf 'hash_cost = 1' 'code_form = digits:9' 'code_life = 90'
try 0 'code of digits' code new ann
like "$out" '^reset code for ann, good for 90 seconds: [0-9]{9}$' 'code of digits: its line'

# --- config

# --- what the audit says of what is no account

try 0 'audit: an account that is called like a token' user add 1 <<<"$secret-one"
one=$out
ok_if 'audit: the administrator signs in' signs_in admin $secret-again
request POST /auth/access_token -H "Authorization: Bearer ${member_of[.token]-}" -d '{"name":"backup","permission":"read"}'
is "${member_of[.id]-}" 1 'audit: an access token of that number'
try 0 'audit: token revoke' token revoke 1
is "$(latchkey audit grep "$one" event=token-delete)" '' 'audit: the account has nothing to do with it'
like "$(latchkey audit grep event=token-delete)" '"outcome":"ok","by":"uid:[0-9]+","target":"token:1"' 'audit: it is the token'
try 1 'audit: token revoke, once more' token revoke 1
like "$(latchkey audit grep event=token-delete outcome=refused)" '"by":"uid:[0-9]+"}$' 'audit: nor then'
try 0 'audit: key rotate' key rotate
like "$(latchkey audit grep event=key-rotate)" "\"target\":\"key:$out\"" 'audit: which key signs now'
try 0 'audit: the account goes' user delete 1

# set_where: the settings that are no defaults, after where they are set.
set_where() { paste -d' ' - - <<<"$out" | grep -v '^# default \|[.]filter$\|same_user_is_trusted\|/share/'; }

set_conf
try 0 'config' config --programs
is "$err" '' 'config: nothing is wrong'
is "$(sed '/^#/d' "$work/out")" \
	"$(sed -n 's/^#\([a-z].*\)/\1/p' "$top/conf/latchkey.conf" |
		sed -e "s|^state_dir = .*|state_dir = $state|" -e '/^same_user_is_trusted/s/no/yes/' -e "s|/usr/share/latchkey/\(.*\.filter\)|$work/\1|" -e "/^\(pages\|www\) =/s|= .*/|= $work/share/|")" \
	'config: every setting of the sample, with the value that the sample has'
is "$(set_where)" "# $conf:1 state_dir = $state" 'config: where they come from'
set_conf 'hash_cost = 1' 'policy.px0.require = lower  digit' 'site_url = https://example.org'
try 0 'config: with more of them set' config --programs
is "$(set_where)" "# $conf:1 state_dir = $state
# $conf:4 site_url = https://example.org
# $conf:2 hash_cost = 1
# $conf:3 policy.px0.require = lower digit" 'config: those, and where'

# --- token new

try 0 'token new' token new admin backups --permission read,write --days 1
like "$out" '^token [0-9]+ of admin: lk_[A-Za-z0-9_-]{43}$' 'token new: the secret is the last word'
request GET /auth/verify -H "x-api-key: ${out##* }"
is "$status" 204 'token new: which opens what is protected'
try 0 'token new: as JSON' token new admin other --json
like "$out" '^\{"id":[0-9]+,"name":"other","token":"lk_[A-Za-z0-9_-]{43}"\}$' 'token new: as JSON'
try 0 'token new: list' token list
like "$out" $'\tbackups\tread,write\t20.*Z\taccess\t-\t-\t20[^\n]*Z\t-\n.*\tother\tread\tnever\taccess\t-\t-\tnever\t-' 'token new: both are listed, and their secrets are not'
refused 'administrators' 'token new: no administrator' token new ann backups
refused 'no such account' 'token new: nobody' token new nobody backups
for words in '--permission root' '--days 0' '--days x' '--days 3661'; do
	# shellcheck disable=SC2086 # two words
	try 2 "token new: $words" token new admin backups $words
done

# --- help and usage

while read -ra words; do
	try 0 "help: latchkey ${words[*]}" "${words[@]}"
	like "$out" '^usage: latchkey ' "help: latchkey ${words[*]}: is there"
	is "$err" '' "help: latchkey ${words[*]}: is no error"
done <<'END'
--help
-h
user --help
code --help
config --help
user add --help
user add ann --email --help
user list --help
user show --help
user passwd -h
user disable --help
user enable --help
user delete ann --help
code new --help
code new --verify --help
END
for words in 'user add' 'user list' 'user show' 'user passwd' 'user disable' 'user enable' 'user delete' 'code new' config; do
	try 0 "help: names $words" --help
	like "$out" $'\n  '"$words" "help: names $words"
	# shellcheck disable=SC2086 # two words
	try 0 "help: $words" $words --help
	like "$out" "^usage: latchkey \[--config FILE\] $words" "help: $words: its own usage"
done
is "$("$build/cli/latchkey" --help 2>&1 | head -n 1)" 'usage: latchkey [--config FILE] COMMAND ...' 'help: without --config'
like "$("$build/cli/latchkey" --version)" '^latchkey [0-9]' 'version'

users=$(latchkey --help | grep -c '^  user [a-z]')
for words in 'user --help' 'help user'; do
	# shellcheck disable=SC2086 # two words
	try 0 "help: latchkey $words" $words
	is "$(grep -c '^  [a-z]' <<<"$out") $(grep -c '^  user ' <<<"$out")" "$users $users" "help: latchkey $words: that group's commands"
done
try 0 'help: help and a command' help user show
is "$out" $'usage: latchkey [--config FILE] user show NAME\nShows one.' 'help: help and a command: its own'
try 0 'help: help alone' help
like "$out" $'\n  code new .*\n  config .*\n' 'help: help alone: all'

# unused WORDS WHAT: what is wrong with them is said first, and where the right ones are last.
unused() {
	local words
	read -ra words <<<"$1"
	try 2 "usage: latchkey $1" "${words[@]}"
	like "$err"$'\n' "^$2"$'\nlatchkey --help lists all\n$' "usage: latchkey $1: is said"
	is "$out" '' "usage: latchkey $1: on standard error"
}
for group in '' user code; do
	try 2 "usage: latchkey $group" $group
	like "$err" "^usage: latchkey \[--config FILE\] ${group:+$group }COMMAND \.\.\."$'\n' "usage: latchkey $group: is said"
	is "$out" '' "usage: latchkey $group: on standard error"
done
while IFS=: read -r words wanted; do
	unused "$words" "latchkey: $wanted"
done <<'END'
nonsense:unknown command 'nonsense'
nonsense ann:unknown command 'nonsense'
user nonsense ann:unknown command 'user nonsense'
--nonsense:unknown option '--nonsense'
END
usage=$'\nusage: latchkey \\[--config FILE\\] '
while IFS=: read -r words wanted; do
	read -r group verb _ <<<"$words"
	command=$group
	[[ $group == config ]] || command+=" $verb"
	unused "$words" "latchkey $command: $wanted$usage$command"$'[^\n]*'
done <<'END'
user add:too few words
user add ann ben:too many words
user add ann --email:there is no value after '--email'
user add ann --nonsense:unknown option '--nonsense'
user add ann --password=Kumquat-on-the-line:unknown option '--password'
user add ann -Kumquat:unknown option '-K'
user list ann:too many words
user list --xml:unknown option '--xml'
user show:too few words
user show ann ben:too many words
user passwd ann Kumquat-on-the-line:too many words
user disable:too few words
user enable:too few words
user delete:too few words
code new:too few words
code new ann ben:too many words
code new --nonsense ann:unknown option '--nonsense'
config nonsense:too many words
END
"$build/cli/latchkey" --config >"$work/out" 2>&1
is "$?" 2 'usage: --config without a file'
like "$(<"$work/out")" "^latchkey: there is no FILE after '--config'" 'usage: --config without a file: says so'

# --- nobody reads an answer, nobody gets at the store

# full NAME ARGUMENT...: an answer that cannot be written is an error.
full() {
	latchkey "${@:2}" 2>"$work/err" >/dev/full
	is "$?" 1 "full disk: $1"
	like "$(<"$work/err")" 'No space left' "full disk: $1: says so"
}
full 'user list' user list
full 'user show' user show ann
full 'user add' user add fay <<<"$secret-fay"
full 'code new' code new ann
full 'config' config --programs
full '--help' --help
full 'user add --help' user add --help
"$build/cli/latchkey" --version 2>"$work/err" >/dev/full
is "$?" 1 'full disk: --version'

owner=$(stat -c %U "$state")
is "$(find "$state" ! -user "$owner")" '' 'everything in the store belongs to the owner of state_dir'
isnt "$(find "$state" -name '*.btr')" '' 'and there is something'
((EUID != 0)) || isnt "$owner" root 'which is not root'

mv "$state" "$state.gone"
refused "state_dir: $state: No such file" 'state_dir is missing' user list
mv "$state.gone" "$state"
mv "$state/store" "$work/store"
chmod 0500 "$state"
refused "there is no store in $state" 'state_dir cannot be written' user list
refused 'store' 'state_dir cannot be written: add' user add gus <<<"$secret-gus"
chmod 0700 "$state"
mv "$work/store" "$state/store"
try 0 'state_dir is as it was' user show ann

"$build/cli/latchkey" --config "$work/nowhere.conf" user list >"$work/out" 2>"$work/err"
is "$?" 1 'no configuration file'
like "$(<"$work/err")" "$work/nowhere.conf: No such file or directory; LATCHKEY_CONF, or the command's --config, names" \
	'no configuration file: says which'
LATCHKEY_CONF=$conf "$build/cli/latchkey" user show ann >"$work/out" 2>&1
is "$?" 0 'LATCHKEY_CONF names it, too'

# --- on a terminal

# on_terminal ARGUMENT... -- ANSWER...: types an answer at each prompt. $out is what the terminal showed, then the exit
# status, and whether the terminal echoed at each prompt and echoes at the end.
on_terminal() {
	out=$(/usr/bin/python3 - "$build/cli/latchkey" --config "$conf" "$@" <<'END'
import fcntl, os, pty, select, subprocess, sys, termios

def echoes():
    return "echo" if termios.tcgetattr(slave)[3] & termios.ECHO else "quiet"

def read(until):
    text = b""
    while not text.endswith(until) and select.select([master], [], [], 10)[0]:
        text += os.read(master, 1)
    return text.decode()

divide = sys.argv.index("--")
command, answers = sys.argv[1:divide], sys.argv[divide + 1:]
master, slave = pty.openpty()
child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
shown, states = "", []
for answer in answers:
    shown += read(b": ")
    states.append(echoes())
    os.write(master, answer.encode())
status = child.wait(10)
states.append(echoes())
os.write(slave, b"\f")
print((shown + read(b"\f")).replace("\r", ""), status, *states)
END
	)
	cat <<<"$out" >>"$all"
}

on_terminal user passwd ann -- "$secret-tty"$'\n' "$secret-tty"$'\n'
is "$out" $'New password: \nThe same again: \n\f 0 quiet quiet echo' 'terminal: asked twice, without echo'
ok_if 'terminal: the password is set' signs_in ann $secret-tty
on_terminal user passwd ann -- "$secret-one"$'\n' "$secret-two"$'\n'
like "$out" $'two different passwords\n.* 1 quiet quiet echo$' 'terminal: two different ones'
on_terminal user passwd ann -- "$secret-one"$'\n' $'\x03'
like "$out" ' 130 quiet quiet echo$' 'terminal: ^C at the second'
on_terminal user passwd ann -- $'\x03'
is "$out" $'New password: \f 130 quiet echo' 'terminal: ^C at the first'
on_terminal user passwd ann -- $'\x04'
like "$out" $'no password\n.* 1 quiet echo$' 'terminal: ^D'
ok_if 'terminal: the password before stays' signs_in ann $secret-tty
on_terminal key export "$work/keys" -- "$secret of keys"$'\n' "$secret of keys"$'\n'
is "$out" $'New passphrase: \nThe same again: \n\f 0 quiet quiet echo' 'terminal: a passphrase is asked for twice, without echo'
on_terminal key import "$work/keys" -- "$secret of keys"$'\n'
like "$out" $'^Passphrase: \nno key is new here\n.* 0 quiet echo$' 'terminal: and once, to open what it has sealed'
on_terminal key export "$work/other" -- "$secret of keys"$'\n' "$secret of key"$'\n'
like "$out" $'two different passphrases\n.* 1 quiet quiet echo$' 'terminal: two different passphrases'
on_terminal user passwd nobody --
like "$out" 'no such account' 'terminal: nobody is asked for the password of nobody'

# --- secrets

# The command has read the password and waits for the end of the line.
was_read() {
	python3 -I -S -c '
import array, fcntl, termios
left = array.array("i", [0])
fcntl.ioctl(0, termios.FIONREAD, left)
raise SystemExit(left[0] > 0)' <&"$to_command"
}
mkfifo "$work/fifo"
"$build/cli/latchkey" --config "$conf" user add hal <"$work/fifo" >"$work/out" 2>&1 &
exec {to_command}>"$work/fifo"
printf %s "$secret-slow" >&"$to_command"
ok_if 'secrets: the command has read it' wait_for 60 was_read
is "$(tr '\0' ' ' </proc/$!/cmdline)" "$build/cli/latchkey --config $conf user add hal " 'secrets: the command line'
is "$(grep -la '[K]umquat-slow' /proc/[0-9]*/{cmdline,environ} 2>/dev/null)" '' \
	'secrets: no password in a command line or environment'
echo >&"$to_command"
exec {to_command}>&-
wait $!
is "$?" 0 'secrets: add'
cat "$work/out" >>"$all"
is "$(grep -n $secret "$all")" '' 'secrets: no password in any output'

done_testing
