#!/bin/bash
# Importing what other systems have written: of each an export (t/exports; bench/exports makes them), what becomes of its
# members, accounts of it that sign in, and what is bad in such files.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42
hash=$(openssl passwd -6 -salt saltsalt "$password")

# import STATUS NAME OPTION... <FILE
import() { try "$1" "$2" import "${@:3}" -; }
# signs_in NAME [PASSWORD [CODE]]
signs_in() {
	request POST /v1/auth/login ${3:+-H "X-OTP: $3"} -d "{\"email\":\"$1\",\"password\":\"${2-$password}\"}"
	[[ $status == 200 ]]
}
# shows NAME WANTED: what the command says of the account; of its id and date only if WANTED has them.
shows() {
	local but='^hash: ' got
	[[ $2 == id:* ]] || but+='|^id: '
	[[ $2 == *created:* ]] || but+='|^created: '
	got=$(latchkey user show "$1" 2>>"$log" | grep -vE "$but" | sed 's/^\(second factor\): .*/\1/' | paste -sd'|' | sed 's/, /|/g')
	is "$got" "${2//, /|}" "$from: $1"
}
# from FILE COUNT OTHERS OPTION...: a store of its own with what that export has. The dry run says the same and makes none.
from() {
	from=$1
	local file=$top/t/exports/$1 said
	fresh 'hash_cost = 1'
	start cgi
	try 0 "$from: dry" import --dry-run "${@:4}" "$file"
	is "$out" "$2 would be imported, 0 there already, 0 skipped" "$from: dry: counts"
	said=$err
	is "$(latchkey user list 2>>"$log")" '' "$from: dry: makes none"
	try 0 "$from" import "${@:4}" "$file"
	is "$out" "$2 imported, 0 there already, 0 skipped" "$from: counts"
	is "$err" "$said" "$from: dry: said the same"
	is "$err" "$3" "$from: what is said"
	try 0 "$from: again" import "${@:4}" "$file"
	is "$out" "0 imported, $2 there already, 0 skipped" "$from: again: all are there"
}
# sign_in NAME...: these do, and their sisters behind a ! do not.
sign_in() {
	local name
	for name; do
		if [[ $name == !* ]]; then
			signs_in "${name#!}"
			isnt "$status" 200 "$from: ${name#!} does not sign in"
		else
			ok_if "$from: $name signs in" signs_in "$name"
		fi
	done
}

# --- what each system has written

from shadow 5 'latchkey import: read as shadow
latchkey import: 2 records of no account' --passwd "$top/t/exports/passwd"
shows ann 'username: ann, email: -, name: Ann Arbor, role: user, state: enabled, verified: no'
shows bob 'username: bob, email: -, role: user, state: disabled, verified: no'
shows cat 'username: cat, email: -, role: user, state: enabled, verified: no, must change: yes'
shows dan 'username: dan, email: -, role: user, state: disabled, verified: no'
shows eve 'username: eve, email: -, role: user, state: disabled, verified: no'
sign_in ann '!bob'
try 0 "$from: without the lock" user enable bob
sign_in bob
from shadow 4 'latchkey import: read as shadow
latchkey import: 3 records of no account'
shows ann 'username: ann, email: -, role: user, state: enabled, verified: no'

from htpasswd 5 'latchkey import: read as htpasswd'
sign_in ann bob cat eve@example.org
ok_if "$from: dan signs in, by the eight letters of DES" signs_in dan "${password:0:8}"

from slapcat.ldif 4 'latchkey import: read as ldif
latchkey import: 4 records of no account'
shows ann 'username: ann, email: ann@example.org, name: Änn Arbör of a department whose name is longer than a line of LDIF has room for, language: de, role: user, groups: dev,night-shift, state: enabled, verified: no'
shows bob 'username: bob, email: bob@example.org, name: Bob, role: user, groups: night-shift, state: disabled, verified: no'
shows cat 'username: cat, email: -, name: Cat, role: user, groups: dev, state: enabled, verified: no, must change: yes'
shows dan 'username: dan, email: -, name: Dan, role: user, state: disabled, verified: no'
sign_in ann '!bob' '!dan'
for name in bob dan; do
	try 0 "$from: without the lock" user enable $name
	sign_in $name
done

