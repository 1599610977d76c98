#!/bin/bash
# backup and restore: what a backup has, what is kept and deleted, what is refused before anything is touched, and what does
# not come back to life.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42 other=Quiet-Harbour-43
backups=$work/backups

mine() { install -d -m "${1-0700}" "${owned[@]}" "$backups"; }
list() { find "$backups" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort; }
# seen: all that a refused restore may not touch.
seen() { (cd "$work" && find "${state##*/}" -type f ! -name 'audit*' -printf '%p %s %T@\n' | sort); }
signs_in() { # NAME PASSWORD
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$2\"}"
	[[ $status == 200 && ${member_of[.success]-} == true ]]
}
good_token() { request GET /auth/verify -H "Authorization: Bearer $1" && [[ $status == 204 ]]; }
session() { # NAME MEMBERS
	request POST /account/api/session -d "{\"name\":\"$1\",\"password\":\"$password\"$2}"
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	[[ $status == 200 ]]
}
by_cookie() { request "$1" "/account/api/$2" -H "Cookie: $cookie" -H 'Origin: http://localhost' "${@:3}"; }
recovers() { # NUMBER: bob signs in by that recovery code
	session bob ",\"code\":\"$(grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}' <<<"$codes" | sed -n "$1p")\""
}
waits() { ! recovers "$1"; }
bad_token() { ! good_token "$1"; }
new_token() { # NAME OPTION...
	local line
	line=$(latchkey token new admin "$@" 2>>"$log") && printf '%s\n' "${line##* }"
}

fresh 'hash_cost = 1' 'throttle = off' 'mail_command = /bin/true' 'site_url = http://localhost'
start cgi
add admin "$password" --admin
add ann "$password" --email ann@example.org
add bob "$password"
session bob ''
by_cookie POST totp
secret=${member_of[.secret]-}
by_cookie PUT totp -d "{\"code\":\"$(oathtool --totp -b "$secret")\"}"
codes=$body
ok_if 'a recovery code' recovers 1
service=$(new_token service)
ok_if 'an access token' good_token "$service"
parent=$(new_token parent --permission read,admin)
request POST /auth/access_token -H "Authorization: Bearer $parent" -d '{"name":"child","permission":"read"}'
child=${member_of[.token]-}
ok_if 'one that another has made' good_token "$child"
rotated=$(new_token rotated)
session admin ''
by_cookie POST tokens --program token -d '{"name":"laptop","permission":"read"}'
own=${member_of[.token]-}
ok_if 'one of her own' good_token "$own"
ok_if 'she signs in' signs_in ann "$password"
jwt=${member_of[.token]-}
ok_if 'her token is good' good_token "$jwt"
code=$(new_code ann)
request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.org"}'

# --- making backups

elsewhere
try 1 'no store' backup "$state/backups"
like "$err" 'there is no store in it' 'no store: why'
ok_if 'no store: none is made' test ! -e "$state/store/accounts.btr"
home

