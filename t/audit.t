#!/bin/bash
# audit.t - who did what, from where, with which outcome; the file, and the command that reads it
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' wrong='Wrong-Harbour-42'
file=$state/audit.log

sign_in() { request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}" "${@:3}"; } # NAME PASSWORD [OPTION...]

# last MEMBER...: those of the last line, "-" for what is not in it.
last() {
	tail -n 1 "$file" | python3 -c '
import json, sys
line = json.loads(sys.stdin.read())
print(*[line.get(name, "-") for name in sys.argv[1:]])' "$@"
}
id_of() { latchkey user show "$1" | sed -n 's/^id: //p'; }

lines() {
	local ann admin
	ann=$(id_of ann@example.com) admin=$(id_of admin)
	sign_in ann@example.com $good
	is "$(last event outcome reason account by network)" "sign-in ok - $ann - 127.0.0.1" "$way: 46: a sign-in"
	like "$(last time)" "^$(date -u +%Y-%m-%d)T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$" "$way: 46: when, in UTC"
	like "$(last request)" '^[0-9a-f]{16,32}$' "$way: 46: which request"
	sign_in ann@example.com $wrong --remote 127.0.0.9
	is "$(last event outcome reason account network)" "sign-in refused bad-credentials $ann 127.0.0.9" "$way: 46: a wrong password"
	sign_in $wrong@example.com $wrong
	is "$(last event outcome reason account)" 'sign-in refused bad-credentials -' "$way: a name that nobody has"
	request POST /auth/admin/login -d "{\"password\":\"$good\"}"
	token=${member_of[.token]-}
	request POST /v1/auth/register -H "Authorization: Bearer $token" \
		-d "{\"email\":\"$way@example.com\",\"password\":\"$good\"}"
	is "$(last event outcome account by)" "account-create ok $(id_of "$way@example.com") $admin" "$way: an account, and who made it"
	request POST /auth/access_token -H "Authorization: Bearer $token" -d '{"name":"a","permission":"admin"}'
	is "$(last event outcome account by)" "token-create ok $admin $admin" "$way: an access token"
	request DELETE "/auth/access_token/${member_of[.id]-}" --program token -H "x-api-key: ${member_of[.token]-}"
	like "$(last event outcome account by)" "^token-delete ok $admin token:[0-9]+$" "$way: what a service did"
	request GET /auth/verify -H 'x-api-key: lk_wrong'
	is "$(last event outcome reason)" 'access-token refused bad-token' "$way: a wrong access token"
	request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.com"}'
	is "$(last event outcome account)" "code-request ok $ann" "$way: a code"
	request DELETE /v1/auth/session -H "Authorization: Bearer $token"
	is "$(last event outcome account)" "sign-out ok $admin" "$way: a sign-out"
	is "$(wc -l <"$file")" "$(wc -l < <(grep '^{.*}$' "$file"))" "$way: each line is one object"
	is "$(stat -c '%a' "$file")" 600 "$way: for the owner alone"
}

for way in nginx fcgi cgi; do
	fresh 'hash_cost = 1'
	start $way
	add admin $good --admin
	add ann@example.com $good
	lines
done
is "$(grep -c "$wrong\|$good\|eyJ\|lk_" "$file")" 0 'no password, token or typed name is in it'

# The command.
latchkey user disable ann@example.com
like "$(last event outcome account by)" "^account-disable ok $(id_of ann@example.com) uid:[0-9]+$" 'what the operator did'
latchkey user disable nobody 2>>"$log"
is "$(last event outcome reason)" 'account-disable refused no-account' 'and tried'
is "$(latchkey audit tail --lines 1)" "$(tail -n 1 "$file")" 'audit tail --lines 1'
is "$(latchkey audit tail | wc -l)" "$(tail -n 20 "$file" | wc -l)" 'audit tail: twenty'
is "$(latchkey audit grep ann@example.com event=sign-in outcome=refused | wc -l)" 1 'audit grep: a name, and members'
latchkey audit grep account=ann@example.com event=nothing
is $? 1 'audit grep: nothing'
latchkey audit tail --lines many >"$work/out" 2>&1
is "$? $(<"$work/out")" '2 latchkey audit tail: --lines is a number from 1 to 1000000' 'audit tail --lines: no number'
mkdir "$file.2"
head -c 100000 /dev/zero | tr '\0' x >"$file.3"
for verb in 'tail --lines 1' 'grep account-disable'; do
	# shellcheck disable=SC2086 # words
	latchkey audit $verb >"$work/out" 2>"$work/err"
	is "$? $(tail -n 1 "$work/out")" "1 $(tail -n 1 "$file")" "audit $verb: a file that cannot be read, and the others"
	like "$(<"$work/err")" "latchkey audit: $file.2: Is a directory" "audit $verb: a file that cannot be read is told"
done
rmdir "$file.2"
is "$(latchkey audit grep xxxx | wc -c)" 65536 'audit grep: of a line without an end its beginning'
rm "$file.3"
"$build/cli/latchkey" --config "$conf" audit tail --follow >"$work/followed" 2>>"$log" &
follower=$!
wait_for 60 test -s "$work/followed"
latchkey user enable ann@example.com
wait_for 60 grep -q account-enable "$work/followed"
is "$(<"$work/followed")" "$(tail -n 21 "$file")" 'audit tail --follow: the tail, then what is added, once each'
kill $follower
wait $follower 2>/dev/null

