#!/bin/bash
# tap.t - what fails is said on standard error, by name and with why: prove shows no more than that
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/web.sh"

# complains COMMAND NAME: its one test fails, and it says why.
complains() {
	local said
	said=$(tests=0 && trap - EXIT && "$1" 2>"$work/complaint")
	like "$said" '^not ok 1 - ([a-z]+: )?a name' "$2: a test fails"
	like "$(<"$work/complaint")" $'^# [a-z.]+: test 1 fails: ([a-z]+: )?a name\n# got:? .*1' "$2: and says why"
}
in_bash() { is 1 2 'a name'; }
in_c() {
	printf '%s\n' '#define _GNU_SOURCE' '#include "tap.h"' 'int main(void)' '{' \
		'	freopen("/dev/null", "w", stderr);' '	is_int(1, 2, "a name");' '	return done();' '}' >"$work/unit.c"
	cc -w -I"$top/t/unit" -o "$work/unit" "$work/unit.c" && "$work/unit"
}
on_pages() {
	node() { printf '%s\n' 'not ok 1 - a name' '# got:    1' 1..1; } # as t/web/browser.mjs prints it
	site_way=pages site='' clock='' begun='' sink=''
	visit visit.mjs
}
complains in_bash 'in bash'
complains in_c 'in C'
complains on_pages 'on pages'
done_testing
