#!/bin/bash
# event.t - event_command gets each change, as the guide has it, in order and at least once; and nothing else waits for it
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/mails.sh
. "${0%/*}/mails.sh"

password=Quiet-Harbour-42 other=Other-Harbour-43
program=$work/program told=$work/told
common=('hash_cost = 1' 'throttle = off' 'mail_command =' 'site_url = http://localhost' 'registration = open')
hook="event_command = $program"
here=(-H 'Origin: http://localhost')

send() { latchkey mail send --once 2>>"$log"; }
list() { latchkey event list 2>>"$log"; }
# summary: of each event that was taken since the last time.
summary() {
	/usr/bin/python3 -I "$top/t/events.py" "$top/doc/guide/events.md" "$told/events" 2>&1
	rm -f "$told/events"
}
taken() { [[ -s $told/events ]] && (($(wc -l <"$told/events") >= $1)); }
# program LINE...: an event_command, with the event in $event.
program() {
	# shellcheck disable=SC2016 # the program's own
	printf '%s\n' '#!/bin/bash' "cd '$told'" 'event=$(cat)' "$@" >"$program"
	chmod 755 "$program"
	rm -rf "$told"
	mkdir -m 777 "$told"
}
# shellcheck disable=SC2016 # the program's own
keep='printf "%s\n" "$event" >>events'

is_whole() { latchkey check >/dev/null 2>>"$log"; }

# --- which events there are

each_change() {
	local jwt cookie secret id me
	fresh "${common[@]}" "$hook" 'event_sign_ins = yes'
	program "$keep"
	start cgi
	add ann "$password" --admin --email ann@example.org --name 'Änne "A"'
	add bob "$password"
	me="uid:$UID"
	send
	is "$(summary)" "account-create ann - $me -"$'\n'"account-create bob - $me -" 'accounts are made'
	id=$(latchkey user show ann | sed -n 's/^id: *//p')

	latchkey user group bob +staff
	latchkey user set bob --name Bob --language de
	latchkey user disable bob
	latchkey user enable bob
	latchkey user sign-out bob
	latchkey user passwd bob <<<"$other" >/dev/null
	latchkey user set bob --email bob@example.org --verified
	send
	is "$(summary)" "account-change bob groups $me -
account-change bob name,language $me -
account-change bob enabled $me -
account-change bob enabled $me -
sign-out bob - $me -
password-change bob - $me -
account-change bob email,verified $me -" 'what the operator changes, in order'

	request POST /v1/auth/login -d "{\"email\":\"ann\",\"password\":\"$password\"}" --remote 2001:db8::1
	jwt=${member_of[.token]-}
	request POST /v1/auth/login -d "{\"email\":\"ann\",\"password\":\"wrong\"}"
	request POST /auth/access_token -H "Authorization: Bearer $jwt" -d '{"name":"t","permission":"read"}'
	request POST /auth/access_token/1/rotate --program token -H "Authorization: Bearer $jwt"
	request DELETE /auth/access_token/1 --program token -H "Authorization: Bearer $jwt"
	send
	is "$(summary)" "sign-in ann - - 2001:db8::/64
token-create ann - $id 127.0.0.1
token-rotate ann - $id 127.0.0.1
token-delete ann - $id 127.0.0.1" 'a sign-in, and access tokens'

	request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$password\"}" "${here[@]}"
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	request POST /account/api/totp -H "Cookie: $cookie" "${here[@]}"
	secret=${member_of[.secret]-}
	request PUT /account/api/totp -H "Cookie: $cookie" "${here[@]}" \
		-d "{\"code\":\"$(oathtool --totp -b "$secret")\"}"
	is "$status" 200 'a second factor'
	latchkey user factor ann --remove >/dev/null
	send
	is "$(summary)" "sign-in ann - - 127.0.0.1
factor-add ann - $id 127.0.0.1
factor-remove ann - $me -" 'a second factor, added and removed'

	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$(new_code bob)\",\"new_password\":\"$password\"}"
	is "$status" 200 'a new password by a code'
	request POST /v1/auth/register -d "{\"email\":\"eve@example.org\",\"password\":\"$password\"}"
	send
	is "$(summary)" 'password-change bob - - 127.0.0.1' 'an account that is not proved has no events'
	latchkey user set eve@example.org --verified
	latchkey user delete eve@example.org
	latchkey event test >/dev/null
	send
	is "$(summary)" "test - - $me -
account-create - - $me -
account-delete - - $me -" 'it is made when it is proved'
	is "$(list)" '' 'nothing waits any more'
	ok_if 'the store is as it should be' is_whole
}

