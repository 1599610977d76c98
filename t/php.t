#!/bin/bash
# php.t - a page of PHP-FPM's that runs as the web server's user is not the web server
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

new='Other-Harbour-43'

# start_pages: PHP-FPM, with the stranger's page in $work/pages.
start_pages() {
	install -d "$work/pages"
	install -m 0644 "$top/t/stranger.php" "$work/pages"
	start_php "$work/php.socket" 1
}

# protected_page: in the run's nginx, a page that is protected as doc/guide/protect.md has it.
protected_page() {
	local page
	page=$(printf '%s\n' 'location ^~ /page/ {' 'include snippets/latchkey-protect.conf;' 'include /etc/nginx/fastcgi_params;' \
		'include snippets/latchkey-params.conf;' "fastcgi_param SCRIPT_FILENAME $work/pages/stranger.php;" \
		"fastcgi_pass unix:$work/php.socket;" '}')
	page=$(awk -v page="$page" '{ print } /include snippets\/latchkey.conf;/ { print page }' "$work/nginx.conf")
	printf '%s\n' "$page" >"$work/nginx.conf"
	kill -HUP "$(<"$work/nginx.pid")"
	wait_for 60 page_is_there || give_up 'nginx has no page'
}
page_is_there() {
	tries
	[[ $status == 200 ]]
}

# tries [PROOF]: what the page could do.
tries() { request GET "/page/?dir=$work&password=$new${1:+&proof=$1}" -H "Authorization: Bearer $token"; }
not() { ! "$@"; }
unchanged() { # NAME
	ok_if "$1: the administrator's password is as it was" sign_in admin
	ok_if "$1: and is not the page's" not sign_in admin "$new"
	sign_in admin
}

if ((EUID)); then
	# All is one user's here, which the page could be told from nothing: so it must be said that it is trusted.
	fresh 'hash_cost = 1' 'same_user_is_trusted = no'
	start nginx
	add admin "$old" --admin
	sign_in admin
	start_pages
	protected_page
	tries
	is "${member_of[.answers]%% *}" 403 'the same user: refused without a key'
	isnt "${member_of[.keys]-}" 0 'the same user: the page reads the key'
	tries "$(head -n 1 "$work/web-key")"
	is "${member_of[.answers]-}" '403 403' 'the same user: refused with it, too'
	like "$(<"$log")" 'latchkey reset: warning: admin_reset = local is refused here.*admin_reset = off' 'which is said at the start'
	unchanged 'the same user'
	done_testing
fi

fresh 'hash_cost = 1'
start nginx
add admin "$old" --admin
sign_in admin
start_pages
protected_page
tries
is "$(ps -o euser= -p "$(children "${pids[-1]}")" | sort -u)" www-data 'the page is www-data'
is "${member_of[.keys]-}" 0 'the page finds no key: not in what it was told, in no file, and in no process of its user'
is "$(tr ' ' '\n' <<<"${member_of[.read]-}" | grep -E '^(web-key|state/|latchkey[.]conf|nginx[.]conf|conf[.]d|snippets)' | xargs)" '' \
	'it reads no settings, and nothing of the state'
is "${member_of[.answers]-}" 'Permission denied' 'it cannot open the socket'
unchanged 'the page'

# Had it the sockets' group, as people once put www-data into it: the key alone is in the way.
chmod 0666 "$work"/*.sock
tries
is "${member_of[.keys]-} ${member_of[.answers]-}" '0 403' 'with the sockets open to it, but no key: refused'
tries "$(tr 0-9a-f 1-9a-f0 <"$work/web-key" | head -n 1)"
is "${member_of[.answers]-}" '403 403' 'with another key: refused'
unchanged 'with the sockets open to it'

# That it tries what would work.
tries "$(head -n 1 "$work/web-key")"
is "${member_of[.answers]-}" '403 200' 'with the key it would be nginx'
ok_if 'and have set the password' sign_in admin "$new"
stop

# As Apache starts the programs, they are the page's own user: what they refuse is all that is left.
fresh 'hash_cost = 1' 'same_user_is_trusted = no'
start apache
for path in /auth/admin /api/v2/admin-account /v1/auth/register /v1/api-user-create; do
	request POST "$path" -d "{\"password\":\"$new\",\"email\":\"x@example.org\",\"firstName\":\"Xaver\",\"username\":\"xaver\",
		\"name\":\"Xaver\",\"privacyPolicy\":true}"
	is "$(latchkey user list 2>>"$log")" '' "apache: no first account by being local alone: $path"
done
add admin "$old" --admin
request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
answers 403 '{"status":"error","message":"Forbidden"}' 'apache: no reset by being local alone'
unchanged 'apache'
request POST /auth/admin/reset-password -d "{\"password\":\"$old\"}" -H "Authorization: Bearer $token"
is "$status" 200 'apache: with a token it is another matter'
like "$(<"$log")" 'latchkey reset: warning: admin_reset = local is refused here.*admin_reset = off' 'apache: the log says it at the start'
stop
fresh 'hash_cost = 1' 'same_user_is_trusted = yes'
start apache
request POST /auth/admin -d "{\"password\":\"$old\"}"
is "$status" 200 'apache: unless its user is trusted: a first account'
sign_in admin
start_pages
# The page that latchkey protects is PHP's: verify is asked with the key, and PHP-FPM is not told.
install -D -m 0644 "$top/t/stranger.php" "$work/site/protected/index.php"
sed -i -e 's|^LoadModule proxy_module .*|&\nLoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so|' \
	-e "s#^ *ProxyPass .*/protected/\$#SetHandler \"proxy:unix:$work/php.socket|fcgi://php\"#" "$work/apache.conf"
kill -USR1 "$(<"$work/apache.pid")"
php_answers() {
	request GET "/protected/index.php?dir=$work/none&password=x" -H "Authorization: Bearer $token"
	[[ $status == 200 && ${member_of[.keys]-} ]]
}
ok_if 'apache: a page of PHP-FPM is there' wait_for 60 php_answers
is "$(grep -o '[0-9a-f]\{64\}' <<<"${member_of[.keys]-}$body")${member_of[.keys]-}" 0 'apache: and is not told the key'
request GET "/protected/index.php?dir=$work/none&password=x"
is "$status" 401 'apache: nor is it asked without a token'
request POST /auth/admin/reset-password -d "{\"password\":\"$new\"}"
is "$status" 200 'apache: unless its user is trusted'

done_testing
