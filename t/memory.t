#!/bin/bash
# memory.t - what is left of a password or a second factor in a program when its request is over: nothing
. "${0%/*}/lib.sh"

# Each is another one, so that what is left says where it came from.
passwords=(Quiet-Harbour-42 Wrong-Lantern-43 Other-Meadow-44 Third-Cauldron-45 Fourth-Orchard-46 Fifth-Steeple-47
	Sixth-Thicket-48 Seventh-Granary-49)

# left: where any of them, or any code, is in the memory of the programs.
left() {
	python3 - "$@" <<-'END'
		import os, re, sys
		pids, words = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
		looked = 0
		for pid in pids:
		    program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
		    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
		        for line in maps:
		            place, modes, *_, what = line.split()
		            start, end = (int(part, 16) for part in place.split("-"))
		            if "r" not in modes or what.startswith("[v"):
		                continue
		            memory.seek(start)
		            try:
		                text = memory.read(end - start)
		            except OSError: # a guard page
		                continue
		            looked += len(text)
		            for word in words:
		                if word.encode() in text:
		                    print(f"{program}: {word} in {what}")
		print("looked" if looked > 1000000 else "nothing to look at")
	END
}

if [[ ${under[0]-} ]] || grep -q '^#define SANITIZERS 1' "$build/config.h"; then
	echo '1..0 # SKIP valgrind and the sanitizers keep what was freed'
	exit 0
fi
if ((EUID)); then
	pass 'memory # SKIP only root can look into a process that is not dumpable'
	done_testing
fi
fresh 'hash_cost = 1' 'mail_command =' 'site_url = http://localhost'
start fcgi
add admin "${passwords[0]}" --admin
add ann@example.com "${passwords[0]}"
request POST /auth/admin/login -d "{\"password\":\"${passwords[0]}\"}"
is "$status" 200 'a sign-in'
request POST /v1/api-login -d "{\"username\":\"ann@example.com\",\"password\":\"${passwords[1]}\"}"
like "$body" 'Invalid username or password' 'a wrong one'
request POST /v1/api-login -d "{\"username\":\"ann@example.com\",\"password\":\"${passwords[0]}\"}"
request POST /v1/api/user/change-password -H "Authorization: Bearer ${member_of[.token]-}" \
	-d "{\"currentPassword\":\"${passwords[0]}\",\"newPassword\":\"${passwords[2]}\"}"
is "$body" '{"success":true}' 'a change'
code=$(new_code ann@example.com)
request POST /v1/auth/password-reset/reset -d "{\"code\":\"$code\",\"new_password\":\"${passwords[3]}\"}"
is "$status" 200 'a reset by code'
request POST /auth/admin/reset-password -d "{\"password\":\"${passwords[4]}\"}"
is "$status" 200 'a reset on the machine'
request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"${passwords[3]}\", not JSON"
is "$status" 400 'one in a body that is not JSON'
request POST /v1/auth/nowhere --program login -d "{\"password\":\"${passwords[5]}\"}"
is "$status" 404 'one for an address that there is not'
request DELETE /v1/auth/session -d "{\"password\":\"${passwords[6]}\"}"
is "$status" 204 'one in a body that no route reads'
request POST /account/password -H 'Content-Type: application/x-www-form-urlencoded' \
	-d "current=$(printf "${passwords[7]}%.0s" {1..200})&new=x"
is "$status" 403 'one in a form that comes when nobody is signed in any more'

request POST /account/api/session -d "{\"name\":\"ann@example.com\",\"password\":\"${passwords[3]}\"}"
cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
here=(-H "Cookie: $cookie" -H 'Origin: http://localhost')
request POST /account/api/totp "${here[@]}"
secret=${member_of[.secret]-} path=${member_of[.qr.path]-} # libqrencode leaves a copy of what it draws
request PUT /account/api/totp "${here[@]}" -d "{\"code\":\"$(oathtool --totp -b "$secret")\"}"
is "$status" 200 'a second factor'
mapfile -t recovery < <(grep -o '[0-9A-Z]\{4\}-[0-9A-Z]\{4\}-[0-9A-Z]\{5\}' <<<"$body")
is "${#recovery[@]}" 10 'with ten recovery codes'

# The same by pages, whose forms show again what they were sent.
passwords+=(Seventh-Lantern-49 Eighth-Marsh-50 Ninth-Gable-and-Roof-51 Tenth-Furrow-52 Eleventh-Kiln-53 Twelfth-Weir-54
	Thirteenth-Loft-55 Fourteenth-Mill-56)
