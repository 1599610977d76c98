#!/bin/bash
# keys.t - another JWT key while everything runs: it signs nobody out, and a retired key ends its sessions at once
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

wrong='{"currentPassword":"wrong","newPassword":"Wrong-Harbour-1"}'

verify() { request GET /auth/verify -H "X-Jwt-Token: $1" && echo "$status"; }
kid_of() { # TOKEN
	read_json "$(python3 -I -S -c 'import base64, sys; print(base64.urlsafe_b64decode(sys.argv[1] + "==").decode())' "${1%%.*}")"
	echo "${member_of[.kid]-}"
}
# everywhere TOKEN: what each program that takes tokens says to it.
everywhere() {
	local told=()
	told+=("$(verify "$1")")
	request GET /v1/auth/me -H "Authorization: Bearer $1"
	told+=("$status")
	request POST /v1/api/user/change-password -H "Authorization: Bearer $1" -d "$wrong"
	told+=("${member_of[.error]%% *}")
	request GET /auth/access_tokens -H "Authorization: Bearer $1"
	told+=("$status")
	request PATCH /auth/enabled -H "Authorization: Bearer $1" -d '{"enabled":true}'
	told+=("$status")
	echo "${told[*]}"
}
good_everywhere='204 200 The 200 200'
dead_everywhere='401 401 Invalid 401 401'

# key VERB...: sets $said (both outputs) and $code.
key() {
	said=$(latchkey key "$@" 2>&1)
	code=$?
}
states() { latchkey key list 2>>"$log" | cut -f 2 | sed 's/ until .*//' | xargs; }
# shellcheck disable=SC2119 # of all programs
running() { if is_real; then workers | xargs; else echo "${pids[@]}"; fi; }

rotated() {
	local first second third before kid
	before=$(running)
	sign_in chief@example.com
	first=$token
	like "$(latchkey key list 2>>"$log")" \
		"^$(kid_of "$first")"$'\tsigns\t[0-9-]+T[0-9:]+Z\tmade(\t-)?$' "$way: key list before it"
	is "$(everywhere "$first")" "$good_everywhere" "$way: a token before the rotation"
	key rotate
	kid=$said
	like "$code $said" '^0 [0-9a-f]{16}$' "$way: key rotate prints the kid"
	isnt "$kid" "$(kid_of "$first")" "$way: which is a new one"
	is "$(everywhere "$first")" "$good_everywhere" "$way: the token is good after the rotation"
	sign_in chief@example.com
	second=$token
	is "$(kid_of "$second")" "$kid" "$way: new tokens carry the new kid"
	is "$(everywhere "$second")" "$good_everywhere" "$way: and are good"
	is "$(states)" 'signs verifies' "$way: key list after it"
	key rotate
	sign_in chief@example.com
	third=$token
	is "$(kid_of "$third") $(verify "$first") $(verify "$second") $(verify "$third")" "$said 204 204 204" \
		"$way: rotated twice, all are good"
	key retire "$(kid_of "$first")"
	is "$code $said" '0 ' "$way: 31: key retire"
	is "$(everywhere "$first")" "$dead_everywhere" "$way: 31: its tokens are dead at the next request"
	is "$(verify "$second") $(verify "$third") $(states)" '204 204 signs verifies' "$way: 31: and no others"
	is "$(running)" "$before" "$way: nothing was restarted"
	start "$way"
	is "$(verify "$first") $(verify "$second") $(verify "$third")" '401 204 204' "$way: a restart changes nothing"
}

refused() {
	local kid
	kid=$(latchkey key list 2>>"$log" | head -n 1 | cut -f 1)
	key retire "$kid"
	like "$code $said" "^1 .*$kid: this is the key that signs" "$way: the key that signs cannot be retired"
	for kid in 0123456789abcdef ../jwt_keys '' "$(printf '%999s' x)"; do
		key retire "$kid"
		like "$code $said" '^1 .*there is no such key' "$way: nor can '${kid:0:20}'"
	done
	key retire
	is $code 2 "$way: retire which?"
	key rotate now
	is $code 2 "$way: rotate takes no word"
	is "$(states)" 'signs verifies' "$way: nothing has happened"
}

at_once() {
	local i before both=()
	sign_in admin
	before=$token
	for i in 1 2; do
		latchkey key rotate >"$work/kid.$i" 2>>"$log" &
		both+=($!)
	done
	wait "${both[@]}"
	isnt "$(<"$work/kid.1")" "$(<"$work/kid.2")" "$way: two rotations at once make two keys"
	is "$(latchkey key list | cut -f 1 | head -n 2 | sort | xargs)" "$(cat "$work"/kid.? | sort | xargs)" \
		"$way: both are there"
	is "$(states) $(verify "$before")" 'signs verifies verifies verifies 204' "$way: and the one before them verifies"
}

