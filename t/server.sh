# shellcheck shell=bash disable=SC2034,SC2154 # shared with lib.sh and with the tests
# server.sh - what nginx.t and apache.t have in common, after lib.sh

old='Quiet-Harbour-42'
readable=$( ((EUID)) && echo 600 || echo 640) # by the programs' user, where that is another

sign_in() { # NAME [PASSWORD [OPTION...]]; sets $token
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"${2-$old}\"}" "${@:3}"
	[[ $status == 200 && ${member_of[.token]-} ]] && token=${member_of[.token]}
}
# start_php SOCKET CHILDREN: PHP-FPM as Debian has it, as www-data where root starts it.
start_php() {
	cat >"$work/php.conf" <<-END
		[global]
		error_log = /dev/stderr
		daemonize = no
		[www]
		listen = $1
		listen.mode = 0666
		pm = static
		pm.max_children = $2
		$( ((EUID)) || printf 'user = www-data\ngroup = www-data\n')
	END
	php-fpm8.2 -n -y "$work/php.conf" >>"$log" 2>&1 &
	pids+=($!)
	wait_for 60 listens "$1" || give_up 'php-fpm does not start'
}
# children PID: its children and theirs, one a line.
children() {
	ps -eo pid=,ppid= | awk -v root="$1" '
		{ parent[$1] = $2 }
		END {
			for (pid in parent) {
				for (up = parent[pid]; up > 1 && up != root;) up = parent[up]
				if (up == root) print pid
			}
		}'
}
# workers [PROGRAM]: those of this run, and no others.
workers() {
	children "${pids[0]}" | xargs ps -o pid=,args= -p |
		awk -v path="$build/cgi/${1-}" 'index($2, path) == 1 { print $1 }'
}

# run_again OPTION...: sets $said and $code.
run_again() {
	said=$(LATCHKEY_BUILD=$build timeout 60 "$top/$way-example/run" "$@" 2>&1)
	code=$?
}
refusals() {
	local said code other
	other=$(free_port)
	run_again --state "$work" --port "$other"
	like "$code $said" "^1 .*$work is in use" 'a second start in the same directory'
	run_again --state "$work/other" --port "$port"
	like "$code $said" "^1 .*port $port on 127.0.0.1 is taken" 'a second start on the same port'
	run_again --state "$work/other" --port "$other" --public "$port"
	like "$code $said" "^1 .*port $port on 127.0.0.1 is taken" 'the public one, too'
	run_again --state "$work/other" --port "$other" --set 'token_life = 5'
	like "$code $said" '^1 .*token_life' 'a bad value is refused with the name of its setting'
	run_again --state "$work/other" --port "$other" --set 'no_such_thing = 5'
	like "$code $said" '^1 .*no_such_thing' 'an unknown setting, too'
	run_again --nonsense x
	like "$code $said" '^2 .*--nonsense' 'an unknown option is wrong usage'
	request GET /auth/verify
	is "$status" 401 'the first one goes on'
}

protected() { # [--public]
	local who=${1-local} user text honest forged=403 believed=200
	[[ $way != apache ]] || forged=401 believed=403 # whatever an authorizer's no is, mod_fcgid says 401
	sign_in bob@example.com
	user=$token
	sign_in admin
	request GET /protected/ "$@"
	is "$status ${header_of[WWW-Authenticate]-} $body" '401 Bearer {"status":"error","message":"Unauthorized"}' \
		"$who: a protected page without a token"
	request GET /protected/ "$@" -H 'Authorization: Bearer x.y.z'
	is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer error="invalid_token"' "$who: with a bad one"
	request GET /protected/x "$@" -H "Authorization: Bearer $user"
	is "$status ${member_of[.user]-} ${member_of[.role]-} ${member_of[.permission]-}" '200 bob@example.com user read,write' \
		"$who: the application hears who it is"
	is "${member_of[.authorization]-}" '' "$who: and not the token"
	honest=$body
	request GET /admin/ "$@" -H "Authorization: Bearer $user"
	answers 403 '{"status":"error","message":"Forbidden"}' "$who: an administrator's page for a user"
	request GET '/admin/?role=user' "$@" -H "Authorization: Bearer $user"
	is "$status" 403 "$who: with a query of his own"
	request GET /admin/ "$@" -H "Authorization: Bearer $token"
	is "$status ${member_of[.user]-} ${member_of[.role]-}" '200 admin admin' "$who: for an administrator"
	for text in X-Auth-User X-Auth-Role X-Auth-Id X-Auth-Permission X-Auth-Email; do
		request GET /protected/ "$@" -H "$text: admin"
		is "$status" $forged "$who: $text lets nobody in"
		request GET /protected/ "$@" -H "Authorization: Bearer $user" -H "$text: admin"
		is "$status" $forged "$who: $text is not believed"
	done
	# What is no name of a header nginx drops, and Apache, which does not, refuses.
	[[ $way != apache ]] || honest='{"status":"error","message":"Forbidden"}'
	request GET /protected/ "$@" -H 'X_Auth_User: admin'
	is "$status" 401 "$who: X_Auth_User lets nobody in"
	request GET /protected/ "$@" -H "Authorization: Bearer $user" -H 'X_Auth_User: admin'
	is "$status $body" "$believed $honest" "$who: X_Auth_User is not believed"
	request POST /protected/ "$@" -H "Cookie: jwt=$user" -H 'Sec-Fetch-Site: cross-site' -d '{}'
	is "$status" 401 "$who: a form on a foreign page, with our cookie"
	request POST /protected/ "$@" -H "Authorization: Bearer $user" -d '{}'
	is "$status" 200 "$who: a body is the application's affair"
	for text in /_latchkey/user /_latchkey/admin '/protected/../_latchkey/user'; do
		request GET "$text" "$@" -H "Authorization: Bearer $token"
		is "$status" 404 "$who: $text is nobody's"
	done
}

