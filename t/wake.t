#!/bin/bash
# wake.t - of the processes that wait for a request, it wakes one
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

if ((EUID)); then
	pass 'wake # SKIP only root can look into a process that is not dumpable'
	done_testing
fi

# All of them are looked into.
traced() { [[ $(awk '/^TracerPid/ && $2' "${logins[@]/#//proc/}" 2>/dev/null | wc -l) -eq ${#logins[@]} ]]; }

fresh 'hash_cost = 1' 'mail_command ='
start nginx
mapfile -t logins < <(workers login)
is "${#logins[@]}" 2 'two processes of login'
strace -qq -o "$work/strace" -e trace=accept,accept4 "${logins[@]/#/-p}" &
logins=("${logins[@]/%//status}")
wait_for 10 traced
is "$?" 0 'are looked into'
for ((i = 0; i < 30; i++)); do request GET /v1/auth/me; done
is "$status" 401 'thirty requests'
kill %strace
wait %strace 2>/dev/null
is "$(grep -c ' = [0-9]' "$work/strace")" 30 'are accepted'
# Whoever is about to wait may see one that another gets.
vain=$(grep -c EAGAIN "$work/strace")
is "$((vain < 10))" 1 "and wake hardly anybody else: $vain times"
done_testing