from keycloak.json 3 'latchkey import: read as keycloak
latchkey import: record 2: bob@example.org: comes without a passkey
latchkey import: 1 record of no account'
shows ann 'id: 5d3c3b0e-0d6c-4c2e-9d0a-6a3fd11c8b01, username: ann, email: ann@example.org, name: Ann Arbor, language: de, role: user, groups: staff,staff-admins, state: enabled, verified: yes, second factor, created: 2023-11-14T22:13:20Z'
shows bob@example.org 'username: -, email: bob@example.org, name: Bob, role: user, state: disabled, verified: no, must change: yes'
sign_in cat '!ann' '!bob@example.org'
# Its secret is the letters themselves.
ok_if "$from: ann signs in, by her app" signs_in ann "$password" \
	"$(oathtool --totp "$(printf 0bTZlvvSJ0VVkMXb8bVd | od -An -tx1 | tr -d ' \n')")"

for file in csv json; do
	from=supabase.$file
	fresh 'hash_cost = 1'
	start cgi
	try 1 "$from" import "$top/t/exports/$from"
	is "$out" '3 imported, 0 there already, 1 skipped' "$from: counts"
	like "$err" 'read as supabase.*2 records of no account.*(line 7|record 6): neither username nor email$' "$from: a telephone is no name"
	shows ann@example.org 'id: 7a3c3b0e-0d6c-4c2e-9d0a-6a3fd11c8b01, username: -, email: ann@example.org, name: Ann "A" Arbor, Dr., role: user, state: enabled, verified: yes, created: 2023-11-14T22:13:20Z'
	shows bob@example.org 'username: -, email: bob@example.org, role: user, state: disabled, verified: no'
	sign_in ann@example.org cat@example.org '!bob@example.org'
done

from pocketbase.json 2 'latchkey import: read as pocketbase'
shows ann 'username: ann, email: ann@example.org, name: Ann "A", Arbor, role: user, state: enabled, verified: yes, created: 2023-11-14T22:13:20Z'
sign_in ann users12345
from pocketbase.csv 1 'latchkey import: read as pocketbase'
shows cat@example.org 'username: -, email: cat@example.org, name: Cat, role: user, state: enabled, verified: yes, created: 2024-11-14T22:13:20Z'
sign_in cat@example.org

from authelia.yml 4 'latchkey import: read as authelia'
shows ann 'username: ann, email: ann@example.org, name: Ann Arbor, role: user, groups: admins,dev, state: enabled, verified: no'
shows bob 'username: bob, email: bob@example.org, name: Bob, role: user, state: disabled, verified: no'
shows cat 'username: cat, email: cat@example.org, name: Cat Catesby, language: fr, role: user, groups: dev,night-shift, state: enabled, verified: no'
sign_in ann cat dan '!bob'

from django.json 4 'latchkey import: read as django
latchkey import: record 3: cat: comes without a second factor of another kind
latchkey import: 4 records of no account'
shows ann 'username: ann, email: ann@example.org, name: Ann Arbor, role: user, groups: content-editors,dev, state: enabled, verified: no, second factor'
shows bob@example.org 'username: -, email: bob@example.org, role: user, state: disabled, verified: no'
sign_in cat '!ann' '!bob@example.org' '!dan'
ok_if "$from: ann signs in, by her app" signs_in ann "$password" "$(oathtool --totp 3132333435363738393031323334353637383930)"

from wordpress.csv 1 'latchkey import: read as csv
latchkey import: columns that are not taken: user_nicename, user_url, user_activation_key'
shows ann 'username: ann, email: ann@example.org, name: Ann Arbor, role: user, state: enabled, verified: no, created: 2023-11-14T22:13:20Z'
sign_in ann
from aspnet.csv 2 'latchkey import: read as csv
latchkey import: columns that are not taken: NormalizedUserName, NormalizedEmail, SecurityStamp, ConcurrencyStamp, PhoneNumber, '\
'PhoneNumberConfirmed, TwoFactorEnabled, LockoutEnabled, AccessFailedCount'
shows ann@example.org 'id: 5d3c3b0e-0d6c-4c2e-9d0a-6a3fd11c8b01, username: -, email: ann@example.org, role: user, state: enabled, verified: yes'
shows bob@example.org 'username: -, email: bob@example.org, role: user, state: disabled, verified: no'
sign_in ann@example.org '!bob@example.org'

# --- a table, and what is wrong in it

fresh 'hash_cost = 1'
{
	printf 'username'
	printf ',c%d' {1..14}
	printf ',%060d\nann' 0
	printf ',%.0s' {1..15}
} >"$work/wide"
try 0 'columns of no meaning' import --format csv "$work/wide"
like "$err" 'columns that are not taken: c1, c2, .*, c11, c12, and 3 more$' 'columns of no meaning: how many more'

