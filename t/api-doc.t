#!/bin/bash
# api-doc.t - doc/api.md, run from top to bottom: each command as it is printed there, each answer compared
. "${0%/*}/lib.sh"

# The document is read as if in a checkout: what it names is here.
reader=$work/reader asked=$work/asked
mkdir -p "$reader/nginx-example"
ln -s "$build/cli" "$reader/cli"
ln -s "$work" "$reader/nginx-example/state"
cd "$reader" || give_up "no $reader"
: >"$asked"
unset -f latchkey # the command itself, as the document sets it up

# curl as in the document, which leaves status, headers and body in files, from a pipe or a $(...), too.
curl() {
	local arguments=() argument
	for argument; do
		[[ $argument == -i ]] || arguments+=("$argument")
	done
	command curl -s --max-time 30 -D "$work/headers" -w '%{stderr}%{method} %{url_effective}\n' "${arguments[@]}" \
		2>>"$asked" | tee "$work/body"
}

# pattern TEXT: a regular expression for it, with its <placeholders>.
pattern() {
	sed -E -e 's/[][(){}.*+?^$|\\]/\\&/g' \
		-e 's/<token>/eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{43}/g' \
		-e 's/<secret>/lk_[A-Za-z0-9_-]{43}/g' \
		-e 's/<code>/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g' \
		-e 's/<uuid>/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g' \
		-e 's/<time>/20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z/g' \
		-e 's/<seconds>/[0-9]+\\.[0-9]+/g' <<<"$1"
}

# compare: the last answer with what is announced, $wanted and $wanted_headers.
compare() {
	local got line
	got=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/headers")$(sed '1s/^/ /' "$work/body")
	like "$got" "^$(pattern "$wanted")$" "$chapter, line $number: $wanted"
	for line in "${wanted_headers[@]}"; do
		ok_if "$chapter, line $number: $line" grep -qE "^$(pattern "$line")"$'\r$' "$work/headers"
	done
}

# Runs what has been read of commands, and compares if there is an answer to that.
run_commands() {
	local text=$commands
	commands=''
	[[ $text ]] || return
	eval "${text//http:\/\/127.0.0.1:6573/http://127.0.0.1:$port}" >>"$work/output" 2>>"$log" ||
		flunk "$chapter, line $number: runs" "$text"
	[[ ! $wanted ]] || compare
	wanted='' wanted_headers=()
}

start_with() {
	local lines
	mapfile -t lines < <(tr ';' '\n' <<<"$1" | sed 's/^ *//; s/ *$//')
	fresh 'hash_cost = 1' "${lines[@]}"
	start nginx
	[[ ! ${url-} ]] || url=http://127.0.0.1:$port # the reader's stays the same
}

number=0 chapter='' fence='' commands='' wanted='' wanted_headers=()
while IFS= read -r line <&3; do
	((++number))
	case $fence$line in
	'## '*) chapter=${line#'## '} ;;
	'<!-- settings: '*)
		line=${line#*: }
		start_with "${line% -->}"
		;;
	'```sh') fence=sh: ;;
	'sh:```') run_commands && fence='' ;;
	'sh:# < '*) wanted_headers+=("${line#'# < '}") ;;
	'sh:#  '*) wanted+=${line#'#  '} ;;
	'sh:# '*) wanted=${line#'# '} ;;
	sh:*)
		[[ ! $wanted ]] || run_commands
		commands+=$line$'\n'
		;;
	esac
done 3<"$top/doc/api.md"
is "$fence" '' 'the last block is closed'

# Every endpoint has been asked; pages are in the guide.
while IFS=$'\t' read -r method path _ dialect _; do
	[[ $dialect != page ]] || continue
	[[ $method != '*' ]] || method='[A-Z]+'
	ok_if "$method $path is asked" grep -qE "^$method [a-z]+://[^/]*${path/'{id}'/[0-9a-f-]+}(\?|$)" "$asked"
done <<<"$routes"

done_testing
