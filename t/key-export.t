#!/bin/bash
# key-export.t - keys from one machine to another, sealed: what the file says, who may open it, and what a bad one gets
. "${0%/*}/lib.sh"

phrase='Quiet harbour 42'
all=$work/all

# said STATUS NAME ARGUMENT...: as try, and keeps all that the command says.
said() {
	try "$@"
	cat "$work/out" "$work/err" >>"$all"
}
export_to() { said 0 "$1" key export --passphrase "$work/phrase" "$2"; }
kid_of() { latchkey key list 2>>"$log" | sed -n '1s/\t.*//p'; }
secrets() { latchkey export --kind param --secrets 2>>"$log"; }

fresh 'hash_cost = 1' 'throttle = off' 'mail_command ='
echo "$phrase" >"$work/phrase"
add ann Quiet-Harbour-42
first=$(kid_of)
said 0 'another key' key rotate

# --- what is written

said 0 'to a file' key export "$work/keys" <<<"$phrase"
is "$out$err" '' 'to a file: it says nothing'
is "$(stat -c '%a %h' "$work/keys")" '600 1' 'to a file: nobody else reads it'
is "$(wc -l <"$work/keys")" 1 'to a file: a line'
export_to 'again' "$work/again"
ok_if 'again: another salt, so nobody sees that they are the same' \
	python3 -I -c 'import json, sys; one, two = (json.load(open(path)) for path in sys.argv[1:])
sys.exit(any(one[name] == two[name] for name in ("salt", "nonce", "box")))' "$work/keys" "$work/again"
export_to 'to standard output' -
cp "$work/out" "$work/piped"
like "$(tail -n 1 "$state/audit.log")" '"event":"key-export"' 'in the audit'
while read -r bytes; do
	for form in "$bytes" "$(base64 -d <<<"$bytes" | od -An -v -tx1 | tr -d ' \n')"; do
		is "$(grep -cF -- "$form" "$work/keys" "$all" "$state/audit.log" "$log" | cut -d : -f 2 | xargs)" '0 0 0 0' \
			'no secret is in the file, on a screen, in the audit or the log'
	done
done < <(secrets | grep -o '"\(secret\|key\)":"[^"]*"' | cut -d '"' -f 4)

said 1 'a file that is there' key export "$work/keys" <<<"$phrase"
like "$err" 'there is such a file already' 'a file that is there: is kept'
: >"$work/empty"
export_to 'an empty file that is there' "$work/empty"
ok_if 'an empty file that is there: is written' test -s "$work/empty"
ln -s "$work/nowhere" "$work/link"
mkfifo "$work/pipe"
for path in link:symbolic pipe:'No such|such a file' missing/keys:'No such'; do
	said 1 "to ${path%%:*}" key export "$work/${path%%:*}" <<<"$phrase"
	like "$err" "${path#*:}" "to ${path%%:*}: says why"
done
ok_if 'to a link: nothing is behind it' test ! -e "$work/nowhere"
said 1 'a passphrase of 11 characters' key export "$work/short" <<<'11 letters!'
like "$err" '12 characters or more' 'a passphrase of 11 characters: says what one has'
said 1 'no passphrase' key export "$work/none" </dev/null
said 1 'an empty one' key export "$work/none" <<<''
said 1 'a file of it that is not there' key export --passphrase "$work/nowhere" "$work/none"
like "$err" 'nowhere: No such file' 'a file of it that is not there: is named'
latchkey key export --passphrase "$work/phrase" - >/dev/full 2>"$work/err"
like "$? $(<"$work/err")" '^1 .*No space left' 'a full disk'
is "$(cat "$work/short" "$work/none" 2>/dev/null | wc -c)" 0 'of all these nothing is left but empty files'

# --- who may open it

wanted=$(secrets)
key=$(kid_of)
elsewhere
# bad NAME REASON: $work/bad is refused, and nothing is taken.
bad() {
	said 1 "$1" key import --passphrase "$work/phrase" "$work/bad"
	like "$err" "$2" "$1: says why"
}
edit() { python3 -I -c "import json, sys; line = json.load(open(sys.argv[1])); $1; print(json.dumps(line))" "$work/keys" >"$work/bad"; }

said 1 'another passphrase' key import "$work/keys" <<<"${phrase}3"
like "$err" 'the passphrase is another one, or the file was changed' 'another passphrase: says so'
for ((length = 0; length < $(stat -c %s "$work/keys"); length += 149)); do
	head -c "$length" "$work/keys" >"$work/bad"
	bad "cut after $length bytes" 'it is cut|it is empty'
