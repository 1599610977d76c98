#!/bin/bash
# doctor.t - latchkey doctor finds each fault, and the very command that it prints mends it
# Root sees and mends what is the machine's as well: here a machine of the test's own, in a mount namespace.
if ((EUID == 0)) && [[ ! ${DOCTORS_OWN-} ]] && unshare -m true 2>/dev/null; then
	DOCTORS_OWN=yes exec unshare -m "$0"
fi
. "${0%/*}/lib.sh"

PATH=$build/cli:$PATH # the commands that are printed name it so
# shellcheck disable=SC2016 # for the editor to expand
printf '#!/bin/bash\n[[ $1 != +* ]] || shift\nexec sed -i -f %s "$@"\n' "$work/edit" >"$work/editor"
chmod 755 "$work/editor"
export EDITOR=$work/editor

# doctor OPTION...: sets $said and $code.
doctor() {
	said=$("${ahead[@]}" "$build/cli/latchkey" --config "$conf" doctor "$@" 2>>"$log")
	code=$?
}

# mends LEVEL CHECK PATTERN NAME [OPTION...]: a finding, its command, and that it is gone after that. An editor does what is
# in $work/edit, in sed's words.
mends() {
	local found command
	doctor "${@:5}"
	found=$(grep -A1 -E "^$1 +$2: .*$3" <<<"$said")
	command=$(sed -n '2s/^ \{9\}//p' <<<"$found")
	if [[ ! $found ]]; then
		flunk "$4: found" "$said"
		return
	fi
	pass "$4: found"
	is "$code" "$(if grep -q '^error' <<<"$said"; then echo 2; else echo 1; fi)" "$4: exit status"
	if [[ $command == unset* ]]; then
		eval "$command"
	else
		bash -c "$command" >>"$log" 2>&1 <<<'Quiet-Harbour-42' || diag "$command: $?"
	fi
	# A process that is told to end takes its time.
	if wait_for 60 is_mended "$@"; then pass "$4: mended"; else flunk "$4: mended" "$command" "$said"; fi
}
is_mended() {
	doctor "${@:5}"
	! grep -qE "^$1 +$2: .*$3" <<<"$said"
}

if [[ ${DOCTORS_OWN-} ]]; then
	if ! cp -a /etc "$work/etc" || ! mount --bind "$work/etc" /etc || ! mount -t tmpfs none /run; then
		give_up 'no machine of its own'
	fi
	# With a number that no process has.
	groupdel latchkey-web && groupadd --gid 64123 latchkey-web
	mkdir -p /run/latchkey
fi
fresh 'hash_cost = 1' 'site_url = http://127.0.0.1:PUBLIC_PORT' 'mail_command = /bin/true' "mail_templates = $top/conf/mail"
start nginx
add admin Quiet-Harbour-42 --admin

at=http://127.0.0.1:$public_port
setting() { printf '%s\n' "$1" >>"$conf"; }
edit() { printf '%s\n' "$1" >"$work/edit"; }

# --- a healthy installation

doctor
is "$code $(grep -v '^ok ' <<<"$said")" '0 ' 'all is well'
rows=$(sed -n 's/^ok *//p' <<<"$said")
doctor --json
is "$code $(jq_of() { python3 -I -S -c 'import json, sys
for line in sys.stdin:
    each = json.loads(line)
    assert set(each) == {"check", "result", "findings"} and each["result"] == "ok" and each["findings"] == [], each
    print(each["check"])'; }; jq_of <<<"$said")" "0 $rows" 'as JSON: an object a check'

# --- settings, files, the key

