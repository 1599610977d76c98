#!/bin/bash
# totp.t - one-time codes by the clock, held against two other implementations
. "${0%/*}/lib.sh"

found=$(python3 "$top/t/totp.py" "$build/t/unit/base/totp" 2>>"$log") || diag "$(tail -n 5 "$log")"
of() { awk -v name="$1" '$1 == name { print $2 }' <<<"$found"; }
is "$(of codes)" 200000 'codes of random secrets, of 16 to 64 bytes'
is "$(of liboath)" 0 'all are what liboath makes'
is "$(of pyotp)" 0 'all are what pyotp makes'
done_testing