full() {
	local first i
	sign_in admin
	first=$token
	for ((i = $(latchkey key list | wc -l); i < 16; i++)); do latchkey key rotate >>"$log" 2>&1; done
	key rotate
	like "$code $said" '^1 .*too many keys verify still' "$way: a rotation that would sign people out is refused"
	is "$(latchkey key list | wc -l) $(verify "$first")" '16 204' "$way: 16 keys are kept, and nobody is out"
	key retire "$(latchkey key list | tail -n 1 | cut -f 1)"
	key rotate
	like "$code $said" '^0 [0-9a-f]{16}$' "$way: one that is retired makes room"
}

signs_by_environment() { [[ $(latchkey key list 2>/dev/null) == *$'\tsigns\t'*$'\tenvironment'* ]]; }

configured() {
	local made
	sign_in admin
	made=$token
	export LATCHKEY_JWT_SECRET='a secret that was configured by somebody'
	start "$way"
	unset LATCHKEY_JWT_SECRET
	# Where the programs run before anyone asks.
	if [[ $way == nginx || $way == fcgi ]]; then
		wait_for 60 signs_by_environment
		is "$?" 0 "$way: a secret is in force from the start, for the command too"
	fi
	sign_in admin
	like "$(latchkey key list | head -n 1)" "^$(kid_of "$token")"$'\tsigns\t.*\tenvironment(\t-)?$' \
		"$way: key list says that a secret was configured"
	key rotate
	like "$code $said" '^1 .*comes from the environment .*LATCHKEY_JWT_SECRET' "$way: it is to be changed there"
	said=$(latchkey key rotate --force 2>&1)
	like "$? $said" '^0 [0-9a-f]{16}$' "$way: or, when it no longer is configured, by --force"
	is "$(grep -c 'a secret that' <<<"$said")" 0 "$way: 46: its value is not shown"
	is "$(verify "$made") $(verify "$token")" '204 204' "$way: everybody is still in"
}

# Signs in and verifies, in six threads, until the file STOP is there; then what was wrong, and how many kids were seen.
# The file STOP.kids has a line for each, so that a rotation can wait until the load has met the new one.
cat >"$work/load.py" <<'END'
import base64, http.client, json, os, sys, threading

port, stop = int(sys.argv[1]), sys.argv[2]
wrong, kids, counts, lock = [], set(), [0] * 6, threading.Lock()


def ask(method, path, body=None, headers={}):
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 503:
            return answer.status, text


def work(job):
    tokens = []
    while not os.path.exists(stop):
        status, text = ask("POST", "/auth/admin/login", '{"password":"Quiet-Harbour-42"}')
        if status != 200:
            wrong.append(("sign-in", status))
            continue
        tokens.append(json.loads(text)["token"])
        kid = json.loads(base64.urlsafe_b64decode(tokens[-1].split(".")[0] + "=="))["kid"]
        with lock, open(stop + ".kids", "a") as seen:
            if kid not in kids:
                print(kid, file=seen)
            kids.add(kid)
        for token in [tokens[0], *tokens[-3:]]:
            status, text = ask("GET", "/auth/verify", headers={"X-Jwt-Token": token})
            counts[job] += 1
            if status != 204:
                wrong.append(("verify", status))


threads = [threading.Thread(target=work, args=(job,)) for job in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("wrong", wrong[:5], "kids", len(kids), "enough" if sum(counts) > 100 else sum(counts))
END

has_met() { [[ -f $work/stop.kids && $(wc -l <"$work/stop.kids") -ge $1 ]]; }
under_load() {
	local i pid
	rm -f "$work/stop" "$work/stop.kids"
	python3 -I "$work/load.py" "$port" "$work/stop" >"$work/load" 2>&1 &
	pid=$!
	for ((i = 0; i < 10; i++)); do
		wait_for 60 has_met $((i + 1)) || break
		latchkey key rotate >>"$log" 2>&1 || diag 'not rotated'
	done
	wait_for 60 has_met 11
	: >"$work/stop"
	wait $pid
	is "$(<"$work/load")" 'wrong [] kids 11 enough' "$way: ten rotations under load sign nobody out"
}

people() {
	add admin "$old" --admin
	add chief@example.com "$old" --admin
}

for each in fcgi nginx; do
	fresh 'hash_cost = 1' 'mail_command ='
	people
	start "$each"
	rotated
	refused
	at_once
	full
	fresh 'hash_cost = 1' 'mail_command ='
	people
	start "$each"
	! is_real || under_load
	configured
done
done_testing
