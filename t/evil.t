#!/bin/bash
# Strangers' text on the operator's terminal: whatever a name, a record, a line of a file or a word of the command line has in
# it, no command prints what steers a terminal, cannot be seen, or makes one row look like two.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42

# What a text can have in it, and what only bytes can: escapes, C1 controls, marks of direction, invisible characters, line
# and paragraph ends, tags; then what is no UTF-8.
texts=$'\e[2J \x7f \b \a \r \n \t \xc2\x9b1m \xc2\x85 \xd8\x9c \xe2\x80\x8f \xe2\x80\xae \xe2\x81\xa6 \xe2\x80\x8b \xef\xbb\xbf \xe2\x80\xa8 \xe2\x80\xa9 \xf3\xa0\x80\x81'
bytes=$'\x9b1m \xff \xe2\x80 \xed\xa0\x80 \xc0\x9b \xf4\x90\x80\x80'
evil="<$texts $bytes>"

# plain FILE...: whether all of it is safe; says what is not.
plain() {
	/usr/bin/python3 -I - "$@" <<'END'
import sys, unicodedata
for path in sys.argv[1:]:
    for number, line in enumerate(open(path, 'rb').read().split(b'\n'), 1):
        try:
            bad = [c for c in line.decode() if c != '\t' and (unicodedata.category(c)[0] == 'C' or c in '\u2028\u2029')]
        except UnicodeDecodeError:
            bad = 'no UTF-8'
        if bad:
            sys.exit(f'# {path}: line {number}: {bad!a} in {line!a}')
END
}

declare -A tried=()

# prints STATUS WHAT WORD...: the command's exit status, and that what it prints is plain.
prints() {
	local wanted=$1 what=$2
	shift 2
	latchkey "$@" >"$work/out" 2>"$work/err" </dev/null
	is "$?" "$wanted" "$what: exit status"
	ok_if "$what: is plain" plain "$work/out" "$work/err"
	tried[${1-}]=x tried[${1-} ${2-}]=x
}
# shows WHAT COLUMNS WORD...: also that it is there, escaped, and breaks no row.
shows() {
	prints 0 "$1" "${@:3}"
	like "$(<"$work/out")" 'u001b\[2J .*u009b1m .*u202e .*u2028 ' "$1: shows what was there"
	(($2 == 0)) || is "$(awk -F'\t' '{ print NF }' "$work/out" | sort -u)" "$2" "$1: each row has all columns, and no more"
}

# --- a store with something of everything, into which evil has got

