#!/bin/bash
# shellcheck disable=SC2016 # awk's and sed's dollars
# endpoints.t - the one table of endpoints, which the programs print, and every other list of them
. "${0%/*}/lib.sh"

# of_routes AWK-EXPRESSION: something of each line of the table, once.
of_routes() { awk -F '\t' "{ print $1 }" <<<"$routes" | sort -u; }

# Paths that stand for others are in no document: the same without /v1. Pages are in the guide.
documented=$(awk -F '\t' '$2 !~ /^\/api-/ && $4 != "page" { print $1 "\t" $2 "\t" $3 "\t" $4 }' <<<"$routes" |
	sed -e 's/^\*/GET/' -e 's/\tverify$/\t/')

of_the_programs() {
	local program sent
	is "$(of_routes 'NF')" 5 'five words a line'
	same_lines "$(of_routes '$3')" "$(sed -n '/^const char [*]const counters_programs/,/;/p' "$top/common/base/counters.c" | grep -o '"[^"]*"' | tr -d '"')" \
		'each program has its counters'
	is "$(of_routes '$1 " " $2' | wc -l)" "$(wc -l <<<"$routes")" 'no method of a path twice'
	same_lines "$(of_routes '$3')" "$(sed -n 's/^\(.*\)\.c$/\1/p' < <(cd "$top/cgi" && printf '%s\n' *.c))" 'each program has its lines'
	same_lines "$(of_routes '$2' | sed -n 's/^\/v1\/api-/\/api-/p')" "$(of_routes '$2' | grep '^/api-')" \
		'edge-impulse answers without /v1 as well'
	# Of plain CGI the words of a query are the arguments (RFC 3875, 4.4).
	fresh 'hash_cost = 1'
	for program in login verify; do
		for sent in REQUEST_METHOD=GET GATEWAY_INTERFACE=CGI/1.1; do
			like "$(env -i "$sent" LATCHKEY_CONF="$conf" "${as_owner[@]}" "$build/cgi/$program" --routes 2>>"$log" </dev/null)" \
				'^Status: 40[0-9] ' "$program: no client's query prints them, by $sent"
		done
	done
}

# Each has a line in the table of doc/api.md, and a chapter there; each program starts, by the guide.
of_the_documents() {
	local program=''
	same_lines "$documented" "$(sed -n '/^| program | endpoint/,/^$/p' "$top/doc/api.md" | while IFS='|' read -r _ name endpoint api _; do
		[[ $endpoint == *\`*\`* ]] || continue
		read -r name <<<"$name"
		read -r api <<<"$api"
		program=${name:-$program}
		read -r method path <<<"${endpoint//\`/}"
		printf '%s\t%s\t%s\t%s\n' "$method" "$path" "${program//\`/}" "$api"
	done)" "doc/api.md's table"
	same_lines "$(cut -f 1,2,4 <<<"$documented")" "$(sed -nE 's/^### `([A-Z]+) (\/[^`]*)`( \(([a-z0-9-]+)\))?$/\1\t\2\t\4/p' "$top/doc/api.md")" \
		"doc/api.md's chapters"
	same_lines "$(of_routes '$4 == "page" ? $2 " " $3 : ""' | sed '/^$/d')" \
		"$(sed -nE 's/^\| `(\/account\/[^`]*)` \| `([a-z-]*)` \|.*/\1 \2/p' "$top/doc/guide/pages.md")" "the guide's pages"
	same_lines "$(of_routes '$3')" "$(sed -n 's/^ *for program in \(.*\); do$/\1/p' "$top/doc/guide/multiwatch.md" | tr ' ' '\n')" "the guide's loop of spawn-fcgi"
	same_lines "$(of_routes '$3')" "$(sed -n 's/^Wants=latchkey@\(.*\)\.socket$/\1/p' "$top/conf/systemd/latchkey.target")" "the sockets of systemd"
}

# led RULES: each path of the table with the program that a web server asks there, by the first rule that fits. A rule
# is the list that it is in, an expression, and a program or the list that goes on.
led() {
	python3 -I -S -c '
import re, sys

rules = [rule.split() for rule in sys.argv[1].splitlines()]

def lead(path, by):
    if not by.startswith("$"):
        return by
    return next((lead(path, then) for list, rule, then in rules if list == by and re.search(rule, path)), "")

for path in sys.argv[2].splitlines():
    print(path, lead(path.replace("{id}", "7"), "$latchkey_program"))' "$1" "$(of_routes '$2')"
}
# idle RULES: those that lead no path anywhere. Each is a whole path; the pages of login have one rule for all.
idle() {
	comm -23 <(sed -n 's/^[^ ]* [\^]\(.*\)[$] \(.*\)/\1 \2/p' <<<"$1" | sort -u) <(of_routes '$2 " " $3' | sed 's|{id}|[^/]+|' | sort -u)
}

# Each path is led to its program by the web servers, and nothing else is.
of_the_web_servers() {
	local nginx apache
	nginx=$(awk '$1 == "map" { list = $2 == "$uri" ? $3 : "" } list && sub(/^ *~/, "") && sub(/;$/, "") { print list, $1, $2 }' \
		"$top/nginx-example/snippets/latchkey-http.conf")
	same_lines "$(of_routes '$2 " " $3')" "$(led "$nginx")" "nginx's maps"
	is "$(idle "$nginx")" '' "nginx's maps have no path but the programs'"
	apache=$(sed -n 's|^ *AliasMatch \([\^][^ ]*\) */usr/libexec/latchkey/\([a-z-]*\).*|$latchkey_program \1 \2|p' "$top/apache-example/conf-available/latchkey.conf")
	same_lines "$(of_routes '$2 " " $3')" "$(led "$apache")" "Apache's AliasMatch"
	is "$(idle "$apache" | grep -v '^/auth/access_token(')" '' "Apache's AliasMatch has no path but the programs'"
	same_lines "$(of_routes '$3')" "$(sed -n 's/^Use LatchkeyProgram //p' "$top/apache-example/conf-available/latchkey.conf")" "Apache's programs"
}

of_the_programs
of_the_documents
of_the_web_servers
done_testing
