#!/bin/bash
# web-key.t - the key of the web server: a request with it is the web server's, and no other is
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

new='Other-Harbour-43'
keys=$work/keys key_file=$work/keys/web-key
common=('hash_cost = 1' "web_key_file = $key_file")

# --- the command

try() { # STATUS NAME ARGUMENT...
	latchkey web-key "${@:3}" >"$work/out" 2>"$work/err"
	is "$?" "$1" "$2"
}
refused() { # REASON NAME ARGUMENT...
	try 1 "$2" "${@:3}"
	if grep -qF -- "$1" "$work/err"; then pass "$2: says why"; else flunk "$2: says why" "$(<"$work/err")"; fi
}
key() { sed -n 1p "$key_file"; }
before() { sed -n '2s/ .*//p' "$key_file"; }
# includes: the key that each of the web servers' files has, as root reads it.
includes() {
	sed -nE 's/^fastcgi_param LATCHKEY_PROOF ([0-9a-f]{64});$/\1/p' "$key_file.nginx"
	sed -nE 's/^SetEnvIf Request_URI [.] LATCHKEY_PROOF=([0-9a-f]{64})$/\1/p' "$key_file.apache"
	sed -nE 's/^LATCHKEY_PROOF=([0-9a-f]{64})$/\1/p' "$key_file.env"
}

set_conf 'hash_cost = 1'
refused 'web_key_file = ' 'make: without the setting' make
mkdir -m 0755 "$keys"
set_conf "${common[@]}"
refused 'there is no key yet' 'rotate: none is there' rotate
refused 'there is no key before' 'drop: none is there' drop
is "$(find "$keys" -mindepth 1)" '' 'drop: and nothing is written'
try 0 'make' make
first=$(key)
like "$first" '^[0-9a-f]{64}$' 'make: 64 digits'
is "$(includes | xargs)" "$first $first $first" 'make: what web servers include has the same'
is "$(stat -c '%a %U' "$key_file" "$key_file.nginx" "$key_file.apache" "$key_file.env" | xargs)" \
	"400 $(stat -c %U "$state") 600 $(id -un) 600 $(id -un) 600 $(id -un)" 'make: the programs read theirs, and nobody else does'
is "$(find "$keys" -type f | wc -l)" 4 'make: nothing else is left'
rm "$key_file.nginx"
try 0 'make: once more' make
is "$(key) $(includes | xargs)" "$first $first $first $first" 'make: once more: the same key, and the file that was gone'
try 0 'rotate' rotate
second=$(key)
isnt "$second" "$first" 'rotate: another key'
is "$(before) $(includes | xargs)" "$first $second $second $second" 'rotate: the programs have both, the web servers the new one'
like "$(<"$work/out")" 'good for a day.*nginx -s reload' 'rotate: what is to be done'
refused 'the key before is good still' 'rotate: while the web server may have the one before' rotate
is "$(key) $(before)" "$second $first" 'rotate: which changes nothing'
try 0 'drop' drop
is "$(key) $(before)" "$second " 'drop: the new one alone is left'
sed -i "s/\$/\n$first $(($(date +%s) - 1))/; s/^\n//" "$key_file" # as if a day had passed
try 0 'rotate: when its time is over' rotate
is "$(before)" "$second" 'rotate: the last one is the one before'

# What lies there already is no way to anywhere else.
echo untouched >"$work/victim"
for name in "$key_file.tmp" "$key_file.nginx.tmp" "$key_file.nginx" "$key_file.apache" "$key_file.env"; do ln -sf "$work/victim" "$name"; done
try 0 'links in the way' make
is "$(<"$work/victim") $(find "$keys" -type l)" 'untouched ' 'links in the way: are gone, and lead nowhere'
mv "$key_file" "$keys/real" && ln -s real "$key_file"
refused 'is a link' 'the key itself is a link' rotate
mv "$keys/real" "$key_file"
cp "$key_file" "$work/kept"
chmod u+w "$key_file" && echo nonsense >"$key_file"
refused "does not say what" 'a file that says something else' make
is "$(<"$key_file")" nonsense 'a file that says something else: is left for the operator'
rm "$key_file"
if ((EUID == 0)); then
	chown www-data "$keys"
	refused 'root writes nothing where others can' 'the directory of another user' make
	chown root "$keys"
	install -m 0400 -o www-data "$work/kept" "$key_file"
	refused 'belongs to another user' "another user's key" rotate
	rm "$key_file"
