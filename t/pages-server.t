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
location() { printf %s "${header_of[Location]#http://localhost}"; }

files() {
	local name type path
	while read -r name type; do
		request GET "/account/www/0123456789abcdef/$name" --public
		is "$status ${header_of[Cache-Control]-} ${header_of[Content-Type]-} ${header_of[X-Content-Type-Options]-}" \
			"200 public, max-age=31536000, immutable $type nosniff" "$way: $name is kept for a year"
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
	is "${header_of[Cache-Control]-}" 'public, max-age=31536000, immutable' "$way: it is kept as well"
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
	request GET /.well-known/change-password --public
	is "$status $(location)" '303 /account/password' "$way: where a password is changed"
	request GET /.well-known/change-password/x --public
	is "$status" 404 "$way: and no address beneath"
}

# A caller that is not let in. The page is login's; what a form has sent goes to nobody.
refused() {
	local bob
	sign_in bob@example.com
	bob=(-H "Authorization: Bearer $token")
	request GET /admin/ --public "${bob[@]}"
	answers 403 "$forbidden" "$way: a script without the right gets JSON"
	request GET /admin/ --public "${bob[@]}" "${script[@]}"
	answers 403 "$forbidden" "$way: so does that of a page"
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
	for path in /account/sign-in /account/nothing /account/api/session /account/api/nothing /account/www/x/page.css \
		/account/www/x/nothing /account /.well-known/change-password /auth/verify /auth/nothing /protected/ /nothing; do
		request_tls GET "$path"
		is "$(grep -i '^Strict-Transport-Security:' "$scratch/answer")" $'Strict-Transport-Security: max-age=3600\r' "$way: HSTS at $path"
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
	add admin "$old" --admin
	add bob@example.com "$old" --verified
	files
	own_files
	own_answers
	redirects
	refused
	fresh 'hash_cost = 1' 'site_url = https://pages.test:PUBLIC_PORT'
	start_tls "$way"
	tls
done
done_testing