# The end, by a signal to the run script alone.
taken_down() { # SIGNAL PROCESSES: there are more of them than that
	local pid all left=()
	mapfile -t all < <(children "${pids[0]}")
	kill "-$1" "${pids[0]}"
	wait_for 60 ended "${pids[0]}" || diag "$1 is ignored"
	wait "${pids[0]}"
	is $? 0 "$1 ends it"
	pids=()
	for pid in "${all[@]}"; do ended "$pid" || left+=("$(ps -o args= -p "$pid")"); done
	ok_if "there was something to end" test "${#all[@]}" -gt "$2"
	is "${left[*]}" '' "$1 leaves nothing behind"
}

# --- TLS

# start_tls nginx|apache: the public server is $site, https://pages.test:PORT, by a certificate of its own and with HSTS, as
# the example's commented lines have it. Before it: fresh 'site_url = https://pages.test:PUBLIC_PORT'...
start_tls() {
	start "$1"
	site=https://pages.test:$public_port
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=pages.test \
		-addext subjectAltName=DNS:pages.test -keyout "$work/tls.key" -out "$work/tls.pem" >>"$log" 2>&1 || give_up 'no certificate'
	"tls_of_$1"
	wait_for 60 speaks_tls || give_up "$1 does not speak TLS"
}
tls_of_nginx() {
	sed -i -e "/^    listen 127.0.0.1:$public_port;/,/^}/{
		s|^    listen .*;|    listen 127.0.0.1:$public_port ssl http2;|
		s|# ssl_certificate .*|ssl_certificate $work/tls.pem;|
		s|# ssl_certificate_key .*|ssl_certificate_key $work/tls.key;|
		s|# \(set \$latchkey_hsts\)|\1|
		s|# \(add_header Strict\)|\1|
	}" "$work/nginx.conf"
	kill -HUP "$(<"$work/nginx.pid")"
}
tls_of_apache() {
	local modules=/usr/lib/apache2/modules
	sed -i -e "s|^LoadModule proxy_module|LoadModule ssl_module $modules/mod_ssl.so\n&|" \
		-e "/^<VirtualHost 127.0.0.1:$public_port>/,/^<.VirtualHost>/{
		s|^    ServerName .*|&\n    SSLEngine on\n    SSLCertificateFile $work/tls.pem\n    SSLCertificateKeyFile $work/tls.key|
		s|#   \(Header always set Strict\)|\1|
	}" "$work/apache.conf"
	kill -USR1 "$(<"$work/apache.pid")"
}
speaks_tls() { curl_tls -o /dev/null "$site/account/www/0/page.css" 2>/dev/null; }
curl_tls() { curl -s --http1.1 --cacert "$work/tls.pem" --resolve "pages.test:$public_port:127.0.0.1" "$@"; }

# request_tls METHOD PATH OPTION...: as request, by curl and its options, to $site.
request_tls() {
	curl_tls -i -X "$1" "$site$2" "${@:3}" >"$scratch/answer" 2>>"$log"
	asked note "$scratch/answer"
	read_answer
}

# own_apache SED...: Apache without the run script, on the configuration that this has left, after those changes.
own_apache() {
	sed -i "$@" "$work/apache.conf"
	rm -f "$work"/*.pid
	setsid apache2 -D FOREGROUND -f "$work/apache.conf" >>"$log" 2>&1 &
	pids+=($!)
	wait_for 60 up || give_up 'Apache does not start'
}
up() { (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
