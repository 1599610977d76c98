# shellcheck shell=bash disable=SC2034 # what is unused here is used by the benches
# lib.sh - what every bench begins with: . "${0%/*}/lib.sh"
#
# A claim is a ratio to a baseline of the same run: the two take turns for a
# few seconds each, so that what else the machine does falls on both.

set -euo pipefail
export LC_ALL=C
unset ACTIAN_VECTORAI_JWT_SECRET LATCHKEY_JWT_SECRET LATCHKEY_CONF

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-bench.XXXXXX")
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3}
password=Quiet-Harbour-42
suites=() # process ids
# For a suite whose memory is measured: in the sandbox a process shows what it holds to root alone.
measured=()
((EUID == 0)) || measured=(--set 'sandbox = off')

cd "$top"
build-aux/prepare bench
make -s bench/null bench/crypt-loop
((EUID)) || chmod 711 "$work" # for www-data, on its way to its own below

cleanup() {
	local pid
	for pid in "${suites[@]}"; do
		kill "$pid"
		wait "$pid" || true
	done 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# start NAME [OPTION...]: a suite of its own, with options of nginx-example/run; sets $url, $suite (its process id).
start() {
	local port
	port=$((20000 + RANDOM % 12000))
	LATCHKEY_BUILD=${LATCHKEY_BUILD:-$top} nginx-example/run --port "$port" --state "$work/$1" "${@:2}" \
		>"$work/$1.log" 2>&1 &
	suite=$!
	suites+=("$suite")
	until grep -q '^latchkey: ready' "$work/$1.log"; do
		kill -0 "$suite" || { cat "$work/$1.log" >&2 && exit 1; }
		sleep 0.1
	done
	url=http://127.0.0.1:$port
}

latchkey() { cli/latchkey --config "$work/suite/latchkey.conf" "$@"; }

# sign_in: an administrator's token.
sign_in() {
	curl -s "$url/auth/admin/login" -H 'Content-Type: application/json' -d "{\"password\":\"$password\"}" |
		sed 's/.*"token":"\([^"]*\)".*/\1/'
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

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# compare WHAT LATCHKEY BASELINE CLAIM least|most: the ratio, and whether the claim holds.
compare() {
	awk -v what="$1" -v ours="$2" -v theirs="$3" -v claim="$4" -v way="$5" 'BEGIN {
		ratio = ours / theirs
		holds = way == "least" ? ratio >= claim : ratio <= claim
		printf "%-28s %10.1f %10.1f %6.2f x   at %s %.2f x: %s\n", what, ours, theirs, ratio, way, claim,
			holds ? "holds" : "DOES NOT HOLD"
		exit !holds
	}'
}
# row WHAT LATCHKEY BASELINE CLAIM: at least that many times the baseline; at_most_row: at most.
row() { compare "$@" least; }
at_most_row() { compare "$@" most; }

# pss: the memory of the suite's processes in all, MB; what several of them share counts once.
pss() {
	local pid
	for pid in $(pgrep -g "$(ps -o pgid= "$suite" | tr -d ' ')"); do
		# Ours alone: the bench itself and wrk are in the same group.
		[[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *@(/cgi/|nginx|multiwatch)* ]] || continue
		cat "/proc/$pid/smaps_rollup"
	done 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { printf "%.1f\n", sum / 1024 }'
}

# at_most WHAT MEASURED MOST
at_most() {
	awk -v what="$1" -v measured="$2" -v most="$3" 'BEGIN {
		holds = measured <= most
		printf "%-28s %10.1f   at most %g: %s\n", what, measured, most, holds ? "holds" : "DOES NOT HOLD"
		exit !holds
	}'
}
head_line() { printf '%-28s %10s %10s %8s\n' "" latchkey baseline ratio; }
