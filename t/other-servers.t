#!/bin/bash
# other-servers.t - the web servers of doc/guide/other-servers.md, each with the lines that stand there
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"
. "${0%/*}/sites.sh"

PATH=$PATH:/usr/sbin

# page_lines LANGUAGE: the guide's lines in that language, on this test's directory and ports.
page_lines() {
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$top/doc/guide/other-servers.md" |
		moved - | sed -e "s|127\.0\.0\.1:8080|127.0.0.1:$app_port|" -e "s|http://auth\.example\.org|http://:$port|"
}

# The files that a server reads once it has given up root's rights, and the user whose the sockets are.
user=$( ((EUID)) && id -un || echo latchkey)
group=$( ((EUID)) && id -gn || echo latchkey)
proof() { sed -n 's/^LATCHKEY_PROOF=//p' "$work/web-key.env"; }

# serve COMMAND...: starts a server, whose configuration prints `configure` anew for each port that is tried.
serve() {
	for _ in 1 2 3; do
		port=$(free_port)
		"configure_$server"
		"$@" >>"$log" 2>&1 &
		pids+=($!)
		wait_for 60 up_or_gone
		! runs "${pids[-1]}" || break
	done
	runs "${pids[-1]}" || give_up "$server does not start"
	way=nginx # as far as request() is concerned: over TCP
}
up_or_gone() { up || ! runs "${pids[-1]}"; }

end_server() {
	kill -TERM "${pids[-1]}"
	wait_for 60 ended "${pids[-1]}" || kill -KILL "${pids[-1]}"
	wait "${pids[-1]}" 2>/dev/null
	unset 'pids[-1]'
}

# --- the servers

configure_haproxy() {
	{
		printf '%s\n' global 'tune.bufsize 32768' "$( ((EUID)) || echo "user $user")" "$( ((EUID)) || echo "group $group")"
		page_lines haproxy | sed "s|bind :80|bind 127.0.0.1:$port|"
	} >"$work/haproxy.cfg"
}
start_haproxy() { serve env LATCHKEY_PROOF="$(proof)" haproxy -db -f "$work/haproxy.cfg"; }

configure_caddy() {
	{
		printf '%s\n' '{' 'admin off' 'auto_https off' 'default_bind 127.0.0.1' '}'
		page_lines caddy
	} >"$work/Caddyfile"
	chmod 644 "$work/Caddyfile"
}
start_caddy() {
	serve env LATCHKEY_PROOF="$(proof)" HOME="$work/tmp" XDG_DATA_HOME="$work/tmp" XDG_CONFIG_HOME="$work/tmp" \
		"${as_owner[@]}" caddy run --config "$work/Caddyfile" --adapter caddyfile
}

configure_lighttpd() {
	{
		printf '%s\n' "server.document-root = \"$work/html\"" 'server.bind = "127.0.0.1"' "server.port = $port" \
			"server.upload-dirs = (\"$work/tmp\")" 'index-file.names = ("index.html")' \
			"$( ((EUID)) || printf 'server.username = "%s"\nserver.groupname = "%s"' "$user" "$group")"
		page_lines lighttpd | sed -e "s|/var/www/html|$work/html|"
	} >"$work/lighttpd.conf"
}
start_lighttpd() { serve lighttpd -D -f "$work/lighttpd.conf"; }

# The lines of the same virtual host; of aliases Apache takes the first.
configure_apache() {
	local mpm=(mpm_event proxy proxy_fcgi) login='/^Use LatchkeyPath login/'
	[[ $1 == apache-fcgi ]] || mpm=(mpm_prefork cgi)
	local modules=("${mpm[@]}" alias authz_core env filter headers macro mime reqtimeout rewrite setenvif)
	{
		printf '%s\n' "ServerRoot $work" 'ServerName localhost' "DefaultRuntimeDir $work/tmp" "PidFile $work/apache.pid" \
			'ErrorLog "|/bin/cat"' 'KeepAlive Off' 'TypesConfig /dev/null' "Listen 127.0.0.1:$port" "DocumentRoot $work/html" \
			"$( ((EUID)) || printf 'User %s\nGroup %s' "$user" "$group")"
		printf '%s\n' "${modules[@]}" | sed 's|.*|LoadModule &_module /usr/lib/apache2/modules/mod_&.so|'
		printf '%s\n' '<Directory />' 'Require all denied' '</Directory>' "<Directory $work/html>" 'Require all granted' '</Directory>'
		page_lines "$1" | sed "s|/usr/libexec/latchkey|$build/cgi|"
		if [[ $1 == apache-fcgi ]]; then page_lines apache; else
			page_lines apache | sed "$login"d
			page_lines apache | sed -n "$login"p
		fi
	} >"$work/apache.conf"
}
configure_apache-fcgi() { configure_apache apache-fcgi; }
configure_apache-cgi() { configure_apache apache-cgi; }
start_apache-cgi() { start_apache-fcgi; }
# In a group of its own: prefork ends all of its group.
start_apache-fcgi() { serve setsid apache2 -D FOREGROUND -f "$work/apache.conf"; }