else
	chmod a-w "$keys"
	refused 'Permission denied' 'a directory that cannot be written' make
	chmod u+w "$keys"
fi
try 0 'make: anew' make
is "$(grep -o '"event":"web-key-[a-z]*","outcome":"[a-z]*"' "$state/audit.log" | cut -d'"' -f4,8 | tr '"' ' ' | sort | uniq -c | xargs)" \
	'1 web-key-drop ok 4 web-key-make ok 2 web-key-rotate ok' 'the audit has what was done'
is "$(cat "$work/out" "$work/err" "$state/audit.log" | grep -cE '[0-9a-f]{64}')" 0 'the key is in no output, and not in the audit'

# --- the programs

ask() { # PROOF METHOD PATH OPTION...
	if [[ $1 ]]; then request "${@:2}" --param "LATCHKEY_PROOF=$1"; else request "${@:2}"; fi
}
# no_stranger NAME PROOF: each program refuses a request with that proof, in each dialect, from this machine too.
no_stranger() {
	local program path wanted
	ask "$2" POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
	answers 403 '{"status":"error","message":"Forbidden"}' "$way: $1: the administrator's reset"
	ask "$2" POST /auth/admin/login -d "{\"password\":\"$old\"}"
	is "$status" 403 "$way: $1: a right password"
	while read -r path wanted; do
		ask "$2" POST "$path" -d '{}'
		answers 403 "$wanted" "$way: $1: $path"
	done <<-END
		/auth/access_token {"status":"error","message":"Forbidden"}
		/auth/admin {"status":"error","message":"Forbidden"}
		/api/v2/service-token/reset-password {"error":{"code":"FORBIDDEN","message":"Forbidden"}}
		/v1/auth/password-reset/reset {"error":"forbidden"}
		/v1/auth/password-reset/trigger {"error":"forbidden"}
		/v1/api-login {"success":false,"error":"Forbidden"}
	END
	ask "$2" GET /auth/verify -H "Authorization: Bearer $token"
	is "$status ${header_of[X-Auth-User]-}" '403 ' "$way: $1: verify, with a good token"
}

programs() {
	local good
	stop
	: >"$log"
	rm -rf "$state"
	set_conf "${common[@]}"
	start "$1"
	good=$(key)
	add admin "$old" --admin
	ask "$good" POST /auth/admin/login -d "{\"password\":\"$old\"}"
	is "$status" 200 "$way: with the key: a sign-in"
	token=${member_of[.token]-}
	ask "$good" GET /auth/verify -H "Authorization: Bearer $token"
	is "$status" 204 "$way: with the key: verify"
	no_stranger 'without the key' ''
	no_stranger 'with another' "$(tr 0-9a-f 1-9a-f0 <<<"$good")"
	no_stranger 'with a part of it' "${good:0:63}"
	no_stranger 'with more than it' "${good}0"
	request GET /auth/verify -H "Authorization: Bearer $token" -H "Latchkey-Proof: $good"
	is "$status" 403 "$way: a client's header is no proof"
	ask "$good" POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
	is "$status" 200 "$way: with the key: the administrator's reset"
	isnt "$(grep -c 'web key: refused' "$log")" 0 "$way: the log says that strangers asked"
	is "$(grep -c "${good:0:16}" "$log")" 0 "$way: and has no key"
}
programs fcgi

# twice FIRST SECOND: a request that has both.
twice() {
	python3 -I -S "$top/t/fcgi.py" "$work/login.sock" REQUEST_METHOD=POST SCRIPT_NAME=/auth/admin/login \
		REMOTE_ADDR=127.0.0.1 LATCHKEY_PROOF="$1" LATCHKEY_PROOF="$2" >"$scratch/answer"
	asked note "$scratch/answer"
	read_answer
}
twice "$(key)" "$(key)"
is "$status" 400 'the key twice'
twice "$(key)" x
is "$status" 400 'the key, and something else'
twice x "$(key)"
is "$status" 403 'something else, and the key'

