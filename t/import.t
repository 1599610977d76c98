#!/bin/bash
# Importing accounts: every member, lines that are bad, names that are taken, an import that is killed and one that runs
# while the suite serves.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42
hash=$(openssl passwd -6 -salt saltsalt "$password")
id=01234567-89ab-4def-8123-456789abcdef

# import STATUS NAME OPTION... <LINES
import() { try "$1" "$2" import "${@:3}" -; }
accounts() { latchkey user list 2>>"$log" | wc -l; }
signs_in() { # NAME
	request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$password\"}"
	[[ $status == 200 ]]
}
sound() { # NAME: latchkey check finds nothing
	try 0 "$1: the store is sound" check
	[[ $out == *', 0 problems' ]] || diag "$out"
}

fresh 'hash_cost = 1'
start cgi

# --- every member

import 0 'all members' <<END
{"username":"Ann","email":"Ann@Example.org","hash":"$hash","full_name":"Ann Arbor","language":"de","admin":true,"verified":true,"enabled":true,"created":1000000000,"id":"$id"}

  {"email":"bob@example.org","name":"Bob","verified":null}
{"username":"cat","hash":"$hash","enabled":false}
{"username":"dan","hash":"$hash","enabled":true,"admin":true}
END
is "$out" '4 imported, 0 there already, 0 skipped' 'all members: counted'
is "$err" '' 'all members: nothing to complain of'
if [[ ${LATCHKEY_TEST_STORE-} ]]; then
	like "$(latchkey store status --json 2>>"$log")" '"version":1' 'the store was made before'
else
	like "$(<"$work/err")" 'store: .*: made$' 'all members: the store is new'
fi
try 0 'then' user list
is "$(<"$work/err")" '' 'all members: nothing has to be recovered'
try 0 'the first' user show ann
is "$(grep -v '^hash: ' <<<"$out")" "id: $id
username: Ann
email: Ann@Example.org
name: Ann Arbor
language: de
role: admin
state: enabled
verified: yes
created: 2001-09-09T01:46:40Z" 'the first: as its line has it'
ok_if 'she signs in, the hash as it was' signs_in ann
ok_if 'by her email, too' signs_in ann@example.org
ok_if 'without an id and a date' signs_in dan
try 0 'no hash' user show bob@example.org
like "$(grep -v '^hash: ' <<<"$out")" $'verified: no\ncreated: 20[2-9]' 'no hash: not verified, made now'
signs_in bob@example.org
isnt "$status" 200 'no hash: no sign-in'
request POST /v1/auth/password-reset/reset \
	-d "{\"code\":\"$(new_code bob@example.org)\",\"new_password\":\"$password\"}"
is "$status" 200 'no hash: a code'
ok_if 'no hash: then he signs in' signs_in bob@example.org
signs_in cat
isnt "$status" 200 'not enabled: no sign-in'
try 0 'the administrators are known' user disable ann
try 1 'both, and no more' user disable dan
like "$err" 'last enabled administrator' 'both, and no more: why'
sound 'after all that'

# --- lines that are bad

