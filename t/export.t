#!/bin/bash
# export, and that import reads it back: an equal store, whose passwords, second factors and access tokens are good; what is
# left out, and what is refused.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42
secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP

export_to() { # FILE OPTION...
	latchkey export "${@:2}" >"$1" 2>>"$log"
}
same() { # FILE FILE NAME
	ok_if "$3" cmp -s "$1" "$2" || diag "$(diff "$1" "$2" | head -n 6)"
}
signs_in() { # NAME [MEMBERS]
	request POST /account/api/session -d "{\"name\":\"$1\",\"password\":\"$password\"${2-}}"
	[[ $status == 200 ]]
}
good_token() { request GET /auth/verify -H "Authorization: Bearer $1" && [[ $status == 204 ]]; }
bad_token() { ! good_token "$1"; }

fresh 'hash_cost = 1' 'throttle = off' 'mail_command = /bin/true' 'site_url = http://localhost'
start cgi

# --- a store with something of everything

none=1
[[ ! ${LATCHKEY_TEST_STORE-} ]] || none=0 # a database is there before its records are
try "$none" 'no store' export
add admin "$password" --admin
add ann "$password" --email Ann@bücher.example --name $'A"nn \u202e \U1f511' --language de --verified
latchkey import - >>"$log" 2>&1 <<END
{"username":"bob","hash":"$(openssl passwd -6 -salt salt "$password")","totp":"$secret","groups":["staff","a.b"],"must_change":true}
{"email":"cat@example.org","enabled":false,"unproved":true,"created":1000000000}
END
latchkey user set bob --verified >>"$log" 2>&1
ok_if 'she signs in' signs_in ann
service=$(latchkey token new admin 'a "service"' 2>>"$log") service=${service##* }
gone=$(latchkey token new admin gone 2>>"$log") gone=${gone##* }
days=$(latchkey token new admin days --permission read,write --days 9 2>>"$log") days=${days##* }
latchkey token revoke 2 2>>"$log"
ok_if 'an access token is used' good_token "$service"
jwt=$(latchkey user show ann 2>>"$log" >/dev/null && request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$password\"}" && echo "${member_of[.token]-}")
ok_if 'a sign-in token' good_token "$jwt"

# --- what is written

try 0 'all' export
is "$(grep -c '^{"id":' <<<"$out") $(grep -c '^{"kind":"factor"' <<<"$out") $(grep -c '^{"kind":"token"' <<<"$out") $(wc -l <<<"$out")" \
	'4 1 2 7' 'all: accounts, second factors, access tokens'
ok_if 'all: each line is JSON' python3 -I -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$work/out"
is "$(grep -c 'jwt_keys\|_key' "$work/out")" 0 'all: no secret'
like "$(tail -n 1 "$state/audit.log")" '"event":"export"' 'all: in the audit'
try 0 'no hashes' export --no-hashes
is "$(wc -l <<<"$out") $(grep -c 'hash\|codes' <<<"$out")" '4 0' 'no hashes: accounts alone'
for kind in account:4 factor:1 token:2; do
	try 0 "only $kind" export --kind "${kind%:*}"
	is "$(wc -l <<<"$out")" "${kind#*:}" "only $kind: how many"
done
try 2 'an unknown kind' export --kind session
try 2 'secrets are asked for' export --kind param
try 2 'secrets are no export without hashes' export --secrets --no-hashes
try 0 'secrets alone' export --kind param --secrets
is "$(grep -o '"name":"[a-z_]*' <<<"$out" | sort | tr '\n' ' ')" \
	'"name":"code_key "name":"count_key "name":"factor_key "name":"jwt_keys "name":"token_key ' 'secrets alone: which'

# --- read back with the secrets: an equal store

ok_if 'with secrets' export_to "$work/one" --secrets
elsewhere
try 0 'it is read back' import "$work/one"
is "$out" '12 imported, 0 there already, 0 skipped' 'it is read back: counted'
ok_if 'it is written again' export_to "$work/two" --secrets
same "$work/one" "$work/two" 'the stores are equal, byte for byte'
try 0 'it is sound' check --files
like "$out" ', 0 problems$' 'it is sound: no problem'
ok_if 'she signs in there' signs_in ann
signs_in bob
is "$status ${member_of[.code]-}" '401 code-required' 'he needs his app there'
ok_if 'the access token is good there' good_token "$service"
ok_if 'another, too' good_token "$days"
ok_if 'the one that was deleted is not' bad_token "$gone"
ok_if 'and so is the sign-in token' good_token "$jwt"
try 0 'a number is not given twice' token new admin more
like "$out" 'token 4 of' 'a number is not given twice: the next'
try 0 'once more' import "$work/one"
is "$out" '0 imported, 12 there already, 0 skipped' 'once more: all is there'
tac "$work/one" >"$work/reversed"
elsewhere
try 0 'in any order' import - <"$work/reversed"
ok_if 'in any order: written again' export_to "$work/two" --secrets
same "$work/one" "$work/two" 'in any order: equal'

# --- interrupted wherever it is, and gone on with: the same store

{
	cat "$work/one"
	for ((i = 0; i < 600; i++)); do printf '{"id":"00000000-0000-7000-8000-%012d","username":"user%d","epoch":7,"created":1700000000}\n' $i $i; done
} >"$work/many"
elsewhere
try 0 'at one go' import "$work/many"
ok_if 'at one go: written' export_to "$work/two" --secrets
halfway=0
for when in 20 200 400 612; do
	elsewhere
	strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:signal=INT:when=$when \
		"$build/cli/latchkey" --config "$conf" import "$work/many" >"$work/out" 2>>"$log"
	[[ $? == 0 || $(<"$work/out") == '0 imported'* ]] || ((++halfway))
	try 0 "interrupted at $when: gone on with" import "$work/many"
	ok_if "interrupted at $when: written" export_to "$work/three" --secrets
	same "$work/two" "$work/three" "interrupted at $when: the stores are equal"
done
ok_if 'halfway, and not before the first' [ "$halfway" -ge 2 ]
latchkey user delete user7 2>>"$log"
try 0 'when it is over' import "$work/many"
like "$(latchkey export 2>>"$log" | grep '"user7"')" '"epoch":1[0-9]{9}[,}]' 'when it is over: who was deleted since has a new epoch'

# --- without the secrets

home
ok_if 'without secrets' export_to "$work/one"
elsewhere
try 1 'accounts alone come without the secrets' import "$work/one"
is "$out" '4 imported, 0 there already, 3 skipped' 'without the secrets: counted'
like "$err" 'line 5: it is good under the secrets of another installation alone; export them, too .--secrets.' 'without the secrets: why'
ok_if 'without secrets: the accounts' export_to "$work/two" --kind account
grep '^{"id"' "$work/one" >"$work/accounts"
same "$work/accounts" "$work/two" 'without secrets: the accounts are equal'
ok_if 'she signs in by her password' signs_in ann
ok_if 'her sign-in token is of the other installation' bad_token "$jwt"
try 1 'secrets do not replace those that are there' import - < <(cd "$work" && grep '"param"' reversed)
like "$err" 'this installation has another secret' 'secrets: why'

# --- an account that was deleted: its tokens stay dead

home
grep '"username":"ann"' "$work/one" >"$work/ann"
latchkey user delete ann 2>>"$log"
ok_if 'deleted: her token is dead' bad_token "$jwt"
try 0 'deleted: imported again' import "$work/ann"
ok_if 'deleted: and stays dead' bad_token "$jwt"
ok_if 'deleted: her password is good' signs_in ann

# --- a second factor that was removed since: its recovery codes wait, as after a restore

export_to "$work/all-factors" --kind factor
sed "s/,\"expires\"/,\"codes\":\"$(printf '0%.0s' {1..64})\"&/" "$work/all-factors" >"$work/factor"
latchkey user factor bob --remove >>"$log" 2>&1
try 0 'removed: imported again' import "$work/factor"
is "$out" '1 imported, 0 there already, 0 skipped' 'removed: counted'
ok_if 'removed: written again' export_to "$work/again" --kind factor
is "$(<"$work/again")" "$(sed 's/,"expires"/,"restored":true&/' "$work/factor")" 'removed: it is as it was, but that its recovery codes wait'
try 0 'removed: once more' import "$work/factor"
is "$out" '0 imported, 1 there already, 0 skipped' 'removed: once more: it is there'

# --- an access token that was deleted since: it waits, as after a restore

token=$(latchkey token new admin since 2>>"$log") token=${token##* }
ok_if 'since: the token is good' good_token "$token"
ok_if 'since: written' export_to "$work/since" --kind token
latchkey token revoke 4 2>>"$log"
ok_if 'since: it is dead' bad_token "$token"
try 0 'since: imported again' import "$work/since"
is "$out" '1 imported, 2 there already, 0 skipped' 'since: counted'
ok_if 'since: and stays dead' bad_token "$token"
like "$(latchkey token list 2>>"$log")" $'(^|\n)4\tsince\t[^\n]*\trestored(\n|$)' 'since: the list says why'
try 0 'since: it is confirmed' token confirm 4
ok_if 'since: and good' good_token "$token"

# --- lines that are bad

bad() { # REASON LINE
	try 1 "bad: $2" import --skip-bad - <<<"$2"
	like "$err" "$1" "bad: why: $2"
}
mark=$(grep -o '"keys":"[0-9a-f]*"' "$work/one" | head -n 1)
id=01234567-89ab-4def-8123-456789abcdef
bad 'not a JSON object' '{"kind":"token"'
bad 'no secret that is known' '{"kind":"param","name":"administrators","record":{"ids":[]}}'
bad 'no secret that is known' '{"kind":"param","name":"jwt_keys","record":"x"}'
bad 'good under the secrets of another' '{"kind":"token","id":1}'
bad 'no access token' "{\"kind\":\"token\",$mark,\"id\":9,\"maker\":\"$id\",\"hash\":\"x\"}"
bad 'no second factor' "{\"kind\":\"factor\",$mark,\"account\":\"x\"}"
bad 'its account is not there' "{\"kind\":\"factor\",$mark,\"account\":\"$id\",\"expires\":1}"
bad 'kind: no member of an account' '{"kind":"session","username":"eve"}'
taken=$(grep '"kind":"token"' "$work/one" | head -n 1)
bad 'another access token has its secret' "${taken/\"id\":1/\"id\":77}"
try 0 'all that leaves the store sound' check
like "$out" ', 0 problems$' 'all that leaves the store sound: no problem'

done_testing
