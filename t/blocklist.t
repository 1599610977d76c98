#!/bin/bash
# Filters of common passwords: built from lists, put in place whole or not at all; and what the programs refuse.
. "${0%/*}/lib.sh"

list=$work/list filter=$work/list.filter

# try WANTED NAME WORD...: the command's blocklist, its exit status; $out and $err are what it has said.
try() {
	latchkey blocklist "${@:3}" >"$work/out" 2>"$work/err" </dev/null
	is "$?" "$1" "$2"
	out=$(<"$work/out") err=$(<"$work/err")
}
# has WANTED PASSWORD NAME: 1 if it must be on the list, 0 if not.
has() {
	latchkey blocklist check "$filter" <<<"$2" >"$work/out" 2>"$work/err"
	is "$? $(<"$work/out")" "$1 $([[ $1 == 1 ]] || printf 'not ')on the list" "$3"
}
sha1() { printf %s "$1" | sha1sum | cut -d' ' -f1; }

# --- passwords

printf 'Correct Horse\n\nStra\xc3\x9fe\r\ne\xcc\x81t\xc3\xa9\n\xff\xfe\nnul\0byte\n%3000s\nthe last one' x >"$list"
try 0 'a list of passwords' build "$list"
is "$out" "$filter: 4 passwords, 3 lines skipped, $(stat -c %s "$filter") bytes" 'what it says'
has 1 'Correct Horse' 'as it stands there'
has 1 'cORRECT hORSE' 'in another case'
has 1 STRASSE 'case folded: more than lower case'
has 1 $'\xc3\x89t\xc3\xa9' 'in NFC'
has 1 'the last one' 'the last line has no end'
has 0 'Correct Horse ' 'with a blank more'
has 0 'nul' 'what stands before a NUL byte'
has 0 $'Stra\xc3\x9fe\r\r' 'with the end of a line from Windows'
try 0 'exact' build "$list" --exact --output "$work/exact.filter"
filter=$work/exact.filter
has 1 'Correct Horse' 'exact: as it stands there'
has 0 'cORRECT hORSE' 'exact: in another case'
filter=$list.filter

printf '\n\n' >"$list"
cp "$filter" "$work/before"
try 1 'a list of nothing' build "$list"
like "$err" 'has nothing that could be a password' 'a list of nothing: says so'
printf '\xff' >"$list"
try 1 'a list of nothing that could be one' build "$list"
ok_if 'the filter of before is still there' cmp -s "$filter" "$work/before"

# --- hashes

{
	printf '%s:42\n' "$(sha1 'upper and lower')" | tr a-f A-F
	printf '%s:7\r\n' "$(sha1 Mixed)"
	printf '\n%s\n' "$(sha1 'without a count')"
} >"$list"
try 0 'a list of hashes' build "$list" --output "$work/hashes.filter"
is "$out" "$work/hashes.filter: 3 hashes, 0 lines skipped, $(stat -c %s "$work/hashes.filter") bytes" \
	'a list of hashes: what it says'
filter=$work/hashes.filter
has 1 'upper and lower' 'a hash in upper case'
has 1 Mixed 'a hash in lower case'
has 1 'UPPER and lower' 'another case of a password in lower case'
has 0 mixed 'of a password in mixed case only itself'
has 1 'without a count' 'a hash without a count'
has 0 "$(sha1 Mixed)" 'the hash is no password'

cp "$filter" "$work/before"
while read -r bad; do
	printf '%s:1\n%s\n' "$(sha1 a)" "$bad" >"$list"
	try 1 "among hashes '$bad'" build "$list" --output "$filter"
	is "$err" "latchkey blocklist build: $list:2: not SHA1HEX[:COUNT], as 1 others are; if it is a heading, take it out" "among hashes '$bad': is named"
done <<'END'
password
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:x
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8A
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FDG:1
END
ok_if 'the filter of before is still there' cmp -s "$filter" "$work/before"
ok_if 'and nothing beside it' test ! -e "$filter.tmp"

printf '%s\n' password "$(sha1 a)" >"$list"
try 0 'a hash among passwords is one' build "$list"
filter=$list.filter
has 1 "$(sha1 a)" 'it itself is on the list'
has 0 a 'and not what it is of'

# --- the whole list is judged: what it takes for another list would find nobody's password

