#!/bin/bash
# shellcheck disable=SC2016 # awk's dollars
# pages-texts.t - the texts of pages and mails: every language has all of them, with the same words, and none is for nothing
. "${0%/*}/lib.sh"

pages=$top/conf/pages
mails=$top/conf/mail

# texts LANG: its lines that are texts; keys LANG: what they are called.
texts() { grep -v '^#' "$pages/$1.txt" | grep .; }
keys() { texts "$1" | sed 's/ = .*//'; }
# words_of_texts LANG: KEY {WORD}, for each word in a text, and KEY % for a number; words_of_mails LANG: FILE {WORD}.
words_of_texts() {
	texts "$1" | awk '{
		for (rest = $0; match(rest, /[{][^}]*[}]|%/); rest = substr(rest, RSTART + RLENGTH))
			print $1, substr(rest, RSTART, RLENGTH)
	}'
}
words_of_mails() { (cd "$mails/$1" && grep -o '{[a-z]*}' ./*.txt | sort -u); }
# marks SORT: what the templates' marks of that sort name, once.
marks() { grep -ohE "[{][$1][a-z0-9.-]+[}]" "$pages"/*.html | sed 's/^..//; s/}$//' | sort -u; }
# missing WANTED THERE: the lines of the one list that the other lacks.
missing() { comm -23 <(sort -u <<<"$1") <(sort -u <<<"$2"); }
# in_source PATTERN: what stands in the programs and in what they share.
in_source() { grep -rohE --include='*.c' -e "$1" "$top/cgi" "$top/common"; }

mapfile -t languages < <(cd "$pages" && printf '%s\n' *.txt | sed 's|.txt$||')
html=$(cd "$pages" && printf '%s\n' *.html | sed 's|.html$||')
english=$(keys en)
codes=$(sed -n '/^static const struct dialect_row account_rows/,/^};/s/.*, "\([a-z-]*\)"},$/\1/p' "$top/common/web/dialect.c" | sort -u)
flaws=$(in_source '[{]POLICY_[A-Z]+, "[a-z-]+"[}]' | sed 's/.*"\(.*\)".*/flaw.\1/' | sort -u)

of_a_language() { # LANG
	is "$(texts "$1" | grep -vE '^[a-z0-9.-]+ = [^ ]+( [^ ]+)*$')" '' "$1: each line is a key and a text"
	is "$(diff <(keys "$1") - <<<"$english")" '' "$1: the keys of English, each once, in the same order"
	same_lines "$(words_of_texts en)" "$(words_of_texts "$1")" "$1: each text has the words of the English one"
	is "$(texts "$1" | grep -E '[<>]|&[a-z]+;')" '' "$1: no text has markup"
	ok_if "$1: is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$pages/$1.txt"
	like "$(texts "$1")" $'\ndirection = (ltr|rtl)\n' "$1: its direction"
}

of_the_templates() {
	is "$(keys en | sort | uniq -d)" '' 'no key is there twice'
	is "$(missing "$(marks '#')" "$english")" '' 'each text of a template is one of English'
	is "$(missing "$(marks '>')" "$html"$'\npage')" '' 'each template in a template is there'
	is "$(missing "$html" "$(marks '>')"$'\nframe\n'"$(sed -n 's/^title[.]//p' <<<"$english")")" '' \
		'each other template is a page, and has a title'
	is "$(missing "$(sed -n 's/^title[.]//p' <<<"$english")" "$html")" '' 'each title is that of a page'
}

# What a program asks for by its own name, or by one that it puts together of "error." and a code.
of_the_programs() {
	local named
	named=$(in_source '"[a-z0-9.-]+"' | tr -d '"' | sort -u)
	ok_if 'there are codes' [ "$(wc -l <<<"$codes")" -ge 25 ]
	ok_if 'there are flaws' [ "$(wc -l <<<"$flaws")" -ge 5 ]
	is "$(missing "error.${codes//$'\n'/$'\n'error.}" "$english")" '' "each code of the account's dialect has a text"
	is "$(missing "$flaws" "$english")" '' 'and each flaw of a password'
	is "$(missing "$(grep -E '^(notice|error|flaw|title)[.].' <<<"$named")" "$english")" '' 'each text that a program names is there'
	is "$(missing "$(sed '/^title[.]/d' <<<"$english")" "$(marks '#'
		sed 'p; s/^/error./p; s/^error/flaw/' <<<"$named")")" '' 'each text is in a template, or a program names it'
}

# What the audit has is in no person's language: the administration has a word for each.
of_the_audit() {
	local events reasons
	events=$("$top/build-aux/routes" "$build" | cut -f 5 | grep -v '^-$'
		grep -ohE 'event = "[a-z-]+"|cli_audit\([&a-z>-]+, [^)]*"[a-z-]+"' "$top"/{cgi,cli}/*.c "$top"/common/*/*.c | grep -o '"[a-z-]*"' | tr -d '"'
		cat "$top"/cli/*.c | tr -d '\n\t' | grep -oE '[a-z_]+, *[a-z_]+, *"[a-z-]+"[}]' | grep -o '"[a-z-]*"' | tr -d '"')
	reasons=$(sed -n '/^} reasons/,/^};/s/.*{"\([a-z-]*\)".*/\1/p' "$top/common/site/audit.c" | grep -v '^ok$'
		grep -ohE 'reason = "[a-z]+-[a-z]+"' "$top"/{cgi,cli}/*.c "$top"/common/*/*.c | grep -o '"[a-z-]*"' | tr -d '"')
	ok_if 'there are events' [ "$(sort -u <<<"$events" | wc -l)" -ge 35 ]
	ok_if 'there are reasons' [ "$(sort -u <<<"$reasons" | wc -l)" -ge 35 ]
	is "$(missing "event.${events//$'\n'/$'\n'event.}" "$english")" '' 'each event of the audit has a text'
	is "$(missing "reason.${reasons//$'\n'/$'\n'reason.}" "$english")" '' 'and each reason'
	is "$(missing "$(sed -n 's/^event[.]//p' <<<"$english")" "$(sed -n 's/^<option value="\([a-z-]*\)">{#event[.]\1}.*/\1/p' "$pages/admin.html")")" \
		'' 'which an administrator can choose'
}

of_the_mails() { # LANG
	is "$(cd "$mails/$1" && ls)" "$(cd "$mails/en" && ls)" "$1: the mails of English"
	same_lines "$(words_of_mails en)" "$(words_of_mails "$1")" "$1: each has the words of the English one"
	is "$(cd "$mails/$1" && for mail in *; do sed -n '1{/^Subject: ./d;p};2{/./p}' "$mail"; done)" '' "$1: each has a subject, and a blank line"
}

# The language that tests of pages use is made of English.
of_the_test_language() {
	local made=$work/qps.txt
	ok_if 'the test language is made' "$top/t/web/test-language" "$pages/en.txt" "$made"
	is "$("$top/t/web/test-language" "$pages/en.txt")" "$(<"$made")" 'and printed'
	is "$(sed 's/ = .*//' "$made")" "$english" 'it has the keys of English'
	same_lines "$(words_of_texts en)" "$(pages=$work words_of_texts qps)" 'and the words'
	is "$(grep -v '^direction = rtl$' "$made" | grep -v ' = \[.*\]$')" '' 'each text is in brackets'
	is "$(paste -d '\n' <(texts en) "$made" | LC_ALL=C.UTF-8 awk '
		{ sub(/^[^ ]* = /, "") }
		NR % 2 { was = $0; next }
		was != "ltr" && length($0) < 1.4 * length(was) { print was }' | grep -v '{')" '' 'and two fifths longer'
}

# What a theme is made of is in the guide.
of_the_theme() {
	same_lines "$(grep -o '^[[:blank:]]*--lk-[a-z-]*:' "$top/www/page.css" | tr -d ':\t ' | sort -u)" \
		"$(grep '^| `--lk-' "$top/doc/guide/pages.md" | grep -o -- '--lk-[a-z-]*' | sort -u)" 'the properties of a theme'
}

ok_if 'there are languages' [ ${#languages[@]} -ge 5 ]
for language in "${languages[@]}"; do
	of_a_language "$language"
	of_the_mails "$language"
done
is "$(cd "$mails" && printf '%s\n' */ | tr -d /)" "$(printf '%s\n' "${languages[@]}")" 'mails have the languages of the pages'
of_the_templates
of_the_programs
of_the_audit
of_the_test_language
of_the_theme
done_testing
