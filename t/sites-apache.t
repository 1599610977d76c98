#!/bin/bash
# sites-apache.t - sites of other people's behind Apache, t/sites/apache.httpd, with latchkey's macros
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"
. "${0%/*}/sites.sh"

refused="401 $unauthorized" underscored=403

# start_sites: what the run script has left behind, and the sites besides; the requests go to those.
start_sites() {
	local module
	start apache
	add admin "$old" --admin --email admin@example.org
	add ann "$old" --email ann@example.org --verified
	sign_in admin
	admin=$token
	request POST /auth/access_token -H "Authorization: Bearer $admin" -d '{"name":"r","permission":"read"}'
	reader=${member_of[.token]-}
	sign_in ann
	stop
	start_applications
	for module in dir proxy_fcgi proxy_scgi proxy_uwsgi rewrite; do
		sed -i "/^LoadModule proxy_module/a LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so" "$work/apache.conf"
	done
	port=$(free_port)
	moved "$top/t/sites/apache.httpd" >>"$work/apache.conf"
	own_apache -e "s|^LogLevel.*|LogLevel error|"
}

files() {
	as=''
	for path in /files/file.txt /files/ /pretty/x /wiki/x /wiki/index.php; do
		ask site GET "$path"
		answers 401 "$unauthorized" "site: $path without a token"
		is "${header_of[Content-Type]-} ${header_of[WWW-Authenticate]-}" 'application/json; charset=utf-8 Bearer' "site: $path says what is asked for"
	done
	as=$token
	ask site GET /files/file.txt
	answers 200 $'a file\n' 'site: a file'
	ask site GET /files/file.txt -H 'X-Auth-User: admin'
	is "$status $body" "$refused" 'site: a file with X-Auth-User'
	# Apache goes on to another page by itself, and asks again.
	ask site GET /pretty/some/page
	answers 200 $'a file\n' 'site: a page that RewriteRule leads to'
	ask site GET /pretty/
	answers 200 $'a file\n' 'site: the index of a folder'
	ask site GET /files/nothing
	answers 404 $'the site\'s 404\n' "site: a 404 is the site's"
	is "$(grep -c '^Variable-' "$scratch/answer")" 0 'site: on which verify says nothing to the client'
	public_parts site
	ask site GET /auth/nothing
	answers 404 '{"status":"error","message":"Not found"}' "site: latchkey's own 404"
}

application() {
	local number value
	guarded site /app/
	as=$token
	for number in 401 403 404 413 500 503; do
		ask site GET "/app/status/$number"
		is "$status $body${header_of[Content-Type]-}" "$number the application's $number"$'\ntext/plain' "site: the application's $number is its own"
	done
	# A client names headers that are to end here (RFC 9110, 7.6.1).
	for value in X-Auth-User x-auth-user,close 'close, X-Auth-Role, X-Auth-Id, X-Auth-User'; do
		ask site GET /app/ -H "Connection: $value"
		is "$status $(told)" "200 $who" "site: with Connection: $value the application hears who it is"
	done
	as=''
	ask site GET /write/
	is "$status" 401 'site: where writing is demanded, without a token'
	as=$reader
	ask site GET /write/
	is "$status $body ${header_of[Content-Type]-}" "403 $forbidden application/json; charset=utf-8" 'site: for a token that may only read'
	as=$token
	ask site GET /write/
	is "$status $(told)" "200 $who" 'site: for a token that may write'
	ask site GET /write/status/403
	is "$status ${header_of[Content-Type]-}" '403 text/plain' "site: the application's own 403"
	as=''
	ask site GET /git/ -H "Authorization: Basic $(printf %s "any:$reader" | base64 -w 0)"
	is "$status $(told | grep -oi '[a-z-]*user=token:[0-9]*')" '200 x-auth-user=token:1' 'site: an access token as a password, where Basic counts'
	ask site GET /git/ -H "Authorization: Basic $(printf %s "ann:$old" | base64 -w 0)"
	is "$status ${header_of[WWW-Authenticate]-}" '401 Basic realm="latchkey", charset="UTF-8", Bearer' "site: but no person's password"
	ask site GET /write/ -H "Authorization: Basic $(printf %s "any:$reader" | base64 -w 0)"
	is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer' 'site: and no Basic elsewhere'
	as=$token
	for path in /uwsgi/ /scgi/; do
		ask site GET "$path"
		is "$status $body" "403 $forbidden" "site: $path would be told the web server's key, and is not asked"
	done
}

# A page of another site's that opens a websocket, and this site's own. A browser sends the cookie with both.
websocket() {
	local cookie before socket=(-H 'Upgrade: websocket' -H 'Connection: Upgrade' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
	as=''
	ask site POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$old\"}"
	cookie=${header_of[Set-Cookie]%%;*}
	before=$(requests)
	ask site GET /ws/ "${socket[@]}" -H "Cookie: $cookie" -H 'Origin: https://evil.example'
	is "$status $(($(requests) - before))" '401 0' "site: another site's page gets no websocket"
	ask site GET /ws/ "${socket[@]}" -H "Cookie: $cookie" -H 'Origin: http://site.test'
	is "$status" 101 "site: the site's own does"
}

# Apache cannot see where verify would send a browser. It says what the page wants, and the sign-in's page goes on from there.
demands() {
	local cookie
	as=''
	ask site POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$old\"}"
	cookie=${header_of[Set-Cookie]%%;*}
	ask site GET '/pay/x?y=z' "${page[@]}" -H "Cookie: $cookie"
	is "$status $(next)" '303 /pay/x?y=z' 'site: who lacks what a page wants goes to the sign-in'
	like "${header_of[Location]}" '&need=factor%3d2%26age%3d300$' 'site: which hears what that is'
	ask site GET "/account/${header_of[Location]#*/account/}" "${page[@]}" -H "Cookie: $cookie"
	like "$status ${header_of[Location]-}" '^303 (http://site.test)?/account/two-factor[?]next=' 'site: and leads on to the second factor'
}

php() {
	for path in /wiki/index.php /wiki/ /wiki/some/page; do guarded site "$path"; done
	as=$token
	ask site GET '/wiki/index.php?status=403'
	is "$status $body" $'403 the application\'s 403\n' "site: PHP's own 403"
}

whole() {
	guarded whole /
	guarded whole /v1/other
	as=''
	ask whole POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$old\"}"
	is "$status ${member_of[.success]-}" '200 true' 'whole: people can sign in'
	public_parts whole
	ask whole GET /v1/auth/me
	answers 401 '{"error":"unauthorized"}' "whole: latchkey's own 401"
	for path in /auth/../secret //secret /auth/%2e%2e/secret '/%61uth/../secret'; do
		ask whole GET "$path"
		is "$status" 401 "whole: $path is protected"
	done
	for path in /auth/secret /api-secret /v1/api/secret; do
		as=$token
		ask whole GET "$path"
		answers 404 "$body" "whole: $path is nobody's"
	done
}

fresh 'hash_cost = 1' 'throttle = off' 'site_url = http://site.test'
start_sites
who="x-auth-email=ann@example.org x-auth-id=$(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p') x-auth-permission=read,write x-auth-role=user x-auth-user=ann"
files
application
websocket
demands
php
whole
done_testing
