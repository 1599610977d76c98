#!/bin/bash
# guide.t - the guide, README.md and CONTRIBUTING.md lead to what is there: links, settings, commands, messages
. "${0%/*}/lib.sh"

# finds KIND WANTED NAME: the lines of t/guide.py of that kind.
finds() { is "$(grep "^$1: " "$work/said")" "${2:+$1: $2}" "$3"; }

latchkey --help >"$work/usage"
python3 -I -S "$top/t/guide.py" "$top" "$work/usage" "$work" >"$work/said" 2>&1 || give_up "$(<"$work/said")"

is "$(grep -v '^[a-z]*: ' "$work/said")" 'done' 'all is looked at'
finds link '' 'each link leads to a file, and to a heading in it'
finds many 'links settings commands messages' 'there are many of each'
finds command '' 'each command is one, with its options'
finds message '' 'each message of troubleshooting.md is in the source'
for page in "$top"/doc/guide/*.md; do
	page=doc/guide/${page##*/}
	ok_if "$page: README.md leads there" grep -q "]($page)" "$top/README.md"
	ok_if "$page is installed" grep -q "$page" "$top/Makefile.am"
done
ok_if 'README.md can be read in one go' [ "$(wc -l <"$top/README.md")" -le 150 ]

# Each setting with its value, as the reader has it: of two values of one key the second is in the next file.
for settings in "$work"/settings-*.conf; do
	said=$("$build/cli/latchkey" --config "$settings" config --programs 2>&1 >/dev/null | grep -F "$settings:")
	is "$said" '' "each setting is one, and takes its value: ${settings##*/}"
done
done_testing