try 2 'no directory' backup
for keep in 0 x -1 10000 ''; do try 2 "--keep $keep" backup --keep "$keep" "$backups"; done
try 2 'a stream keeps nothing' backup --keep 2 -
try 1 'a file in the place of the directory' backup "$conf"
mine 0777
try 1 'a directory that others can write into' backup "$backups"
like "$err" 'others can write' 'others can write: why'
chmod 0700 "$backups"
if ((EUID == 0)); then
	chown root: "$backups"
	try 1 "a directory that is not the owner's" backup "$backups"
	like "$err" "install -d -m 0700 -o ${owned[1]} -g ${owned[1]} $backups"$'\n''?$' 'not the owner: what to do'
	bash -c "${err##*: }"
	try 0 'not the owner: the command that is said helps' backup "$backups"
	rm -r "${backups:?}"/*
	mkdir -m 0700 "$work/roots"
	try 1 'where the owner cannot get to' backup "$work/roots/a place"
	like "$err" "where that user can get to: install -d -m 0700 -o ${owned[1]} -g ${owned[1]} '$work/roots/a place'" \
		'where the owner cannot get to: why'
fi

before=$(find "$state" -mindepth 1 -maxdepth 1 ! -name installation | sort)
try 0 'a backup' backup "$backups"
like "$out" '^latchkey-[0-9]{8}T[0-9]{6}Z: [0-9]+ bytes; requests waited for [0-9]+\.[0-9] ms at most$' 'a backup: what it says'
one=$(list)
like "$one" '^latchkey-[0-9]{8}T[0-9]{6}Z$' 'a backup: nothing else is left'
like "$(tail -n 1 "$state/audit.log")" "\"event\":\"backup\".*\"target\":\"$one\"" 'a backup: in the audit'
is "$(find "$state" -mindepth 1 -maxdepth 1 ! -name installation | sort)" "$before" 'a backup: the state has one file more'
is "$(find "$backups/$one" -type f -printf '%m\n' | sort -u) $(stat -c %a "$backups/$one")" '600 700' \
	'a backup: nobody else can read it'
like "$(find "$backups/$one" -type f -printf '%f\n' | sort | tr '\n' ' ')" '^accounts.btr log.[0-9]{10} manifest records.btr server_params.btr $' \
	'a backup: its files'
(cd "$backups/$one" && python3 -I -c 'import hashlib, json
for file in json.load(open("manifest"))["files"]:
    data = open(file["name"], "rb").read()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"]), file') 2>>"$log"
is "$?" 0 'a backup: sizes and sums'
[[ ! ${owned[*]} ]] || is "$(find "$backups" -user "${owned[1]}" | wc -l)" "$(find "$backups" | wc -l)" "all is the owner's"

# --- what it deletes

try 0 'another' backup "$backups"
try 0 'a third' backup "$backups"
is "$(list | wc -l)" 3 'each second has one backup at most, and each backup its second'
third=$(list | tail -n 1)
# What it has not made: another installation's, a stranger's directory and file, a link, and what only looks like one.
cp -a "$backups/$one" "$backups/latchkey-20200101T000000Z"
sed -i 's/"installation":"[^"]*"/"installation":"01234567-89ab-4def-8123-456789abcdef"/' "$backups/latchkey-20200101T000000Z/manifest"
mkdir "$backups/latchkey-20200102T000000Z" "$backups/notes"
touch "$backups/latchkey-20200103T000000Z" "$backups/latchkey-20200102T000000Z/mine"
ln -s "$backups/$third" "$backups/latchkey-20200104T000000Z"
cp -a "$backups/$one" "$backups/latchkey-2020"
# What a backup has left that was killed.
cp -a "$backups/$one" "$backups/latchkey-20200105T000000Z.tmp"
rm "$backups/latchkey-20200105T000000Z.tmp/manifest"
[[ ! ${owned[*]} ]] || chown -hR "${owned[1]}:" "$backups"
strange=$(list | grep -v "$one\|$third\|tmp\$" | grep 'latchkey-2020\|notes')
try 0 'two are kept' backup --keep 2 "$backups"
is "$(list | grep -vc 'latchkey-2020\|notes')" 2 'two are kept: and no more'
ok_if 'two are kept: the newest' test -d "$backups/$third"
same_lines "$strange" "$(list | grep 'latchkey-2020\|notes')" 'it deletes only what it has made, and what a death has left'
rm -rf "$backups"/latchkey-2020* "$backups/notes"
try 0 'one is kept' backup --keep 1 "$backups"
mv "$backups/$(list)" "$backups/latchkey-29990101T000000Z"
try 0 'one is kept, and another was of a later time' backup --keep 1 "$backups"
is "$(list | grep -c 'latchkey-2[^9]') $(list | wc -l)" '1 1' 'one is kept: that of now'
backup=$backups/$(list)

exec {held}<"$backups"
flock "$held"
try 1 'two at once' backup "$backups"
like "$err" 'another backup is being made' 'two at once: why'
exec {held}<&-

# --- as a stream

latchkey backup - >"$work/tar" 2>"$work/err"
is "$?" 0 'a stream'
like "$(<"$work/err")" $'(^|\n)latchkey-[^\n]*ms at most$' 'a stream: what it says'
mkdir -m 0700 "$work/unpacked"
ok_if 'a stream: is a tar file' tar -C "$work/unpacked" -xf "$work/tar"
like "$(tar -tf "$work/tar" | sed 's,.*/,,' | tr '\n' ' ')" '^ accounts.btr log.[0-9]+ records.btr server_params.btr manifest $' \
	'a stream: what is in it, the manifest last'