fresh 'hash_cost = 1' 'mail_command = /bin/true' 'event_command = /bin/true'
start cgi
add ann "$password" --admin --email ann@example.org
add evil-EVIL "$password" --email EVIL@example.org --name EVIL
add dora "$password" --name EVIL # whose names lead to her still
request POST /v1/auth/password-reset/trigger -d '{"email":"EVIL@example.org"}'
request POST /auth/admin/login -d '{"password":"wrong"}'
request POST /v1/auth/login -d "{\"email\":\"ann\",\"password\":\"$password\"}"
request POST /auth/access_token -H "Authorization: Bearer ${member_of[.token]-}" -d '{"name":"EVIL","permission":"read"}'
is "$status" 200 'an access token'
# In JSON as in a record, and as a key's bytes, in db_load's writing.
json=$(/usr/bin/python3 -I -c 'import json, sys; print(json.dumps(sys.argv[1])[1:-1])' "$texts")
json=${json//\\/\\\\}
kinds='account name code token use session factor revoked throttle machine param' in_key=$evil
# A database takes no other kinds, and no other bytes than UTF-8's.
if [[ ${LATCHKEY_TEST_STORE-} ]]; then in_key="<$texts>"; else kinds+=' stray'; fi
key=$(printf %s "$in_key" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\/g')
dump >"$work/good"
KINDS=$kinds KEY=$key JSON=$json /usr/bin/python3 -I - "$work/good" >"$work/edited" <<'END'
import os, sys
json, key = os.environ['JSON'], os.environ['KEY']
for line in open(sys.argv[1]):
    line = line.replace('EVIL', json)
    if line.startswith(('mail/', 'event/')):
        line = line.replace('"failure":""', f'"failure":"{json}"')
    if line.startswith('throttle/'):
        line = line.replace('"127.0.0.1"', f'"{json}"')
    print(line, end='')
for kind in os.environ['KINDS'].split():
    print(f'{kind}/zz{key}\t{{}}')
END
load <"$work/edited"
printf '{"time":"2026-01-01T00:00:00Z","event":"sign-in","request":"%s"}\n' "${evil//$'\n'/}" >>"$state/audit.log"

# --- every command

shows 'user list' 7 user list
shows 'user list --json' 0 user list --json
prints 0 'user sessions' user sessions ann
prints 1 'session end EVIL' session end "$evil"
prints 1 'token new EVIL' token new "$evil" x
prints 1 'token new of dora' token new dora "$evil"
shows 'user show' 0 user show dora
shows 'token list' 9 token list
shows 'mail list' 7 mail list
shows 'event list' 6 event list
shows 'throttle list' 6 throttle list
prints 0 'user factor' user factor dora
prints 0 'key list' key list
prints 0 'key rotate' key rotate
prints 1 'key machines' key machines # the store is this machine's alone
shows 'audit tail' 0 audit tail
like "$(<"$work/out")" 'xff .xe2.x80 .xed.xa0.x80 .xc0.x9b' 'audit tail: bytes, too'
shows 'audit grep' 0 audit grep 1m
prints 1 'check' check
like "$(<"$work/out")" 'stray stray/zz<.u001b' 'check: shows what was there'
prints 0 'config' config --programs
prints 1 'export' export # some records cannot be read
like "$(<"$work/out")" 'u001b.*u202e.*u2028' 'export: shows what was there'
prints 0 'status' status
prints 0 'status --json' status --json
prints 0 'top' top --once
prints 0 'store init' store init
prints 1 'store copy' store copy "bdb:$evil/none" "$evil"
if [[ ${LATCHKEY_TEST_STORE-} ]]; then
	ahead=(timeout 1) # it goes on watching
	prints 124 'store watch' store watch
	ahead=()
else
	prints 0 'store watch' store watch
fi
prints 0 'store status' store status
prints 2 'doctor' doctor --json # records that are no accounts, and no site
prints 2 'doctor of an evil address' doctor "http://127.0.0.1:1/$evil"
prints 2 'doctor of no address' doctor "$evil"
prints 0 'completion' completion bash
prints 2 'completion of an evil shell' completion "$evil"
prints 0 'auth show' auth show
prints 0 'auth enabled' auth enabled
prints 0 'auth disabled' auth disabled
prints 0 'auth enable' auth enable
prints 0 'auth disable' auth disable
for verb in make rotate drop; do
	prints 1 "web-key $verb" web-key $verb # there is no web_key_file
done
prints 0 'code new' code new dora
prints 0 'mail send' mail send --once
prints 0 'event test' event test
prints 0 'event retry' event retry all
prints 0 'event drop' event drop all

# What is typed, or in a file of that name.
while read -ra words; do
	prints 1 "${words[*]} EVIL" "${words[@]}" "$evil"
done <<'END'
user show
user factor
user passwd
user sign-out
user disable
user enable
user delete
token revoke
token confirm
backup
restore
code new
key retire
key import
key forget
mail test
throttle clear
event retry
event drop
audit grep
blocklist build
blocklist check
END
prints 1 'key export EVIL' key export "$evil"
rm -f -- "$evil"
prints 1 'user add EVIL' user add "$evil"
prints 1 'user add --hash EVIL' user add bob --hash "$evil"
prints 1 'user add --language EVIL' user add bob --language "$evil"
prints 1 'user set EVIL' user set "$evil" --verified
prints 1 'user set --username EVIL' user set ann --username "$evil"
prints 1 'user group EVIL' user group "$evil" +a
prints 2 'a group EVIL' user group ann "+$evil"
prints 1 'user invite EVIL' user invite "$evil"
prints 2 'invite to EVIL' user invite bob --group "$evil"
prints 1 'import EVIL' import "$evil"
printf '%s\n' "{\"username\":\"ann\",\"full_name\":\"$evil\"}" "{\"$evil\":1}" "{\"username\":\"${json//\\\\/\\}\"}" >"$work/lines"
prints 1 'import lines of EVIL' import --skip-bad "$work/lines"
printf '%s\n' "$evil:x" "x:$evil" >"$work/lines"
prints 1 'import htpasswd of EVIL' import --format htpasswd "$work/lines"
prints 1 'import passwd EVIL' import --format shadow --passwd "$evil" "$work/lines"
prints 2 'import a format EVIL' import --format "$evil" "$work/lines"
prints 2 'an option EVIL' user list "--$evil"
prints 2 'a role EVIL' user set ann --role "$evil"
prints 2 'an unknown command EVIL' "$evil"
prints 2 'an unknown verb EVIL' user "$evil"
printf '%s\n' "$evil" 'site_url = '"$evil" >"$work/evil.conf"
conf=$work/evil.conf prints 1 'a configuration of EVIL' config
conf=$work/evil.conf prints 2 'doctor of a configuration of EVIL' doctor
conf=$work/$evil prints 2 'doctor of a configuration named EVIL' doctor
conf=$work/$evil prints 1 'a configuration named EVIL' config

# A new command wants a line above.
while read -r words; do
	words=${words%% [[<A-Z-]*} words=${words%% *|*}
	is "${tried[$words]-}" x "tried: latchkey $words"
done < <("$build/cli/latchkey" --help | sed -n 's/^  \([a-z]\)/\1/p')
# And nothing is printed but by cli/print.h: what is not a constant, that is; help and completion consist of those.
is "$(grep -nE '\b[fv]?printf\(|puts\([^"]|perror\(' "$top"/cli/*.c |
	grep -vE '/(print|latchkey|completion)\.c:|command->(group|verb|operands)|puts\(found')" '' 'all is printed in one way'

done_testing
