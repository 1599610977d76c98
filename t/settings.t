#!/bin/bash
# settings.t - the table of settings, conf/latchkey.conf and doc/latchkey.conf.5 have the same settings, defaults and ranges
. "${0%/*}/lib.sh"

page=$top/doc/latchkey.conf.5
config() { "$build/cli/latchkey" --config "$conf" config --programs; }

# The table, as the command prints it. What it says of the two filters, which it opens first, is in the log where they are
# not installed.
set_conf
: >"$conf"
config >"$work/out" 2>"$work/err"
sed -nE 's/.* error: (common_passwords|leaked_secrets): ([^:]*): .*/\1 = \2/p' "$work/err" >"$work/filters"
grep -E '^(common_passwords|leaked_secrets) =' "$work/out" >>"$work/filters"
printf '%s\n' 'common_passwords =' 'leaked_secrets =' >"$conf"
config 2>/dev/null | grep -A1 '^# default$' | grep ' =' | sort - "$work/filters" >"$work/table"
ok_if 'the table has settings' [ "$(wc -l <"$work/table")" -ge 50 ]
is "$(wc -l <"$work/filters")" 2 'the filters among them'

# What each takes, as the program says it of a value that the setting does not take.
while read -r value; do
	sed "s|=.*|= $value|" "$work/table" >"$conf"
	config 2>&1 >/dev/null | sed -nE "s/^[^:]*: error: [^:]*:[0-9]+: ([^:]*): '[^']*' is not (.*)/\1 = \2/p"
done <<<$'?\n/\n' | sort -u >"$work/takes"
is "$(cut -d' ' -f1 "$work/takes")" "$(cut -d' ' -f1 "$work/table")" 'each setting says what it takes'

# held FILE NAME: the settings of a file are the table's.
held() {
	is "$(comm -23 "$work/table" "$1")" '' "$2: no setting is missing, or has another default"
	is "$(comm -13 "$work/table" "$1")" '' "$2: there are no others"
}
sed -nE 's/^#([a-z][a-z0-9_.-]* =.*)/\1/p' "$top/conf/latchkey.conf" | sort >"$work/sample"
held "$work/sample" 'conf/latchkey.conf'
sed -n 's/^[.]It Ic \([^ ]* =.*\)/\1/p' "$page" | sort >"$work/page"
held "$work/page" 'the page'

# The line below a setting's name begins with what it takes, and ends there or with its unit.
while IFS='|' read -r name said; do
	takes=$(sed -n "s|^$name = ||p" "$work/takes")
	is "${said:0:${#takes}}" "$takes" "the page: what $name takes"
	like "${said:${#takes}}" '^(, (in|of) [a-z -]+)?[.]$' "the page: $name: and its unit"
	[[ $takes != 'a number from'* || $name == hash_cost ]] || like "$said" ', (in|of) ' "the page: $name has a unit"
done < <(sed -nE '/^[.]It Ic [^ ]* =/{s/^[.]It Ic ([^ ]*) =.*/\1/;N;s/\n(A |An |One |Any |The )?/|\L\1\E/;p}' "$page")
is "$(mandoc -Tlint -W warning "$page" 2>&1 | grep -v 'mandoc[.]db')" '' 'mandoc finds nothing to warn of'
done_testing