fresh 'hash_cost = 1'
start cgi
from=csv
{
	printf '\xef\xbb\xbfE-Mail;username;hash;Display_Name;groups;disabled;language;verified;shoe size;created\r\n'
	printf 'ann@example.org;ann;%s;"Ann ""A"";\nArbor";"a,B c";no;DE-at;YES;39;2026-01-02 03:04:05.6+01\r\n' "$hash"
	printf ';bob;!%s;;;;;;;\r\n\r\n' "$hash"
	printf ';few\r\n'
	printf ';quote;"x"y;;;;;;;\r\n'
	printf ';maybe;;;;maybe;;;;\r\n'
	printf ';b\xffd;;;;;;;;\r\n'
	printf ';n\0l;;;;;;;;\r\n'
	printf ';a\x01b;;;;;;;;\r\n'
	printf ';Admin;;;;;;;;\r\n'
	printf 'Ann@example.org;other;;;;;;;;\r\n'
	printf ';BOB;;;;;;;;\r\n'
	printf ';cat;;"%s";;;;;;\r\n' "$(head -c 300000 /dev/zero | tr '\0' x)"
	printf ';open;"x;;;;;;;\r\n'
	printf 'dan@example.org;dan@example.org;%s;;;true;;;;' "$hash"
} >"$work/table"
try 1 "$from: a dry run" import --dry-run "$work/table"
dry=$err
is "$out" '3 would be imported, 0 there already, 11 skipped' "$from: a dry run: counts"
try 1 "$from" import "$work/table"
is "$out" '3 imported, 0 there already, 11 skipped' "$from: counts"
is "$err" "$dry" "$from: as the dry run said"
is "${err//latchkey import: /}" 'read as csv
line 6: not as many fields as the header has
line 7: a quote in the middle of a field
line 8: maybe: enabled: neither true nor false
line 9: username: not a text of UTF-8 without NULs
line 10: username: not a text of UTF-8 without NULs
line 15: longer than 256 KiB
line 16: a quote without its end within 256 KiB
columns that are not taken: shoe size
line 11: a\u0001b: username: a username is letters, digits and ASCII signs, in one direction, with single blanks between them and none around
line 12: Admin: username: only an administrator is called that
line 13: other: another account has its username, email or id
line 14: BOB: another account has its username, email or id' "$from: what is bad"
shows ann 'username: ann, email: ann@example.org, name: Ann "A";\u000aArbor, language: de, role: user, groups: a,b,c, state: enabled, verified: yes, created: 2026-01-02T02:04:05Z'
shows bob 'username: bob, email: -, role: user, state: disabled, verified: no'
shows dan@example.org 'username: -, email: dan@example.org, role: user, state: disabled, verified: no'
sign_in ann '!bob'

# --- what is wrong in others

fresh 'hash_cost = 1'
start cgi
# bad FORMAT COUNTS WANTED <FILE: what is said of it.
bad() {
	import 1 "bad $1" --format "$1"
	is "$out" "$2" "bad $1: counts"
	is "${err//latchkey import: /}" "$3" "bad $1: what is said"
}
long() { head -c 300000 /dev/zero | tr '\0' "$1"; }
letter='not a JSON object to the letter of RFC 8259, with each name once, and 32 levels at most'

bad json '1 imported, 0 there already, 7 skipped' "record 2: not an object
record 4: $letter
record 5: $letter
record 6: $letter
record 7: longer than 256 KiB
record 8: the file ends in the middle of it
record 3: shoe: no member of an account" < <(
	printf '[{"username":"jo"}, 7,\n{"shoe":39},{"username":"x","groups":'
	head -c 40 /dev/zero | tr '\0' '['
	head -c 40 /dev/zero | tr '\0' ']'
	printf '},{"username":"x","username":"y"},{"username":"x\xff"},{"username":"%s"},{"username":"j' "$(long x)"
)
bad keycloak '0 imported, 0 there already, 3 skipped' 'record 1: ko: enabled: neither true nor false
record 3: not JSON from here on
record 2: k o: hash: a credential of Keycloak'"'s that is damaged, or of no password" \
	<<<'{"realm":"x","users":[{"username":"ko","enabled":1.5},{"username":"k o","credentials":[{"type":"password"}]}],"a"}'


