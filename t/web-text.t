#!/bin/bash
# web-text.t - the pages in a text browser, lynx: what people do there, by its keys
. "${0%/*}/lib.sh"
. "${0%/*}/mails.sh"
. "${0%/*}/server.sh"
. "${0%/*}/web.sh"

# --- lynx, which reads its keys from a pipe

browse() { # URL
	[[ -p $work/keys ]] || mkfifo "$work/keys"
	TERM=vt100 lynx -nopause -accept_all_cookies -cmd_script="$work/keys" "$site$1" </dev/null >"$work/screen" 2>>"$log" &
	pids+=($!)
	exec {keys}>"$work/keys"
	seen=0
}
leave() {
	exec {keys}>&-
	kill "${pids[-1]}" 2>/dev/null
	wait "${pids[-1]}" 2>/dev/null
	unset 'pids[-1]'
}
press() { printf 'key %s\n' "$@" >&"$keys"; }
enter() { # TEXT: in place of what is in the field
	local i
	press ^U
	for ((i = 0; i < ${#1}; i++)); do
		if [[ ${1:i:1} == ' ' ]]; then press '<space>'; else press "${1:i:1}"; fi
	done
}
down() { # TIMES
	local i
	for ((i = 0; i < $1; i++)); do press 'Down Arrow'; done
}
# see: the text of the page, by lynx's own command to print it into a file; sets $shown.
see() {
	local file=$work/seen-$((++seen))
	press p ^J
	enter "$file"
	press ^J
	wait_for 60 test -s "$file" || diag 'lynx saves no page'
	shown=$(cat "$file")
}

# go PATH: types an address.
go() {
	press g
	enter "$site$1"
	press ^J
}
# form FIELD... BUTTON: down to each field, which is N=TEXT, N lines further than the one before, and to the button.
form() {
	local field
	for field; do
		down "${field%%=*}"
		[[ $field != *=* ]] || enter "${field#*=}"
	done
	press ^J
	see
}
# sign_in NAME PASSWORD: from the page to sign in.
sign_in() { form 2="$1" 1="$2" 2; }
says() { like "$shown" "$1" "$2"; }

# mail_for ADDRESS: its next mail's code.
mail_for() {
	wait_for 60 has 1 "$1" && receive "$1" || return
	code_in
	rm "$sink"/*
}

# --- what people do. Where one is signed in, four links and buttons stand before those of the page, else two.

signing_in() {
	browse /account/sign-in
	down 2
	enter ann
	down 1
	enter wrong
	down 2
	press ^J
	see
	says 'That name and password do not fit together' 'a wrong password'
	form 3="$good" 2
	go /account/
	see
	says 'You are signed in as ann' 'the right password'
	says 'Lynx' 'the browser has its name'
	form 4='Ann Example' 2
	says 'Ann Example' 'another name'
	go /account/sign-out
	form 4
	says 'Nobody is signed in' 'signed out'
}
signed_in() { # NAME PATH
	go "/account/sign-in?next=$2"
	sign_in "$1" "$good"
}

two_factor() {
	local secret
	signed_in ann /account/two-factor
	says 'It is off' 'no second factor'
	form 4
	secret=$(grep -oE '[A-Z2-7]{4}( ?[A-Z2-7]{4}){7}|[A-Z2-7]{32}' <<<"$shown" | tr -d ' ')
	form 5="$(oathtool --totp -b "$secret")" 1
	says '[0-9A-Z]{4}-[0-9A-Z]{4}' 'the recovery codes'
	shown=$(grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4,5}' <<<"$shown" | head -n 1)
	local recovery=$shown
	go /account/sign-out
	form 4
	signed_in ann /account/two-factor
	says 'Six digits' 'the second factor is asked for'
	form 2="$(oathtool --totp -b -N '30 seconds' "$secret")" 1
	says 'It is on' 'and a code of the app is good'
	go /account/sign-out
	form 4
	signed_in ann /account/two-factor
	form 4="$recovery" 1
	says 'It is on' 'and so is a recovery code'
	go /account/sign-out
	form 4
}

tokens_and_password() {
	signed_in bob /account/tokens
	says 'You have none' 'no tokens'
	form 4=backup 3
	says 'This is your token “backup”|This is your token "backup"' 'a token is made'
	go /account/password
	form 5="$good" 1='Other-Harbour-43' 1
	says 'Your password is changed' 'another password'
	go /account/email
	form 4=bobby@example.com 1
	says 'Look at your mail' 'another address'
	form 4="$(mail_for bobby@example.com)" 1
	says 'bobby@example.com' 'the account has it'
	go /account/close
	form 4
	says 'Your account is deleted' 'the account is deleted'
}

by_mail() {
	go /account/forgot
	form 2=cat@example.com 1
	says 'Look at your mail' 'a code is sent'
	form 3="$(mail_for cat@example.com)" 1='Other-Harbour-43' 1
	says 'Your new password is saved' 'a new password by a code'
	go /account/register
	form 2=dan@example.com 1=dan 1=Dan 1="$good" 1
	says 'Look at your mail' 'registered'
	form 2
	form 2=dan@example.com 1="$(mail_for dan@example.com)" 1="$good" 1
	says 'Your address is confirmed' 'the address is confirmed'
	latchkey user invite eve --email eve@example.com >/dev/null 2>>"$log"
	go /account/invitation
	form 2="$(mail_for eve@example.com)" 1=Eve 1="$good" 1
	says 'Your account is ready' 'an invitation is accepted'
}

errors() {
	go /account/nothing
	see
	says 'There is nothing here' 'no such page'
	go /account/problems
	see
	says 'wrong-credentials' 'what errors mean'
}

site_up nginx
add ann "$good" --email ann@example.com --verified
add bob "$good" --email bob@example.com --verified
add cat "$good" --email cat@example.com --verified
signing_in
two_factor
tokens_and_password
by_mail
errors
leave
done_testing