before=$(accounts)
import 1 'a bad line' <<'END'
{"username":"eve"}
{"username":"eve2","e-mail":"eve@example.org"}
{"username":"eve3"
END
is "$err" 'latchkey import: line 2: e-mail: no member of an account
latchkey import: line 3: not a JSON object' 'a bad line: which, and why'
is "$out" '1 imported, 0 there already, 2 skipped' 'a bad line: the others are made'
is "$(accounts)" $((before + 1)) 'a bad line: really'
try 0 'a bad line: without it' user delete eve
import 1 'admin' --skip-bad <<'END'
{"username":"Admin","hash":""}
{"username":"eve4","email":"admin@example.org"}
END
is "$err" 'latchkey import: line 1: username: only an administrator is called that' 'admin: who is none is refused'
import 1 '--skip-bad' --skip-bad <<'END'
{"username":"eve"}
{"username":"eve2","e-mail":"eve@example.org"}
{"username":"eve3"
{"username":"eve5"}
END
is "$err" 'latchkey import: line 2: e-mail: no member of an account
latchkey import: line 3: not a JSON object' '--skip-bad: which, and why'
is "$out" '2 imported, 0 there already, 2 skipped' '--skip-bad: the others are made'
is "$(accounts)" $((before + 3)) '--skip-bad: really'
{ printf '{"username":"long","full_name":"' && head -c 70000 /dev/zero | tr '\0' x && printf '"}\n{"username":"next"}'; } >"$work/long"
try 1 'a line too long' import --skip-bad "$work/long"
like "$err" 'line 1: longer than 64 KiB$' 'a line too long: which, and why'
is "$out" '1 imported, 0 there already, 1 skipped' 'a line too long: the next is read, without a newline at its end'
before=$(accounts)
printf '[\n{"username":"a1"},\n{"username":"a2","full_name":"%s"},{"username":"a3"}\n]\n' "$(head -c 70000 /dev/zero | tr '\0' x)" >"$work/array"
try 1 'an array' import "$work/array"
is "$err" 'latchkey import: read as json
latchkey import: record 2: a2: its line would be longer than 64 KiB' 'an array: what is bad in it'
printf '{\n  "username": "a1"\n}\n{"username":\n"a4"}' >"$work/pretty"
try 0 'objects over several lines' import "$work/pretty"
is "$out" '1 imported, 1 there already, 0 skipped' 'objects over several lines: counted'
is "$(accounts)" $((before + 3)) 'arrays and objects: all are there'
try 1 'an array, for lines' import --format latchkey "$work/array"
like "$err" "line 1: an array, where each line is an account of its own: .jq -c '\.\[\]' FILE. writes" 'an array, for lines: what to do'
before=$(accounts)
printf '{"username":"aa"}\n{"username":"bb"}' >"$work/no-end"
for how in "$work/no-end" "--skip-bad $work/no-end"; do
	# shellcheck disable=SC2086 # words
	try 0 'no newline at the end' import $how
	is "$err" '' 'no newline at the end: nothing is wrong with it'
done
printf '{"username":"aa"}\n{"username":"cc"' >"$work/no-end"
try 1 'no newline after a bad line' import --skip-bad "$work/no-end"
is "$out $err" '0 imported, 1 there already, 1 skipped latchkey import: line 2: not a JSON object' \
	'no newline after a bad line: which'
printf '\xef\xbb\xbf{"username":"dd"}\r\n\xef\xbb\xbf{"username":"ee"}\r' >"$work/marks"
try 0 'byte order marks, and the ends of Windows' import "$work/marks"
is "$out" '2 imported, 0 there already, 0 skipped' 'byte order marks, and the ends of Windows: are no part of a line'
printf '{"username":"ff"}\n' | iconv -t UTF-16 >"$work/utf16"
try 1 'UTF-16' import "$work/utf16"
is "$err" 'latchkey import: UTF-16; save it as UTF-8' 'UTF-16: says so'
is "$(accounts)" $((before + 4)) 'those that were good are there'
# A file system without O_TMPFILE.
cat >"$work/no-tmpfile.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
static int opened(const char *name, const char *path, int flags, va_list rest)
{
	int (*real)(const char *, int, ...);
	mode_t mode = va_arg(rest, mode_t);
	*(void **)&real = dlsym(RTLD_NEXT, name);
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return real(path, flags, mode);
}
int open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	return opened("open", path, flags, rest);
}
int open64(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	return opened("open64", path, flags, rest);
}
END
cc -shared -fPIC -o "$work/no-tmpfile.so" "$work/no-tmpfile.c" -ldl || give_up 'no library'
mkdir -m 1777 "$work/tmp"
printf '{"username":"piped"}\n' | TMPDIR=$work/tmp LD_PRELOAD=$work/no-tmpfile.so ASAN_OPTIONS=verify_asan_link_order=0 latchkey import - >"$work/out" 2>"$work/err"
is "$? $(<"$work/out")" '0 1 imported, 0 there already, 0 skipped' 'a pipe, and no O_TMPFILE'
is "$(find "$work/tmp" -type f)" '' 'a pipe, and no O_TMPFILE: nothing stays behind'
import 0 'nothing' </dev/null
is "$out" '0 imported, 0 there already, 0 skipped' 'nothing: nothing'
try 1 'no file' import "$work/none"
like "$err" 'No such file' 'no file: why'
try 1 'a directory' import "$work"
like "$err" 'Is a directory' 'a directory: why'
try 2 'no operand' import

# --- names that are taken

before=$(accounts)
import 1 'names taken' <<END
{"username":"ANN"}
{"username":"fay","email":"bob@example.org"}
{"username":"gus","id":"$id"}
{"username":"hal","email":"hal@example.org"}
{"email":"HAL@example.org"}
END
is "$(sort <<<"$err")" 'latchkey import: line 1: ANN: another account has its username, email or id
latchkey import: line 2: fay: another account has its username, email or id
latchkey import: line 3: gus: another account has its username, email or id
latchkey import: line 5: HAL@example.org: another account has its username, email or id' 'names taken: which'
is "$out" '1 imported, 0 there already, 4 skipped' 'names taken: the others are made'
for name in fay gus; do
	try 1 "names taken: $name is nobody's" user show $name
done
is "$(accounts)" $((before + 1)) 'names taken: no more'
import 0 'the same again' <<END
{"username":"hal","email":"hal@example.org"}
{"username":"cat","hash":"$hash","enabled":false}
{"username":"dan","hash":"$(openssl passwd -6 other)","enabled":true,"admin":true}
END
is "$out" '0 imported, 3 there already, 0 skipped' 'the same again: no error'
is "$err" 'latchkey import: line 3: dan: is there already, not as this line has it, and stays as it is' \
	'the same again: what is another'
sound 'names taken'

# An id that a deleted account had: tokens from before do not come to life.
signs_in bob@example.org
token=${member_of[.token]-}
bob=$(latchkey user show bob@example.org 2>>"$log" | sed -n 's/^id: //p')
try 0 'deleted' user delete bob@example.org
import 0 'and imported again' <<<"{\"email\":\"bob@example.org\",\"id\":\"$bob\",\"epoch\":1}"
request GET /auth/verify -H "Authorization: Bearer $token"
is "$status" 401 'imported again: his old token stays dead'

# --- killed halfway, and again

python3 "$top/bench/accounts.py" lines 6000 >"$work/lines"
fresh 'hash_cost = 1'
start cgi
# In files it dies at a lock, at a write and at a flush; at a database, between two words with it.
wheres=(flock:15 pwrite64:100 fdatasync:1) inside=pwrite64:150
[[ ! ${LATCHKEY_TEST_STORE-} ]] || wheres=(sendto:500 recvfrom:600 poll:700) inside=sendto:30
for where in "${wheres[@]}"; do
	{
		strace -f -qq -o /dev/null -e "trace=${where%:*}" -e "inject=${where%:*}:signal=KILL:when=${where#*:}" \
			"$build/cli/latchkey" --config "$conf" import "$work/lines" >"$work/out" 2>>"$log"
	} 2>/dev/null # bash's word on it
	is "$?" 137 "killed at the ${where#*:}th ${where%:*}"
	is "$(<"$work/out")" '' "killed: before its end"
	sound 'killed'
done
there=$(accounts)
ok_if "killed: some are there ($there), not all" test "$there" -gt 0 -a "$there" -lt 6000
try 0 'again' import "$work/lines"
is "$out" "$((6000 - there)) imported, $there there already, 0 skipped" 'again: it goes on'
is "$(accounts)" 6000 'again: all are there'
sound 'again'

# --- while the suite serves

fresh 'hash_cost = 1'
start fcgi
add admin "$password" --admin
signs_in admin
token=${member_of[.token]-}
latchkey import "$work/lines" >"$work/out" 2>>"$log" &
importer=$!
bad='' asked=0
while runs $importer || ((asked < 20)); do
	request GET /auth/verify -H "Authorization: Bearer $token"
	[[ $status == 204 ]] || bad+=" $status"
	signs_in admin || bad+=" $status"
	((asked += 1))
done
wait $importer
is "$? $(<"$work/out")" '0 6000 imported, 0 there already, 0 skipped' 'served meanwhile: all are imported'
is "$bad" '' "served meanwhile: no request of $asked is refused"
add late "$password" --admin
sound 'served meanwhile'

# --- ended by the operator

fresh 'hash_cost = 1'
start cgi
strace -f -qq -o /dev/null -e "trace=${inside%:*}" -e "inject=${inside%:*}:signal=INT:when=${inside#*:}" \
	"$build/cli/latchkey" --config "$conf" import "$work/lines" >"$work/out" 2>"$work/err"
is "$?" 1 '^C'
like "$(<"$work/out")" '^[1-9][0-9]* imported, 0 there already, 0 skipped$' '^C: says how far it came'
like "$(<"$work/err")" 'goes on from here' '^C: says what to do'
is "$(accounts) imported" "$(sed 's/,.*//' "$work/out")" '^C: so many are there'

# --- on a terminal

script -qec "'$build/cli/latchkey' --config '$conf' import '$work/lines'" /dev/null >"$work/out" 2>&1 </dev/null
like "$(<"$work/out")" 'importing \[=* *\] *[0-9]+ %  [0-9]+/s  0:00:[0-9]+ left' 'a terminal: a bar'
like "$(<"$work/out")" 'imported, .* there already, 0 skipped' 'a terminal: the counts'
latchkey import "$work/lines" >"$work/out" 2>&1
is "$(grep -c importing "$work/out")" 0 'no terminal: no bar'

done_testing
