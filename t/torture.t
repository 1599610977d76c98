#!/bin/bash
# torture.t - what was acknowledged outlives kills, power losses, a full or a broken disk, and it all works again by itself
top=$(dirname "$(dirname "$(readlink -f "$0")")")
export LATCHKEY_BUILD=${LATCHKEY_BUILD:-$top}
exec "$top/bench/torture" --short
