#!/bin/bash
# A site_url that is not the site's address: a browser signs in, and its cookie does not count. The log says so, once an hour.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42

# said: what the log has of it.
said() { grep 'cookie not counted' "$log"; }
sign_in() { request POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$password\"}" "$@"; }
# begin SETTING...: as if there had been nothing for an hour.
begin() {
	fresh 'hash_cost = 1' "$@"
	add ann "$password"
	: >"$log"
}

begin 'site_url = https://example.org'
start cgi
sign_in
cookie="Cookie: ${header_of[Set-Cookie]%%;*}"
like "$cookie" '^Cookie: __Host-jwt=.' 'a cookie'
sign_in -H 'Origin: https://example.org'
request POST /auth/verify -H "$cookie" -H 'Origin: https://example.org'
is "$status" 204 'from the site itself it counts'
request POST /auth/verify -H "$cookie"
is "$status" 204 'and from no browser'
is "$(said)" '' 'nothing is said of that'
request POST /auth/verify -H "$cookie" -H $'Origin: http://example.org:8080/\xc2\x9b\e[2J'
is "$status" 401 'from elsewhere it does not'
like "$(said)" ': warning: \[POST /auth/verify [^]]*\] cookie not counted: Origin http://example.org:8080/.xc2.x9b.x1b\[2J is not site_url https://example.org$' \
	'and the log says why, escaped'
for i in 1 2 3; do
	request POST /auth/verify -H "$cookie" -H "Origin: http://$i.example.org"
	sign_in -H "Origin: http://$i.example.org"
done
is "$(said | wc -l)" 1 'once an hour, in all processes'

begin 'site_url = https://example.org'
sign_in -H 'Origin: http://localhost:6573'
is "$status" 200 'a sign-in from another address'
like "$(said)" 'Origin http://localhost:6573 is not site_url https://example.org$' 'whose cookie will not count: is said'

begin
sign_in -H 'Origin: http://localhost:6573'
like "$(said)" 'Origin http://localhost:6573, and site_url is not set$' 'no site_url: is said'

begin 'site_url = http://example.org'
start fcgi
sign_in
cookie="Cookie: ${header_of[Set-Cookie]%%;*}"
request POST /auth/verify -H "$cookie" -H 'Sec-Fetch-Site: cross-site'
is "$status" 401 'from another site'
like "$(said)" 'cookie not counted: Sec-Fetch-Site is cross-site$' 'without an Origin: what is said'
for i in 1 2 3; do
	request POST /auth/verify -H "$cookie" -H "Origin: http://$i.example.org"
	sign_in -H "Origin: http://$i.example.org"
done
is "$(said | wc -l)" 1 'once an hour of all programs'

done_testing