# What each of them must not have.
no_secrets() {
	local secret
	program "$keep"
	latchkey user passwd bob <<<"$other" >/dev/null
	latchkey token new ann x >"$work/token"
	secret=$(<"$work/token")
	dump | grep '^event/' >"$work/kept"
	like "$(latchkey status 2>>"$log")" " events=$(list | wc -l) " 'and latchkey status says how many wait'
	request GET /account/metrics --program status
	like "$body" $'\n'"latchkey_events $(list | wc -l)"$'\n' 'the metrics, too'
	send
	ok_if 'the events of a password and a token' taken 2
	# shellcheck disable=SC2016 # a prefix of crypt(5)
	ok_if 'have neither, nor a hash' test "$(grep -cF -e "$other" -e "${secret##* }" -e '$y$' "$work/kept" "$told/events" |
		sed 's/.*://' | sort -u)" = 0
	program 'env >env' 'ls -l /proc/$$/fd >fds'
	SPY=y latchkey event test >/dev/null 2>>"$log"
	is "$(sed 's/=.*//' "$told/env" | sort | grep -vE '^(PWD|SHLVL|_|OLDPWD)$' | paste -sd' ')" 'HOME PATH' \
		'the program has a clean environment'
	is "$(grep -c "$state" "$told/fds")" 0 'and none of the state open'
}

# --- the guide's own program, and its event

as_the_guide_has_it() {
	local id
	fresh "${common[@]}" "$hook"
	program "$keep"
	# shellcheck disable=SC2016 # marks of the guide
	sed -n '/^```json$/,/^```$/p' "$top/doc/guide/events.md" | sed '1d;$d' | tr -d '\n' >"$told/events"
	is "$(summary)" 'account-change ann groups uid:0 -' "the guide's event is one"
	# shellcheck disable=SC2016 # marks of the guide
	sed -n '/^```python$/,/^```$/p' "$top/doc/guide/events.md" | sed "1d;\$d;s|/srv/files|$told|" >"$program"
	add ann "$password"
	id=$(latchkey user show ann | sed -n 's/^id: *//p')
	latchkey user disable ann
	send
	is "$(list)" '' "the guide's program takes events"
	ok_if 'and does what it is said to do' test -e "$told/$id/.disabled"
	latchkey user enable ann
	send
	ok_if 'and undoes it' test -d "$told/$id" -a ! -e "$told/$id/.disabled"
	latchkey user delete ann
	send
	ok_if 'to the end' test ! -e "$told/$id"
}

# --- off

off() {
	fresh "${common[@]}"
	add ann "$password"
	latchkey user disable ann
	is "$(dump | grep -c '^event/')" 0 'without an event_command nothing is queued'
	latchkey event test 2>"$work/err"
	is "$? $(grep -c 'event_command is empty' "$work/err")" '1 1' 'nor tried'
	fresh "${common[@]}" "event_command = $work/nowhere"
	add ann "$password"
	send
	like "$(list)" "account-create.*1.*nowhere: No such file" 'a program that is not there'
	latchkey config >/dev/null 2>"$work/err"
	like "$? $(<"$work/err")" '^1 .*event_command: .*nowhere: No such file or directory; install it, or write' 'is said'
	latchkey event test 2>"$work/err"
	is "$? $(grep -c 'nowhere: No such file' "$work/err")" '1 1' 'and by a test'
}

# --- a program that fails