bad ldif '1 imported, 0 there already, 7 skipped' 'line 14: username: not a text of UTF-8 without NULs
line 17: lc: userPassword: in the clear
line 21: a change to an entry, and none itself
line 24: an entry without a dn
line 26: a line without a :
line 29: username: not a text of UTF-8 without NULs
line 32: username: not a text of UTF-8 without NULs' < <(
	printf '\xef\xbb\xbfversion: 1\r\n\r\n# of\r\n  no use\r\ndn: uid=la\r\nuid: l\r\n a\r\nmail: la@exam\r\n ple.org\r\ncn:: %s\r\n' "$(printf 'L\303\244' | base64)"
	printf 'photo: %s\r\nobjectClass: Person\r\n\r\n' "$(long x)"
	printf 'dn: uid=lb\nuid:: %s\n\n' "$(printf 'l\377' | base64)"
	printf 'dn: uid=lc\nuid: lc\nuserPassword: %s\n\n' "$password"
	printf 'dn: uid=ld\nchangetype: delete\n\n'
	printf 'uid: le\n\n'
	printf 'dn: uid=lf\nuid\n\n'
	printf 'dn: uid=lg\nuid:< file:///etc/passwd\n\n'
	printf 'dn: uid=lh\nuid:: !\n\n'
	printf 'search: 2\nresult: 0 Success\n'
)
from=ldif
shows la 'username: la, email: la@example.org, name: Lä, role: user, state: enabled, verified: no'

# What locks an account there, and beside it what does not. The last is behind much of what its user can write.
locks=(pwdAccountLockedTime:{000001010000Z,:!} nsAccountLock:{TRUE,false} ds-pwp-account-disabled:{true,FALSE} loginDisabled:{TRUE,FALSE}
	pwdEndTime:{20200101000000Z,29990101000000Z} krbPrincipalExpiration:{20200101000000Z,29990101000000Z} krbPrincipalExpiration:soon
	sambaAcctFlags:{'[DU         ]','[LU]','[U          ]'} userAccountControl:{514,66050,512,66048}
	accountExpires:{132223104000000000,0,9223372036854775807,441481536000000000} shadowExpire:{1,99999})
wanted=(disabled disabled disabled enabled disabled enabled disabled enabled disabled enabled disabled enabled disabled
	disabled disabled enabled disabled disabled enabled enabled disabled enabled enabled enabled disabled enabled)
for i in "${!locks[@]}"; do
	printf 'dn: uid=lock%s\nuid: lock%s\nuserPassword: {CRYPT}%s\n%s: %s\n\n' "$i" "$i" "$hash" "${locks[i]%%:*}" "${locks[i]#*:}"
done | sed 's/: :!/:: !/' >"$work/locks"
{
	printf 'dn: uid=much\nuid: much\n'
	line=$(long x)
	for i in {1..20}; do printf 'note: %s\n' "${line:0:60000}"; done
	printf 'pwdAccountLockedTime: 000001010000Z\n\ndn: uid=more\nuid: more\n'
	for i in {1..290}; do printf 'note: %s\n' "${line:0:60000}"; done
	printf 'pwdAccountLockedTime: 000001010000Z\n'
} >>"$work/locks"
import 1 'LDIF: locks' --format ldif <"$work/locks"
is "$out" "$((${#locks[@]} + 1)) imported, 0 there already, 1 skipped" 'LDIF: locks: counts'
like "$err" 'line 155: longer than 16 MiB$' 'LDIF: an entry that is too long'
for i in "${!locks[@]}"; do
	is "$(latchkey user show "lock$i" 2>>"$log" | sed -n 's/^state: *//p')" "${wanted[i]}" "LDIF: ${locks[i]}"
done
is "$(latchkey user show much 2>>"$log" | sed -n 's/^state: *//p')" disabled 'LDIF: a lock behind much else'

