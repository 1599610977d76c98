#!/bin/bash
# mail.t - mails arrive, are what they should be, hold no more than they should, and none is lost
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/mails.sh
. "${0%/*}/mails.sh"

first='Quiet-Harbour-42' second='Other-Harbour-43'
site=https://id.example.org
common=('hash_cost = 1' 'throttle = off' "site_url = $site" "mail_templates = $work/mail")
asked_px0='200 {"message":"password reset email sent successfully"}'
asked_edge='200 {"success":true}'

send() { latchkey mail send --once 2>>"$log"; }
list() { latchkey mail list 2>>"$log"; }
listed_none() { sleep 0.2 && [[ ! $(list) ]]; } # in a loop; a command is dear
# tried N: that many mails wait, each with an attempt behind it.
tried() { sleep 0.2 && (($(list | grep -cP '^waiting\t[a-z]+\t[-0-9a-f]+\t[1-9]') == $1)); }

px0() { request POST /v1/auth/password-reset/trigger -d "{\"email\":\"$1\"}" "${@:2}"; }
edge() { request POST /v1/api-user-request-reset-password -d "{\"email\":\"$1\"}" "${@:2}"; }
spend() { # CODE
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"$second\"}"
}

# program LINE...: a mail program.
program() {
	printf '%s\n' '#!/bin/bash' "cd '$work/told'" "$@" >"$work/program"
	chmod 755 "$work/program"
	rm -rf "$work/told"
	mkdir -m 777 "$work/told"
}

# Twelve mails, and senders killed wherever they happen to be: a mail that one of them held is free again after two
# minutes.
killed() {
	local i lost=0
	fresh "${common[@]}" "$msmtp"
	for i in {1..12}; do
		add "killed-$i@example.com" "$first"
		px0 "killed-$i@example.com"
	done
	for i in {1..8}; do
		sender
		sleep "0.$((RANDOM % 9))" # where it is then is what is to vary
		end_senders KILL
	done
	later 130 send
	ok_if 'senders that were killed: all are sent' listed_none
	for i in {1..12}; do has 1 "killed-$i@example.com" || ((++lost)); done
	is "$lost" 0 'and none is lost'
}

# A program that takes no mail and does not end: its minute goes by at once.
hangs() {
	fresh "${common[@]}" "mail_command = $work/program"
	program 'touch begun' 'exec sleep 1000'
	later_from=$work/told/minute
	add hangs@example.com "$first"
	px0 hangs@example.com
	later 61 sender
	wait_for 60 test -e "$work/told/begun"
	is "$(list | cut -f 1,2,4,5)" $'waiting\treset\t0\t-' 'a program that hangs'
	touch "$later_from"
	ok_if 'is ended after a minute' wait_for 60 tried 1
	like "$(list)" 'mail_command was ended by signal 9' 'which is said'
	end_senders TERM
	later_from=''
}

# No mail after a code's minute.
over() {
	fresh "${common[@]}" 'code_life = 60' "mail_command = $work/program"
	program 'cat >/dev/null' 'echo x >>runs' 'exit 1'
	add over@example.com "$first"
	px0 over@example.com
	send
	is "$(list | cut -f 1,2,5)" $'waiting\treset\tmail_command ended with status 1' 'a mail that failed waits'
	later 61 send
	is "$(later 61 list | cut -f 1,2,5)" $'failed\treset\tmail_command ended with status 1' 'and has failed when its code is over'
	is "$(wc -l <"$work/told/runs")" 1 'for which nothing is sent'
}

# A clock that was ahead while a mail was not taken, and is right again.
wrong_clock() {
	fresh "${common[@]}" "mail_command = $work/program"
	program 'exit 1'
	add clock@example.com "$first"
	latchkey user passwd clock@example.com <<<"$second" 2>>"$log"
	later 7300 send
	is "$(list | cut -f 1,2,4)" $'waiting\tchanged\t1' 'a clock that was ahead: the mail waits'
	program 'cat >/dev/null'
	send
	is "$(list)" '' 'and goes once the clock is right'
}