# The file is turned over while the follower is between reading it and looking for another: its pipe is full.
followed_so_far() {
	local fd
	for fd in "/proc/$follower/fd/"*; do
		[[ $(readlink "$fd") == "$file" ]] || continue
		[[ $(sed -n 's/^pos:\t//p' "/proc/$follower/fdinfo/${fd##*/}") == "$(stat -c %s "$file")" ]]
		return
	done
	return 1
}
followed_both() { (($(grep -ac account-disable "$work/followed") == 2)); }
mkfifo "$work/pipe"
exec {pipe}<>"$work/pipe"
"$build/cli/latchkey" --config "$conf" audit tail --lines 1 --follow >"$work/pipe" 2>>"$log" &
follower=$!
read -r -t 10 -u "$pipe" line
dd if=/dev/zero of="$work/pipe" oflag=nonblock bs=4096 2>>"$log"
latchkey user disable ann@example.com
wait_for 60 followed_so_far
latchkey user enable ann@example.com
mv "$file" "$file.1"
latchkey user disable ann@example.com
: >"$work/followed" # of before: the next process may be slow to do it
cat <&"$pipe" >>"$work/followed" &
drain=$!
wait_for 60 followed_both
kill $drain $follower
wait $drain $follower 2>/dev/null
exec {pipe}>&-
is "$line" "$(tail -n 3 "$file.1" | head -n 1)" 'audit tail --follow: into a pipe that nobody reads'
is "$(tr -d '\0' <"$work/followed")" "$(tail -qn 2 "$file.1" "$file")" 'no line is lost when the file is turned over'

# The file is turned over by size, and no more than four are there; many write at once, and no line is torn.
fresh 'hash_cost = 1' 'audit_size = 65536' 'audit_lines = 1000000' 'throttle = off'
start fcgi
storm() { for ((i = 0; i < 350; i++)); do cgi-fcgi -bind -connect "$work/login.sock" <"$work/body"; done; }
printf '{"email":"a","password":"bb"}' >"$work/body"
export REQUEST_METHOD=POST SCRIPT_NAME=/v1/auth/login CONTENT_TYPE=application/json REMOTE_ADDR=192.0.2.1 CONTENT_LENGTH=29
for ((j = 0; j < 4; j++)); do storm >/dev/null 2>&1 & storms+=($!); done
wait "${storms[@]}"
is "$(find "$state" -maxdepth 1 -name "audit.log*" | wc -l)" 4 'four files'
is "$(cat "$file"* | grep -vc '^{"time":"[^"]*","event":"sign-in",.*}$')" 0 'every line is whole'
is "$(find "$state" -name 'audit.log*' -size +70k | wc -l)" 0 'none is much larger than audit_size'

# What is refused before anything is looked at pushes nothing out.
fresh 'hash_cost = 1'
start fcgi
for ((j = 0; j < 20; j++)); do cgi-fcgi -bind -connect "$work/login.sock" <<<'{"email":'; done >/dev/null 2>&1
is "$(grep -c bad-body "$file")" 10 '46: ten lines a minute of bad bodies'
request POST /v1/auth/login -d '{}' --remote 127.0.0.9
sign_in ann@example.com $wrong
is "$(last event outcome reason network)" 'sign-in refused bad-credentials 127.0.0.1' '46: and all of what is tried'

# A client that may do something without end has so many lines an hour, of all processes together, plain CGI's as well.
fresh 'hash_cost = 1' 'audit_lines = 20' 'mail_command ='
add ann@example.com $good
code=$(new_code ann@example.com)
checks() { grep -c '"event":"code-check","outcome":"ok"' "$file"; }
for way in fcgi cgi; do
	start $way
	for ((j = 0; j < 15; j++)); do
		request POST /v1/api-user-verify-reset-password-code -d "{\"email\":\"ann@example.com\",\"code\":\"$code\"}"
	done
	is "$status ${member_of[.success]-}" '200 true' "$way: a live code, looked at again and again"
done
is "$(checks)" 20 '46: 30 looks at a code of one account: 20 lines'
sign_in ann@example.com $good
is "$(last event outcome)" 'sign-in ok' '46: what else the account does has its own'
is "$(stat -c %a "$state/audit-counts")" 600 'the counts are for the owner alone'

# What cannot be written is not lost, and what should go elsewhere does.
set_conf 'hash_cost = 1' 'audit = /dev/full'
start fcgi
request POST /v1/auth/login -d '{}'
like "$(<"$log")" '"event":"sign-in","outcome":"refused","reason":"bad-body"' 'a full disk: the line is in the log'
set_conf 'hash_cost = 1' 'audit = stderr'
start fcgi
: >"$log"
request POST /v1/auth/login -d '{}'
like "$(grep -v ': info: ' "$log")" '^\{"time":"[^"]*","event":"sign-in",' 'audit = stderr'
latchkey audit tail 2>"$work/err"
is "$? $(<"$work/err")" "1 latchkey audit: lines go to 'stderr': look there" 'there is nothing to tail'
set_conf 'hash_cost = 1' 'audit = off'
start fcgi
rm -f "$file"*
: >"$log"
request POST /v1/auth/login -d '{}'
is "$(find "$state" -maxdepth 1 -name "audit.log*" | wc -l)$(grep -c sign-in "$log")" 00 'audit = off'
for words in 'tail' 'grep sign-in'; do
	# shellcheck disable=SC2086 # two words
	latchkey audit $words 2>"$work/err"
	is "$? $(<"$work/err")" '1 latchkey audit: audit = off: nothing is written' "audit = off: audit $words"
done

done_testing
