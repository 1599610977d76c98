#!/bin/bash
# counting.t - what verify asks of the kernel for a request: what is counted takes no system call
. "${0%/*}/lib.sh"

if ((EUID)); then
	pass 'counting # SKIP only root can look into a process that is not dumpable'
	done_testing
fi

# ask COUNT: requests that verify answers from memory.
ask() {
	local i
	for ((i = 0; i < $1; i++)); do request GET /auth/verify -H "Authorization: Bearer $token"; done
}
traced() { [[ $(awk '/^TracerPid/ { print $2 }' "/proc/$pid/status") != 0 ]]; }

fresh 'hash_cost = 1' 'mail_command ='
start fcgi
add admin 'Quiet-Harbour-42' --admin
request POST /auth/admin/login -d '{"password":"Quiet-Harbour-42"}'
token=${member_of[.data.token]-${member_of[.token]-}}
ask 5
is "$status" 204 'verify knows the token'
for pid in "${pids[@]}"; do
	[[ $(readlink "/proc/$pid/exe") == */verify ]] && break
done
strace -qq -o "$work/strace" -p "$pid" &
wait_for 60 traced
is "$?" 0 'verify is looked into'
ask 10
kill %strace
wait %strace 2>/dev/null
# From one wait for a request to the next. Once a second it looks whether the store is still the one at its place.
calls=$(sed 's/(.*//' "$work/strace" | grep -v '^newfstatat$\|^stat$' | tr '\n' ' ' | sed 's/epoll_wait /\n/g' | sed '1d; $d' | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p')
is "$calls" 'accept poll read getrandom write close ' 'the system calls of a request'
request GET /account/metrics
is "$(sed -n 's/^latchkey_requests_total{program="verify",outcome="ok"} //p' <<<"$body")" 15 'and all are counted'
done_testing