# --- one thing each

arrives() {
	local code text
	add ann@example.com "$first"
	px0 ann@example.com -H 'Host: evil.example'
	answers "${asked_px0%% *}" "${asked_px0#* }" "$way: px0's request"
	wait_for 60 has 1 ann@example.com
	receive ann@example.com
	is "${member_of[.from]-}" latchkey@id.example.org "$way: From"
	is "${member_of[.to]-}" '["ann@example.com"]' "$way: To"
	is "${member_of[.recipients]-}" '["ann@example.com"]' "$way: and whom it went to"
	is "${member_of[.subject]-}" 'Your code for a new password at id.example.org' "$way: Subject"
	is "${member_of[.now]-}" true "$way: Date"
	like "${member_of[.id]-}" '^<[^@<> ]+@id\.example\.org>$' "$way: Message-ID"
	is "${member_of[.auto]-}" auto-generated "$way: Auto-Submitted"
	is "${member_of[.type]-} ${member_of[.charset]-}" 'text/plain utf-8' "$way: what it is made of"
	is "${member_of[.headers]-}" \
		'Auto-Submitted Content-Transfer-Encoding Content-Type Date From MIME-Version Message-ID Subject To' \
		"$way: each header once, and no other"
	is "${member_of[.defects]-} ${member_of[.ascii]-}" '[] true' "$way: without a fault"
	ok_if "$way: in short lines" test "${member_of[.lines]-}" -le 78
	code=$(code_in) text=${member_of[.text]-}
	like "$text" "[[:space:]]$site/account/reset-password#code=${code}&email=ann%40example.com[[:space:]]" "$way: 23: the link"
	is "$(grep -c "$site" <<<"$text")" 1 "$way: is the only one"
	[[ $text != *evil* ]]
	is $? 0 "$way: 23: whatever Host said"
	is "$(grep -ci evil <<<"${member_of[.headers]-}")" 0 "$way: not in a header"
	is "$(grep -rlaiF -e "$code" -e "${code//-/}" "$state" "$log")" '' "$way: 20: the code is in no file and no log"
	spend "$code"
	is "$status" 200 "$way: the code is good"

	add bob@example.com "$first"
	edge bob@example.com -H 'Host: evil.example'
	answers "${asked_edge%% *}" "${asked_edge#* }" "$way: edge-impulse's request"
	wait_for 60 has 1 bob@example.com
	receive bob@example.com
	code=$(code_in)
	request POST /v1/api-user-reset-password \
		-d "{\"email\":\"bob@example.com\",\"code\":\"$code\",\"newPassword\":\"$second\"}"
	is "$status $body" "$asked_edge" "$way: and its code is good"
}

# The sender runs all the time: none is lost while the mail server is away, and nobody gets one twice.
comes_back() {
	local i got=''
	wait_for 100 listed_none # of before
	sink_down
	for i in 1 2 3 4; do
		add "wait-$i@example.com" "$first"
		px0 "wait-$i@example.com"
	done
	wait_for 60 tried 4
	like "$(list)" $'(waiting\treset\t[-0-9a-f]{36}\t[1-9]\t[^-\n][^\n]*\n?){4}' \
		"$way: without a mail server they wait, with the reason"
	sink_up
	ok_if "$way: with it none is left" wait_for 100 listed_none
	for i in 1 2 3 4; do got+=$(count "wait-$i@example.com"); done
	is "$got" 1111 "$way: each came once"
}

# The mail program hangs until it is ended.
in_no_time() {
	local run
	fresh "${common[@]}" "mail_command = $work/program"
	program 'echo $$ >begun' 'exec sleep 1000'
	start nginx
	run=${pids[0]}
	add slow@example.com "$first"
	px0 slow@example.com
	is "$status" 200 "$way: a mail program that takes long: nobody waits for it"
	ok_if "$way: it is begun" wait_for 60 test -s "$work/told/begun"
	kill -TERM "$run"
	ok_if "$way: the end does not wait either" wait_for 100 ended "$run"
	ok_if "$way: and ends it" ended "$(<"$work/told/begun")"
	stop
}

names() {
	add jm@example.com "$first" --name 'Jörg Müller' --language de
	px0 jm@example.com -H 'Accept-Language: en'
	send
	receive jm@example.com
	is "${member_of[.name]-}" 'Jörg Müller' 'a name that is not ASCII'
	is "${member_of[.to]-}" '["jm@example.com"]' 'and the address after it'
	is "${member_of[.subject]-}" 'Ihr Code für ein neues Passwort bei id.example.org' "the account's language"
	like "${member_of[.text]-}" 'Jemand, vermutlich Sie, .*müssen Sie nichts tun' 'in the text, too'
	is "${member_of[.defects]-} ${member_of[.ascii]-} ${member_of[.encoded]-}" '[] true true' 'all of it encoded'
	ok_if 'in short lines' test "${member_of[.lines]-}" -le 78

	add quote@example.com "$first" --name 'Ann "the\" <x@y>, B'
	px0 quote@example.com
	send
	receive quote@example.com
	is "${member_of[.name]-}" 'Ann "the\" <x@y>, B' 'a name with quotes and an address in it'
	is "${member_of[.to]-} ${member_of[.recipients]-}" '["quote@example.com"] ["quote@example.com"]' 'is a name'

	request POST /v1/api-user-create -d '{"name":"a\r\nBcc: x@y.example","username":"bcc",
		"email":"bcc@example.com","password":"'$first'","privacyPolicy":true}'
	is "${member_of[.success]-}" true 'a name with a line break'
	send
	receive bcc@example.com
	is "${member_of[.subject]-}" 'Please confirm your address at id.example.org' 'the mail for it comes'
	is "${member_of[.to]-} ${member_of[.recipients]-}" '["bcc@example.com"] ["bcc@example.com"]' 'to nobody else'
	is "$(grep -ci bcc <<<"${member_of[.headers]-}")" 0 'and has no header more'
	is "${member_of[.name]-}" '' 'whoever has not proved his address sends no words of his own to it'
	request POST /v1/auth/verify-email -d "{\"email\":\"bcc@example.com\",\"code\":\"$(code_in)\"}"
	px0 bcc@example.com
	send
	receive bcc@example.com
	is "${member_of[.name]-}" 'a  Bcc: x@y.example' 'else the name is one line'
	is "${member_of[.to]-} ${member_of[.recipients]-}" '["bcc@example.com"] ["bcc@example.com"]' 'and no header either'
}