is "$(find "$state/backup" -mindepth 1)" '' 'a stream: nothing of it is left'
latchkey backup - 2>"$work/err" | head -c 99 >/dev/null
is "${PIPESTATUS[0]}" 1 'a stream that nobody reads'
is "$(find "$state/backup" -mindepth 1)" '' 'a stream that nobody reads: nothing of it is left'
chmod 0700 "$work"/unpacked/*

# --- what is refused before anything is touched

try 1 'where there is a store' restore "$backup"
like "$err" 'there is a store, and two are never mixed' 'where there is a store: why'
# refuses REASON NAME COMMAND: COMMAND changes a copy of the backup, $copy.
refuses() {
	local was
	copy=$work/copy
	rm -rf "$copy"
	cp -a "$backup" "$copy"
	(cd "$copy" && eval "$3")
	was=$(seen)
	try 1 "$2" restore "$copy"
	like "$err" "$1" "$2: why"
	is "$(seen)" "$was" "$2: nothing is touched"
}
elsewhere
refuses 'no manifest: it is no backup, or is cut' 'no manifest' 'rm manifest'
refuses 'its manifest is cut' 'a manifest that is cut' 'truncate -s -9 manifest'
refuses 'its manifest is none' 'another JSON' 'echo "{\"a\":1}" >manifest'
refuses 'its manifest is none' 'a path for a name' 'sed -i s,accounts.btr,../accounts.btr, manifest'
refuses 'a newer latchkey has made it' 'a manifest of another format' 'sed -i s/\"backup\":1/\"backup\":2/ manifest'
refuses 'latchkey 99.1.0 has made it, and this is' 'a newer version' 'sed -i "s/\"version\":\"[^\"]*/\"version\":\"99.1.0/" manifest'
refuses 'another version or machine .Berkeley DB 6.2' 'another version of libdb' 'sed -i "s/Berkeley DB [0-9.]*/Berkeley DB 6.2/" manifest'
refuses 'it has the secrets of a machine alone, whose records are in a database' 'secrets alone' 'sed -i s/\"made\"/\"secrets\":true,\"made\"/ manifest'
refuses 'another version or machine .*big-endian' 'another machine' 'sed -i s/little-endian/big-endian/ manifest'
refuses 'accounts.btr: it is cut' 'a file that is cut' 'truncate -s -1 accounts.btr'
refuses 'records.btr: .*No such file' 'a file that is missing' 'rm records.btr'
# shellcheck disable=SC2016 # for eval
refuses 'log.*: it is damaged, or of another backup' 'a byte that is another' 'printf x | dd of="$(echo log.*)" bs=1 seek=99 conv=notrunc status=none'
refuses 'accounts.btr: it is damaged, or of another backup' 'a file that is longer' 'echo >>accounts.btr'
refuses 'log.0000009999: it is not of this backup' 'another file beside them' 'cp log.* log.0000009999'
refuses 'records.btr: .*(symbolic links|no plain file)' 'a link' 'mv records.btr ../moved; ln -s ../moved records.btr'
refuses 'records.btr: no plain file' 'a pipe' 'rm records.btr; mkfifo records.btr'
refuses 'others can write' 'others can write into it' 'chmod 0777 .'
refuses 'accounts.btr: others can write it' 'a file that others can write' 'chmod 0606 accounts.btr'
refuses 'manifest: others can write it' 'a manifest that others can write' 'chmod 0666 manifest'
((EUID)) || refuses "manifest: it is another user's" "another user's manifest" 'chown 60001 manifest'
refuses 'no backup' 'no directory of a backup' 'mkdir in; mv * in 2>/dev/null'
cp -a "$work/unpacked"/latchkey-* "$work/second"
refuses 'damaged, or of another backup|not of this backup' 'files of two backups' 'cp -a ../second/*.btr ../second/log.* .'
install -m 0600 "${owned[@]}" /dev/stdin "$state/installation" <<<'01234567-89ab-4def-8123-456789abcdef'
refuses 'of another installation' 'another installation' :
echo nonsense >"$state/installation"
try 1 'no installation' restore "$backup"
try 2 'no words' restore
try 1 'a directory that is not there' restore "$work/nowhere"

# --- what does not come back to life

