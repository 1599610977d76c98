#!/bin/bash
# alike.t - what the programs ask of the kernel for a name: the same for nobody's as for an account's, or time would tell
. "${0%/*}/lib.sh"

if ((EUID)); then
	pass 'known and unknown # SKIP only root can look into a process that is not dumpable'
	done_testing
fi

each=9
traced() { [[ $(awk '/^TracerPid/ { print $2 }' "/proc/$pid/status") != 0 ]]; }

# look_into PROGRAM: from now on.
look_into() {
	for pid in "${pids[@]}"; do
		[[ $(readlink "/proc/$pid/exe") != */"$1" ]] || break
	done
	strace -qq -o "$work/strace" -p "$pid" &
	wait_for 60 traced
}

# ask PATH FIELD: of an account and of nobody in turn, whose names are equally long.
ask() {
	local i host
	for ((i = 0; i < each; i++)); do
		for host in com net; do
			request POST "$1" -d "{\"$2\":\"ann-$i@example.$host\",\"password\":\"Wrong-Harbour-42\",\"code\":\"0000-0000-0000\"}"
		done
	done
}

# calls TURN: those of most requests of that turn, 0 or 1. A line of the audit's that is left out is written elsewhere. The
# store writes a page now and then, and once a second it looks whether it is still at its place.
calls() {
	awk -v turn="$1" '
		/^epoll_wait/ { if (accepted && count++ % 2 == turn) print substr(said, 2); accepted = 0; said = ""; next }
		/^accept/ { accepted = 1 }
		/^(newfstatat|stat|brk|madvise|mmap|munmap)\(/ || /^pwrite64.*= 4096$/ { next }
		{ sub(/\(.*/, ""); sub(/^pwrite64/, "write"); said = said " " $0 }' "$work/strace" |
		sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p'
}

# Nobody's lines are soon spent, and an account's are not.
fresh 'hash_cost = 1' 'mail_command = /bin/true' 'audit_lines = 3' 'throttle.network = 100000' 'throttle.asks = 100000'
start fcgi
for ((i = 0; i < each; i++)); do echo "{\"email\":\"ann-$i@example.com\"}"; done >"$work/accounts"
latchkey import "$work/accounts" >/dev/null 2>>"$log"
while read -r program path field what; do
	ask "$path" "$field"
	look_into "$program"
	ask "$path" "$field"
	kill %strace
	wait %strace 2>/dev/null
	known=$(calls 0)
	is "$(calls 1)" "$known" "12: $what: nobody has the calls of an account"
	like "$known" '(write.*){5} close' "$what: all of them"
done <<-'END'
	request-code /v1/auth/verify-email email a proof with a wrong code
	request-code /v1/auth/password-reset/trigger email a code that is asked for
	code-reset /v1/api-user-verify-reset-password-code email a wrong code
	login /v1/auth/login email a sign-in
	login /account/api/session name a sign-in by the account API
END
done_testing
