#!/bin/bash
# completion.t - what bash and zsh offer after the words of a command: all of the command's own, and nothing else
. "${0%/*}/lib.sh"

# The shells start the command by its name.
PATH=$build/cli:$PATH

# of_bash WORD...: what real bash offers for the last word, sorted, on a line.
of_bash() {
	bash --norc -c '. "$0"; COMP_WORDS=(latchkey "$@"); COMP_CWORD=$#
		_latchkey latchkey "${@: -1}" "${COMP_WORDS[-2]}"; printf "%s\n" "${COMPREPLY[@]}"' \
		"$top/conf/completion/latchkey" "$@" 2>&1 | sort | paste -sd' '
}
# of_zsh WORD...: the same of real zsh, with what zsh itself does: it knows the word, and takes what fits it.
of_zsh() {
	zsh -f -c 'compdef() { }; _files() { print }
		compadd() { eval "print -l -- \${(M)$2:#\$PREFIX*}" }
		words=(latchkey "$@") CURRENT=$#words PREFIX=$words[-1]; . "$0"' \
		"$top/conf/completion/_latchkey" "$@" 2>&1 | sort | paste -sd' '
}

while IFS='|' read -r typed offered; do
	for shell in bash zsh; do
		mapfile -t words < <(tr ' ' '\n' <<<"$typed")
		is "$("of_$shell" "${words[@]}")" "$offered" "$shell: latchkey $typed"
	done
done <<'END'
us|user
user se|sessions set
user set --ro|--role
user set ann --role ad|admin
user list --admin --g|--group
--config /etc/latchkey.conf key ret|retire
token confirm |all
backup --|--help --keep
backup /var/b|
check --mend|--mend-names
completion |bash zsh
no such |
END

is "$(of_bash '' | tr ' ' '\n' | grep -v '^help$')" "$(latchkey --help | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p' | sort -u)" \
	'bash: each group of commands'
is "$(of_zsh '')" "$(of_bash '')" 'zsh: the same'
latchkey completion fish >"$work/out" 2>"$work/err"
is "$?" 2 'another shell has none'
is "$(<"$work/out")" '' 'and nothing that it could read'
done_testing
