#!/bin/bash
# latchkey check: nothing is wrong with a good store, idle or under load, and each kind of damage is found.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42

# try STATUS NAME ARGUMENT...: the command's exit status; $out is what it said on standard output.
try() {
	local wanted=$1 name=$2 got
	shift 2
	out=$(latchkey "$@" 2>>"$log")
	got=$?
	is "$got" "$wanted" "$name"
}

# damaged NAME SED-SCRIPT PROBLEM...: the records, edited so, have these problems, in this order.
damaged() {
	local name=$1 script=$2
	shift 2
	sed -E "$script" "$work/good" >"$work/edited"
	isnt "$(<"$work/edited")" "$(<"$work/good")" "$name: is damaged"
	load <"$work/edited"
	try 1 "$name: exit status" check
	is "$(sed '/accounts. hashes: /d; $d' <<<"$out")" "$(printf '%s\n' "$@")" "$name: what is reported"
	is "${out##*records, }" "$# problems" "$name: how many"
}

# --- a good store, with a record of each kind

fresh 'hash_cost = 1' 'registration = open' 'mail_command = /bin/true'
start cgi
try 0 'an import of nothing makes a store' import - </dev/null
try 0 'nothing' check
is "$out" '0 records, 0 problems' 'nothing: counted'
add Ann "$password" --admin --email Ann@example.org
add bob@example.org "$password"
{
	latchkey import - <<<'{"username":"cat"}'
	new_code ann
	new_code bob@example.org
	latchkey code new --verify bob@example.org
} >>"$log" 2>&1
request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$password\"}"
token=${member_of[.token]-}
request POST /auth/access_token -H "Authorization: Bearer $token" -d '{"name":"one","permission":"read"}'
is "$status" 200 'an access token'
request POST /auth/access_token/1/rotate -H "Authorization: Bearer $token" -d '{}'
request POST /v1/auth/password-reset/trigger -d '{"email":"bob@example.org"}'
request DELETE /v1/auth/session -H "Authorization: Bearer $token"
is "$status" 204 'a sign-out'
try 0 'a good store' check
like "$out" $'(^|\n)2 accounts\' hashes: \\$y\\$\n(.*\n)?[0-9]+ records, 0 problems$' 'a good store: counted'
like "$out" $'(^|\n)1 accounts\' hashes: none\n' 'a good store: a hash that is none'
try 0 'the files, too' check --files
like "$out" ', 0 problems$' 'the files: clean'
try 2 'an operand' check this
dump >"$work/good"
for kind in account name code token revoked throttle mail; do
	ok_if "there is a $kind" grep -q "^$kind/" "$work/good"
done