languages() {
	local language subject='Ihr Code für ein neues Passwort bei id.example.org'
	add de@example.com "$first"
	px0 de@example.com -H 'Accept-Language: nl, en;q=0.3, de-AT;q=0.8'
	add en@example.com "$first"
	edge en@example.com -H 'Accept-Language: nl, xx;q=0.9, ../../etc'
	send
	receive de@example.com
	is "${member_of[.subject]-}" "$subject" "the browser's language"
	receive en@example.com
	is "${member_of[.subject]-}" 'Your code for a new password at id.example.org' "the site's, where there is none"
	for language in fr es ja; do
		add "$language@example.com" "$first"
		px0 "$language@example.com" -H "Accept-Language: $language"
		send
		receive "$language@example.com"
		is "${member_of[.subject]-}" "$(sed -n '1{s/^Subject: //;s/{site}/id.example.org/;p}' "$top/conf/mail/$language/reset.txt")" \
			"$language: the subject"
		is "${member_of[.defects]-} ${member_of[.ascii]-} $((${member_of[.lines]-99} <= 78))" '[] true 1' "$language: and its mail"
		like "$(code_in)" "^$code_like\$" "$language: with the code"
	done
}

# notice ADDRESS NAME: one came that says so, and says no more.
notice() {
	send
	receive "$1"
	is "${member_of[.subject]-}" 'Your password at id.example.org was changed' "$2"
	is "$(grep -cE "$code_like|$first|$second|code=" <<<"${member_of[.text]-}")" 0 "$2: no code, no password"
}