# HAProxy writes the names of headers in small letters.
read_answer_as_it_is=$(declare -f read_answer)
eval "plain_${read_answer_as_it_is}"
read_answer() {
	sed -i -E '1,/^\r?$/{s/^[a-z]/\U&/; :again; s/^([A-Za-z-]*-)([a-z])/\1\U\2/; t again; s/^Www-/WWW-/}' "$scratch/answer"
	plain_read_answer
}

# --- what holds of each

# Each path goes to the program that has it: any other says 404.
paths() {
	local method path program lost=() option
	while IFS=$'\t' read -r method path program _; do
		option=(-d '{}')
		[[ $method != GET ]] || option=()
		request "$method" "${path/\{id\}/7}" -H 'Authorization: Bearer x.y.z' "${option[@]}"
		[[ $status != 404 && $status != 50? || $program == verify ]] || lost+=("$method $path: $status")
	done <<<"$routes"
	is "${lost[*]-}" '' "$server: each endpoint is there"
}

endpoints() {
	paths
	request GET /auth/verify
	is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer' "$server: verify"
	ok_if "$server: a sign-in" sign_in ann
	request GET /v1/auth/me -H "Authorization: Bearer $token"
	is "$status" 200 "$server: by its token"
	request GET '/auth/verify' -H "Authorization: Bearer $token" -H 'X-Auth-User: admin'
	is "$status" 403 "$server: a forged name is refused"
	request GET '/auth/verify?role=admin' -H "Authorization: Bearer $token"
	is "$status" 403 "$server: a query is passed on"
	request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$old\"}"
	like "$status ${header_of[Set-Cookie]-}" '^20[01] .*HttpOnly' "$server: a session"
	request GET /account/sign-in "${page[@]}"
	like "$status ${header_of[Content-Type]-} $body" '^200 text/html.*/account/www/' "$server: the page of the sign-in"
	request GET /account/nothing
	is "$status ${header_of[Content-Type]-}" '404 text/html; charset=utf-8' "$server: what is no page is login's 404"
	request GET /account
	like "$status ${header_of[Location]-}" '^303 .*/account/$' "$server: the way to the account"
	request GET /.well-known/change-password
	like "$status ${header_of[Location]-}" '^303 .*/account/password$' "$server: the way to another password"
	for path in page.css page.js admin.css admin.js favicon.svg; do
		request GET "/account/www/x/$path"
		is "$status $(printf %s "$body" | md5sum) ${header_of[X-Content-Type-Options]-}" "200 $(md5sum <"$top/www/$path") nosniff" \
			"$server: $path is served"
	done
	like "${header_of[Cache-Control]}" ^private "$server: to no cache of several people: it may be asked for what comes later"
	for path in page.css custom.css; do
		echo "the site's $path" | install -m 0644 /dev/stdin "$work/www/$path"
		request GET "/account/www/x/$path"
		[[ $server == haproxy ]] || answers 200 "the site's $path"$'\n' "$server: the site's own $path comes first"
		rm "$work/www/$path"
	done
	for path in nothing.css ../../web-key %2e%2e/web-key ..%2f..%2fweb-key ../../../web-key; do
		request GET "/account/www/x/$path"
		ok_if "$server: and not $path" [ "${body/"$(proof)"/}" = "$body" ]
	done
	request POST /auth/admin/reset-password -d "{\"password\":\"$old\"}"
	is "$status" 403 "$server: nothing is local"
}

# The programs hear from where a client comes, whatever it says itself.
addresses() {
	latchkey throttle clear --all >/dev/null 2>&1
	request POST /v1/api-login -d '{"username":"ann","password":"x"}' --remote 127.0.0.9 -H 'X-Forwarded-For: 192.0.2.7' \
		-H 'X-Real-Ip: 192.0.2.7' -H 'Remote-Addr: 192.0.2.7' -H 'Forwarded: for=192.0.2.7'
	is "$(tail -n 1 "$state/audit.log" | grep -o '127\.0\.0\.9\|192\.0\.2\.7' | sort -u)" 127.0.0.9 "$server: the client's address"
}

