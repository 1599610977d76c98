#!/bin/bash
# man.t - doc/latchkey.1 has the commands that there are, each with its options and operands
. "${0%/*}/lib.sh"

page=$top/doc/latchkey.1

# Each command as the usage has it: a line that is indented by two blanks.
latchkey --help | sed -n 's/^  \([^ ]\)/\1/p' | sort >"$work/usage"
# And as the page has it: an item that is a command, its macros resolved.
sed -n 's/^\.It Ic //p' "$page" |
	sed -E -e 's/ Op (.*)$/ Oo \1 Oc/' -e 's/\b(Ar|Ns) //g' -e 's/Fl -/--/g' -e 's/Oo /[/g' -e 's/ Oc/]/g' |
	sort >"$work/page"

ok_if 'the usage has commands' [ "$(wc -l <"$work/usage")" -ge 25 ]
is "$(comm -23 "$work/usage" "$work/page")" '' 'each command of the usage is in the page, with all that it takes'
is "$(comm -13 "$work/usage" "$work/page")" '' 'the page has no others'

# What the command reads, the page has: variables and the exit statuses.
for name in LATCHKEY_CONF LATCHKEY_JWT_SECRET ACTIAN_VECTORAI_JWT_SECRET; do
	ok_if "$name" grep -q "^[.]It Ev .*$name" "$page"
done
# An option that the page explains further is one of a command.
while read -r option; do
	ok_if "$option" grep -q -- "$option\\b" "$work/usage"
done < <(sed -nE 's/^\.It Fl (-[a-z-]+).*/-\1/p' "$page")

# Nothing else reads the page as strictly.
is "$(mandoc -Tlint -W warning "$page" 2>&1 | grep -v 'mandoc[.]db')" '' 'mandoc finds nothing to warn of'
done_testing