notices() {
	local token
	add self@example.com "$first"
	request POST /v1/api-login -d "{\"username\":\"self@example.com\",\"password\":\"$first\"}"
	token=${member_of[.token]-}
	request POST /v1/api/user/change-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$first\",\"newPassword\":\"$second\"}"
	notice self@example.com '15: changed by its owner'
	add admin "$first" --admin --email admin@example.com
	request POST /auth/admin/reset-password -d "{\"password\":\"$second\"}"
	notice admin@example.com '15: reset on the machine'
	add code@example.com "$first"
	spend "$(new_code code@example.com)"
	notice code@example.com '15: reset with a code'
	add sprache@example.com "$first"
	px0 sprache@example.com -H 'Accept-Language: de'
	send
	receive sprache@example.com
	spend "$(code_in)"
	send
	receive sprache@example.com
	is "${member_of[.subject]-}" 'Ihr Passwort bei id.example.org wurde geändert' \
		'15: in the language that its code came in'
	request POST /v1/api-login -d "{\"username\":\"sprache@example.com\",\"password\":\"$second\"}"
	request POST /v1/api/user/change-password -H "Authorization: Bearer ${member_of[.token]-}" -H 'Accept-Language: de' \
		-d "{\"currentPassword\":\"$second\",\"newPassword\":\"$first\"}"
	is "${member_of[.success]-}" true 'a password that is changed'
	send
	receive sprache@example.com
	is "${member_of[.subject]-} $(count sprache@example.com)" 'Ihr Passwort bei id.example.org wurde geändert 3' \
		"15: in the browser's language"
	add operator@example.com "$first"
	latchkey user passwd operator@example.com <<<"$second" 2>>"$log"
	notice operator@example.com '15: set by the operator'
}

registers() {
	local code
	add taken@example.com "$first"
	request POST /v1/auth/register -d "{\"email\":\"taken@example.com\",\"password\":\"$second\"}"
	is "$status" 201 'an address that is taken'
	send
	receive taken@example.com
	is "${member_of[.subject]-}" 'You have an account at id.example.org already' 'its owner hears of it'
	is "$(grep -cE "$code_like|$first|$second" <<<"${member_of[.text]-}")" 0 'no code, no password'
	request POST /v1/auth/register -H 'Accept-Language: de' \
		-d "{\"email\":\"new@example.com\",\"password\":\"$first\"}"
	send
	receive new@example.com
	is "${member_of[.subject]-}" 'Bitte bestätigen Sie Ihre Adresse bei id.example.org' 'a new one gets a code'
	code=$(code_in)
	like "${member_of[.text]-}" "$site/account/verify-email#code=$code" 'and a link'
	request POST /v1/auth/verify-email -d "{\"email\":\"new@example.com\",\"code\":\"$code\"}"
	is "$status" 200 'which is good'
}

# The account is gone, and its address is told; one that nobody has proved may be another person's.
closes() {
	add quit@example.com "$first"
	latchkey user set quit@example.com --language fr
	request POST /v1/auth/register -d "{\"email\":\"unproved@example.com\",\"password\":\"$first\"}"
	send
	latchkey user delete quit@example.com
	latchkey user delete unproved@example.com
	is "$(latchkey mail list | cut -f 2,7)" $'closed\tquit@example.com' 'the owner of an account that is deleted is told'
	send
	receive quit@example.com
	is "${member_of[.subject]-}" 'Votre compte sur id.example.org a été supprimé' 'in the language of the account'
	ok_if 'and the mail is in the list no more' listed_none
}

nobody() {
	local before
	before=$(find "$sink" -name '*.eml' | wc -l)
	px0 nobody@example.com
	is "$status $body" "$asked_px0" 'an address that nobody has'
	is "$(list)" '' 'has a mail that the operator need not see'
	send
	is "$(find "$sink" -name '*.eml' | wc -l)" "$before" 'and that goes to nobody'
}