ann=$(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p')
bob=$(latchkey user show bob@example.org 2>>"$log" | sed -n 's/^id: //p')
hash_of() { sed -nE "s|^$1\t.*\"hash\":\"([0-9a-f]+)\".*|\1|p" "$work/good"; }
code=$(hash_of "code/reset:$ann")
secret=$(hash_of 'token/0+1')
ok_if 'the ids and hashes are known' test "$ann" -a "$bob" -a "${#code}" = 64 -a "${#secret}" = 64

# --- damage

damaged 'a record cut short' "s|^(account/$bob\t.{20}).*|\1|" "account $bob: not JSON"
# Lists say which it is, go on behind it, and fail.
load <"$work/good"
for list in user token mail; do latchkey "$list" list >"$work/$list.list" 2>>"$log"; done
first=00000000-0000-7000-8000-000000000000
{
	cat "$work/good"
	printf '%s\n' "account/$first"$'\t{"id' $'token/00000000000000000000\t{"id' "mail/$first"$'\t{"ma'
} | load
for list in user token mail; do
	latchkey "$list" list >"$work/out" 2>"$work/err"
	is "$?" 1 "$list list: one that is not JSON: exit status"
	isnt "$(<"$work/out")" '' "$list list: one that is not JSON: there are others"
	is "$(cut -f 1-5 "$work/out")" "$(cut -f 1-5 "$work/$list.list")" "$list list: one that is not JSON: they are listed"
	like "$(<"$work/err")" 'the record 0000.* is not JSON' "$list list: one that is not JSON: says which"
done
damaged 'an account without a date' "/^account.$bob/s|,\"created\":[0-9]+||" \
	"account $bob: a number is missing"
damaged 'an account under another id' "/^account.$ann/s|\"id\":\"[^\"]*\"|\"id\":\"$bob\"|" \
	"account $ann: its id is not its key"
damaged 'an account without a name' "/^account.$bob/s|\"email\":\"[^\"]*\",||" \
	"account $bob: it has no name" 'name bob@example.org: its account has another name'
damaged 'an account of another name' "/^account.$bob/s|bob@|rob@|" \
	"account $bob: its email does not lead to it" 'name bob@example.org: its account has another name'
damaged 'a username that is none' "/^account.$ann/s|\"Ann\"|\" Ann\"|" \
	"account $ann: its username is none"
damaged 'a name that is too long' "/^account.$bob/s|\"hash\"|\"full_name\":\"$(printf 'x%.0s' {1..200})\",\"hash\"|" \
	"account $bob: a text is too long"
damaged 'a language that is none' "/^account.$bob/s|\"hash\"|\"language\":\"x\",\"hash\"|" \
	"account $bob: its language is none"
damaged 'an account that is gone' "/^account.$bob/d" 'name bob@example.org: its account is not there'
damaged 'a name that is gone' '/^name.ann\t/d' "account $ann: its username does not lead to it"
damaged 'a name that leads elsewhere' "/^name.ann\t/s|$ann|$bob|" \
	"account $ann: its username does not lead to it" 'name ann: its account has another name'
damaged 'a name in capitals' 's|^name/ann\t|name/ANN\t|' \
	"account $ann: its username does not lead to it" 'name ANN: no name as names are kept'
damaged 'a name of nobody' '/^name.ann\t/s|\{.*|{}|' \
	"account $ann: its username does not lead to it" 'name ann: it names no account'
damaged 'an administrator who is not listed' "/^param.administrators/s|\"$ann\"||" \
	"account $ann: an administrator who is not on their list"
damaged 'one who is listed and is none' "/^param.administrators/s|\"$ann\"|\"$ann\",\"$bob\"|" \
	'param administrators: it has an account that is no administrator'
damaged 'one who is listed twice' "/^param.administrators/s|\"$ann\"|\"$ann\",\"$ann\"|" \
	'param administrators: it has an account twice'
damaged 'one who is listed and disabled' "/^account.$ann/s|\"enabled\":true|\"enabled\":false|" \
	'param administrators: it has an account that is no administrator'
damaged 'a code whose hash is gone' "/^code.hash:$code/d" "code reset:$ann: its hash does not lead to it"
damaged 'a hash whose code is gone' "/^code.reset:$ann/d" "code hash:$code: it leads to no code of that hash"
damaged 'a code of another account' "/^code.reset:$ann/s|\"account\":\"[^\"]*|\"account\":\"$bob|" \
	"code reset:$ann: its key is another's"
damaged 'a code of no purpose' "s|^code/verify:|code/verity:|" \
	"code hash:$(hash_of "code/verify:$bob"): it leads to no code of that hash" \
	"code verity:$bob: its key is another's"
damaged 'an access token whose hash is gone' "/^token.hash:$secret/d" \
	'token 0000000000000000001: its hash does not lead to it'
damaged 'a hash whose access token is gone' '/^token.0+1/d' "token hash:$secret: it leads to no access token of that hash"
damaged 'an access token under another number' '/^token.0+1/s|"id":1|"id":2|' \
	'token 0000000000000000001: its id is not its key'
damaged 'an access token that nobody has made' '/^token.0+1/s|"maker":"[^"]*"|"maker":""|' \
	"token 0000000000000000001: its maker is no account's id"
damaged 'a sign-out for ever' '/^revoked/s|"expires":|"expired":|' \
	"revoked $(sed -n 's|^revoked/\([^\t]*\).*|\1|p' "$work/good"): it does not say when it expires"
damaged 'a mail of no kind' '/^mail/s|"mail":"[a-z]*"|"mail":"spam"|' \
	"mail $(sed -n 's|^mail/\([^\t]*\).*|\1|p' "$work/good"): a member is missing, or its kind is none"
# shellcheck disable=SC2016 # sed's last line
damaged 'a record of no kind' '$a account\t{}\nnamed/x\t{}' 'stray account: of no kind that we know' \
	'stray named/x: of no kind that we know'
# A key that latchkey cannot have made neither ends the walk nor keeps it going round.
long=$(printf 'x%.0s' {1..400})
# shellcheck disable=SC2016 # sed's last line
damaged 'keys with a NUL, and too long' \
	'$a account/00\\00a\t{}\naccount/ff\\00\t{}\nname/ab\\00c\t{}\nname/'"$long"'\t{}\nname/zz\t{}\nother\\00/\t{}\nother/\t{}' \
	'account 00\x00a: its key has a NUL in it' 'account ff\x00: its key has a NUL in it' \
	'name ab\x00c: its key has a NUL in it' "name $long: its key is too long" 'name zz: it names no account' \
	'stray other\x00/: its key has a NUL in it' 'stray other/: of no kind that we know'
is "$(timeout 60 "$build/cli/latchkey" --config "$conf" user list 2>>"$log" | wc -l)" 3 'keys with a NUL: the list has its end'
for ids in null 7 '{}' '""'; do
	damaged "administrators who are $ids" "/^param.administrators/s|\"$ann\"|\"$ann\",$ids|" \
		'param administrators: it has what is no id'
done
for ids in null '"x"' '{}'; do
	sed -E "/^param.hash_classes/s|\[.*\]|$ids|; /^param.administrators/s|\[.*\]|$ids|" "$work/good" | load
	try 1 "lists that are $ids" check
	like "$out" 'an administrator who is not on their list' "lists that are $ids: are empty"
done
sed -E '/^param.hash_classes/s|\[|[null,7,|' "$work/good" | load
try 0 'kinds of hashes that are none' check
damaged 'a parameter cut short' 's|^(param/administrators\t.{9}).*|\1|' \
	"account $ann: an administrator who is not on their list" 'param administrators: not JSON' \
	'param administrators: it cannot be read'

# What may be so: a code that has expired is swept half by half, the maker of an access token may be gone.
sed -E "/^code.hash:$code/d; /^code/s|\"expires\":[0-9]+|\"expires\":7|; /^token.0+1/s|\"maker\":\"[^\"]*\"|\"maker\":\"${bob%??}00\"|" \
	"$work/good" | load
try 0 'half of an expired code, and a maker who is gone' check

# A page that libdb cannot read.
try 0 'all pages are written' check --files
size=$(stat -c %s "$state/store/records.btr")
printf 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX' | dd of="$state/store/records.btr" bs=1 seek=$((size - 4096 + 20)) conv=notrunc status=none
out=$(latchkey check --files 2>&1)
is "$?" 1 'a damaged page'

# --- files of two times

fresh 'hash_cost = 1'
start cgi
add admin "$password" --admin
flock "$state/store/gate" cp -a "$state/store" "$work/backup"
before=$(find "$state/store" -name 'log.*' | sort | tail -1)
add newer "$password"
python3 "$top/bench/accounts.py" lines 2500 | latchkey import - >>"$log" 2>&1
newest=$(find "$state/store" -name 'log.*' | sort | tail -1)
isnt "$newest" "$before" 'a log file that is newer than the backup'

said=$(latchkey check --files 2>&1)
is "$?" 0 'one that belongs there'
cp -a "$state/store" "$work/newer"
number=$((10#${newest##*.} + 2))
cp -a "$newest" "${newest%.*}.$(printf %010d $number)"
said=$(latchkey check --files 2>&1)
is "$?" 1 'a log file of another store'
like "$said" "files of two times: after ${newest##*/} comes log\\.0*$number; .* move log" 'a log file of another store: what to do'
rm "${newest%.*}.$(printf %010d $number)"
try 0 'taken away' check --files

for copy in 'cp -a' 'rsync -a -c' 'rsync -a -c --inplace'; do
	rm -rf "$state/store"
	cp -a "$work/newer" "$state/store"
	$copy "$work/backup/." "$state/store/"
	said=$(latchkey check --files 2>&1)
	is "$?" 1 "a backup over newer files by $copy"
	like "$said" "files of two times: .*; where a backup was copied into it, move log\\.[0-9]+ and all" \
		"a backup over newer files by $copy: what to do"
	request POST /v1/api-login -d "{\"username\":\"admin\",\"password\":\"$password\"}"
	is "$status" 503 "a backup over newer files by $copy: nobody signs in meanwhile"
	rm "$(sed -nE 's|.* move (log\.[0-9]+) and all.*|'"$state/store/"'\1|p' <<<"$said" | head -1)"
	try 0 "that log file moved away" check --files
	request POST /v1/api-login -d "{\"username\":\"admin\",\"password\":\"$password\"}"
	is "$status" 200 'the backup serves'
	try 1 'and has nothing newer' user show newer
done

# --- under load

fresh 'hash_cost = 1'
start fcgi
add admin "$password" --admin
python3 "$top/bench/accounts.py" lines 3000 >"$work/lines"
latchkey import "$work/lines" >>"$log" 2>&1 &
importer=$!
(
	for ((i = 0; i < 15; i++)); do
		add "user$i" "$password" --admin
		new_code "user$i"
		latchkey user disable "user$i"
		latchkey user delete "user$i"
	done
) >>"$log" 2>&1 &
changer=$!
bad=''
checks=0
while runs $importer || runs $changer || ((checks < 3)); do
	out=$(latchkey check 2>>"$log") || bad+=$out
	((checks += 1))
done
wait "$importer" "$changer"
is "$bad" '' "under load: $checks checks find nothing"

done_testing
