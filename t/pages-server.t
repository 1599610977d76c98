#!/bin/bash
# pages-server.t - what nginx and Apache do for latchkey's pages: their files, the web server's own answers to people, and
# where they send a browser
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

no_store='no-store text/html; charset=utf-8 nosniff same-origin'

# is_page STATUS NAME: the last answer is the web server's own page for that status, which nobody keeps.
is_page() {
	local said="${header_of[Cache-Control]-} ${header_of[Content-Type]-} ${header_of[X-Content-Type-Options]-}"
	is "$status $said ${header_of[Referrer-Policy]-}" "$1 $no_store" "$way: $2: a page, with $1"
	ok_if "$way: $2: it is error-$1.html" cmp -s <(printf %s "$body") <(printf %s "$(<"$top/www/error-$1.html")"$'\n')
	like "${header_of[Content-Security-Policy]-}" "^default-src 'none'; " "$way: $2: it may load nothing from elsewhere"
}
# location: of the last answer, without the scheme and the host, which Apache names.
location() { [[ ! -v header_of[Location] ]] || printf %s "${header_of[Location]#http://localhost}"; }

head_of_answer() { tr -d '\r' <"$scratch/answer" | sed '/^$/q'; }
# is_page_of STATUS PAGE NAME: the last answer is a program's page, with each of its headers once.
is_page_of() {
	is "$status ${header_of[Content-Type]-} $(grep -c "<body class=\"page-$2" <<<"$body")" "$1 text/html; charset=utf-8 1" "$way: $3: the page $2, with $1"
	is "$(head_of_answer | sed -n 's/^\([^:]*\): .*/\1/p' | grep -vi '^set-cookie$' | sort -f | uniq -di)" '' "$way: $3: no header is there twice"
	is "$(grep -icE '^(Content-Security-Policy|Permissions-Policy|Referrer-Policy|X-Content-Type-Options|Cache-Control|Content-Language):' < <(head_of_answer))" \
		6 "$way: $3: and none is lost"
}

