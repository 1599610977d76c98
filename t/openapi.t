#!/bin/bash
# shellcheck disable=SC2016 # the backquotes of Markdown
# openapi.t - doc/openapi.yaml: a good document, of all endpoints and no others, whose examples come true
. "${0%/*}/lib.sh"

document=$top/doc/openapi.yaml
openapi() { PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/t/openapi.py" "$document" "$@"; }

linted() {
	node_modules
	is "$(node "$top/t/openapi.mjs" "$document" 2>&1)" '' "redocly's linter finds nothing"
	is "$(openapi version)" "$(sed -n 's/^AC_INIT(\[latchkey\], \[\(.*\)\])$/\1/p' "$top/configure.ac")" 'it is of this version'
}

compared() {
	same_lines "$(cut -f 1,2,4 <<<"$routes" | grep -v '	page$' | sed 's/^\*/GET/')" "$(openapi routes)" 'it has the endpoints of the programs'
	local codes
	codes=$(sed -n '/^static const struct dialect_row account_rows/,/^};/s/.*, "\([a-z-]*\)"},$/\1/p' "$top/common/web/dialect.c" | sort -u)
	same_lines "$codes" "$(openapi codes)" "it has the codes of the account's dialect"
	same_lines "$codes" "$(sed -n '/^people\. .*The codes are$/,/^$/p' "$top/doc/api.md" | grep -o '`[a-z-]*`' | tr -d '`' |
		grep -vx 'fields\|retry_after')" 'doc/api.md has the same'
}

# One round for each set of settings that contradict each other.
replayed() {
	local number round rounds settings example fault
	mapfile -t rounds < <(openapi rounds)
	ok_if 'examples want settings' [ ${#rounds[@]} -gt 1 ]
	for number in "${!rounds[@]}"; do
		round=${rounds[number]}
		mapfile -t settings < <(tr ';' '\n' <<<"$round" | sed 's/^ *//; /^$/d')
		fresh 'hash_cost = 1' 'mail_command =' "${settings[@]}"
		start nginx
		openapi ask "$number" "$port" "$build/cli/latchkey" --config "$conf" >"$work/asked" 2>"$work/fault"
		while IFS=$'\t' read -r example fault; do
			is "$fault" '' "$example"
		done <"$work/asked"
		is "$(<"$work/fault")" '' "all examples are asked${round:+ with $round}"
	done
}

linted
compared
replayed
done_testing
