#!/bin/bash
# make install, over what an operator has changed, and make uninstall: neither takes a file that the operator has written.
. "${0%/*}/lib.sh"

root=$work/root
make_it() { make -s -C "$build" "$1" DESTDIR="$root" >>"$log" 2>&1; }
ok_if 'install' make_it install
etc=$(find "$root" -type d -path '*/etc/latchkey')
share=$(find "$root" -name common-passwords.filter)
share=${share%/*}
ok_if 'the places are known' test -d "$etc" -a -d "$share"
bin=$(find "$root" -path '*/bin/latchkey')

# files: what lies in /etc.
files() { (cd "$etc" && find . -type f | sort | xargs); }
is "$(files)" './latchkey.conf ./nginx-limit.conf' 'the configuration alone is in /etc'
is "$(cd "$share/mail" && echo */*.txt)" "$(cd "$top/conf/mail" && echo */*.txt)" 'the texts of mails are not'
is "$(cd "$share" && echo pages/* www/*)" "$(cd "$top/conf" && echo pages/*) $(cd "$top" && echo www/*)" 'nor are the pages and their files'
ok_if 'but there are places for changed ones, and for settings' test -d "$etc/conf.d" -a -d "$etc/mail" -a -d "$etc/pages" -a -d "$etc/www"

# dead_includes: what a web server's file includes, and is not there.
dead_includes() {
	grep -rhoE '^[^#]*\b[Ii]nclude +[^ ;]+' "$share/nginx" "$share/apache2" | grep -oE '[^ ]+$' | sort -u |
		grep -v '/web-key[.]' | while read -r file; do [[ -e $root/$file ]] || echo "$file"; done
}
is "$(dead_includes)" '' "what the web servers' files include is there"
is "$(cd "$share/nginx" && echo *)" "$(cd "$top/nginx-example/snippets" && echo *.conf | sed 's/latchkey-limit.conf //')" \
	'all of them are, but the one that is for the operator to change'
is "$(grep -rl 'snippets/' "$root" --include='latchkey*.conf')" '' 'none names a place of the sources'

# dead_links: those of the installed documents that lead to no file.
dead_links() {
	local page target
	find "$root" -name '*.md' | while read -r page; do
		grep -oE '\]\([^)#:]+' "$page" | cut -c 3- | grep -v '^https*$' | while read -r target; do
			[[ -e ${page%/*}/$target ]] || echo "${page##*/}: $target"
		done
	done
}
is "$(dead_links)" '' 'the links of the documents lead to documents'
ok_if 'of which there are some' test -e "$(find "$root" -path '*/doc/guide/install.md')"

# --- what the operator makes of it

mkdir "$etc/mail/en" "$etc/mail/nl"
sed 's/^Subject: .*/Subject: changed/' "$share/mail/en/test.txt" >"$etc/mail/en/test.txt"
sed 's/^Subject: .*/Subject: proef/' "$share/mail/en/test.txt" >"$etc/mail/nl/test.txt"
echo '# mine' >>"$etc/latchkey.conf"
echo '# mine' >>"$etc/nginx-limit.conf"
echo 'site_name = mine' >"$etc/conf.d/site.conf"
printf 'mine\n' >"$etc/mine.filter"
(cd "$etc" && find . -type f -exec sha256sum {} +) >"$work/sums"

# The programs find them, file by file.
mkdir -m 0777 "$work/sent"
printf '#!/bin/sh\ncat >%s/sent/mail\n' "$work" >"$work/mailer"
chmod 755 "$work/mailer"
# subject LANGUAGE TEMPLATES: of a test mail.
subject() {
	set_conf "language = $1" "mail_templates = $2" "mail_command = $work/mailer" 'mail_from = a@example.org'
	rm -f "$work/sent/mail"
	"$bin" --config "$conf" mail test b@example.org >>"$log" 2>&1
	sed -n 's/^Subject: //p' "$work/sent/mail" 2>/dev/null
}
like "$(subject de "$etc/mail:$share/mail")" '^Eine ' 'a text that is not changed, though another language is'
is "$(subject en "$etc/mail:$share/mail")" changed 'one that is'
is "$(subject nl "$etc/mail:$share/mail")" proef 'a language of their own'
is "$(subject de "$etc/mail")" changed 'one directory alone is all there is'
is "$(subject de "$share/mail:$etc/mail")" "$(subject de "$share/mail")" 'in their order'

# --- again, and away

ok_if 'install again' make_it install
is "$(cd "$etc" && sha256sum -c --quiet "$work/sums" 2>&1)" '' 'nothing of it has changed'
is "$(files)" './conf.d/site.conf ./latchkey.conf ./mail/en/test.txt ./mail/nl/test.txt ./mine.filter ./nginx-limit.conf' 'and nothing is new'
cp "$share/mail/de/test.txt" "$etc/mail/en/reset.txt"
mkdir "$etc/mail/de" && cp "$share/mail/de/"*.txt "$etc/mail/de" # as a version before has installed them
ok_if 'uninstall' make_it uninstall
is "$(cd "$etc" && sha256sum -c --quiet "$work/sums" 2>&1)" '' 'what was changed is there'
is "$(files)" './conf.d/site.conf ./latchkey.conf ./mail/en/reset.txt ./mail/en/test.txt ./mail/nl/test.txt ./mine.filter ./nginx-limit.conf' \
	'and what was not is gone'
is "$(find "$root" -type f ! -path "$etc/*")" '' 'all else is gone'

rm -r "$root"
ok_if 'install anew' make_it install
ok_if 'and uninstall' make_it uninstall
is "$(find "$root" -type f -o -path "$etc*")" '' 'where nothing was changed nothing stays'

done_testing