done
head -c -1 "$work/keys" >"$work/unended"
edit 'line["box"] = line["box"][:-4]' && bad 'a box that is cut' 'changed'
edit 'line["box"] = "A" + line["box"][1:] if line["box"][0] != "A" else "B" + line["box"][1:]' && bad 'a letter changed' 'changed'
edit 'line["box"] = "AAAA"' && bad 'no box to speak of' 'changed'
edit 'line["box"] = "A" * 60000' && bad 'a box with too much' 'changed'
edit 'del line["box"]' && bad 'no box' 'changed'
edit 'line["salt"] = line["nonce"]' && bad 'a salt of another length' 'changed'
edit 'line["passes"] = 1' && bad 'fewer passes' 'changed'
edit 'line["kib"] = 1 << 40' && bad 'more memory than there is' 'changed'
edit 'line["passes"] = 1 << 40' && bad 'passes without end' 'changed'
edit 'line["version"] = 2' && bad 'of a later version' 'a later version of latchkey'
edit 'line["latchkey"] = "accounts"' && bad 'of another kind' 'no file of .latchkey key export'
echo '{}' >"$work/bad" && bad 'another file of JSON' 'no file of .latchkey key export'
head -c 70000 /dev/zero | tr '\0' a >"$work/bad" && bad 'a long line' 'no file of .latchkey key export'
head -c 3000 /dev/urandom >"$work/bad" && bad 'any bytes' 'it is cut, or no file|another one'
said 1 'no file' key import --passphrase "$work/phrase" "$work/nowhere"
like "$err" 'nowhere: No such file' 'no file: is named'
said 1 'a directory' key import --passphrase "$work/phrase" "$work"
said 1 'no passphrase is given' key import - <"$work/keys"
is "$(secrets | grep -cF "$(grep -o '"secret":"[^"]*"' <<<"$wanted" | head -n 1)")" 0 'none of these has brought a key'

# That export has made keys here. So from now on without one.
elsewhere
said 0 'taken' key import --passphrase "$work/phrase" "$work/keys"
is "$out" 'keys that are new here: 6' 'taken: all of them'
like "$(tail -n 1 "$state/audit.log")" '"event":"key-import"' 'taken: in the audit'
is "$(secrets)" "$wanted" 'taken: as they are there'
is "$(kid_of)" "$key" 'taken: the same key signs'
like "$(latchkey key list 2>>"$log")" "$first"$'\tverifies until' 'taken: the one before verifies'
said 0 'once more' key import "$work/keys" <<<"$phrase"
is "$out" 'no key is new here' 'once more: says that it was there'
said 0 'retired' key retire "$first"
said 0 'the file from before' key import "$work/keys" <<<"$phrase"
is "$(latchkey key list 2>>"$log" | wc -l)" 1 'the file from before: does not bring it back'
elsewhere
said 0 'in one stream, the passphrase last' key import - < <(cat "$work/piped" "$work/phrase")
is "$(kid_of)" "$key" 'in one stream: the same key signs'
elsewhere
said 0 'without the end of the line' key import --passphrase "$work/phrase" - <"$work/unended"
is "$(secrets)" "$wanted" 'without the end of the line: all of them'
elsewhere
add ann Quiet-Harbour-42
latchkey export >>"$log" 2>&1 # which makes keys
said 1 'another site' key import "$work/keys" <<<"$phrase"
like "$err" 'another site' 'another site: has keys of its own'
isnt "$(kid_of)" "$key" 'another site: and keeps them'
said 1 'by force' key import --force "$work/keys" <<<"$phrase"
isnt "$(kid_of)" "$key" 'by force: its codes and tokens would be dead'

# --- killed at any moment: all of them or none

killed() {
	local pid
	"$build/cli/latchkey" --config "$conf" key import --passphrase "$work/phrase" "$work/keys" >>"$log" 2>&1 &
	pid=$!
	read -rt "0.$1" -u "$never"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	dump_file server_params.btr '' 2>>"$log" | grep -c '_key' || :
}
counts=
for delay in 05 10 12 14 17 30; do
	elsewhere
	counts+="$(killed "$delay") "
	try 0 'the file again' key import --passphrase "$work/phrase" "$work/keys"
	[[ $(kid_of) == "$key" ]] || flunk 'the same key signs'
done
like "$counts" '^([05] )+$' 'killed while it takes them: all or none'
home
is "$(cat "$all" "$state/audit.log" "$log" | grep -c "$phrase")" 0 'a passphrase is on no screen, in no audit and no log'
done_testing