fails() {
	local ids
	fresh "${common[@]}" "$hook"
	# shellcheck disable=SC2016 # the program's own
	program 'if [[ $event == *\"ann\"* && ! -e mended ]]; then echo "no room" && exit 3; fi' "$keep"
	add ann "$password"
	latchkey user disable ann
	add bob "$password"
	latchkey user disable bob
	send
	is "$(summary | cut -d' ' -f1,2)" $'account-create bob\naccount-change bob' 'an event that fails holds up no other account'
	is "$(list | cut -f 2,4,5)" $'account-create\t1\tevent_command ended with status 3; no room\naccount-change\t0\t-' \
		'but those of its own'
	like "$(tail -n 3 "$log")" 'account-create not taken: .*status 3; no room; to be tried again' 'the log says it'
	mapfile -t ids < <(list | cut -f 1)
	send
	is "$(list | cut -f 4)" $'1\n0' 'it is not tried at once'
	later 6 send
	is "$(list | cut -f 4)" $'2\n0' 'but later'
	touch "$told/mended"
	latchkey event retry "${ids[0]}"
	send
	is "$(summary | cut -d' ' -f1,2)" $'account-create ann\naccount-change ann' 'and when the operator says so'
	latchkey event retry "${ids[0]}" 2>"$work/err"
	is "$? $(grep -c 'there is no such event' "$work/err")" '1 1' 'an event that is gone'
	rm "$told/mended"
	latchkey user enable ann
	latchkey user disable ann
	latchkey user sign-out ann
	latchkey event drop "$(list | cut -f 1 | sed -n 2p)"
	is "$(list | cut -f 2)" $'account-change\nsign-out' 'the operator drops one'
	latchkey event drop all
	is "$(list)" '' 'and all'
	is "$(grep -c '"event":"event-drop","outcome":"ok"' "$state/audit.log")" 2 'of which the audit tells'
}

# The first account's event is tried again and again, each time later.
waits_longer() {
	fresh "${common[@]}" "$hook"
	program 'exit 1'
	add ann "$password"
	send
	later 6 send
	later 12 send
	is "$(list | cut -f 4)" 2 'the third try comes after more than the second'
	later 20 send
	is "$(list | cut -f 4)" 3 'and comes'
}

hangs() {
	fresh "${common[@]}" "$hook"
	program 'touch begun' 'exec sleep 1000'
	later_from=$told/minute
	add ann "$password"
	later 31 sender
	ok_if 'a program that hangs' wait_for 60 test -e "$told/begun"
	touch "$later_from"
	tried() { [[ $(list | cut -f 4) == 1 ]]; }
	ok_if 'is ended after half a minute' wait_for 60 tried
	like "$(list)" 'event_command was ended by signal 9' 'which is said'
	end_senders TERM
	later_from=''
}

# The program runs, and the mails go out meanwhile; a text with a mistake keeps neither waiting; then the sender is to end.
mails_go_on() {
	echo '{lnik}' >>"$work/mail/en/taken.txt"
	fresh "${common[@]/mail_command =/mail_command = $work/mailer}" "$hook" "mail_templates = $work/mail"
	program 'touch begun' 'exec sleep 1000'
	printf '%s\n' '#!/bin/sh' "cat >'$told/mail'" >"$work/mailer" && chmod 755 "$work/mailer"
	start cgi
	add ann "$password" --email ann@example.org --verified
	sender
	ok_if 'a program that takes its time' wait_for 60 test -e "$told/begun"
	request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.org"}'
	ok_if 'keeps no mail waiting' wait_for 60 test -s "$told/mail"
	is "$(list | cut -f 2,4)" $'account-create\t0' 'and runs still'
	later_from=$told/later
	end_senders KILL
	rm "$told/begun"
	later 125 sender
	touch "$later_from"
	ok_if 'the event of a sender that was killed is free after two minutes' wait_for 60 test -e "$told/begun"
	kill -TERM "${senders[@]}"
	wait "${senders[@]}"
	is "$?" 0 'a sender that is told to end does, and ends the program'
	senders=()
	later_from=''
	is "$(list | cut -f 4)" 1 'which counts as a failure'
}