columns=(enabled is_enabled active is_active disabled is_disabled locked is_locked blocked banned suspended deleted spam user_status)
{
	echo "username,$(IFS=,; echo "${columns[*]}")"
	for i in "${!columns[@]}"; do
		for value in 1 0; do
			row=("${columns[i]//_/-}-$value" "${columns[@]//*/}")
			row[i+1]=$value
			(IFS=,; echo "${row[*]}")
		done
	done
} >"$work/table"
import 0 'CSV: locks' --format csv <"$work/table"
for column in "${columns[@]}"; do
	wanted='1:disabled 0:enabled'
	[[ $column != *enabled && $column != *active ]] || wanted='1:enabled 0:disabled'
	is "$(for i in 1 0; do latchkey user show "${column//_/-}-$i" 2>>"$log" | sed -n "s/^state: */$i:/p"; done | xargs)" "$wanted" "CSV: $column"
done

bad authelia '1 imported, 0 there already, 4 skipped' 'line 3: an alias (*), which is not followed
line 4: not a mapping
line 5: mb: enabled: neither true nor false
line 7: did not find expected '\'','\'' or '\''}'\' <<'END'
users:
  ma: {groups: [a, {b: [c]}], more: {d: {e: f}}, email: null}
  &x mx: {email: *y}
  my: 7
  mb: {disabled: "perhaps"}
  mc: {email: mc@example.org
  md: x
END
printf 'groups: []\n' >"$work/none.yml"
try 1 'authelia: no users' import --format authelia "$work/none.yml"
is "$err" 'latchkey import: no mapping of users' 'authelia: no users: says so'

bad htpasswd '1 imported, 0 there already, 5 skipped' 'line 3: no : after a name
line 5: longer than 64 KiB
line 2: na: hash: of no scheme that crypt(3) or libsodium verifies
line 4: neither username nor email
line 6: nb: hash: of no scheme that crypt(3) or libsodium verifies' \
	< <(printf 'na:%s\nna:other\nnone\n:x\nn%s:x\nnb:%s\n' "$hash" "$(long x)" "$password")

# --- how a file begins

# told NAME WANTED <FILE: as what standard input is read, and what is said if it is not.
told() {
	latchkey import --dry-run - >"$work/out" 2>"$work/err"
	like "$(grep -v ': info: ' "$work/err")" "$2" "begins as $1"
}
told SQLite 'SQL, which is not read' < <(printf 'SQLite format 3\0\20\0')
told 'a dump' 'SQL, which is not read' <<<'CREATE TABLE users (email TEXT);'
told passwd 'passwd.5., which has no hashes' <"$top/t/exports/passwd"
told UTF-16 'UTF-16; save it as UTF-8' < <(iconv -t UTF-16 "$top/t/exports/supabase.csv")
told 'one of a person called model' '^$' <<<'{"username":"model","full_name":"\"fields\": \"model\":"}'
told 'comments, then LDIF' 'read as ldif' <<<$'# extended LDIF\n#\n\ndn: cn=x\ncn: x'
told 'an empty export' 'no account in a file of the format django' <<<'[{"model":"a","fields":{}}]'
try 2 'a format that is none' import --format nis "$work/table"
try 1 '--passwd with another format' import --passwd "$top/t/exports/passwd" "$work/table"
like "$err" '--passwd goes with the format shadow' '--passwd with another format: why'
try 1 'no such passwd' import --passwd "$work/none" "$top/t/exports/shadow"
like "$err" 'No such file' 'no such passwd: why'

# --- quotes of another sort than RFC 4180's: what a person calls himself must not become an account

for name in $'"a \\"b\\"\nevil,evil@example.org,true\n\\"",x@example.org,' $'"a\\",x@example.org,\nevil,evil@example.org,true\n\\"",x@example.org,'; do
	fresh 'hash_cost = 1'
	printf '%s\n' username,email,admin ann,ann@example.org, "$name" >"$work/quotes.csv"
	try 1 'a quote after a backslash' import --format csv "$work/quotes.csv"
	like "$err" 'a quote after a backslash' 'a quote after a backslash: is said'
	ok_if 'a quote after a backslash: nothing is made' test -z "$(latchkey user list 2>>"$log")"
done
printf '%s\n' username,email,full_name 'ann,ann@example.org,"C:\"' >"$work/quotes.csv"
try 0 'a backslash at the end of a field' import "$work/quotes.csv"

# --- a full disk halfway, and again

fresh 'hash_cost = 1'
start cgi
{
	echo username,email,full_name
	seq 3000 | sed 's/.*/user&,user&@example.org,"User, &"/'
} >"$work/many.csv"
# One commit has the name, and a later one wants it.
{ cat "$work/many.csv" && echo USER1,zz@example.org,; } >"$work/twice.csv"
try 1 'a name twice, commits apart: dry' import --dry-run "$work/twice.csv"
is "$out" '3000 would be imported, 0 there already, 1 skipped' 'a name twice, commits apart: dry: counts'
like "$err" 'line 3002: USER1: another account has' 'a name twice, commits apart: dry: which'
latchkey import - </dev/null >>"$log" 2>&1 # which makes the store
strace -f -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=ENOSPC:when=10+ \
	"$build/cli/latchkey" --config "$conf" import "$work/many.csv" >"$work/out" 2>"$work/err"
is "$?" 1 'a full disk: refused'
like "$(<"$work/err")" 'the store cannot be had now.*the same command goes on from here' 'a full disk: what to do'
try 0 'room again' import "$work/many.csv"
like "$out" '^[0-9]* imported, [0-9]* there already, 0 skipped$' 'room again: it goes on'
is "$(latchkey user list 2>>"$log" | wc -l)" 3000 'room again: all are there'
try 0 'room again: the store is sound' check
strace -f -qq -o /dev/null -e trace=write -e inject=write:error=ENOSPC:when=2+ \
	"$build/cli/latchkey" --config "$conf" import "$work/many.csv" >"$work/out" 2>"$work/err"
is "$?" 1 'no room for the lines beside it: refused'

done_testing
