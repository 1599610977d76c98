#!/bin/bash
# recipes.t - the recipes of doc/guide/recipes.md, with the lines that stand there: git's own client, and Basic
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

# with_recipes: the page's lines in the run's nginx, before its own locations.
with_recipes() {
	local lines
	# shellcheck disable=SC2016 # the marks of Markdown
	lines=$(sed -n '/^```nginx$/,/^```$/{/^```/d;p}' "$top/doc/guide/recipes.md" |
		sed -e "s|/srv/git|$work/git|" -e "s|/run/fcgiwrap.socket|$work/git.sock|" -e "s#127\.0\.0\.1:\(9090\|3000\)#127.0.0.1:$app_port#")
	lines=$(lines=$lines awk '{ print } /include snippets\/latchkey.conf;/ { print ENVIRON["lines"] }' "$work/nginx.conf")
	printf '%s\n' "$lines" >"$work/nginx.conf"
	kill -HUP "$(<"$work/nginx.pid")"
	wait_for 60 is_protected || give_up 'nginx has no recipes'
}
is_protected() {
	request GET /git/wiki.git/info/refs
	[[ $status == 401 ]]
}


quiet() { GIT_TERMINAL_PROMPT=0 GIT_CONFIG_GLOBAL=/dev/null git "$@" >>"$log" 2>&1; }
at() { echo "http://ann:$1@127.0.0.1:$port/git/wiki.git"; }
refused() { ! quiet "$@"; }

fresh 'hash_cost = 1'
start nginx
add ann "$old" --admin --email ann@example.org --verified
install -d "${owned[@]}" "$work/git"
chmod a+x "$work"
"${as_owner[@]}" env HOME="$work/git" git init -q --bare "$work/git/wiki.git" >>"$log" 2>&1 || give_up 'no repository'
spawn-fcgi -n -s "$work/git.sock" -M 0666 "${spawn_as[@]}" -- /usr/sbin/fcgiwrap >>"$log" 2>&1 &
pids+=($!)
app_port=$(free_port)
python3 -I "$top/t/sites/app.py" "$app_port" "$work/seen" >>"$log" 2>&1 &
pids+=($!)
wait_for 60 listens "$work/git.sock" || give_up 'no fcgiwrap'
with_recipes

sign_in ann
request POST /auth/access_token -H "Authorization: Bearer $token" -d '{"name":"w","permission":"read,write"}'
writer=${member_of[.token]-}
request POST /auth/access_token -H "Authorization: Bearer $token" -d '{"name":"r","permission":"read"}'
reader=${member_of[.token]-}
request GET /git/wiki.git/info/refs
like "$status ${header_of[WWW-Authenticate]-}" '^401 Basic' 'git: is asked for a password'
ok_if 'git: a clone with a token' quiet clone "$(at "$writer")" "$work/one"
echo text >"$work/one/page"
quiet -C "$work/one" add page
ok_if 'git: a commit' quiet -C "$work/one" -c user.name=ann -c user.email=ann@example.org commit -m page
ok_if 'git: a push with a token that may write' quiet -C "$work/one" push origin HEAD:main
ok_if 'git: no push with one that may read' refused -C "$work/one" push "$(at "$reader")" HEAD:other
ok_if 'git: but a clone' quiet clone -b main "$(at "$reader")" "$work/two"
is "$(cat "$work/two/page" 2>/dev/null)" text 'git: which has what was pushed'
ok_if "git: no clone with a person's password" refused clone "$(at "$old")" "$work/three"
ok_if 'git: none with a bad token' refused clone "$(at lk_x)" "$work/three"
is "$(git --git-dir="$work/git/wiki.git" -c safe.directory='*' for-each-ref --format='%(refname)')" refs/heads/main 'git: the push alone has come'

request GET /prometheus/api/v1/query
like "$status ${header_of[WWW-Authenticate]-}" '^401 Basic' 'Prometheus: is asked for a password'
request GET /prometheus/api/v1/query -H "Authorization: Basic $(printf 'x:%s' "$reader" | base64 -w 0)"
is "$status ${member_of[.told.x-auth-user]-} ${member_of[.told.authorization]-}" '200 token:2 ' 'Prometheus: by a token, which goes no further'
request GET /prometheus/api/v1/query -H "Authorization: Basic $(printf 'ann:%s' "$old" | base64 -w 0)"
is "$status" 401 "Prometheus: not by a person's password"

# By the header that Grafana is told to read; PHP-FPM is in sites.t.
request GET /grafana/
is "$status" 401 'Grafana: nobody without a token'
for name in X-Auth-Id X-Auth-User X-Auth-Email; do
	request GET /grafana/ -H "Authorization: Bearer $token" -H "$name: admin"
	is "$status" 403 "Grafana: nobody by a header $name of their own"
done
request GET /grafana/ -H "Authorization: Bearer $token"
is "$status ${member_of[.told.x-auth-id]-} ${member_of[.told.x-auth-user]-} ${member_of[.told.authorization]-}" \
	"200 $(latchkey user show ann 2>>"$log" | sed -n 's/^id: //p') ann " 'Grafana: hears the id and the name'
done_testing