# ask_many FIRST LAST: a mail for each of these.
ask_many() {
	local i
	for ((i = $1; i <= $2; i++)); do px0 "many-$i@example.com"; done
}
# came FIRST LAST: how many of them have come once.
came() {
	local i
	cat "$sink"/*.to | sort | uniq -u >"$work/once"
	for ((i = $1; i <= $2; i++)); do echo "many-$i@example.com"; done | sort | comm -12 - "$work/once" | wc -l
}
# More than one look finds.
many() {
	local i
	for i in {1..90}; do echo "{\"email\":\"many-$i@example.com\"}"; done >"$work/many"
	latchkey import "$work/many" >>"$log" 2>&1
	ask_many 1 70
	is "$(list | wc -l)" 70 'many mails'
	send
	is "$(list | wc -l) $(came 1 70)" '0 70' 'one that sends once sends all'
	ask_many 71 90
	sender
	sender
	ok_if 'two senders send them' wait_for 100 listed_none
	end_senders TERM
	is "$(came 71 90)" 20 'each once'
}

tests_it() {
	latchkey mail test me@example.net >"$work/said" 2>>"$log"
	is "$? $(<"$work/said")" '0 mail_command took a mail to me@example.net' 'latchkey mail test'
	receive me@example.net
	is "${member_of[.subject]-}" 'A test mail from id.example.org' 'comes'
	latchkey mail test 'me@example.net, you@example.net' >"$work/said" 2>&1
	is "$? $(<"$work/said")" '1 latchkey mail test: me@example.net, you@example.net: not an email address' 'to one address'
	is "${member_of[.sender]-}" latchkey@id.example.org 'with the sender that the mail program has set'
	set_conf "${common[@]}" "$msmtp" 'mail_from = accounts@example.org'
	latchkey mail test from@example.net >/dev/null 2>>"$log"
	receive from@example.net
	is "${member_of[.from]-} ${member_of[.from_name]-} ${member_of[.sender]-}" 'accounts@example.org  accounts@example.org' \
		'from mail_from, on the envelope, too'
	set_conf "${common[@]}" "$msmtp" 'mail_from = Jörg at Example, Inc. <accounts@example.org>'
	latchkey mail test name@example.net >/dev/null 2>>"$log"
	receive name@example.net
	is "${member_of[.from]-} ${member_of[.sender]-}" 'accounts@example.org accounts@example.org' 'from a mail_from with a name'
	is "${member_of[.from_name]-}" 'Jörg at Example, Inc.' 'which is there'
	is "${member_of[.defects]-} ${member_of[.ascii]-}" '[] true' 'as it has to be'
	set_conf "${common[@]}" "$msmtp -f bounces@example.org" 'mail_from = accounts@example.org'
	latchkey mail test bounces@example.net >/dev/null 2>>"$log"
	receive bounces@example.net
	is "${member_of[.from]-} ${member_of[.sender]-}" 'accounts@example.org bounces@example.org' 'a sender that mail_command names stays'
	sink_down
	latchkey mail test me@example.net >/dev/null 2>"$work/said"
	is "$? $(grep -c 'mail_command ended with status .*; msmtp: cannot connect to 127.0.0.1' "$work/said")" '1 1' \
		'and says when it cannot, and what the mail program said'
	is "$(grep -c 'install' "$work/said")" 0 'not that there is no mail program'
	sink_up
}

# What the operator sees of a mail that has failed: what the mail program said, and no code.
tells_why() {
	local said
	fresh "${common[@]}" "mail_command = $work/program"
	program 'cat >/dev/null' "printf 'one\\n\\ttwo \\303\\244 \\033[1m\\nthree\\n' >&2" 'echo four' 'exit 67'
	add why@example.com "$first"
	px0 why@example.com
	send
	said=$(list)
	is "$(cut -f 1,2,4,5,7 <<<"$said")" \
		$'waiting\treset\t1\tmail_command ended with status 67; one; ?two ?? ?[1m; three; four\twhy@example.com' \
		'what the mail program said, and to whom'
	like "$(cut -f 6 <<<"$said")" '^[0-9]+ (s|min)$' 'how long ago'
	is "$(later 7300 list | cut -f 6)" '2 h' 'in the largest unit of which there are two'
	program 'grep -E "^ *[0-9A-Z]{4}-[0-9A-Z]{4}-"' 'exit 1'
	add echo@example.com "$first"
	px0 echo@example.com
	send
	is "$(list | grep echo@ | cut -f 5)" 'mail_command ended with status 1' 'a code that it said is not kept'
	program 'yes "so much"' 'exit 1'
	add much@example.com "$first"
	px0 much@example.com
	send
	like "$(list | grep much@ | cut -f 5)" '^mail_command .*; so much; so much; s' 'nor more than there is room for'
}

# A template with a mistake: said where, and no mail without its link.
mistake() {
	local lnik="$work/mail/en/reset.txt:10: {lnik}: there is no such word; there are {site} {address} {name} {username} {code} {link} {minutes} {days}"
	cp -r "$top/conf/mail" "$work/mail.good"
	fresh "${common[@]}" "$msmtp"
	sed -i 's/{link}/{lnik}/' "$work/mail/en/reset.txt"
	add typo@example.com "$first"
	px0 typo@example.com
	latchkey config >/dev/null 2>"$work/said"
	is "$? $(<"$work/said")" "1 latchkey command: error: $lnik" 'config says where a template has a word that there is not'
	add fine@example.com "$first"
	latchkey user passwd fine@example.com <<<"$second" >/dev/null 2>>"$log"
	send
	is "$? $(grep -cF "latchkey mail: error: $lnik" "$log")" '1 2' 'a sender says so as well'
	is "$(count fine@example.com) $(count typo@example.com) $(list | cut -f 1,2,4,5)" \
		$'1 0 waiting\treset\t1\tits text is missing or has a mistake; latchkey config says where' 'it sends the other mails, and none without its link'
	latchkey mail test me@example.net >/dev/null 2>"$work/said"
	is "$? $(<"$work/said")" "1 latchkey command: error: $lnik" 'nor a test mail'
	rm -rf "$work/mail" && mv "$work/mail.good" "$work/mail"
	latchkey config >/dev/null 2>>"$log"
	is "$?" 0 'mended'
	later 6 send
	is "$(count typo@example.com)" 1 'it is sent'
}

without() {
	set_conf "${common[@]}" 'mail_command = /nonexistent/sendmail -t'
	add missing@example.com "$first"
	px0 missing@example.com
	is "$status $body" "$asked_px0" 'a mail program that is not there: the same answer'
	send
	like "$(list)" $'^waiting\treset\t[-0-9a-f]{36}\t1\t/nonexistent/sendmail -t: No such file or directory\t' \
		'the mail waits, with the reason'
	latchkey mail test me@example.net >/dev/null 2>"$work/said"
	like "$? $(<"$work/said")" \
		$'^1 .*No such file or directory\nlatchkey mail test: install a mail program, or set mail_command$' \
		'a test mail: what can be done about it'
	set_conf "${common[@]}" 'mail_command ='
	add none@example.com "$first"
	for name in none nobody-2; do
		px0 $name@example.com
		is "$status $body" "$asked_px0" "no mail program, $name: the same answer"
		edge $name@example.com
		is "$status $body" "$asked_edge" "and edge-impulse's"
	done
	is "$(list | wc -l)" 1 'and no record'
	latchkey mail send --once 2>"$work/said"
	is "$? $(grep -c 'mail_command is empty' "$work/said")" '1 1' 'nor anything to send it with'
	is "$(list | cut -f 1,4)" $'waiting\t1' 'what waited is let be'
	latchkey mail test me@example.net >/dev/null 2>"$work/said"
	is "$?" 1 'no test mail'
	spend "$(new_code none@example.com)"
	is "$status" 200 "the operator's codes are good"
}

sink_up
fresh "${common[@]}" "$msmtp"
start nginx
arrives
comes_back
in_no_time
fresh "${common[@]}" "$msmtp" 'registration = open'
start cgi
names
languages
notices
registers
closes
nobody
many
tests_it
tells_why
mistake
without
killed
hangs
over
wrong_clock
done_testing