# form PATH BODY: posts it.
form() {
	request POST "$1" -H "Cookie: $cookie" -H 'Origin: http://localhost' \
		-H 'Content-Type: application/x-www-form-urlencoded' -d "$2" "${@:3}"
}
shown() { grep -o "$1" <<<"$body"; }
cookie=latchkey-kept=1
form /account/sign-in "name=ann&password=${passwords[7]}"
is "$status" 403 'a wrong password on a page'
form /account/sign-in "name=ann%40example.com&password=${passwords[3]}"
ticket=$(shown 'name="ticket" value="[^"]*"' | sed -n '1s/.*value="\(.*\)"/\1/p')
like "$status $ticket" '^200 .{20}' 'a right one, and a ticket'
form /account/second-factor "ticket=$ticket&code=000000"
like "$status $(shown "value=\"$ticket\"" | head -n 1)" '^403 v' 'a wrong code, and the ticket once more'
form /account/second-factor "ticket=$ticket&code=${recovery[0]}"
is "$status" 303 'a recovery code'
cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
form /account/confirm "password=${passwords[8]}"
is "$status" 403 'a wrong one to confirm'
form /account/tokens 'name=x&permission=read'
token=$(shown 'lk_[0-9A-Za-z_-]*' | head -n 1) id=$(request GET /account/tokens -H "Cookie: $cookie" && shown 'tokens/[0-9]*/rotate')
like "$status $token" '^200 lk_.{20}' 'an access token'
form "/account/$id" '' --program token
rotated=$(shown 'lk_[0-9A-Za-z_-]*' | head -n 1)
like "$status $rotated" '^200 lk_.{20}' 'and its next secret'
form /account/two-factor/codes ''
mapfile -t -O 10 recovery < <(shown '[0-9A-Z]\{4\}-[0-9A-Z]\{4\}-[0-9A-Z]\{5\}')
is "${#recovery[@]}" 20 'ten more recovery codes'
form /account/two-factor/begin ''
other_path=$(shown ' d="M[^"]*"')
like "$status ${other_path: -100}" '^200 .{100}$' 'another QR code'
form /account/password "current=${passwords[3]}&new=${passwords[9]}"
is "$status" 200 'a change by a page'
form /account/reset-password "code=xyz&new=${passwords[10]}"
is "$status" 400 'a reset by a code that is none'
form /account/invitation "code=xyz&password=${passwords[11]}"
is "$status" 400 'an invitation that is none'
cookie=latchkey-kept=1
add cat@example.com "${passwords[0]}"
latchkey user set cat@example.com --must-change
form /account/sign-in "name=cat%40example.com&password=${passwords[0]}"
tickets=("$ticket" "$(shown 'name="ticket" value="[^"]*"' | sed -n '1s/.*value="\(.*\)"/\1/p')")
like "$status ${tickets[1]}" '^200 .{20}' 'a ticket for a new password'
form /account/password "ticket=${tickets[1]}&new=short"
is "$status" 400 'with too short a one'
form /account/password "ticket=${tickets[1]}&new=${passwords[12]}"
is "$status $(shown 'page-sign-in')" '200 page-sign-in' 'and with a good one'

is "$(left "${pids[@]}" -- "${passwords[@]}" "$code" "${path: -100}" "${other_path: -100}" "${recovery[@]}" "${recovery[@]//-/}" \
	"${tickets[@]}" "$token" "$rotated")" looked 'no password, no code, no ticket, no token and no QR code is left in any program'

# Each alone: what comes next would lie where it was. So would the page's own words, unless a password is longer.
long() { printf "$1%.0s" {1..12}; }
form /account/password "current=$(long "${passwords[13]}")&new=$(long "${passwords[14]}")"
is "$status $(shown 'page-sign-in')" '403 page-sign-in' 'a form that comes after the end of its session'
is "$(left "${pids[@]}" -- "${passwords[@]}")" looked 'leaves nothing'
latchkey user set ann@example.com --must-change
form /account/sign-in "name=ann%40example.com&password=${passwords[9]}"
ticket=$(shown 'name="ticket" value="[^"]*"' | sed -n '1s/.*value="\(.*\)"/\1/p')
form /account/second-factor "ticket=$ticket&code=${recovery[11]}"
like "$status $(shown 'page-must-change') $ticket" '^200 page-must-change .{20}' 'a ticket in the place of another'
is "$(left "${pids[@]}" -- "$ticket")" looked 'of which nothing is left'
latchkey user set cat@example.com --must-change
request POST /account/api/session -d "{\"name\":\"cat@example.com\",\"password\":\"${passwords[12]}\"}"
like "$status ${member_of[.ticket]-}" '^403 .{20}' 'a ticket by the API'
is "$(left "${pids[@]}" -- "${passwords[@]}" "${member_of[.ticket]-}")" looked 'is not left either'

done_testing