cp "$conf" "$work/kept"
sed -i 's/^hash_cost = .*/hash_cost = expensive/' "$conf"
edit 's/expensive/1/'
mends error settings 'expensive' 'a setting that is none'
rm "$conf"
mends error settings 'No such file' 'no configuration'
cp "$work/kept" "$conf"
edit "s|^site_url =.*|site_url = $at|"
sed -i 's|^site_url =.*|site_url =|' "$conf"
mends warning address 'site_url is empty' 'no site_url'
sed -i 's|^site_url =.*|site_url = http://example.org|' "$conf"
mends warning address 'can be read on their way' 'a site without https'
mkdir "${conf%/*}/conf.d"
echo 'site_url = http://example.org' >"${conf%/*}/conf.d/site.conf"
mends warning address 'can be read on their way' 'which another file says'
is "$(<"${conf%/*}/conf.d/site.conf")" "site_url = $at" 'that file is edited'
rm -r "${conf%/*}/conf.d"
sed -i 's|^site_url =.*|site_url = http://127.0.0.1:1|' "$conf"
mends error served 'does not answer' 'a site_url where nothing is served'
mkdir "${conf%/*}/conf.d"
echo 'site_url = http://127.0.0.1:1' >"${conf%/*}/conf.d/site.conf"
mends error served 'does not answer' 'the same in another file'
rm -r "${conf%/*}/conf.d"
sed -i "s|^site_url =.*|site_url = ${at/127.0.0.1/localhost}|" "$conf"
edit "s|^site_url =.*|site_url = $at|"
sed "$(<"$work/edit")" -i "$conf"
chmod 755 "$state"
mends error state 'mode 0755 lets others in' 'a state that others can read'
sed -i 's|^common_passwords =.*|common_passwords =|' "$conf"
edit "s|^common_passwords =.*|common_passwords = $top/conf/common-passwords.filter|"
mends warning lists 'common_passwords is empty' 'no list of passwords'
echo x >"$work/x.filter"
sed -i "s|^common_passwords =.*|common_passwords = $work/x.filter|" "$conf"
mends error lists 'not a filter' 'a damaged list'

# --- what is in the store

latchkey auth disabled
mends error auth_enabled 'lets everybody in' 'a switch that is off'
sed -i '/^disk_reserve/d' "$conf"
setting 'disk_reserve = 1099511627776'
edit '/^disk_reserve/d'
mends error room 'disk_reserve is 1099511627776' 'no room'
[[ -e $work/later.so ]] || build_clock
ahead=(env "LD_PRELOAD=$work/later.so" LATER=-90000)
doctor
like "$said" $'\nerror +clock: .*from now\n +timedatectl set-ntp true\n' 'a clock that is late'
ahead=()
# A database outlives a machine's state, which has the keys to it.
machine_without_store() {
	mv "$state" "$work/away"
	mends error state 'No such file' 'no state'
	doctor
	ok_if 'no store: the doctor makes none' test ! -e "$state/store"
	mends warning store 'there is no store:' 'no store'
	is "$code" 0 'no store: after the first account all is well'
	rm -rf "$state/store"
	add bob Quiet-Harbour-42
	mends warning administrator 'no enabled administrator' 'nobody administers'
	rm -rf "$state"
	mv "$work/away" "$state"
}
[[ ${LATCHKEY_TEST_STORE-} ]] || machine_without_store

dump >"$work/good"
admin=$(sed -n 's|^account/\([^\t]*\).*|\1|p' "$work/good")
sed '/^name.admin\t/d' "$work/good" | load
doctor
like "$code $said" "^2 .*"$'\n'"error +records: account $admin: its username does not lead to it"$'\n +latchkey --config .* check --files\n' 'a damaged record'
large=$state/store/log.large # a file of libdb's log has a number
install -m 0600 "${owned[@]}" /dev/null "$large"
truncate -s 33M "$large"
doctor
like "$code $said" $'^0 .*\nok +records: not looked at, as the store has [0-9]+ MB; this does\n +latchkey --config [^ ]* check\n' 'a large store'
rm "$large"
load <"$work/good"
doctor
like "$code $said" $'^0 .*\nok +records\n' 'the records as they were'

# --- mail

edit "s|^mail_command =.*|mail_command = /bin/true|"
sed -i 's|^mail_command =.*|mail_command =|' "$conf"
mends warning mail 'mail_command is empty' 'no mails'
sed -i 's|^mail_command =.*|mail_command = /no/such/program|' "$conf"
mends error mail 'No such file' 'no mail program'
sed -i 's|^mail_command =.*|mail_command = /bin/false|' "$conf"
mends error mail 'ended with status 1' 'a mail program that takes none' --mail ann@example.org
cp -r "$top/conf/mail" "$work/mail"
sed -i "s|^mail_templates =.*|mail_templates = $work/mail|" "$conf"
sed -i 's/{site}/{sight}/' "$work/mail/en/test.txt"
edit 's/{sight}/{site}/'
mends error mail '{sight}: there is no such word' 'a text with an unknown word'
printf '#!/bin/sh\ncat >%s/test-mail\n' "$drop" >"$work/mailer"
chmod 755 "$work/mailer"
sed -i "s|^mail_command =.*|mail_command = $work/mailer|" "$conf"
doctor --mail bob@example.org
is "$code $(grep -c '^To:.*bob@example.org' "$drop/test-mail")" '0 1' '--mail delivers a mail'

# --- pages: the first directory of `pages` is the site's own

own_page() { # TEXT FILE: a changed copy there
	mkdir -p "$work/pages"
	sed "$1" "$top/conf/pages/$2" >"$work/pages/$2"
}
own_page '1s/^/{#no.such}/' sign-in.html
edit 's/{#no.such}//'
mends error pages 'sign-in.html:1: {#no.such}: there is no such text' 'a page with an unknown text'
own_page '1s/^/{>massages}/' sign-in.html
edit 's/{>massages}//'
mends error pages 'sign-in.html:1: {>massages}: there is no such template' 'a page with an unknown template'
own_page '1s/^/{form.nmae}/' sign-in.html
edit 's/{form.nmae}//'
mends warning pages 'sign-in.html:1: {form.nmae}: no page' 'a page with an unknown word'
own_page '1s/^/{/' sign-in.html
edit '1s/^{//'
mends error pages 'sign-in.html:1: a { that begins no mark' 'a page with half a mark'
own_page '1s/^/{sight} = x\n/' de.txt
edit '1d'
mends warning pages 'de.txt:1: {sight}: no page' 'a text with an unknown word'
rm -r "$work/pages"

# --- a secret in the environment

export LATCHKEY_JWT_SECRET=short
mends error store 'LATCHKEY_JWT_SECRET: shorter than' 'a secret that is too short'
unset LATCHKEY_JWT_SECRET

# --- what takes root

of_root() {
	local pid
	chown root "$state"
	mends error state 'belongs to uid 0' 'a state of root'
	touch "$state/root"
	mends error state '1 of its files belong' 'a file of root in the state'
	chmod 666 "$conf"
	mends error settings 'others can write it' 'settings that others can write'
	said=$(setpriv --reuid=nobody --regid=nogroup --clear-groups "$build/cli/latchkey" --config "$conf" doctor 2>&1)
	like "$said" $'\nerror +state: .* belongs to uid [0-9]+: root .*\n +sudo latchkey --config .* doctor\n' 'another user than the two'
	usermod -aG latchkey-web www-data
	mends error group 'www-data is in the group latchkey-web' "the web server's user, who is PHP's, in its group"
	useradd --no-create-home --gid latchkey-web pool
	mends error group 'latchkey-web is the group of pool' 'a user of that group'
	setpriv --reuid=nobody --regid=latchkey-web --clear-groups sleep 600 &
	mends error group "process $! [(]sleep[)] has the group" 'a process that has the group'
	# Apache may have the group, as long as no page runs in it.
	cp /bin/sleep "$drop/apache2"
	cp "$work/later.so" "$drop/libphp8.2.so"
	chmod 755 "$drop/apache2" "$drop/libphp8.2.so"
	setpriv --reuid=nobody --regid=latchkey-web --clear-groups "$drop/apache2" 600 &
	pids+=($!)
	ok_if 'Apache runs' wait_for 60 grep -q apache2 "/proc/$!/comm"
	doctor
	like "$said" $'\nok +group\n' "Apache in the web server's group"
	LD_PRELOAD=$drop/libphp8.2.so setpriv --reuid=nobody --regid=latchkey-web --clear-groups "$drop/apache2" 600 &
	pid=$!
	ok_if 'Apache with PHP runs' wait_for 60 grep -q apache2 "/proc/$pid/comm"
	mkdir "$work/bin"
	printf '#!/bin/sh\n[ "$*" != php8.2 ] || kill %d\n' "$pid" >"$work/bin/a2dismod"
	printf '#!/bin/sh\n' >"$work/bin/systemctl"
	chmod 755 "$work/bin"/*
	PATH=$work/bin:$PATH mends error group "process $pid [(]apache2[)] .* its module php8.2" 'PHP in Apache, which has the group'
	rm -r "$work/bin"
	python3 -I -S -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/latchkey/login.sock")'
	chmod 666 /run/latchkey/login.sock
	mends error sockets 'login.sock: mode 0666' 'a socket for everybody'
	cp "$build/cgi/verify" "$work/verify"
	LATCHKEY_CONF=$conf spawn-fcgi -n -s "$work/old.sock" "${spawn_as[@]}" -- "$work/verify" >>"$log" 2>&1 &
	pid=$!
	ok_if 'a program runs' wait_for 60 grep -q "$state/counters" "/proc/$pid/maps"
	rm "$work/verify"
	mends warning versions "as process $pid" 'a program that is older than the one installed'

	# Where systemd does not run, another speaks for it.
	mkdir -p /run/systemd/system
	touch "$work/failed"
	cat >"$work/systemctl" <<-END
		#!/bin/sh
		case \$1 in
		show) if [ -e $work/stopped ]; then echo ActiveState=inactive; else echo ActiveState=active; fi
			[ "\$4" != latchkey.target ] || echo UnitFileState=enabled ;;
		start) [ "\$2" != latchkey.target ] || rm $work/stopped ;;
		--failed) [ ! -e $work/failed ] || echo 'latchkey@login.service loaded failed failed latchkey: login' ;;
		reset-failed) [ "\$2" != latchkey@login.service ] || rm $work/failed ;;
		esac
	END
	chmod 755 "$work/systemctl"
	mount --bind "$work/systemctl" /usr/bin/systemctl
	mends error units 'latchkey@login.service has failed' 'a unit that has failed'
	touch "$work/stopped"
	mends error units 'latchkey.target is enabled, and does not run' 'a target that was stopped'
	umount /usr/bin/systemctl
	rm -r /run/systemd
	mkdir "$work/bin"
	printf '#!/bin/sh\n[ "$*" != "install curl" ] || umount /usr/bin/curl\n' >"$work/bin/apt-get"
	chmod 755 "$work/bin/apt-get"
	PATH=$work/bin:$PATH
	mount --bind /dev/null /usr/bin/curl
	mends error served 'there is no /usr/bin/curl' 'no curl'
}
if [[ ${DOCTORS_OWN-} ]]; then of_root; else pass 'what takes root # SKIP it takes root, and a mount namespace'; fi

# --- from outside

doctor "$at/protected/"
is "$code $said" "0 ok       $at/protected/" 'a protected address'
doctor "$at/account/sign-in"
like "$code $said" '^2 error .*without a cookie: the answer is 200' 'a page for everybody'
doctor "http://127.0.0.1:1/"
like "$code $said" '^2 error .*does not answer: .*127[.]0[.]0[.]1' 'where nothing is'

all_is_well() {
	doctor "$1"
	[[ $code == 0 ]]
}
# A site in front, whose locations take pages away from the protection.
in_front() { # LINE
	local front
	front=http://127.0.0.1:$(free_port)
	rm -f /etc/nginx/sites-enabled/*
	cat >/etc/nginx/nginx.conf <<-END
		daemon off;
		pid /run/nginx.pid;
		error_log stderr;
		events { }
		http { access_log off; include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*; }
	END
	cat >/etc/nginx/sites-enabled/site <<-END
		server {
			listen ${front#http://};
			merge_slashes off;
			location / { proxy_pass $at; }
			location ~ \\.css\$ { return 404; } # fault
			location = /protected/latchkey-doctor.php { return 200 "<?php"; } # fault
			location ~ ^// { return 200 "a page"; } # fault
			location = /protected/ { if (\$http_x_auth_user) { return 200 "x"; } proxy_pass $at; } # fault
		}
	END
	nginx >>"$log" 2>&1 &
	pids+=($!)
	edit '/# fault/d'
	wait_for 60 test -s /run/nginx.pid
	wait_for 60 curl -so "$work/answer" "$front/"
	doctor "$front/protected/"
	like "$said" "protected/, with a name of the client's own: the answer is 200" "a client's own name is believed"
	like "$said" 'latchkey-doctor.php, .* is 200, .* it is not protected' "a page of PHP's for everybody"
	like "$said" "error +$front/protected/: $front//protected/, with two slashes: the answer is 200" 'another page by two slashes'
	mends error "$front/protected/" 'latchkey-doctor.css, a style sheet .* is 404, and not 401' 'a location takes style sheets' "$front/protected/"
	# The workers of before have their time to end.
	ok_if 'locations that take all else: mended' wait_for 60 all_is_well "$front/protected/"
}
if [[ ${DOCTORS_OWN-} ]]; then in_front; fi
doctor example.org
is "$code $said" '2 ' 'no address'

# --- the key, which the web server has not read again

chmod 644 "$work/web-key.nginx"
mends error key 'mode 0644 lets others read' "the web server's key, to read for all"
rm "$work/web-key"
mends error key 'No such file' 'no key'
chmod 644 "$work/web-key"
mends error key 'has another mode' "the programs' key, to read for all"
doctor
like "$said" $'\nerror +served: .*/account/sign-in answers 403: .*\n +nginx -s reload ' 'and the web server has to read it again'

# --- a mail that waits, and callers that all look like one

stop
way=cgi
sed -i '/^web_key_file/d' "$conf" # these requests come by no web server
add ann Quiet-Harbour-42 --email ann@example.org --verified
request POST /v1/api-user-request-reset-password -d '{"email":"ann@example.org"}'
ahead=(env "LD_PRELOAD=$work/later.so" LATER=400)
doctor
like "$said" $'\nwarning +mail: mail: one is due' 'a mail that nobody sends'
command=$(grep -A1 'one is due' <<<"$said" | sed -n 2p)
"${ahead[@]}" bash -c "$command" >>"$log" 2>&1
doctor
isnt "$(grep -c 'one is due' <<<"$said")" 1 'a mail that nobody sends: mended'
ahead=()

add bob Quiet-Harbour-42
for i in {1..7}; do
	for name in admin ann bob; do
		request POST /v1/api-login -d "{\"username\":\"$name\",\"password\":\"$i\"}" --remote 10.0.0.9
	done
done
doctor
like "$said" $'\nok +callers\n' 'who guesses at several people is no proxy'
latchkey throttle clear all 2>>"$log"
for i in {1..7}; do
	for name in admin ann bob; do
		request POST /v1/api-login -d "{\"username\":\"$name\",\"password\":\"Quiet-Harbour-42\"}" --remote 10.0.0.1
	done
done
doctor
like "$said" $'\nwarning +callers: the last [0-9]+ requests of several people all came from 10.0.0.1: .*\n +printf .* 10.0.0.1 >.*nginx -s reload\n' 'a proxy that hides addresses'
if [[ ${DOCTORS_OWN-} ]]; then
	eval "$(sed -n 's/^ *\(printf.*\) && nginx -s reload$/\1/p' <<<"$said")"
	ok_if 'a proxy that hides addresses: what nginx is told' nginx -tqc /etc/nginx/nginx.conf
fi
request POST /v1/api-login -d '{"username":"ann","password":"Quiet-Harbour-42"}' --remote 10.0.0.2
doctor
like "$said" $'\nok +callers\n' 'once another address is seen'

# Where the audit is in no file, those who are signed in tell it.
setting 'audit = stderr'
sessions() { # ADDRESS
	local i name
	for i in {1..7}; do
		for name in admin ann bob; do
			request POST /account/api/session -H "Origin: $at" --remote "$1" \
				-d "{\"name\":\"$name\",\"password\":\"Quiet-Harbour-42\"}"
		done
	done
}
sessions 10.0.0.1
doctor
like "$said" $'\nwarning +callers: the last 20 sessions of several people all came from 10.0.0.1: ' 'a proxy that hides addresses, by the sessions'
request POST /account/api/session -H "Origin: $at" --remote 10.0.0.2 -d '{"name":"admin","password":"Quiet-Harbour-42"}'
doctor
like "$said" $'\nok +callers\n' 'once a session is from another address'
done_testing
