#!/bin/bash
# rest.t - a program that never enters the store and is never idle lets go of what it has of a store that has died
. "${0%/*}/lib.sh"

if ((EUID)); then
	pass 'rest # SKIP only root can look into a process that is not dumpable'
	done_testing
fi

good='Quiet-Harbour-42'
inside=48 # where the gate's page has the pid of the process inside
verify() { request GET /auth/verify -H "X-Jwt-Token: $token"; }
regions() { grep -hc /__db. "/proc/$pid/maps"; }

fresh 'hash_cost = 1' 'mail_command ='
start fcgi
add admin "$good" --admin
request POST /auth/admin/login -d "{\"password\":\"$good\"}"
token=${member_of[.token]-}
verify
is "$status" 204 'a good token'
for pid in "${pids[@]}"; do
	[[ $(readlink "/proc/$pid/exe") == */verify ]] && break
done
is "$(regions)" 3 'verify has the store open'

# As if a process had died inside. No process enters and recovers: verify knows the token.
printf '\377\377\377\177' | dd of="$state/store/gate" bs=1 seek=$inside conv=notrunc status=none
let_go() {
	verify
	(($(regions) == 0))
}
ok_if 'verify lets go of it, busy as it is' wait_for 60 let_go
verify
is "$status" 204 'and still knows the token'

done_testing
