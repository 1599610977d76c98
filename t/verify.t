#!/bin/bash
# verify.t - what verify says of a caller, what a location may demand, and the way of a browser to the sign-in and back
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
common=('hash_cost = 1' 'mail_command =' 'throttle = off' 'session_idle = 300')
http=("${common[@]}" 'site_url = http://localhost')

# begin [NAME [MEMBERS]]: a session; sets $cookie, $sid and $id, the account's.
begin() {
	request POST /account/api/session -d "{\"name\":\"${1-ann}\",\"password\":\"$good\"${2-}}"
	taken
	sid=${member_of[.session.id]-} id=${member_of[.account.id]-}
}
# taken: sets $cookie to the one that the last answer has.
taken() { cookie=$(grep -oE '(__(Host|Secure)-)?latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}"); }
# ago SECONDS COMMAND...: with the clock of what it asks that much back.
ago() {
	local way=cgi
	later "-$1" "${@:2}"
}
verify() { request GET "/auth/verify${1:+?$1}" "${@:2}"; }
by() { verify "$1" -H "Cookie: $cookie" "${@:2}"; }
ask() { echo "$status ${header_of[WWW-Authenticate]-}"; }
to() { echo "$status ${header_of[X-Auth-Location]-}"; }
said() { grep "^X-Auth-" <<<"$headers" | sort | sed 's/^X-Auth-//' | paste -sd ' '; }

people() {
	add ann "$good" --email ann@example.org --verified --admin
	latchkey user set ann --name 'Ann Иванова, 100%' 2>>"$log"
	latchkey user group ann +wheel +staff 2>>"$log"
	add 'Иван' "$good" --email ivan@example.org
}

# --- what it says

tells() {
	begin
	by ''
	is "$status $(said)" "204 Email: ann@example.org Factors: pwd Groups: staff,wheel Id: $id Name: Ann %D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%D0%B0, 100%25 Permission: read,write,admin Role: admin Session: $sid User: ann" \
		"$way: all of a session"
	begin Иван
	by ''
	is "$status $(said)" "204 Factors: pwd Id: $id Permission: read,write Role: user Session: $sid User: %D0%98%D0%B2%D0%B0%D0%BD" \
		"$way: not an address that is not proved"
	request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$good\",\"cookie\":false}"
	jwt=${member_of[.token]-} id=${member_of[.account.id]-}
	verify '' -H "X-Jwt-Token: $jwt"
	like "$status $(said)" "^204 Email: ann@example.org Groups: staff,wheel Id: $id Name: .* Role: admin User: ann$" \
		"$way: of a token without a session no factors"
	request POST /auth/access_token -H "Authorization: Bearer $jwt" -d '{"name":"x","permission":"read"}'
	key=${member_of[.token]-}
	verify '' -H "X-Api-Key: $key"
	is "$status $(said)" '204 Id: token:1 Permission: read Role: user User: token:1' "$way: of an access token its own"
}

# What changes is told at the next request.
changes() {
	begin Иван
	by group=staff
	is "$status" 403 "$way: in no group"
	latchkey user group Иван +staff 2>>"$log"
	by group=staff
	is "$status ${header_of[X-Auth-Groups]-}" '204 staff' "$way: and in one, in the same session"
	latchkey user group Иван -staff 2>>"$log"
	by group=staff
	is "$status" 403 "$way: and out of it"
}

# --- what is demanded

demands() {
	local demand
	begin
	for demand in group=staff group=wheel 'role=admin&group=staff&permission=read,write' age=600 'role=user&age=999999999'; do
		by "$demand"
		is "$status" 204 "$way: $demand is met"
	done
	for demand in group=other group=staf group=staff,wheel group= age= age=-1 age=1x age=9999999999 factor=1 factor=3 factor= nothing=1 \
		'age=600&group=other' 'factor=2&role=none'; do
		by "$demand" "${page[@]}"
		is "$(to)" '403 ' "$way: $demand is not, and no sign-in helps"
	done
	by factor=2 "${page[@]}"
	is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer error="insufficient_user_authentication", acr_values="2"' "$way: factor=2 wants a second factor"
	like "${header_of[X-Auth-Location]-}" '^/account/(confirm|two-factor)\?next=' "$way: and a person goes where to give it"
	for demand in factor=2 age=600; do
		verify "$demand" -H "X-Jwt-Token: $jwt"
		is "$status" 403 "$way: $demand of a token without a session"
		verify "$demand" -H "X-Api-Key: $key"
		is "$status" 403 "$way: $demand of an access token"
	done
}
# Of a sign-in some time ago.
ages() {
	ago 100 begin
	by age=60 "${script[@]}"
	is "$(ask) $(to)" '401 Bearer error="insufficient_user_authentication", max_age="60" 401 ' "$way: age=60 after 100 s"
	by age=60 "${page[@]}"
	is "$(to)" '401 /account/confirm?next=/auth/verify%3Fage%3D60' "$way: a person goes to where to confirm"
	by 'age=60&role=admin'
	is "$status" 401 "$way: beside a demand that is met"
	by age=200
	is "$status" 204 "$way: age=200 after 100 s"
	request POST /account/api/session/confirm -H "Cookie: $cookie" -d "{\"password\":\"$good\"}"
	taken
	by age=60
	is "$status" 204 "$way: age=60 after the password"
}

# --- which clients are sent to the sign-in

navigations() {
	local wanted sent headers_sent
	while IFS='|' read -r wanted sent; do
		IFS=';' read -ra sent <<<"$sent"
		headers_sent=()
		for sent in "${sent[@]}"; do headers_sent+=(-H "$sent"); done
		verify '' "${headers_sent[@]}"
		is "$status ${header_of[X-Auth-Location]+sent}" "401 $wanted" "$way: ${headers_sent[*]}"
	done <<-'END'
		sent|Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: document
		sent|Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: document;Accept: */*
		sent|Accept: text/html,application/xhtml+xml,*/*;X-Other: x
		|Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: iframe;Accept: text/html
		|Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: object;Accept: text/html
		|Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: embed;Accept: text/html
		|Sec-Fetch-Mode: navigate;Accept: text/html
		|Sec-Fetch-Dest: document;Accept: text/html
		|Sec-Fetch-Mode: cors;Sec-Fetch-Dest: empty;Accept: text/html
		|Sec-Fetch-Mode: no-cors;Sec-Fetch-Dest: image
		|Accept: application/json
		|X-Other: x
	END
	verify '' "${page[@]}" -H 'Authorization: Bearer x.y.z'
	is "$(to)" '401 /account/sign-in?next=/auth/verify' "$way: with a bad token"
	verify 'a=b&c=%20d' "${page[@]}"
	is "$(to)" '401 /account/sign-in?next=/auth/verify%3Fa%3Db%26c%3D%2520d' "$way: the address is written into another"
	request POST /auth/verify "${page[@]}" -d '{}'
	is "$(to)" '401 /account/sign-in?next=/&lost=1' "$way: what was posted cannot be gone back to"
	request POST /auth/verify "${page[@]}" -H 'Host: localhost' -H 'Referer: http://localhost/wiki/?edit' -d '{}'
	is "$(to)" '401 /account/sign-in?next=/wiki/%3Fedit&lost=1' "$way: but the page that has posted it can"
	request POST /auth/verify "${page[@]}" -H 'Host: localhost' -H 'Referer: http://example.com/wiki/' -d '{}'
	is "$(to)" '401 /account/sign-in?next=/&lost=1' "$way: not another site's"
	verify "$(printf 'a%.0s' {1..1100})" "${page[@]}"
	is "$(to)" '401 /account/sign-in?next=/' "$way: nor an address that is too long"
}

# --- renewal

renewals() {
	local first
	ago 100 begin
	by '' "${page[@]}"
	is "$(to)" '204 ' "$way: before half of its idle time"
	ago 160 begin
	first=$cookie
	by 'a=b' "${page[@]}" # which is a demand, and not met
	is "$(to)" '403 ' "$way: what is refused is not renewed"
	by '' "${page[@]}"
	is "$(to)" '401 /account/renew?next=/auth/verify' "$way: after half of it"
	by '' "${script[@]}"
	is "$(to)" '204 ' "$way: a script goes on"
	request HEAD /auth/verify -H "Cookie: $cookie" "${page[@]}"
	is "$(to)" '204 ' "$way: so does HEAD"
	request POST /auth/verify -H "Cookie: $cookie" -H 'Accept: text/html' -d '{}'
	is "$(to)" '204 ' "$way: so does a POST"
	verify '' -H "X-Jwt-Token: ${cookie#*=}" "${page[@]}"
	is "$(to)" '204 ' "$way: so does a client that has no cookie to renew"
	request GET '/account/renew?next=/wiki/%3Fa%3Db' -H "Cookie: $cookie" "${page[@]}"
	taken
	is "$status ${header_of[Location]-}" '303 /wiki/?a=b' "$way: it is renewed, and the browser comes back"
	ok_if "$way: with another cookie" [ "$cookie" != "$first" ]
	by '' "${page[@]}"
	is "$(to) ${header_of[X-Auth-Factors]-}" '204  pwd' "$way: which is not renewed at once"
	by age=100 "${page[@]}"
	is "$(to)" '401 /account/confirm?next=/auth/verify%3Fage%3D100' "$way: nor is the sign-in fresher by it"
	cookie="$first; $cookie"
	by '' "${page[@]}"
	is "$(to)" '204 ' "$way: of two cookies of a session the newer is looked at"
	cookie="${cookie#*; }; $first"
	by '' "${page[@]}"
	is "$(to)" '204 ' "$way: in any order"
	cookie=$first
	request GET '/account/sign-in?next=/wiki/' -H "Cookie: $cookie" "${page[@]}"
	is "$status ${header_of[Location]-}" '303 /wiki/' "$way: the sign-in renews, too"
	request DELETE /account/api/session -H "Cookie: $cookie"
	for next in /wiki/ ''; do
		request GET "/account/renew${next:+?next=$next}" -H "Cookie: $cookie" "${page[@]}"
		is "$status ${header_of[Location]-} ${header_of[Set-Cookie]-}" "303 /account/sign-in?next=${next:-/} " "$way: without a session it leads to the sign-in"
	done
	begin
	for next in //example.com /%5cexample.com https%3A//example.com/ %2F%09/example.com javascript:x; do
		request GET "/account/renew?next=$next" -H "Cookie: $cookie"
		is "$status ${header_of[Location]-}" '303 /' "$way: $next leads nowhere else"
	done
	# One that ends soon in any case.
	set_conf "${http[@]}" 'session_life = 330'
	start "$way"
	ago 160 begin
	by '' "${page[@]}"
	is "$(to)" '204 ' "$way: what cannot last for a minute more is not renewed"
	set_conf "${http[@]}"
}

# By each of its cookies, the last one renewed as late as can be.
ends() {
	begin
	later 280 verify '' -H "Cookie: $cookie"
	is "$status" 204 "$way: to the end of its idle time"
	local first=$cookie
	later 280 request POST /account/api/session/renew -H "Cookie: $cookie"
	taken
	later 301 verify '' -H "Cookie: $first"
	is "$status" 401 "$way: 30: a session that nobody renews"
	later 301 verify '' -H "Cookie: $cookie"
	is "$status" 204 "$way: and one that is renewed"
}

pages() {
	local path
	request GET '/account/sign-in?next=/wiki/'
	is "$status ${header_of[Content-Type]-}" '200 text/html; charset=utf-8' "$way: the sign-in is a page"
	like "$body" 'name="next" value="/wiki/"' "$way: which knows what comes next"
	for path in confirm two-factor password email tokens ''; do
		request GET "/account/$path"
		is "$status ${header_of[Location]-}" "303 /account/sign-in?next=/account/$path" "$way: /account/$path leads to it"
	done
	request HEAD /account/sign-in
	is "$status $body" '200 ' "$way: or its head"
	request POST /account/sign-in -d '{}'
	is "$status ${header_of[Content-Type]-}" '415 text/html; charset=utf-8' "$way: and no JSON"
	request GET /account/nothing
	is "$status ${header_of[Content-Type]-}" '404 text/html; charset=utf-8' "$way: nothing else is there"
}

# --- Authorization: Basic

# basic NAME:PASSWORD OPTION...: where the location permits it.
basic() { verify '' -H "Authorization: Basic $(printf %s "$1" | base64 -w 0)" --param LATCHKEY_BASIC=yes "${@:2}"; }
basics() {
	local asked='Basic realm="latchkey", charset="UTF-8", Bearer'
	verify '' --param LATCHKEY_BASIC=yes
	is "$(ask)" "401 $asked" "$way: Basic is asked for"
	verify '' --param LATCHKEY_BASIC=no
	is "$(ask)" '401 Bearer' "$way: but only where the location says yes"
	verify '' --param LATCHKEY_BASIC=yes "${page[@]}"
	is "$(ask)" '401 Bearer' "$way: and of no browser"
	for name in '' ann token:1; do
		basic "${name%:*}:$key"
		is "$status ${header_of[X-Auth-User]-}" '204 token:1' "$way: with an access token for the password, as ${name:-nobody}"
	done
	verify '' -H "Authorization: Basic $(printf %s "ann:$key" | base64 -w 0)"
	is "$(ask)" '401 Bearer' "$way: elsewhere it is not looked at"
	basic "ann:$good"
	is "$(ask)" "401 $asked" "$way: a person's password is not tried"
	basic "ann:$jwt"
	is "$(ask)" "401 $asked" "$way: nor a JWT"
	basic "ann:lk_${key:4}x"
	is "$(ask)" "401 $asked error=\"invalid_token\"" "$way: what looks like a token is"
	for i in '' x :: 'Ym9i*' "$(printf 'ann%s' "$key" | base64 -w 0)" "$(head -c 600 /dev/zero | base64 -w 0)"; do
		verify '' -H "Authorization: Basic $i" --param LATCHKEY_BASIC=yes
		is "$(ask)" "401 $asked" "$way: Basic ${i:0:10} is none"
	done
	request POST /auth/verify -H "Authorization: Basic $(printf %s "ann:$key" | base64 -w 0)" --param LATCHKEY_BASIC=yes \
		-H 'Sec-Fetch-Site: cross-site' -H 'Origin: http://example.com'
	is "$status" 401 "$way: 44: another site's page that sends it along"
	request POST /auth/verify -H "Authorization: Basic $(printf %s "ann:$key" | base64 -w 0)" --param LATCHKEY_BASIC=yes
	is "$status" 204 "$way: a client that is no browser"
	begin Иван
	verify '' -H "Authorization: Basic $(printf %s "ann:$good" | base64 -w 0)" -H "Cookie: $cookie" --param LATCHKEY_BASIC=yes
	is "$status ${header_of[X-Auth-User]-}" '204 %D0%98%D0%B2%D0%B0%D0%BD' "$way: beside a cookie it is as if it were not there"
}
# Wrong tokens are tries, and nothing else is.
counted() {
	set_conf "${http[@]/throttle = off/throttle.first = 900}" # no delay ends meanwhile
	start "$way"
	tried=$(grep -c access-token "$state/audit.log")
	for i in {1..20}; do basic "ann:$good" --remote 192.0.2.1; done
	basic "ann:$key" --remote 192.0.2.1
	is "$status" 204 "$way: passwords have not been counted"
	is "$(grep -c access-token "$state/audit.log")" "$tried" "$way: nor noted"
	for i in {1..20}; do verify '' -H "Cookie: latchkey=other$i; jwt=lk_$i" --remote 192.0.2.1; done
	is "$(grep -c access-token "$state/audit.log")" "$tried" "$way: nor have 20 cookies of a strange form"
	strange="jwt=lk_$(printf 'x%.0s' {1..43})"
	for i in {1..20}; do verify '' -H "Cookie: $strange" --remote 192.0.2.1; done
	like "$(tail -n 1 "$state/audit.log")" '"event":"access-token",.*throttled' "$way: 20 that look like access tokens have"
	request POST /account/api/account -H "Cookie: $strange" -H 'Sec-Fetch-Site: same-origin' --remote 192.0.2.1 \
		-d "{\"email\":\"x@example.org\",\"password\":\"$good\"}"
	is "$status ${member_of[.code]-}" '403 forbidden' "$way: a strange cookie does not keep a browser from there from registering"
	verify '' -H "Cookie: $strange" "${page[@]}" --remote 192.0.2.1
	is "$(to)" '401 /account/sign-in?next=/auth/verify' "$way: and with a strange cookie a person goes to sign in"
	set_conf "${http[@]}"
	start "$way"
}

# --- several hosts under one domain

domain=("${common[@]}" 'site_url = https://auth.example.org' 'cookie_domain = example.org')
here=(-H 'Host: app.example.org' -H 'Origin: https://app.example.org')
domains() {
	local other name
	begin Иван
	like "${header_of[Set-Cookie]-}" '^__Secure-latchkey=eyJ[^;]*; HttpOnly; SameSite=Lax; Path=/; Secure; Domain=example.org$' "$way: 43: the cookie of a domain"
	by '' -H 'Host: app.example.org' "${page[@]}"
	is "$status" 204 "$way: counts on another host"
	verify '' -H 'Host: App.example.org:8443' "${page[@]}"
	is "$(to)" '401 https://auth.example.org/account/sign-in?next=https%3A//app.example.org%3A8443/auth/verify' "$way: from which a person comes to sign in"
	verify '' -H 'Host: auth.example.org' "${page[@]}"
	is "$(to)" '401 /account/sign-in?next=/auth/verify' "$way: the sign-in's own host has the short way"
	verify '' -H 'Host: example.com' "${page[@]}"
	is "$(to)" '401 /account/sign-in?next=/auth/verify' "$way: so has one of which nothing is known"
	request GET '/account/renew?next=https%3A//app.example.org%3A8443/wiki/' -H "Cookie: $cookie"
	is "$status ${header_of[Location]-}" '303 https://app.example.org:8443/wiki/' "$way: and back"
	request GET '/account/renew?next=https%3A//app.example.org.example.com/' -H "Cookie: $cookie"
	is "$status ${header_of[Location]-}" '303 /' "$way: to no other domain"
	request GET '/account/renew?next=https%3A//app.example.org/'
	is "$status ${header_of[Location]-}" '303 https://auth.example.org/account/sign-in?next=https%3A//app.example.org/' "$way: or to the sign-in"
	while IFS='|' read -r wanted host origin; do
		request POST /auth/verify -H "Cookie: $cookie" -H "Host: $host" -H "$origin" -d '{}'
		is "$status" "$wanted" "$way: 44: at $host, $origin"
	done <<-'END'
		204|app.example.org|Origin: https://app.example.org
		204|APP.example.org:8443|Origin: https://app.example.org:8443
		204|auth.example.org|Origin: https://auth.example.org
		204|app.example.org|Sec-Fetch-Site: same-origin
		401|app.example.org|Origin: https://auth.example.org
		401|auth.example.org|Origin: https://app.example.org
		401|app.example.org|Origin: http://app.example.org
		401|app.example.org|Sec-Fetch-Site: same-site
		401|example.com|Origin: https://example.com
		401|app.example.org|Origin: null
	END
	other=$cookie
	begin
	by ''
	is "${header_of[X-Auth-User]-}" ann "$way: another sign-in"
	for name in "$other; $cookie" "$cookie; $other" "$other; $cookie; __Host-jwt=$jwt"; do
		verify '' -H "Cookie: $name"
		is "$status ${header_of[X-Auth-User]-}" '401 ' "$way: 44: two good cookies of different people"
	done
	for name in "__Secure-latchkey=x; $cookie" "$cookie; __Secure-latchkey=x.y.z" "__Host-latchkey=${other#*=}; $cookie" "latchkey=${other#*=}; $cookie" \
		"$cookie; __Host-jwt=x.y.z" "__Secure-latchkey=${cookie#*=}x; __Secure-latchkey=; $cookie"; do
		verify '' -H "Cookie: $name" "${page[@]}"
		is "$status ${header_of[X-Auth-User]-}" '204 ann' "$way: 44: planted: ${name:0:18}"
	done
	request DELETE /account/api/session -H "Cookie: $other; $cookie" "${here[@]}"
	is "$status $(grep -c '^Set-Cookie: ' <<<"$headers") ${header_of[Clear-Site-Data]-}" '204 6 "cache"' "$way: a sign-out"
	for name in 'latchkey=' '__Host-latchkey=' 'jwt=' '__Host-jwt=' '__Secure-latchkey=.*Domain=auth.example.org;' '__Secure-latchkey=.*Domain=example.org;'; do
		like "$headers" "Set-Cookie: $name.* Max-Age=0" "$way: takes $name away"
	done
	verify '' -H "Cookie: $cookie"
	is "$status" 401 "$way: and ends the session"
	verify '' -H "Cookie: $other"
	is "$status" 401 "$way: and the other's, whose cookie was there"
}

# --- the way of a browser through a web server

# browse PATH: goes there as a browser does, with $cookie, and on to where it is sent; sets $trail.
browse() {
	local path=$1
	trail=
	for _ in {1..6}; do
		request GET "$path" -H "Cookie: $cookie" "${page[@]}"
		[[ ! ${header_of[Set-Cookie]-} ]] || taken
		trail+=" $status"
		[[ $status == 303 ]] || break
		path=${header_of[Location]}
	done
}

browsers() {
	local stale fresh
	fresh "${http[@]}"
	people
	way=cgi
	ago 160 begin
	stale=$cookie
	begin
	fresh=$cookie
	start "$1"
	request GET '/protected/x?a=b&c=%20d;e' "${page[@]}"
	like "$status ${header_of[Location]-}" '^303 (http://localhost)?/account/sign-in[?]next=' "$way: a page sends a person to the sign-in"
	is "$(next)" '/protected/x?a=b&c=%20d;e' "$way: with its own address"
	is "${header_of[X-Auth-Location]-}" '' "$way: verify's own word does not get out"
	request GET /protected/x -H 'Accept: text/html,*/*;q=0.8'
	is "$status $(next)" '303 /protected/x' "$way: also over plain http"
	request HEAD /protected/x "${page[@]}"
	is "$status $(next)" '303 /protected/x' "$way: for HEAD, too"
	request GET '//protected/x' "${page[@]}"
	is "$status $(next)" '303 /protected/x' "$way: two slashes become one"
	request POST /protected/x "${page[@]}" -d '{"a":1}'
	is "$status $(next)" '303 /' "$way: what was posted is not gone back to"
	for i in "${script[0]} ${script[1]}" '-H Accept: application/json'; do
		request GET /protected/x -H "${i#-H }"
		answers 401 '{"status":"error","message":"Unauthorized"}' "$way: a script gets its 401"
		is "${header_of[Location]-}" '' "$way: and no other page"
	done
	request GET /protected/x -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: iframe' -H 'Accept: text/html'
	is "$status ${header_of[Location]-}" '401 ' "$way: so does a frame"
	request GET /admin/x "${page[@]}"
	is "$status $(next)" '303 /admin/x' "$way: a page for administrators"
	cookie=
	browse '/protected/x'
	is "$trail" ' 303 200' "$way: the sign-in is a page, and leads nowhere by itself"
	cookie=$fresh
	browse '/protected/x?a=b'
	is "$trail ${member_of[.user]-}" ' 200 ann' "$way: with a session"
	is "$(grep -ciE '^(Variable-)?X-Auth-' <<<"$headers")" 0 "$way: what the application hears is not for the client"
	cookie=$stale
	request POST /protected/x -H "Cookie: $cookie" "${page[@]}" -H 'Sec-Fetch-Site: same-origin' -d '{}'
	is "$status" 200 "$way: past half of its idle time, a form"
	browse '/protected/x?a=b'
	is "$trail ${member_of[.user]-}" ' 303 303 200 ann' "$way: past half of its idle time it is renewed on the way"
	isnt "$cookie" "$stale" "$way: by another cookie"
	browse '/protected/x?a=b'
	is "$trail" ' 200' "$way: which will do for a while"
	request DELETE /account/api/session -H "Cookie: $fresh"
	fresh_ones=0
	for i in {1..20}; do
		request GET /protected/x -H "Cookie: $fresh"
		[[ $status == 401 ]] || ((++fresh_ones))
	done
	is "$fresh_ones" 0 "$way: 31: ended, it is dead in every worker"
	cookie=$fresh
	browse /protected/x
	is "$trail" ' 303 200' "$way: and a person comes to the sign-in"
}

# A session that is renewed a thousand times while it is ended: what was renewed before is as dead as the rest.
storm() {
	fresh "${http[@]}"
	people
	way=cgi
	ago 160 begin
	start nginx
	sed -i 's/latchkey 8;/latchkey 1000;/' "$work/snippets/latchkey-limit.conf"
	kill -HUP "$(<"$work/nginx.pid")"
	python3 -I -S - "$port" "$cookie" <<-'END' >"$work/storm" 2>>"$log"
		import collections, http.client, sys, threading

		port, first = int(sys.argv[1]), sys.argv[2]
		statuses, cookies, lock = collections.Counter(), {first}, threading.Lock()
		numbers = iter(range(1000))

		def ask(method, path, cookie):
		    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
		    peer.request(method, path, headers={"Host": "localhost", "Cookie": cookie, "Accept": "text/html"})
		    answer = peer.getresponse()
		    answer.read()
		    peer.close()
		    return answer

		def run():
		    while True:
		        with lock:
		            number = next(numbers, None)
		        if number is None:
		            return
		        method, path = ("DELETE", "/account/api/session") if number == 400 else ("GET", ("/account/renew", "/protected/")[number % 2])
		        answer = ask(method, path, first)
		        with lock:
		            statuses[answer.status] += 1
		            if (set_cookie := answer.getheader("Set-Cookie") or "").startswith("latchkey=eyJ"):
		                cookies.add(set_cookie.partition(";")[0])

		threads = [threading.Thread(target=run) for _ in range(64)]
		for thread in threads:
		    thread.start()
		for thread in threads:
		    thread.join()
		alive = sum(ask("GET", "/auth/verify", cookie).status != 401 for cookie in cookies)
		print(sum(statuses.values()), statuses[500], len(cookies) > 1, alive)
	END
	is "$(<"$work/storm")" '1000 0 True 0' "31: a session that is renewed 1,000 times, and ended once: no cookie of it is good"
	request GET /account/api/session -H "Cookie: $cookie"
	is "$status" 401 'and nobody is signed in'
}

for way in nginx cgi; do
	fresh "${http[@]}"
	people
	start "$way"
	tells
	changes
	demands
	navigations
	pages
done
ages
renewals
ends
basics
counted
set_conf "${domain[@]}"
start cgi
domains
set_conf "${http[@]}" 'header_encoding = utf-8'
start cgi
begin
by ''
is "${header_of[X-Auth-Name]-}" 'Ann Иванова, 100%' 'header_encoding = utf-8: the name as it is'
request POST /v1/api-user-create -H "Cookie: $cookie" \
	-d "{\"name\":\"a\\u0085\\u009bb\\u202ec\\u2066\\u200f\\u061c\\u2028d\\u0418\\ud83d\\ude00\",\"username\":\"turned\",\"email\":\"turned@example.org\",\"password\":\"$good\",\"privacyPolicy\":true}"
begin turned
by ''
is "$status ${header_of[X-Auth-Name]-}" '204 a%C2%85%C2%9Bb%E2%80%AEc%E2%81%A6%E2%80%8F%D8%9C%E2%80%A8dИ😀' \
	'header_encoding = utf-8: but for controls, and what turns the direction of a text'
begin
for encoding in utf-8 percent; do
	set_conf "${http[@]}" "header_encoding = $encoding"
	request POST /v1/api-user-create -H "Cookie: $cookie" \
		-d "{\"name\":\"a\\r\\nX-Auth-Role: admin\\u007f\",\"username\":\"eve-$encoding\",\"email\":\"eve-$encoding@example.org\",\"password\":\"$good\",\"privacyPolicy\":true}"
	begin "eve-$encoding"
	by ''
	is "$status ${header_of[X-Auth-Role]-} ${header_of[X-Auth-Name]-}" '204 user a%0D%0AX-Auth-Role: admin%7F' \
		"header_encoding = $encoding: a name brings no header of its own"
	begin
done
browsers nginx
browsers apache
storm
done_testing