# A rotation, while they run.
back() {
	ask "$later" GET /auth/admin/exists
	[[ $status == 200 ]]
}
good=$(key)
latchkey web-key rotate >/dev/null
later=$(key)
check() { # STATUS KEY NAME
	ask "$2" GET /auth/admin/exists
	is "$status" "$1" "rotation: $3"
}
check 200 "$later" 'the new key is good at once'
check 200 "$good" 'and so is the one before'
latchkey web-key drop
check 403 "$good" 'until it is dropped'
check 200 "$later" 'the new one stays good'
printf '%s\n' "$later" "$good $(($(date +%s) + 3600))" >"$work/with"
install -m 0400 "${owned[@]}" "$work/with" "$key_file"
check 200 "$good" 'one whose time is not over'
printf '%s\n' "$later" "$good $(date +%s)" >"$work/with"
install -m 0400 "${owned[@]}" "$work/with" "$key_file"
check 403 "$good" 'and when it is'
rm "$key_file"
check 403 "$later" 'without the file nothing is good'
printf '%s\n' "$later" >"$work/with"
install -m 0400 "${owned[@]}" "$work/with" "$key_file"
wait_for 60 back
check 200 "$later" 'with it all is well again'
is "$(grep -c "$later" "$log")" 0 'rotation: the log has no key'

programs cgi

# --- as systemd's credential

stop
printf '%s\n' "$later" >"$work/with"
install -d -m 0755 "$work/credentials"
install -m 0444 "$work/with" "$work/credentials/web_key"
set_conf 'hash_cost = 1' "web_key_file = $keys/nowhere"
CREDENTIALS_DIRECTORY=$work/credentials start fcgi
check 200 "$later" 'a credential is the key, in place of web_key_file'
check 403 "$good" 'and no other is'
check 403 '' 'nor is none'
stop
set_conf 'hash_cost = 1'
CREDENTIALS_DIRECTORY=$work/credentials start fcgi
check 403 '' 'a credential without the setting: none is no proof'
check 200 "$later" 'a credential without the setting: it is the key'
stop
install -m 0444 "$work/jwt-secrets.filter" "$work/credentials/web_key"
CREDENTIALS_DIRECTORY=$work/credentials latchkey config --programs >"$work/out" 2>"$work/err"
# shellcheck disable=SC2016 # so it says
is "$? $(tail -n 1 "$work/err")" \
	'1 latchkey command: error: the credential web_key: '"$work"'/credentials/web_key: does not say what `latchkey web-key` writes' \
	'a credential that is not good: the programs would not start'
rm -r "$work/credentials"
set_conf "${common[@]}"

# --- behind nginx: a rotation, and nobody is refused

stop
fresh 'hash_cost = 1'
key_file=$work/web-key
start nginx
add admin "$old" --admin
asks() { # NAME
	request GET /auth/admin/exists
	is "$status" 200 "nginx: $1: a program"
	request GET /protected/ -H "Authorization: Bearer $token"
	is "$status" 200 "nginx: $1: a protected page"
}
workers_of_nginx() { children "$(<"$work/nginx.pid")" | sort | xargs; }
others() { [[ $(workers_of_nginx) && ! " $(workers_of_nginx) " =~ \ (${1// /|})\  ]]; }
sign_in admin
asks 'a key'
latchkey web-key rotate >/dev/null
asks 'another, of which nginx has not heard'
was=$(workers_of_nginx)
kill -HUP "$(<"$work/nginx.pid")"
ok_if 'nginx: has read its configuration again' wait_for 60 others "$was"
asks 'the new one'
latchkey web-key drop
asks 'without the one before'
is "$(grep -c 'web key: refused' "$log")" 0 'nginx: nobody was refused'
is "$(cat "$log" "$state/audit.log" | grep -cE "$(key)|LATCHKEY_PROOF=")" 0 'nginx: no log has the key'
stop
set_conf "${common[@]}"
key_file=$keys/web-key

# --- what stops a program

stops() { # REASON NAME
	LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/verify" </dev/null >"$work/out" 2>"$work/err"
	is "$? $(<"$work/out")" '1 ' "$2: a program does not start"
	is "$(<"$work/err")" "latchkey verify: error: web_key_file: $key_file: $1" "$2: and says why"
}
install -m 0440 "${owned[@]}" "$work/with" "$key_file"
stops 'has another mode than 0400 or 0600' 'a key that a group can read'
((EUID)) || { install -m 0400 -o www-data "$work/with" "$key_file" && stops 'Permission denied' "another user's key"; }
echo >"$work/empty"
install -m 0400 "${owned[@]}" "$work/empty" "$key_file"
# shellcheck disable=SC2016 # so it says
stops 'does not say what `latchkey web-key` writes' 'a key file without a key'
rm "$key_file"
stops 'No such file or directory' 'no key file'

done_testing