# built NAME: a list of hashes that is good, all of them found.
built() {
	filter=$work/built.filter
	try 0 "$1" build "$list" --output "$filter"
	like "$out" ": 3 hashes, 0 lines skipped" "$1: all are hashes"
	has 1 one "$1: the first is found"
	has 1 three "$1: the last is found"
}
# not_built REASON NAME [OPTION...]: refused, and no filter.
not_built() {
	rm -f "$list.filter"
	try 1 "$2" build "$list" "${@:3}"
	is "$err" "latchkey blocklist build: $list:$1" "$2: says why"
	ok_if "$2: no filter" test ! -e "$list.filter"
}
hashes() { for word in one two three; do echo "$(sha1 $word)${1-}"; done; }
digests() { for word in one two three; do printf %s $word | "$1" | sed "s/ .*/${2-}/"; done; }

{ printf '\xef\xbb\xbf' && hashes; } >"$list"
built 'hashes after a byte order mark'
{ printf '\xef\xbb\xbf' && hashes :7; } | sed 's/$/\r/' >"$list"
built 'with counts, too, from Windows'
hashes | sed 's/^/\xef\xbb\xbf/' >"$list"
built 'each in front of a file that was joined'
{ echo password && printf '\xef\xbb\xbf%s\n' secret; } >"$list"
try 0 'passwords after one' build "$list"
filter=$list.filter
has 1 secret 'is found without it'
{ echo hash && hashes; } >"$list"
not_built '1: not SHA1HEX[:COUNT], as 3 others are; if it is a heading, take it out' 'hashes under a heading'
{ echo SHA1:COUNT && hashes :3 | head -n 1; } >"$list"
not_built '1: not SHA1HEX[:COUNT], as 1 others are; if it is a heading, take it out' 'one hash and its count under a heading'
{ hashes && echo password; } >"$list"
not_built '4: not SHA1HEX[:COUNT], as 3 others are; if it is a heading, take it out' 'a password at the end'
{ hashes && digests md5sum :1; } >"$list"
not_built '4: this and 2 more lines are hashes of another kind than SHA-1 (NTLM, MD5): nothing could be looked up there' \
	'two kinds of hashes with counts'
{ hashes && digests md5sum | head -n 1; } >"$list"
not_built '4: not SHA1HEX[:COUNT], as 3 others are' 'one hash of another kind'
for kind in 'md5sum' 'md5sum :4' 'sha256sum' 'sha512sum :1'; do
	# shellcheck disable=SC2086 # words
	{ echo password && digests $kind; } >"$list"
	not_built '2: this and 2 more lines are hashes of another kind than SHA-1 (NTLM, MD5): nothing could be looked up there' \
		"$kind"
done
digests sha256sum >"$list"
try 0 'secrets that look like hashes' build "$list" --exact
like "$out" ': 3 secrets, ' 'secrets that look like hashes: are secrets'
hashes :7 >"$list"
not_built ' has a number in front of each secret or behind it; take them out' 'hashes with counts for secrets' --exact
printf '%s\n' '  12 secret' '   7 password' '   1 key' >"$list"
not_built ' has a number in front of each secret or behind it; take them out' 'secrets with counts of uniq' --exact
printf '%s\n' secret:1 'key 2' changeme 'secret123' >"$list"
try 0 'secrets with numbers' build "$list" --exact
like "$out" ': 4 secrets, 0' 'secrets with numbers: are secrets'
printf 'secret\nchangeme\n' | iconv -t UTF-16LE >"$list"
not_built ' has nothing that could be a password' 'secrets in UTF-16 without a mark' --exact
printf '%s\n' '  290729 123456' '   79076 12345' '       1 a b' >"$list"
not_built ' has a number in front of each password or behind it; take them out' 'with counts of uniq'
printf '%s\n' password,count 123456,290729 12345,79076 >"$list"
not_built ' has a number in front of each password or behind it; take them out' 'a table with a heading'
printf '%s\n' '12 monkeys' 'fahrenheit:451' password secret >"$list"
try 0 'passwords with numbers' build "$list"
like "$out" ': 4 passwords, 0' 'passwords with numbers: are passwords'
{ seq -f 'password%g' 200 && hashes && hashes :1 | head -n 1; } >"$list"
try 0 'a few hashes among many passwords' build "$list"
like "$out" ': 204 passwords, 0' 'a few hashes among many passwords: are passwords'
printf 'password\nsecret\n' | iconv -t UTF-16 >"$list"
not_built ' UTF-16; save it as UTF-8' 'UTF-16'
printf 'password\nsecret\n' | iconv -t UTF-16LE >"$list"
not_built ' has nothing that could be a password' 'UTF-16 without a mark'

# --- what cannot be read or written

printf '%s\n' password "$(sha1 a)" >"$list"
filter=$list.filter
try 0 'a list again' build "$list"

