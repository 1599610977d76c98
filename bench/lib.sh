# shellcheck shell=bash disable=SC2034,SC2016 # what is unused here is used by the benches; awk's dollars
# lib.sh - what every bench begins with: . "${0%/*}/lib.sh"
#
# A claim is a ratio to a baseline of the same run: the two take turns for a
# few seconds each, so that what else the machine does falls on both, and the
# ratio is the median of those of the rounds.

set -euo pipefail
export LC_ALL=C
unset ACTIAN_VECTORAI_JWT_SECRET LATCHKEY_JWT_SECRET LATCHKEY_CONF

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-bench.XXXXXX")
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3}
password=Quiet-Harbour-42
failed=0  # some row does not hold
headed='' # the table has its first line
suites=() # process ids
# For a suite whose memory is measured: in the sandbox a process shows what it holds to root alone.
measured=()
((EUID == 0)) || measured=(--set 'sandbox = off')

cd "$top"
build-aux/prepare bench
# shellcheck source=SCRIPTDIR/../build-aux/users.sh
. build-aux/users.sh
make_users
# For the programs, on their way to what is theirs below.
((EUID)) || chmod 711 "$work"

cleanup() {
	local pid
	for pid in "${suites[@]}"; do
		kill "$pid"
		wait "$pid" || true
	done 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# --- a suite

# start NAME [OPTION...]: a suite of its own, with options of nginx-example/run (server=apache: of that one's); sets $url,
# $suite (its process id), $state (its directory).
start() {
	local port
	state=$work/$1
	port=$((20000 + RANDOM % 12000))
	: >"$work/$1.log" # grep may come first
	LATCHKEY_BUILD=${LATCHKEY_BUILD:-$top} "${server:-nginx}-example/run" --port "$port" --state "$state" "${@:2}" \
		>"$work/$1.log" 2>&1 &
	suite=$!
	suites+=("$suite")
	until grep -q '^latchkey: ready' "$work/$1.log"; do
		kill -0 "$suite" || { cat "$work/$1.log" >&2 && exit 1; }
		sleep 0.1
	done
	url=http://127.0.0.1:$port
}

# stop: the suite that was started last.
stop() {
	kill "$suite"
	wait "$suite" || true
}

# start_null NAME [OPTION...]: one in which verify is a libfcgi program that answers 204 and does nothing.
start_null() {
	local program
	make -s bench/null >&2
	mkdir -p "$work/build/cgi" "$work/build/cli"
	for program in cgi/*.c; do
		ln -s "$top/${program%.c}" "$work/build/cgi/"
	done
	ln -s "$top/cli/latchkey" "$work/build/cli/"
	rm "$work/build/cgi/verify" # which still says what its path is
	printf '#!/bin/sh\n[ $# -eq 0 ] || exec "%s" "$@"\nexec "%s"\n' \
		"$top/cgi/verify" "$top/bench/null" >"$work/build/cgi/verify"
	chmod 755 "$work/build/cgi/verify"
	LATCHKEY_BUILD=$work/build start "$@"
}

latchkey() { cli/latchkey --config "$state/latchkey.conf" "$@"; } # that of the suite that was started last

add_admin() { echo "$password" | latchkey user add admin --admin >/dev/null; }

# sign_in: an administrator's token.
sign_in() {
	curl -s "$url/auth/admin/login" -H 'Content-Type: application/json' -d "{\"password\":\"$password\"}" |
		sed 's/.*"token":"\([^"]*\)".*/\1/'
}

# login_script PASSWORD: what wrk signs in with.
login_script() {
	cat >"$work/login.lua" <<-END
		wrk.method = "POST"
		wrk.headers["Content-Type"] = "application/json"
		wrk.body = '{"password":"$1"}'
	END
}

# rate URL [WRK OPTION...]: requests a second; any refused one ends the bench.
rate() {
	local output
	output=$(wrk -t1 -c8 -d"${seconds}s" "${@:2}" "$1")
	if grep -q 'Non-2xx\|Socket errors' <<<"$output"; then
		printf '%s\n' "$output" >&2
		exit 1
	fi
	sed -n 's|^Requests/sec: *||p' <<<"$output"
}

# servers: the process ids of the suite's own: the bench itself and wrk are in the same group.
servers() {
	local pid
	for pid in $(pgrep -g "$(ps -o pgid= "$suite" | tr -d ' ')"); do
		[[ $(tr '\0' ' ' <"/proc/$pid/cmdline") != *@(/cgi/|nginx|multiwatch)* ]] || echo "$pid"
	done 2>/dev/null
}

# in_all FILE AWK-EXPRESSION: that of each line of the file in the /proc of each of them, in all.
in_all() {
	local pid
	for pid in $(servers); do
		cat "/proc/$pid/$1"
	done 2>/dev/null | awk "{ sum += $2 } END { print sum }"
}

# pss: their memory in all, MB; what several of them share counts once.
pss() { awk -v kb="$(in_all smaps_rollup '($1 == "Pss:") * $2')" 'BEGIN { printf "%.1f\n", kb / 1024 }'; }

# computed: the processor time that they have had, us.
computed() { in_all schedstat '$1 / 1000'; }

# --- the table

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# head_line: before the first row, and in all of bench/run's table only once.
head_line() {
	[[ ! $headed && ! -s ${BENCH_TABLE-} ]] || return 0
	headed=yes
	printf '%-44s %10s %10s %8s   %-17s %s\n' what latchkey baseline ratio claim ''
}

# line WHAT LATCHKEY BASELINE RATIO WAY CLAIM: a row, on standard output and in bench/run's file. BASELINE may be "-": then
# it is the number itself that is claimed.
line() {
	local holds
	head_line
	holds=$(awk -v ratio="$4" -v way="$5" -v claim="$6" 'BEGIN {
		print (way == "least" ? ratio >= claim : ratio <= claim) ? "holds" : "DOES NOT HOLD" }')
	[[ $holds == holds ]] || failed=1
	if [[ $3 == - ]]; then
		printf '%-44s %10.1f %10s %8s   %-17s %s\n' "$1" "$2" '' '' "at $5 $6" "$holds"
	else
		printf '%-44s %10.1f %10.1f %6.2f x   %-17s %s\n' "$1" "$2" "$3" "$4" "at $5 $6 x" "$holds"
	fi
	[[ ! ${BENCH_TABLE-} ]] || (IFS=$'\t' && printf '%s\n' "$*" >>"$BENCH_TABLE")
}

# compare WHAT OURS THEIRS WAY CLAIM: OURS and THEIRS name arrays, a number each round.
compare() {
	local -n mine=$2 base=$3
	local i ratios=()
	for ((i = 0; i < ${#mine[@]}; i++)); do
		ratios+=("$(awk -v a="${mine[i]}" -v b="${base[i]}" 'BEGIN { printf "%.4f", a / b }')")
	done
	line "$1" "$(median "${mine[@]}")" "$(median "${base[@]}")" "$(median "${ratios[@]}")" "$4" "$5"
}
# row WHAT OURS THEIRS CLAIM: at least that many times the baseline; at_most_row: at most.
row() { compare "$1" "$2" "$3" least "$4"; }
at_most_row() { compare "$1" "$2" "$3" most "$4"; }

# at_most WHAT MEASURED MOST, at_least WHAT MEASURED LEAST
at_most() { line "$1" "$2" - "$2" most "$3"; }
at_least() { line "$1" "$2" - "$2" least "$3"; }