home
request POST /v1/api-user-reset-password -d "{\"email\":\"ann@example.org\",\"code\":\"$code\",\"newPassword\":\"$other\"}"
ok_if 'a code is used after the backup' test "${member_of[.success]-}" = true
ok_if 'a recovery code is used after the backup' recovers 2
latchkey token revoke 1 2>>"$log"
ok_if 'her old token is dead' bad_token "$jwt"
ok_if 'the access token is dead' bad_token "$service"
mv "$state/store" "$work/old-store"
try 0 'a restore' restore "$backup"
like "$out" '^3 accounts, as they were at 20[^ ]*Z
everybody is signed out; [1-9][0-9]* sessions, codes, mails and events are deleted
5 access tokens to be confirmed: latchkey token confirm ID.all
recovery codes to be confirmed, of 1 account: latchkey user factor NAME --confirm$' 'a restore: what it says'
is "$(stat -c %a "$state/store") $(find "$state/store" -type f -printf '%m\n' | sort -u)" '700 600' 'a restore: nobody else can read it'
ok_if 'a restore: nothing is left of its making' test ! -e "$state/store.restore"
like "$(tail -n 1 "$state/audit.log")" '"event":"restore"' 'a restore: in the audit'
try 0 'a restore: it is sound' check --files
like "$out" ', 0 problems$' 'a restore: no problem'
ok_if 'the password is that of the backup' signs_in ann "$password"
ok_if 'and gives a good token' good_token "${member_of[.token]-}"
ok_if 'her old token stays dead' bad_token "$jwt"
request POST /v1/api-user-reset-password -d "{\"email\":\"ann@example.org\",\"code\":\"$code\",\"newPassword\":\"$other\"}"
is "${member_of[.success]-}" false 'the code that was used stays dead'
try 0 'no mail is sent again' mail list
is "$out" '' 'no mail is sent again: there is none'
ok_if 'the access token that was deleted waits' bad_token "$service"
like "$(tail -n 1 "$state/audit.log")" '"reason":"restored-token"' 'it waits: which the audit says'
try 0 'it waits: the list' token list
like "$out" $'^1\tservice\t[^\n]*\trestored\n' 'it waits: which the list says'
try 1 'no such token' token confirm 99
try 1 'no number' token confirm x
try 0 'it is confirmed' token confirm 1
ok_if 'it is confirmed: it is good' good_token "$service"
try 0 'one that another has made is confirmed' token confirm 3
ok_if 'one that another has made waits for that one' bad_token "$child"
try 0 'which is confirmed' token confirm 2
ok_if 'then both are good' good_token "$child"
ok_if 'another waits' bad_token "$rotated"
session admin ''
by_cookie GET all-tokens --program token
is "$(grep -o '"id":[0-9]\+\|"restored":true' <<<"$body" | paste -sd ' ')" '"id":1 "id":2 "id":3 "id":4 "restored":true "id":5 "restored":true' \
	'those that wait: the list of the administration says so'
by_cookie GET tokens --program token
like "$body" '"id":5,.*"restored":true' 'and the list of their owner'
request GET /account/tokens --program token "${page[@]}" -H "Cookie: $cookie"
like "$body" '<bdi>laptop</bdi></strong> <span class="tag">from a backup</span>.*or ask an administrator of localhost to confirm it' 'and the page'
by_cookie POST tokens/5/rotate --program token -d '{"grace":600}'
ok_if 'one of her own is rotated: its new secret is good' good_token "${member_of[.token]-}"
ok_if 'one of her own is rotated: its old one is dead' bad_token "$own"
request GET /account/tokens --program token "${page[@]}" -H "Cookie: $cookie"
like "$body" '<bdi>laptop</bdi></strong></p>' 'and the page says no more'
by_cookie POST all-tokens/4/rotate --program token -d '{"grace":600}'
ok_if 'it is rotated: its new secret is good' good_token "${member_of[.token]-}"
ok_if 'it is rotated: its old one is dead, whatever the grace' bad_token "$rotated"
try 0 'all are confirmed' token confirm all
is "$out" '0 confirmed' 'all are confirmed: there is none left'
ok_if 'the recovery code that was used waits' waits 2
ok_if 'another one, too' waits 3
try 0 'they wait: which the command says' user factor bob
like "$out" 'recovery codes: 9, restored$' 'they wait: which the command says'
try 2 'not both' user factor bob --remove --confirm
try 1 'nobody' user factor ann --confirm
try 0 'they are confirmed' user factor bob --confirm
like "$(tail -n 1 "$state/audit.log")" '"event":"recovery-codes-confirm"' 'they are confirmed: in the audit'
ok_if 'they are confirmed: they are good' recovers 3
another=$(new_token another)
try 0 'numbers go on' token list
like "$out" $'\n6\tanother' 'numbers go on'
ok_if 'a new one need not be confirmed' good_token "$another"

