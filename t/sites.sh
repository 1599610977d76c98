# shellcheck shell=bash disable=SC2034,SC2154 # shared with lib.sh and with the tests
# sites.sh - what sites.t and sites-apache.t have in common, after lib.sh and server.sh: applications, and what must hold of
# each page of theirs that is protected

seen=$work/seen # the application's requests

# moved FILE...: with this test's port and directories in place of their own.
moved() { sed -e "s|/run/latchkey/|$work/|" -e "s|/etc/latchkey/|$work/|" -e "s|/usr/share/latchkey/|$work/share/|" -e "s|PORT|$port|" -e "s|WORK|$work|" "$@"; }

# site_files: what sites serve by themselves.
site_files() {
	local file
	mkdir -p "$work/html/"{pages,files,wiki,pretty}
	for file in 401 403 404 413 50x; do echo "the site's $file" >"$work/html/pages/$file.html"; done
	echo 'the application' | tee "$work/html/spa.html" >"$work/html/script.js"
	echo 'a file' | tee "$work/html/files/file.txt" >"$work/html/pretty/index.html"
	cp "$top/t/sites/index.php" "$work/html/wiki/"
	cp "$top/t/sites/index.php" "$work/html/open.php"
	chmod -R a+rX "$work/html"
	chmod a+x "$work"
	head -c $((5 * 1024 * 1024)) /dev/zero >"$work/upload"
	: >"$seen"
}

# start_applications: one in Python, at app.sock, and PHP-FPM at php.sock.
start_applications() {
	site_files
	python3 -I "$top/t/sites/app.py" "$work/app.sock" "$seen" >>"$log" 2>&1 &
	pids+=($!)
	start_php "$work/php.sock" 4
	wait_for 60 test -S "$work/app.sock" || give_up 'no applications'
}

# ask SITE METHOD PATH OPTION...: by the token, if $as is one.
as=''
ask() { request "$2" "$3" -H "Host: $1.test" ${as:+-H "Authorization: Bearer $as"} "${@:4}"; }

# told: what the application has heard of the caller, "name=value ...".
told() { python3 -I -S -c 'import json, sys; print(*(f"{n}={v}" for n, v in sorted(json.load(sys.stdin)["told"].items())))' <<<"$body"; }

unauthorized='{"status":"error","message":"Unauthorized"}'
forbidden='{"status":"error","message":"Forbidden"}'
refused="403 $forbidden"	# by verify; through mod_fcgid, 401
underscored=200			# nginx drops headers with an underscore; Apache is to refuse them
names='User Id Role Permission Email Name Groups Factors Session'

# requests: how many the application has had, but for those of begin_slow.
requests() { grep -vc '/slow/' "$seen"; }

# guarded SITE PATH: no client gets past without a token, and the application hears the caller's name and nothing else.
guarded() {
	local name value before honest
	before=$(requests)
	as=''
	ask "$1" GET "$2"
	answers 401 "$unauthorized" "$1: $2 without a token"
	is "${header_of[WWW-Authenticate]-}" Bearer "$1: $2 says what is asked for"
	ask "$1" GET "$2?a=b&c" "${page[@]}"
	is "$status $(next)" "303 $2?a=b&c" "$1: $2 sends a person to the sign-in"
	ask "$1" POST "$2" "${page[@]}" -d '{}'
	is "$status $(next)" '303 /' "$1: $2 forgets what was posted"
	as=x.y.z
	ask "$1" POST "$2" -d '{}'
	answers 401 "$unauthorized" "$1: $2 with a bad one"
	for as in '' "$token"; do
		for name in $names; do
			for value in admin ''; do
				ask "$1" GET "$2" -H "X-Auth-$name: $value"
				is "$status $body" "$refused" "$1: $2 with X-Auth-$name: '$value'${as:+ and a token}"
			done
		done
	done
	is "$(requests)" "$before" "$1: $2: the application has heard of none of these"
	ask "$1" GET "$2"
	is "$status $(told)" "200 $who" "$1: $2 with a token"
	honest=$body
	((underscored == 200)) || honest=$forbidden
	ask "$1" GET "$2" -H 'X_Auth_User: admin' -H 'X_Auth-Role: admin'
	is "$status $body" "$underscored $honest" "$1: $2: what is no header's name is not believed"
	ask "$1" POST "$2" -f "$work/upload"
	is "$status ${member_of[.length]-}" "200 $((5 * 1024 * 1024))" "$1: $2 takes 5 MB"
}

# nobody SITE PATH: where the site's own lines have taken the place of latchkey's, the application hears no name.
nobody() {
	local name
	as=''
	ask "$1" GET "$2"
	is "$status" 401 "$1: $2 is protected still"
	as=$token
	for name in $names; do
		ask "$1" GET "$2" -H "X-Auth-$name: admin"
		is "$status" "${refused%% *}" "$1: $2 with X-Auth-$name"
	done
	ask "$1" GET "$2"
	is "$status $(told | grep -c 'x-auth-')" '200 0' "$1: $2: the application hears of nobody"
}

# of_the_application SITE PATH: an error that it answers with is its own.
of_the_application() {
	local number
	as=$token
	for number in 401 403 404 413 429 500 503; do
		ask "$1" GET "$2/status/$number"
		is "$status $body" "$number the application's $number"$'\n' "$1: its own $number"
	done
}

# public_parts SITE: what of latchkey's is for people who have not signed in, also on a site that is protected as a whole.
public_parts() {
	as=''
	ask "$1" GET /account/www/x/page.css
	is "$status ${header_of[Content-Type]-}" '200 text/css; charset=utf-8' "$1: the files of pages are open"
	ask "$1" GET /account/www/x/nothing
	is "$status ${header_of[Content-Type]-}" '404 text/html; charset=utf-8' "$1: one that is not there is latchkey's 404"
	ask "$1" GET /account
	like "$status ${header_of[Location]-}" "^303 (http://$1.test)?/account/$" "$1: the way to the account"
	ask "$1" GET /.well-known/change-password
	like "$status ${header_of[Location]-}" "^303 (http://$1.test)?/account/password$" "$1: the way to another password"
}