bodies() {
	local size
	for size in 20000 60000 70000 1000000; do
		head -c "$size" /dev/zero | tr '\0' x >"$work/large"
		request POST /v1/api-login -f "$work/large"
		like "$status" '^(413|400)$' "$server: a body of $size bytes is refused"
	done
	printf '{"username":"ann","password":"%s"}' "$old" >"$work/body"
	is "$(curl -s -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' \
		--data-binary "@$work/body" "http://127.0.0.1:$port/v1/api-login")" "$chunked" "$server: a chunked body"
}

# Without the key, and with another, nothing is answered.
keyless() {
	local file
	end_server
	for file in web-key.env web-key.apache; do
		cp "$work/$file" "$work/$file.kept"
		sed -i 's/[0-9a-f]\{64\}/0123456789012345678901234567890123456789012345678901234567890123/' "$work/$file"
	done
	"start_$server"
	request GET /auth/verify
	is "$status" 403 "$server: with another key nothing is answered"
	for file in web-key.env web-key.apache; do mv "$work/$file.kept" "$work/$file"; done
}

slow_client() {
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	printf '%s\r\n' 'POST /v1/auth/login HTTP/1.1' 'Host: localhost' 'Content-Type: application/json' 'Content-Length: 100' '' '{' >&"$fd"
	ok_if "$server: a slow client holds no program" sign_in ann
	exec {fd}>&-
}

unauthorized='{"status":"error","message":"Invalid or missing authorization token"}' # verify's own words
as_files() {
	as=''
	ask site GET /wiki/index.html
	answers 401 "$unauthorized" "$server: a file without a token"
	ask site GET '/wiki/index.html?a=b' "${page[@]}"
	like "$status" '^(401|303)$' "$server: a person without a token"
	for as in '' "$token"; do
		ask site GET /wiki/index.html -H 'X-Auth-User: admin'
		is "$status" 403 "$server: a file with X-Auth-User"
		ask site GET /wiki/index.html -H 'X_Auth_User: admin'
		isnt "$status" 200 "$server: or by another spelling"
	done
	ask site GET /wiki/index.html
	answers 200 $'a file\n' "$server: a file with a token"
	is "$(grep -ci '^Variable-\|^X-Auth-' "$scratch/answer")" 0 "$server: the client is told nothing of it"
	for path in /wiki/../wiki/index.html //wiki/index.html /%77iki/index.html /WIKI/index.html; do
		as=''
		ask site GET "$path"
		isnt "$status" 200 "$server: $path without a token"
	done
	as=$token
	ask site GET /wiki/index.php
	is "$status" 403 "$server: no source of PHP"
}

protects() {
	underscored=403
	guarded 127.0.0.1 /wiki/
}

fresh 'hash_cost = 1' 'throttle = off' "web_key_file = $work/web-key"
latchkey web-key make >>"$log" 2>&1 || give_up 'no key'
start fcgi
site_files
echo 'a file' >"$work/html/wiki/index.html"
install -d "${owned[@]}" "$work/tmp"
install -d -m 0755 "$work/www"
app_port=$(free_port)
python3 -I "$top/t/sites/app.py" "$app_port" "$seen" >>"$log" 2>&1 &
pids+=($!)
add admin "$old" --admin
add ann "$old" --email ann@example.org --verified
who="x-auth-email=ann@example.org x-auth-id=$(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p') x-auth-permission=read,write x-auth-role=user x-auth-user=ann"

ask() { request "$2" "$3" -H "Host: 127.0.0.1:$port" ${as:+-H "Authorization: Bearer $as"} "${@:4}"; }
for server in ${SERVERS-haproxy caddy lighttpd apache-fcgi apache-cgi}; do
	chunked=200
	[[ $server != caddy ]] || chunked=400 # Caddy does not say how long it is
	[[ $server != apache-cgi ]] || chunked=411
	"start_$server"
	endpoints
	addresses
	bodies
	[[ $server == apache-fcgi ]] || slow_client
	[[ $server != caddy ]] || protects
	[[ $server != lighttpd ]] || as_files
	keyless
	end_server
done
done_testing