pages() {
	local path
	request GET /account/sign-in --public "${page[@]}"
	is_page_of 200 sign-in 'the sign-in'
	request POST /account/sign-in --public "${form[@]}" -H 'Content-Type: application/x-www-form-urlencoded' -H 'Cookie: latchkey-kept=1' -d 'name=admin&password=wrong'
	is_page_of 403 sign-in 'a wrong password'
	for path in nothing Sign-in sign-in/ sign-in/x www www/x/.htaccess to-sign-in apis; do
		request GET "/account/$path" --public "${page[@]}"
		is "$status ${header_of[Content-Type]-}" '404 text/html; charset=utf-8' "$way: /account/$path is a page that is not there"
	done
	while read -r path; do
		request GET "$path" --public "${page[@]}"
		like "$status $(location)" '^(200 |303 /account/sign-in[?]next=|303 /(account/admin/)?$|403 )' "$way: $path is a page"
	done < <(awk -F '\t' '$1 == "GET" && $4 == "page" { print $2 }' <<<"$routes")
}
form=(-H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' -H 'Sec-Fetch-Site: same-origin')

# The example's / until a site is there.
start_page() {
	request GET / --public "${page[@]}"
	is_page_of 200 start 'the beginning'
	is "$(grep -c '<form method="post" action="/account/start"' <<<"$body")" 0 "$way: which makes no first account from afar"
	request GET / "${page[@]}"
	is "$(grep -c '<form method="post" action="/account/start"' <<<"$body")" 1 "$way: but from the machine itself"
	request GET /nothing --public "${page[@]}"
	is "$status" 404 "$way: all else is the site's"
}

files() {
	local name type path
	while read -r name type; do
		request GET "/account/www/0123456789abcdef/$name" --public
		is "$status ${header_of[Cache-Control]-} ${header_of[Content-Type]-} ${header_of[X-Content-Type-Options]-}" \
			"200 private, max-age=31536000, immutable $type nosniff" "$way: $name is kept for a year"
		ok_if "$way: $name is what it is" cmp -s <(printf %s "$body") <(printf '%s\n' "$(<"$top/www/$name")")
	done <<-'END'
		page.css text/css; charset=utf-8
		page.js text/javascript; charset=utf-8
		error-404.html text/html; charset=utf-8
	END
	request HEAD /account/www/x/favicon.svg --public
	like "$status ${header_of[Content-Type]-}" '^200 image/svg[+]xml' "$way: an icon"
	request GET /account/www/0/page.css --public
	is "$status ${header_of[Cache-Control]-}" '200 no-cache' "$way: without a version a file is asked for again"
	request GET /account/www/0/page.css --public -H "If-Modified-Since: ${header_of[Last-Modified]-}"
	is "$status ${header_of[Cache-Control]-}" '304 no-cache' "$way: and need not come again"
	request GET /account/www/x/page.css --public -H 'Accept-Encoding: gzip'
	is "${header_of[Content-Encoding]-} ${header_of[Vary]-}" 'gzip Accept-Encoding' "$way: a file comes compressed"
	request GET /account/sign-in --public "${page[@]}" -H 'Accept-Encoding: gzip'
	is "${header_of[Content-Encoding]-}" '' "$way: a page does not, beside what a stranger has put into it"
	for path in nothing.css .htaccess .. x/page.css page.CSS page.css/ %2e%2e%2flatchkey.conf; do
		request GET "/account/www/x/$path" --public
		is "$status" 404 "$way: $path is no file"
	done
	request GET /account/www/x/nothing.css --public
	is_page 404 'a file that is not there'
	request GET /account/www/x/page.css --public -H 'X-Auth-User: admin'
	is "$status" 200 "$way: verify is not asked for a file"
}

# A site's own files, in DIR/www here.
own_files() {
	mkdir -m 755 "$work/www"
	for name in page.css custom.css error-404.html; do echo "my $name" >"$work/www/$name"; done
	for name in page.css custom.css; do
		request GET "/account/www/x/$name" --public
		is "$status ${header_of[Content-Type]-} $body" "200 text/css; charset=utf-8 my $name"$'\n' "$way: the site's own $name"
	done
	is "${header_of[Cache-Control]-}" 'private, max-age=31536000, immutable' "$way: it is kept as well"
	request GET /account/www/0/page.css --public
	is "${header_of[Cache-Control]-}" no-cache "$way: but not without a version"
	request GET /account/www/x/page.js --public
	is "$status" 200 "$way: what the site has not is latchkey's"
	request GET /account/www/x/nothing --public
	is "$status ${header_of[Cache-Control]-} $body" $'404 no-store my error-404.html\n' "$way: the site's own error"
	rm -r "$work/www"
}

# The web server's own answers, to people and to scripts.
own_answers() {
	head -c 80000 /dev/zero >"$work/big"
	request POST /account/sign-in --public -f "$work/big" -H 'Content-Type: application/x-www-form-urlencoded'
	is_page 413 'a form that is too large'
	request POST /account/api/session --public -f "$work/big" "${page[@]}"
	is "$status ${header_of[Content-Type]-} ${member_of[.code]-}" '413 application/problem+json; charset=utf-8 too-large' \
		"$way: for the API it is JSON"
	request GET /account/api/nothing --public "${page[@]}"
	is "$status ${header_of[Content-Type]-} ${member_of[.code]-}" '404 application/problem+json; charset=utf-8 not-found' \
		"$way: and so is an address that it does not have"
	request GET /auth/nothing --public "${page[@]}"
	answers 404 '{"status":"error","message":"Not found"}' "$way: and those of the other APIs"
}

redirects() {
	request GET /account --public
	is "$status $(location)" '303 /account/' "$way: /account is /account/"
	request GET /account/admin --public
	is "$status $(location)" '303 /account/admin/' "$way: /account/admin is /account/admin/"
	request GET /.well-known/change-password --public
	is "$status $(location)" '303 /account/password' "$way: where a password is changed"
	request GET /.well-known/change-password/x --public
	is "$status" 404 "$way: and no address beneath"
}

# lost REFERER NEXT NAME: where a form leads that an application would have got, after its sender's session.
lost() {
	request POST /protected/save --public "${page[@]}" -H 'Host: localhost' ${1:+-H "Referer: $1"} -d 'x=y'
	like "$status $(location)&" '^303 /account/sign-in[?]next=[^&]+&lost=1&' "$way: a lost form: $3"
	request GET "$(location)" --public "${page[@]}"
	is "$status $(sed -n 's/.* name="next" value="\([^"]*\)".*/\1/p' <<<"$body") $(grep -c '<p class="note">' <<<"$body")" \
		"200 $2 1" "$way: a lost form: $3, and the page says so"
}

lost_forms() {
	lost http://localhost/wiki/?edit=1 '/wiki/?edit=1' 'back to the page that has sent it'
	lost 'http://localhost/a?x=1&y=%26%C3%A9' '/a?x=1&amp;y=%26%C3%A9' 'with all that is in its address'
	lost http://localhost//evil.example/ /evil.example/ 'to no other site'
	lost http://example.com/wiki/ / "not to another site's page"
	lost http://localhost.example.com/wiki/ / 'nor to one whose name begins alike'
	lost '' / 'to the beginning, where nothing says from where'
}

# A caller that is not let in. The page is login's; what a form has sent goes to nobody.
refused() {
	local bob
	sign_in bob@example.com
	bob=(-H "Authorization: Bearer $token")
	request GET /admin/ --public "${bob[@]}"
	answers 403 "$forbidden" "$way: a script without the right gets JSON"
	is "${header_of[Content-Type]-} ${header_of[Cache-Control]-} $(head_of_answer | grep -c '^Variable-')" \
		'application/json; charset=utf-8 no-store 0' "$way: and hears nothing of what verify has said"
	request GET /admin/ --public "${bob[@]}" "${script[@]}"
	answers 403 "$forbidden" "$way: so does that of a page"
	request GET '/admin/x?y' --public "${bob[@]}" "${page[@]}"
	is_page_of 403 forbidden 'a person without the right'
	request GET /admin/ --public "${bob[@]}" -H 'Accept: text/html,*/*'
	is_page_of 403 forbidden 'a person over plain http'
	request HEAD /admin/ --public "${bob[@]}" "${page[@]}"
	is "$status ${header_of[Content-Type]-}" '403 text/html; charset=utf-8' "$way: HEAD as well"
	head -c 900000 /dev/zero >"$work/form"
	request POST /admin/ --public "${bob[@]}" "${page[@]}" -H "Origin: http://localhost" -f "$work/form"
	is_page 403 'a form without the right'
	request POST /admin/ --public "${bob[@]}" -H 'Accept: text/html' -d 'x=y'
	is_page 403 'a form over plain http'
	request POST /admin/ --public "${bob[@]}" -d 'x=y'
	answers 403 "$forbidden" "$way: a script that sends something gets JSON"
}
forbidden='{"status":"error","message":"Forbidden"}'

# By the example's lines for TLS: HSTS is on each answer, once.
tls() {
	local path
	add bob "$old"
	request_tls POST /account/sign-in "${form[@]}" -H "Origin: $site" -H 'Cookie: __Host-latchkey-kept=1' -d "name=bob&password=$old&next=/protected/x"
	like "$status $(location) ${header_of[Set-Cookie]-}" '^303 /protected/x __Host-latchkey=.*; Secure' "$way: TLS: a sign-in"
	request_tls GET /protected/x "${page[@]}" -H "Cookie: ${header_of[Set-Cookie]%%;*}"
	is "$status ${member_of[.user]-}" '200 bob' "$way: TLS: which opens a protected page"
	for path in /account/sign-in /account/nothing /account/api/session /account/api/nothing /account/www/x/page.css \
		/account/www/x/nothing /account /.well-known/change-password /auth/verify /auth/nothing /protected/ /nothing; do
		request_tls GET "$path"
		is "$(grep -i '^Strict-Transport-Security:' "$scratch/answer")" $'Strict-Transport-Security: max-age=3600\r' "$way: 45: HSTS at $path"
	done
	request_tls GET /protected/x "${page[@]}"
	like "$status ${header_of[Location]-}" "^303 ($site)?/account/sign-in[?]next=" "$way: TLS: a browser is sent to the sign-in"
	request_tls GET /account
	like "$status ${header_of[Location]-}" "^303 ($site)?/account/$" "$way: TLS: the account"
	request GET /account
	is "${header_of[Strict-Transport-Security]-}" '' "$way: no HSTS on the machine's own server"
}

for way in nginx apache; do
	fresh 'hash_cost = 1'
	start "$way"
	start_page
	add admin "$old" --admin
	add bob@example.com "$old" --verified
	pages
	files
	own_files
	own_answers
	redirects
	lost_forms
	refused
	fresh 'hash_cost = 1' 'site_url = https://pages.test:PUBLIC_PORT'
	start_tls "$way"
	tls
done
done_testing
