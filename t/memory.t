#!/bin/bash
# memory.t - what is left of a password or a second factor in a program when its request is over: nothing
. "${0%/*}/lib.sh"

# Each is another one, so that what is left says where it came from.
passwords=(Quiet-Harbour-42 Wrong-Lantern-43 Other-Meadow-44 Third-Cauldron-45 Fourth-Orchard-46 Fifth-Steeple-47
	Sixth-Thicket-48)

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

request POST /account/api/session -d "{\"name\":\"ann@example.com\",\"password\":\"${passwords[3]}\"}"
cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
here=(-H "Cookie: $cookie" -H 'Origin: http://localhost')
request POST /account/api/totp "${here[@]}"
secret=${member_of[.secret]-} path=${member_of[.qr.path]-} # libqrencode leaves a copy of what it draws
request PUT /account/api/totp "${here[@]}" -d "{\"code\":\"$(oathtool --totp -b "$secret")\"}"
is "$status" 200 'a second factor'
mapfile -t recovery < <(grep -o '[0-9A-Z]\{4\}-[0-9A-Z]\{4\}-[0-9A-Z]\{5\}' <<<"$body")
is "${#recovery[@]}" 10 'with ten recovery codes'

is "$(left "${pids[@]}" -- "${passwords[@]}" "$code" "${path: -100}" "${recovery[@]}" "${recovery[@]//-/}")" looked 'no password, no code and no QR code is left in any program'

done_testing