# The second mail waits for the event. The first takes longer than the sender's turn, which is a second: that is time itself.
events_go_on() {
	fresh "${common[@]/mail_command =/mail_command = $work/mailer}" "$hook" "mail_templates = $work/mail"
	program "$keep"
	# shellcheck disable=SC2016 # the program's own
	printf '%s\n' '#!/bin/sh' "cd '$told'" 'cat >/dev/null' 'if [ ! -e first ]; then touch first; exec sleep 1.1; fi' \
		'until [ -s events ]; do sleep 0.1; done' >"$work/mailer" && chmod 755 "$work/mailer"
	add ann "$password" --email ann@example.org --verified
	add bob "$password" --email bob@example.org --verified
	latchkey user passwd ann <<<"$other" >/dev/null
	latchkey user passwd bob <<<"$other" >/dev/null
	sender
	ok_if 'a mail program that takes its time keeps no event waiting' wait_for 50 taken 1
	no_mails() { [[ ! $(latchkey mail list) ]]; }
	ok_if 'and the mails go out' wait_for 60 no_mails
	end_senders TERM
}

# Changes whose process is killed wherever it is: what was acknowledged has its event, and events are of what was done.
killed() {
	local i pid lost=0
	fresh "${common[@]}" "$hook"
	program "$keep"
	: >"$work/acknowledged"
	add ann "$password"
	for i in {1..16}; do
		"$build/cli/latchkey" --config "$conf" user group ann "+g$i" 2>>"$log" &
		pid=$!
		read -rt "0.0$((RANDOM % 3))$((RANDOM % 10))" -u "$never" || : # where it is then is what is to vary
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null && echo "g$i" >>"$work/acknowledged"
	done
	send
	while read -r i; do
		grep -qE "\"groups\":\[[^]]*\"$i\"" "$told/events" || ((++lost))
	done <"$work/acknowledged"
	is "$lost" 0 'processes that are killed: each acknowledged change has its event'
	is "$(grep -c '"changed":\["groups"\]' "$told/events")" "$(latchkey user list --json | grep -oE 'g[0-9]+' | sort -u | wc -l)" \
		'and each event its change'
	is "$(grep -oE '"id":"[^"]*","time' "$told/events" | sort | uniq -d)" '' 'each has an id of its own'
	ok_if 'the store is as it should be' is_whole
}

# Two senders at once, while events come.
two_senders() {
	local i name
	fresh "${common[@]}" "$hook"
	program "$keep"
	sender
	sender
	for name in ann bob eve; do add "$name" "$password"; done
	for i in 1 2 3; do
		for name in ann bob eve; do
			latchkey user set "$name" --name "n$i"
			latchkey user disable "$name"
			latchkey user enable "$name"
		done
	done
	ok_if 'two senders hand all over' wait_for 60 taken 30
	end_senders TERM
	is "$(list) $(grep -oE '"id":"[^"]*","time' "$told/events" | sort | uniq -d)" ' ' 'each event once'
	for name in ann bob eve; do
		is "$(grep "\"$name\"" "$told/events" | grep -oE '"name":"[^"]*"|"enabled":[a-z]*' | paste -sd' ' |
			sed -E 's/"(name|enabled)"://g; s/"//g')" \
			" true n1 true n1 false n1 true n2 true n2 false n2 true n3 true n3 false n3 true" \
			"those of $name in the order of the changes"
	done
}

# A sign-in whose event cannot be kept.
full() {
	fresh "${common[@]}" "$hook" 'event_sign_ins = yes'
	start cgi
	program "$keep"
	add ann "$password"
	request POST /v1/auth/login -d "{\"email\":\"ann\",\"password\":\"$password\"}"
	send
	summary >/dev/null
	set_conf "${common[@]}" "$hook" 'event_sign_ins = yes' 'disk_reserve = 1099511627776'
	request POST /v1/auth/login -d "{\"email\":\"ann\",\"password\":\"$password\"}"
	is "$status" 200 'a sign-in goes on where its event cannot be kept'
	set_conf "${common[@]}" "$hook"
	is "$(list)" '' 'which is then missing'
}

# A clock that was years ahead while an event was not taken, and is right again.
wrong_clock() {
	fresh "${common[@]}" "$hook"
	program 'exit 1'
	add ann "$password"
	later 100000000 send
	like "$(list)" ' ' 'a clock that was ahead: the event waits'
	program "$keep"
	latchkey user disable ann
	send
	is "$(summary | cut -d' ' -f1,2 | paste -sd' ')" 'account-create ann account-change ann' 'and is taken once the clock is right'
}

each_change
no_secrets
as_the_guide_has_it
off
fails
waits_longer
hangs
mails_go_on
events_go_on
killed
two_senders
full
wrong_clock
done_testing
