#!/bin/bash
# sites.t - seven sites of other people's, t/sites/*.conf, with latchkey's snippets included: no client gets past them
# without a token, no line of the site's takes effect at latchkey's paths, and none of latchkey's at the site's
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"
. "${0%/*}/sites.sh"

web=$work/web

# nginx_files: what lies in /etc/nginx.
nginx_files() {
	local file
	mkdir -p "$web/snippets" "$work/cache" "$work/tmp"
	cp /etc/nginx/{proxy_params,fastcgi_params,fastcgi.conf} "$web/"
	cp /etc/nginx/snippets/fastcgi-php.conf "$web/snippets/"
	for file in "$top"/nginx-example/snippets/*.conf; do
		moved "$file" >"$web/${file#"$top/nginx-example/"}"
	done
	((EUID)) || chown -R latchkey: "$work/cache" "$work/tmp"
	{
		((EUID)) || echo 'user latchkey;' # whose the sockets are
		cat <<-END
			daemon off;
			pid $work/nginx.pid;
			error_log stderr warn;
			worker_processes 2;
			events { worker_connections 256; }
			http {
			server_names_hash_bucket_size 64; # for the names of seven sites on an old processor
			access_log off;
			client_body_temp_path $work/tmp/body;
			fastcgi_temp_path $work/tmp/fastcgi;
			proxy_temp_path $work/tmp/proxy;
			scgi_temp_path $work/tmp/scgi;
			uwsgi_temp_path $work/tmp/uwsgi;
			include snippets/latchkey-http.conf;
		END
		moved "$top"/t/sites/*.conf
		echo '}'
	} >"$web/nginx.conf"
}

up_or_gone() { up || ! runs "${pids[-1]}"; }

# start_sites: the programs, the applications, and nginx before them.
start_sites() {
	start fcgi
	start_applications
	for _ in 1 2 3; do # another test may be quicker at the same port
		port=$(free_port)
		nginx_files
		nginx -e stderr -c "$web/nginx.conf" >>"$log" 2>&1 &
		pids+=($!)
		wait_for 60 up_or_gone
		! runs "${pids[-1]}" || break
	done
	runs "${pids[-1]}" || give_up 'nginx does not start'
	way=nginx
}

application() {
	guarded application /app/
	of_the_application application /app
	nobody application /lost/
	as=''
	for name in $names; do
		ask application GET /open/ -H "X-Auth-$name: admin"
		is "$status $(told)" '200 ' "application: an open page with X-Auth-$name: nobody is named"
	done
	for path in /admin/ /admin/nested/; do
		as=''
		ask application GET "$path"
		answers 401 "$unauthorized" "application: $path without a token"
		as=$token
		ask application GET "$path"
		answers 403 "$forbidden" "application: $path for a user"
		ask application GET "$path?role=user"
		is "$status" 403 "application: $path with a query that asks for less"
		as=$admin
		ask application GET "$path"
		is "$status ${member_of[.told.x-auth-user]-}" '200 admin' "application: $path for an administrator"
	done
	as=$reader
	ask application GET /write/
	answers 403 "$forbidden" 'application: a token that may only read, where writing is demanded'
	ask application GET /app/
	is "$status ${member_of[.told.x-auth-user]-}" '200 token:1' 'application: the same token, where it is not'
	as=$token
	ask application GET /write/
	is "$status" 200 'application: a token that may write'
}

proxy_params() {
	guarded proxy-params /
	of_the_application proxy-params ''
	as=$token
	ask proxy-params GET /
	is "${member_of[.host]-}" proxy-params.test "proxy-params: the site's own headers are there"
	as=''
	ask proxy-params GET /v1/auth/me
	answers 401 '{"error":"unauthorized"}' "proxy-params: latchkey's own 401"
	ask proxy-params GET /auth/nothing
	answers 404 '{"status":"error","message":"Not found"}' "proxy-params: latchkey's own 404"
	for path in /auth /authors /v1 /v1/apis /_latchkey; do
		ask proxy-params GET "$path"
		answers 401 "$unauthorized" "proxy-params: $path is the site's"
	done
	for path in /_latchkey/verify/ /_latchkey/verify/role=admin /_latchkey/x; do
		as=$token
		ask proxy-params GET "$path"
		is "$status" 404 "proxy-params: $path is nobody's"
	done
}

php() {
	local number
	for path in /wiki/ /wiki/index.php /wiki/some/page; do guarded php "$path"; done
	for number in 401 403 404 500; do
		ask php GET "/wiki/index.php?status=$number"
		is "$status $body" "$number the application's $number"$'\n' "php: its own $number"
	done
	as=''
	ask php GET /open.php -H 'X-Auth-User: admin' -H 'Authorization: Bearer x'
	is "$status $(told)" '200 ' 'php: an open page hears of nobody'
	public_parts php
	ask php GET /nothing.php
	is "$status" 404 'php: a page that is not there'
	like "$body" '^<html>' "php: has the site's 404"
}

spa() {
	as=''
	ask spa GET /
	answers 401 "$unauthorized" 'spa: a page without a token'
	ask spa GET /script.js
	answers 401 "$unauthorized" 'spa: a file without one'
	as=$token
	for path in / /some/view /script.js /api/v2/admin-account /auth/admin; do
		ask spa GET "$path"
		answers 200 $'the application\n' "spa: $path"
		ask spa GET "$path" -H 'X-Auth-User: admin'
		answers 403 "$forbidden" "spa: $path with X-Auth-User"
	done
	guarded spa /v1/
	guarded spa /v1/auth/me
	of_the_application spa /v1
	as=''
	ask spa POST /v1/auth/login -d '{"email":"x"}'
	is "$status ${member_of[.length]-}" '200 13' "spa: a sign-in of its own is its own"
}

# web_socket: status of the upgrade, and what the first frame says.
web_socket() {
	local options=("$@")
	python3 -I -S - "$port" "${options[@]}" <<'END'
import socket, sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30) as peer:
    lines = ["GET /ws/ HTTP/1.1", "Host: websocket.test", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *sys.argv[2:]]
    peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
    answer = peer.makefile("rb")
    status = answer.readline().split()[1].decode()
    headers = list(iter(answer.readline, b"\r\n"))
    accepted = any(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in line for line in headers)
    print(status, accepted, answer.read(answer.read(2)[1]).decode() if status == "101" else "-")
END
}
websocket() {
	local name
	guarded websocket /ws/
	is "$(web_socket "Authorization: Bearer $token")" '101 True ann' 'websocket: with a token'
	is "$(web_socket)" '401 False -' 'websocket: without one'
	for name in $names; do
		is "$(web_socket "Authorization: Bearer $token" "X-Auth-$name: admin")" '403 False -' "websocket: with X-Auth-$name"
	done
}

caches() {
	local number
	as=$token
	ask caches GET /app/
	is "$status $(told)" "200 $who" 'caches: a page for one'
	as=$admin
	ask caches GET /app/
	is "${member_of[.told.x-auth-user]-}" admin 'caches: is not for the next'
	guarded caches /app/
	as=$token
	ask caches GET /v1/auth/me
	is "$status ${member_of[.user.email]-}" '200 ann@example.org' "caches: latchkey's answer to one"
	as=$admin
	ask caches GET /v1/auth/me
	is "$status ${member_of[.user.email]-}" '200 admin@example.org' 'caches: is not for the next'
	as=''
	ask caches GET /v1/auth/me
	answers 401 '{"error":"unauthorized"}' "caches: nor for nobody, and latchkey's 401 is its own"
	ask caches POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$old\"}"
	like "$status ${header_of[Set-Cookie]-}" '^200 jwt=eyJ' "caches: latchkey's cookie passes"
	is "${header_of[X-Site]-}${header_of[Expires]-}" '' "caches: none of the site's headers is on it"
	ask caches POST /v1/auth/login -d "{\"email\":\"ann@example.org\",\"password\":\"wrong\"}"
	answers 401 '{"error":"invalid credentials"}' "caches: nor the site's 401"
	ask caches GET /auth/nothing
	answers 404 '{"status":"error","message":"Not found"}' "caches: nor its 404"
	ask caches POST /auth/admin/reset-password -d "{\"password\":\"$old\"}"
	like "$status $body" '^403 [{]"status":"error","message":"This endpoint' "caches: nor its 403"
	ask caches POST /v1/auth/login -f "$work/upload"
	answers 413 '{"error":"request body too large"}' "caches: nor its 413"
	ask caches POST /account/sign-in -f "$work/upload"
	is "$status ${header_of[Content-Type]-} ${header_of[Cache-Control]-}" '413 text/html; charset=utf-8 no-store' "caches: nor of latchkey's pages"
	is "${header_of[X-Site]-}${header_of[Expires]-}" '' "caches: none of the site's headers is on latchkey's page"
	ask caches GET /account/www/x/page.css -H 'Accept-Encoding: gzip'
	is "$status ${header_of[Content-Type]-} ${header_of[Cache-Control]-}" '200 text/css; charset=utf-8 private, max-age=31536000, immutable' \
		"caches: a page's file is latchkey's"
	is "${header_of[X-Site]-}${header_of[Expires]-}" '' "caches: none of the site's headers is on a file"
	ask caches GET /account/sign-in -H 'Accept-Encoding: gzip' "${page[@]}"
	is "${header_of[Content-Encoding]-}${header_of[X-Site]-}${header_of[Expires]-}" '' "caches: nor on a page, which is not compressed"
	as=$token
	for number in 404 413 500 503; do
		ask caches GET "/open/status/$number"
		is "$status $body" "$number the site's ${number/#50?/50x}"$'\n' "caches: an open page's $number is the site's"
	done
	# With proxy_intercept_errors the application's own are the site's to show.
	ask caches GET /app/status/401
	answers 401 $'the site\'s 401\n' "caches: a 401 of the application's is the site's"
	ask caches GET /app/status/403
	answers 403 $'the site\'s 403\n' "caches: so is a 403"
	ask caches GET /app/status/500
	answers 500 $'the site\'s 50x\n' "caches: and a 500"
	ask caches GET /own/status/404
	answers 404 $'the site\'s 404\n' "caches: and a 404 that is written beside latchkey's lines"
	ask caches GET /files/
	answers 403 $'the site\'s 403\n' "caches: a folder without an index is the site's 403"
	ask caches GET /files/file.txt
	answers 200 $'a file\n' 'caches: a file'
	as=''
	ask caches GET /files/file.txt
	answers 401 "$unauthorized" 'caches: which nobody sees'
}

whole() {
	guarded whole /
	guarded whole /deeper/page
	nobody whole /lost/
	nobody whole /variables/
	as=''
	ask whole GET /errors/
	is "$status" 401 "whole: with an error_page of the location's it is protected still"
	ask whole GET /open/
	is "$status $(told)" '200 ' 'whole: an open place'
	ask whole GET /open/ -H 'X-Auth-User: admin' -H 'Authorization: Bearer x'
	is "$status $(told)" '200 ' 'whole: where nobody is named'
	ask whole POST /v1/api-login -d "{\"username\":\"ann\",\"password\":\"$old\"}"
	is "$status ${member_of[.success]-}" '200 true' 'whole: people can sign in'
	public_parts whole
	as=$token
	ask whole GET /status/404
	answers 404 $'the site\'s 404\n' "whole: the application's 404 is the site's"
	ask whole GET /status/401
	is "$status" 401 "whole: the application's 401"
}

# Where nginx cannot ask verify, it serves no page, and says 503 in place of 401 or 403.
verify_gone() {
	local site path
	mv "$work/verify.sock" "$work/verify.gone"
	as=$token
	while read -r site path; do
		ask "$site" GET "$path"
		answers 503 '{"status":"error","message":"Service temporarily unavailable"}' "$site: no verify"
		is "${header_of[Retry-After]-}" 1 "$site: no verify: come back"
	done <<-'END'
		application /app/
		php /wiki/
		spa /
		caches /app/
		whole /
	END
	mv "$work/verify.gone" "$work/verify.sock"
}

# Longer than any program of latchkey's has: the site's own hours hold. They are asked for at the beginning, and looked at in
# the end.
slow=()
begin_slow() {
	local name
	for name in application:/app/slow/12 php:/wiki/index.php?slow=12 whole:/slow/12; do
		curl -s -o "$work/slow.${name%%:*}" -w '%{http_code}' -H "Host: ${name%%:*}.test" -H "Authorization: Bearer $token" \
			"http://127.0.0.1:$port${name#*:}" >"$work/slow.${name%%:*}.status" 2>>"$log" &
		slow+=("$!")
	done
}
slow_ones() {
	local name
	wait "${slow[@]}"
	for name in application php whole; do
		body=$(<"$work/slow.$name")
		is "$(<"$work/slow.$name.status") $(told)" "200 $who" "$name: an answer that takes 12 s"
	done
}

# --- how much one network may have in hand where passwords are hashed

# held ADDRESS: a sign-in from there, whose answer is waited for.
held=()
held() {
	local fd body='{"email":"nobody@example.org","password":"x"}'
	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	printf '%s\r\n' 'POST /v1/auth/login HTTP/1.1' 'Host: networks.test' "X-Client: $1" 'Connection: close' \
		'Content-Type: application/json' "Content-Length: ${#body}" '' >&"$fd"
	printf %s "$body" >&"$fd"
	held+=("$fd")
}
in_hand() {
	as=''
	ask networks GET /in-hand
	((body > ${#held[@]})) # and this one
}
login_pid() {
	local i
	for i in "${!programs[@]}"; do [[ ${programs[i]} != login ]] || echo "${pids[i]}"; done
}

networks() {
	local address path wanted fd login answers=()
	login=$(login_pid)
	kill -STOP "$login"
	for address in {1..8}; do held "2001:db8:0:1::$address"; done
	for address in {1..8}; do held "::ffff:192.0.2.1"; done
	for address in {1..8}; do held "64:ff9b::192.0.2.3"; done
	ok_if 'networks: three have eight sign-ins in hand' wait_for 60 in_hand
	while read -r path wanted; do
		for address in 2001:db8:0:1:2:3:4:5 192.0.2.1 192.0.2.3; do
			ask networks POST "$path" -H "X-Client: $address" -d '{}'
			answers 429 "$wanted" "8: the ninth from $address, at $path"
			is "${header_of[Retry-After]-} ${header_of[Cache-Control]-}" '1 no-store' "networks: $path says when to come back"
		done
	done <<-'END'
		/auth/admin/login {"status":"error","message":"Too many requests"}
		/api/v2/admin-account/jwt {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}}
		/v1/auth/register {"error":"too many requests"}
		/v1/auth/password-reset/reset {"error":"too many requests"}
		/v1/api/user/change-password {"success":false,"error":"Too many requests"}
		/api-login {"success":false,"error":"Too many requests"}
	END
	ask networks POST /account/sign-in -H 'X-Client: 192.0.2.1' "${page[@]}" -d 'x=y'
	is "$status ${header_of[Content-Type]-} ${header_of[Retry-After]-}" '429 text/html; charset=utf-8 1' 'networks: a person gets a page'
	ask networks GET /account/www/x/page.css -H 'X-Client: 192.0.2.1'
	is "$status" 200 "networks: a page's files are for all"
	ask networks GET /auth/verify -H 'X-Client: 2001:db8:0:1::9'
	is "$status" 401 'networks: verify is for all'
	ask networks GET /auth/access_tokens -H 'X-Client: 2001:db8:0:1::9'
	is "$status" 401 'networks: and what hashes nothing'
	for address in 2001:db8:0:2::1 2001:db8:1:1::1 ::ffff:192.0.2.2 64:ff9b::192.0.2.4 192.0.2.5; do held "$address"; done
	ok_if 'networks: others may still ask' wait_for 60 in_hand
	kill -CONT "$login"
	for fd in "${held[@]}"; do
		read -r -t 60 _ status _ <&"$fd"
		answers+=("$status")
		exec {fd}>&-
	done
	is "$(printf '%s\n' "${answers[@]}" | sort | uniq -c | xargs)" "${#held[@]} 401" 'networks: and all of them are answered'
}

fresh 'hash_cost = 1' 'throttle = off' "web_key_file = $work/web-key"
latchkey web-key make >>"$log" 2>&1 || give_up 'no key'
start_sites
add admin "$old" --admin --email admin@example.org
add ann "$old" --email ann@example.org --verified
sign_in admin
admin=$token
request POST /auth/access_token -H "Host: application.test" -H "Authorization: Bearer $admin" -d '{"name":"r","permission":"read"}'
reader=${member_of[.token]-}
sign_in ann
who="x-auth-email=ann@example.org x-auth-id=$(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p') x-auth-permission=read,write x-auth-role=user x-auth-user=ann"
begin_slow
application
proxy_params
php
spa
websocket
caches
whole
verify_gone
slow_ones
networks
# A processor whose cache lines are of 32 bytes, by which nginx measures its tables.
ok_if 'nginx takes it on an old processor' qemu-x86_64 -cpu qemu64-v1,vendor=GenuineIntel,family=6,model=6 \
	"$(command -v nginx)" -t -q -e stderr -c "$web/nginx.conf"
done_testing
