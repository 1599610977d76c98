#!/bin/bash
# local.t - the administrator's reset is for requests from the machine itself, and for no others
. "${0%/*}/lib.sh"

old='Quiet-Harbour-42' new='Other-Harbour-43'
site='http://localhost:6573'

target='' # http://HOST, to be asked for by more than the path
reset() { request POST "$target/auth/admin/reset-password" -d "{\"password\":\"$new\"}" "$@"; }
sign_in() { # PASSWORD
	request POST /auth/admin/login -d "{\"password\":\"$1\"}"
	[[ $status != 200 ]] || token=${member_of[.token]-}
}
refused() { # NAME OPTION...
	reset "${@:2}"
	answers 403 '{"status":"error","message":"This endpoint can only be called from localhost"}' "$way: $1"
}
allowed() { # NAME OPTION...
	reset "${@:2}"
	answers 200 '{"status":"success","message":"Password reset successfully"}' "$way: $1"
}

forwarded() {
	local name
	for name in Forwarded X-Forwarded-For X-Real-IP Via x-forwarded-for; do
		refused "$name" -H "$name: 127.0.0.1"
		refused "$name, that says nothing" -H "$name:"
	done
}

hosts() {
	local host
	for host in example.com localhost.example.com 127.0.0.1.example.com 127.0.0.2 10.0.0.1 '[::2]' xlocalhost; do
		refused "Host $host" -H "Host: $host"
	done
	host=localhost:80.example.com
	if [[ $way == apache ]]; then # it refuses what is no host at all
		reset -H "Host: $host"
		is "$status" 400 "$way: Host $host"
	else
		refused "Host $host" -H "Host: $host"
	fi
	is_real || refused 'no Host' -H 'Host:' # they have a 400 for that
	allowed 'another address of this machine' --remote 127.0.0.9
	for host in localhost localhost:6573 LOCALHOST 127.0.0.1 127.0.0.1:8080 '[::1]' '[::1]:6573'; do
		allowed "Host $host" -H "Host: $host"
	done
}

# What a client asks a proxy for: the host in it counts, whatever Host says (RFC 9112, 3.2.2).
targets() {
	local host target is=allowed
	for host in evil.example evil.example:6573 localhost.evil.example 127.0.0.2; do
		for target in "http://$host" "https://$host"; do
			refused "Host localhost, the target is $target"
			refused "Host localhost with a port, the target is $target" -H 'Host: localhost:6573'
			refused "Host $host, the target is $target" -H "Host: $host"
		done
	done
	target=http://localhost
	refused "Host evil.example, the target is $target" -H 'Host: evil.example'
	[[ $way != apache ]] || is=refused # it does not tell the host of them all
	for target in http://localhost https://LOCALHOST:6573 http://127.0.0.1:8080 'http://[::1]' 'http://[::1]:6573'; do
		$is "Host localhost, the target is $target"
	done
	target=http://localhost@evil.example
	reset
	like "$status" '^40[03]$' "$way: the target is $target"
}

origins() {
	local origin site
	for origin in http://example.com null '' http://localhost:6574 https://localhost:6573 http://localhost:65730 \
		http://localhost http://localhost:6573.example.com; do
		refused "Origin '$origin'" -H "Origin: $origin"
	done
	for site in cross-site same-site '' other; do
		refused "Sec-Fetch-Site '$site'" -H "Sec-Fetch-Site: $site"
	done
	refused 'a foreign Origin with a Sec-Fetch-Site that is ours' -H 'Origin: http://example.com' \
		-H 'Sec-Fetch-Site: same-origin'
	allowed 'Origin is this site' -H 'Origin: http://localhost:6573'
	allowed 'Sec-Fetch-Site same-origin' -H 'Sec-Fetch-Site: same-origin'
	allowed 'Sec-Fetch-Site none' -H 'Sec-Fetch-Site: none'
}

strangers() {
	refused 'the public server' --public
	refused 'the public server, and a header Latchkey-Local' --public -H 'Latchkey-Local: yes'
	refused 'the public server, and a header LATCHKEY_LOCAL' --public -H 'LATCHKEY_LOCAL: yes'
	refused 'the public server, and HTTP_LATCHKEY_LOCAL in the query' --public -H 'LATCHKEY-LOCAL: yes' -H 'Host: 127.0.0.1'
}

# What a web server would say cannot be said through one.
strange_addresses() {
	local address
	for address in 192.0.2.1 ::2 ::ffff:192.0.2.1 2001:db8::1 '' localhost 127.0.0.1.example.com 127.1 unix: 0.0.0.0; do
		refused "address '$address'" --remote "$address"
	done
	for address in ::1 ::ffff:127.0.0.1 127.255.255.254; do
		allowed "address $address" --remote "$address"
	done
	refused 'LATCHKEY_LOCAL is no' --public --param LATCHKEY_LOCAL=no
	refused 'LATCHKEY_LOCAL is empty' --public --param LATCHKEY_LOCAL=
}

tokens() { # of a user, of nobody, of an administrator
	local answer='401 {"status":"error","message":"Invalid or missing authorization token"}' header
	request POST /v1/auth/login -d "{\"email\":\"user@example.com\",\"password\":\"$old\"}"
	token=${member_of[.token]-}
	for header in "Authorization: Bearer $token" "X-Jwt-Token: $token" 'Authorization: Bearer x.y.z' 'X-Api-Key: x'; do
		reset -H "$header"
		is "$status $body" "$answer" "$way: a token that is no administrator's, in ${header%%:*}"
	done
}

narrowed() {
	set_conf 'hash_cost = 1' 'admin_reset = token'
	start "$way"
	sign_in "$new"
	reset
	is "$status" 401 "$way: admin_reset = token, without one"
	refused 'admin_reset = token, with one from elsewhere' --public -H "Authorization: Bearer $token"
	allowed 'admin_reset = token, with one' -H "Authorization: Bearer $token"
	reset -H "Authorization: Bearer $token"
	is "$status" 401 "$way: admin_reset = token, with one from before the reset"
	set_conf 'hash_cost = 1' 'admin_reset = off'
	start "$way"
	sign_in "$new"
	reset -H "Authorization: Bearer $token"
	is "$status" 403 "$way: admin_reset = off refuses even an administrator"
	set_conf 'hash_cost = 1' 'site_url ='
	start "$way"
	refused 'no site_url, so no Origin is this site' -H 'Origin: http://localhost:6573'
}

for each in $long_ways; do
	fresh 'hash_cost = 1' "site_url = $site"
	start "$each"
	add admin "$old" --admin
	add user@example.com "$old" --verified
	forwarded
	strangers
	tokens
	sign_in "$old"
	is "$status" 200 "$way: who was refused has changed nothing"
	origins
	hosts
	if is_real; then targets; else strange_addresses; fi
	narrowed
done
done_testing