# --- elsewhere, from the stream, and as it was

elsewhere
try 0 'the stream elsewhere, as it was' restore --keep "$work"/unpacked/latchkey-*
like "$out" '^3 accounts, as they were at [^ ]*Z$' 'as it was: what it says'
like "$(tail -n 1 "$state/audit.log")" '"event":"restore-kept"' 'as it was: in the audit'
ok_if 'as it was: a token' good_token "$jwt"
ok_if 'as it was: an access token' good_token "$service"
try 0 'as it was: it is sound' check --files
is "$(<"$state/installation")" "$(<"$work/state/installation")" 'it is the same installation'
try 0 'its backup' backup "$backups"

# --- killed, and no room

# killed WHERE WORD...: the command, by kill -9 at the Nth call of that system call.
killed() {
	{
		strace -f -qq -o /dev/null -e "trace=${1%:*}" -e "inject=${1%:*}:signal=KILL:when=${1#*:}" \
			"$build/cli/latchkey" --config "$conf" "${@:2}" >"$work/out" 2>>"$log"
	} 2>/dev/null # bash's word on it
	is "$?" 137 "killed at the ${1#*:}th ${1%:*} of $2"
	is "$(<"$work/out")" '' "killed at the ${1#*:}th ${1%:*} of $2: before its end"
}
home
for where in write:2 fdatasync:1 rename:1 rename:2 getdents64:6; do
	killed "$where" backup "$backups"
	is "$(list | grep -vc '^latchkey-[0-9]*T[0-9]*Z\(.tmp\)\?$')" 0 "killed at $where: what is left is named so"
	for one in "$backups"/latchkey-*Z; do
		ok_if "killed at $where: what has a name is whole" test -s "$one/manifest"
	done
done
try 0 'after those that were killed' backup --keep 1 "$backups"
is "$(list | wc -l)" 1 'after those that were killed: nothing of them is left'
elsewhere
for where in write:3 fsync:1 fdatasync:2 rename:1 rename:2; do
	killed "$where" restore "$backups"/latchkey-*
	[[ ! -e $state/store/accounts.btr ]]
	is "$?" 0 "killed at $where of restore: no store, rather than a part of one"
done
try 0 'after those that were killed' restore "$backups"/latchkey-*
try 0 'and it is sound' check --files

settings+=('disk_reserve = 1099511627776')
home
try 1 'no room' backup "$backups"
like "$err" 'no room: [0-9]+ bytes are needed, [0-9]+ are free' 'no room: why'
is "$(list | wc -l)" 1 'no room: nothing is left'
elsewhere
try 1 'no room for a restore' restore "$backups"/latchkey-*
like "$err" 'there is no room' 'no room for a restore: why'
settings=("${settings[@]::4}")

# --- interrupted, and in the way

elsewhere
install -d -m 0700 "${owned[@]}" "$state/store" "$state/store.restore"
touch "$state/store.restore/accounts.btr"
try 0 'after one that was interrupted' restore "$backups"/latchkey-*
ok_if 'after one that was interrupted: she signs in' signs_in ann "$password"

# As a process does that finds no store and begins one, between the first look and the rename.
elsewhere
strace -f -qq -o /dev/null -e trace=rename -e inject=rename:error=ENOTEMPTY:when=2 \
	"$build/cli/latchkey" --config "$conf" restore "$backups"/latchkey-* >"$work/out" 2>"$work/err"
is "$? $(<"$work/out")" '1 ' 'a store that has come meanwhile: it is refused'
like "$(<"$work/err")" "$state/store: there is a store, and two are never mixed; move it away first" 'a store that has come meanwhile: why'
ok_if 'a store that has come meanwhile: nothing is left beside it' test ! -e "$state/store.restore"
isnt "$(grep -c 'opened anew' "$work/err")" 1 'nothing else is said'

done_testing