try 1 'no such list' build "$work/nothing"
is "$err" "latchkey blocklist build: $work/nothing: No such file or directory" 'no such list: says so'
try 1 'a directory as list' build "$work"
like "$err" ': Is a directory' 'a directory as list: says so'
mkfifo "$work/fifo"
echo password >"$work/fifo" &
try 1 'a pipe as list' build "$work/fifo"
wait $!
like "$err" 'cannot be read twice' 'a pipe as list: says so'
try 1 'no such directory' build "$list" --output "$work/nothing/filter"
like "$err" 'filter.tmp: No such file or directory' 'no such directory: says so'

cp "$filter" "$work/before"
printf '%s\n' one two three >"$list"
# A limit on the size of files does what a full disk would.
err=$(ulimit -f 0 && latchkey blocklist build "$list" 2>&1)
is "$?" 1 'no room'
like "$err" 'filter.tmp: File too large' 'no room: says so'
ok_if 'no room: the filter of before is still there' cmp -s "$filter" "$work/before"
ok_if 'no room: and nothing beside it' test ! -e "$filter.tmp"
touch "$filter.tmp"
try 1 'two builds at once' build "$list"
like "$err" 'filter.tmp: is there already' 'two builds at once: says so'
ok_if 'two builds at once: the filter of before is still there' cmp -s "$filter" "$work/before"
rm "$filter.tmp"
try 0 'and then' build "$list"
has 1 two 'the new one is in place'
try 2 'no list named' build
try 2 'an unknown option' build "$list" --fold

# --- asking

head -c 100 "$filter" >"$work/short.filter"
truncate -s -1 "$work/short.filter"
filter=$work/short.filter
try 1 'a cut filter' check "$filter"
is "$err" "latchkey command: error: blocklist: $filter: a filter of the wrong length" 'a cut filter: is named'
try 1 'no password' check "$work/list.filter"
is "$err $out" 'latchkey: no password ' 'no password: says so'

# --- what is shipped

filter=$top/conf/common-passwords.filter
has 1 123456 'common passwords'
has 1 PassWord1 'common passwords: in another case'
has 0 Quiet-Harbour-42 'common passwords: not every one'
filter=$top/conf/jwt-secrets.filter
has 1 your-256-bit-secret 'leaked secrets'
has 0 "$(head -c 32 /dev/urandom | base64)" 'leaked secrets: not every one'
for filter in "$top"/conf/*.filter; do
	ok_if "${filter##*/}: less than 400 KB" test "$(stat -c %s "$filter")" -lt 400000
done

# --- what the programs refuse

first=Quiet-Harbour-42 common=Tr0ub4dor-and-3
printf '%s\n' "$common" abcdefgh >"$work/common"
try 0 'a list of our own' build "$work/common"
fresh 'hash_cost = 1' 'site_url = https://login.quietude.example' 'registration = open' 'mail_command =' \
	"common_passwords = $work/common.filter"
add admin $first --admin --email harbourmaster@example.org

# bearer: the token of a sign-in as admin.
bearer() {
	request POST /auth/admin/login -d "{\"password\":\"$first\"}"
	echo "Authorization: Bearer ${member_of[.token]-}"
}
# refused_as STATUS BODY NAME: REASON, in the dialect's own sentence, is $reason.
refused_as() {
	answers "$1" "${2//REASON/$reason}" "$3"
}
# each_endpoint PASSWORD WHAT: a new password, wherever one can be set.
each_endpoint() {
	local new=$1 what=$2
	request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
	refused_as 400 '{"status":"error","message":"Password must not be REASON"}' "actian reset: $what"
	request POST /auth/admin -H "$bearer" -d "{\"password\":\"$new\"}"
	refused_as 400 '{"status":"error","message":"Password must not be REASON"}' "actian register: $what"
	request POST /api/v2/service-token/reset-password -H "$bearer" -d "{\"currentPassword\":\"$first\",\"password\":\"$new\"}"
	refused_as 400 '{"error":{"code":"RESET_PASSWORD_ERROR","message":"\"password\" should not be REASON"}}' "databrain change: $what"
	request POST /v1/auth/register -d "{\"email\":\"harbourmaster@example.com\",\"password\":\"$new\"}"
	refused_as 400 '{"error":"password must not be REASON"}' "px0 register: $what"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"$new\"}"
	refused_as 400 '{"error":"password must not be REASON"}' "px0 reset: $what"
	request POST /v1/api/user/change-password -H "$bearer" -d "{\"currentPassword\":\"$first\",\"newPassword\":\"$new\"}"
	refused_as 200 '{"success":false,"error":"Password must not be REASON"}' "edge-impulse change: $what"
	request POST /v1/api-user-create \
		-d "{\"name\":\"Ann\",\"username\":\"bob\",\"email\":\"harbourmaster@example.com\",\"password\":\"$new\",\"privacyPolicy\":true}"
	refused_as 200 '{"success":false,"error":"Password must not be REASON"}' "edge-impulse register: $what"
	request POST /v1/api-user-reset-password -d "{\"email\":\"harbourmaster@example.org\",\"code\":\"$code\",\"newPassword\":\"$new\"}"
	refused_as 200 '{"success":false,"error":"Password must not be REASON"}' "edge-impulse reset: $what"
	latchkey user passwd admin <<<"$new" >"$work/out" 2>"$work/err"
	is "$? $(head -n 1 "$work/err")" "1 latchkey: Password must not be $reason" "user passwd: $what"
	latchkey user add bob --email harbourmaster@example.com <<<"$new" >"$work/out" 2>"$work/err"
	is "$? $(head -n 1 "$work/err")" "1 latchkey: Password must not be $reason" "user add: $what"
}

start fcgi
bearer=$(bearer) code=$(new_code admin)
reason='a common password'
each_endpoint "$common" 'a common one'
each_endpoint tR0UB4DOR-AND-3 'a common one in another case'
reason='a name of the account or the site'
each_endpoint Quietude-2024 "the site's name"
each_endpoint LatchKey-2024 'the issuer'

# What only the account tells.
while read -r new; do
	request POST /api/v2/service-token/reset-password -H "$bearer" -d "{\"currentPassword\":\"$first\",\"password\":\"$new\"}"
	answers 400 '{"error":{"code":"RESET_PASSWORD_ERROR","message":"\"password\" should not be a name of the account or the site"}}' \
		"databrain change: the account's $new"
	request POST /v1/api/user/change-password -H "$bearer" -d "{\"currentPassword\":\"$first\",\"newPassword\":\"$new\"}"
	answers 200 '{"success":false,"error":"Password must not be a name of the account or the site"}' \
		"edge-impulse change: the account's $new"
	request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
	answers 400 '{"status":"error","message":"Password must not be a name of the account or the site"}' \
		"5: actian reset: the account's $new"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"$new\"}"
	answers 400 '{"error":"password must not be a name of the account or the site"}' "px0 reset: the account's $new"
	request POST /v1/api-user-reset-password -d "{\"email\":\"harbourmaster@example.org\",\"code\":\"$code\",\"newPassword\":\"$new\"}"
	answers 200 '{"success":false,"error":"Password must not be a name of the account or the site"}' \
		"edge-impulse reset: the account's $new"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"ZZZZ-ZZZZ-ZZZZ\",\"new_password\":\"$new\"}"
	answers 400 '{"error":"invalid or expired password reset code"}' "a wrong code does not tell whose $new is"
	request POST /v1/auth/register -d "{\"email\":\"harbourmaster@example.org\",\"password\":\"$new\"}"
	case $new in
	Harbour*) answers 400 '{"error":"password must not be a name of the account or the site"}' "px0 register: the email's $new" ;;
	*) is "$status" 201 "px0 register: $new is the name of another" ;;
	esac
	latchkey user passwd admin <<<"$new" >"$work/out" 2>"$work/err"
	is "$? $(head -n 1 "$work/err")" '1 latchkey: Password must not be a name of the account or the site' \
		"user passwd: the account's $new"
done <<'END'
Admin-2024-11
Harbourmaster-1
Harbourmaster@example.org-1
END

# Composition comes first, in the words that clients know.
request POST /v1/auth/register -d '{"email":"x@example.com","password":"abcdefgh"}'
answers 400 '{"error":"password must contain at least one uppercase letter, one lowercase letter, one digit, and one special character"}' \
	'composition flaws first'
request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"Admin-2024-11x\"}"
is "$status" 200 'all of that cost the code nothing; and a letter after the name is enough'

fresh 'hash_cost = 1' 'policy = length' 'policy.length.min = 8' "common_passwords = $work/common.filter"
add admin $first --admin
start fcgi
request POST /auth/admin/reset-password -d '{"password":"ABCDEFGH"}'
answers 400 '{"status":"error","message":"Password must not be a common password"}' '5: policy = length: a common one'
fresh 'hash_cost = 1' 'common_passwords ='
add admin $first --admin
start fcgi
request POST /auth/admin/reset-password -d "{\"password\":\"$common\"}"
is "$status" 200 'no list: a common one'

done_testing
