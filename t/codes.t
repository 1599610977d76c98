#!/bin/bash
# codes.t - a code is good once, for one account, and not for long guessing
. "${0%/*}/lib.sh"

ann=ann@example.com bob=bob@example.com
first='Quiet-Harbour-42' second='Other-Harbour-43'
px0_refusal='400 {"error":"invalid or expired password reset code"}'
refusal='200 {"success":false,"error":"Invalid or expired code"}'
success='200 {"success":true}'
wrong=ZZZZ-ZZZZ-ZZZZ

px0() { # CODE [PASSWORD [OPTION...]]
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"${2-$second}\"}" "${@:3}"
}
edge() { # EMAIL CODE [OPTION...]
	request POST /v1/api-user-reset-password -d "{\"email\":\"$1\",\"code\":\"$2\",\"newPassword\":\"$second\"}" "${@:3}"
}
check() { # EMAIL CODE [OPTION...]
	request POST /v1/api-user-verify-reset-password-code -d "{\"email\":\"$1\",\"code\":\"$2\"}" "${@:3}"
}
# network N: an address in another network for each N; a client of a real server here can only have this machine's.
network() { if is_real; then echo "127.0.0.$1"; else echo "198.51.100.$1"; fi; }
# guess TIMES N: so many wrong codes for ann from network N.
guess() {
	local i
	for ((i = 0; i < $1; i++)); do check "$ann" "$wrong" --remote "$(network "$2")"; done
}

once() {
	local code older
	code=$(new_code $ann)
	px0 "$code"
	is "$status" 200 "$way: a code"
	px0 "$code"
	is "$status $body" "$px0_refusal" "$way: 18: a code used twice"
	edge $ann "$code"
	is "$status $body" "$refusal" "$way: twice in another dialect"
	check $ann "$code"
	is "$status $body" "$refusal" "$way: a used one does not verify"
	older=$(new_code $ann)
	code=$(new_code $ann)
	px0 "$older"
	is "$status $body" "$px0_refusal" "$way: 18: a newer code kills the older"
	px0 "$code"
	is "$status" 200 "$way: and is good itself"
	code=$(new_code $ann)
	latchkey user passwd $ann <<<"$first" 2>>"$log"
	px0 "$code"
	is "$status $body" "$px0_refusal" "$way: a code from before another change of the password"
	code=$(new_code $ann)
	latchkey user disable $ann 2>>"$log"
	px0 "$code"
	is "$status $body" "$px0_refusal" "$way: a code of an account that is disabled"
	latchkey user enable $ann 2>>"$log"
	code=$(latchkey code new --verify $ann 2>>"$log")
	px0 "${code##* }"
	is "$status $body" "$px0_refusal" "$way: 21: a code that is for something else"
}

# Eight at once: the check and the spending are one.
at_once() {
	local code i hits all=()
	code=$(new_code $ann)
	for i in {1..8}; do
		(
			scratch=$work/at-once-$i
			mkdir "$scratch"
			insist px0 "$code" "Harbour-number-$i"
			echo "$status" >"$scratch/status"
		) &
		all+=($!)
	done
	wait "${all[@]}"
	hits=$(cat "$work"/at-once-*/status | sort | uniq -c | tr -s ' \n' ' ')
	is "$hits" ' 1 200 7 400 ' "$way: 18: one code, eight at once"
	rm -r "$work"/at-once-*
}

as_typed() {
	local code=''
	until [[ $code == *0* && $code == *1* ]]; do code=$(new_code $ann); done
	like "$code" '^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$' "$way: 16: what a code looks like"
	check $ann "${code,,}"
	is "$status $body" "$success" "$way: in lower case"
	check $ann "${code//-/}"
	is "$status $body" "$success" "$way: without dashes"
	check $ann " ${code//-/ - } "
	is "$status $body" "$success" "$way: with blanks"
	check $ann "${code//0/O}"
	is "$status $body" "$success" "$way: an O for a 0"
	check $ann "${code//1/I}"
	is "$status $body" "$success" "$way: an I for a 1"
	code=${code//1/l} code=${code//0/o}
	check $ann "$code"
	is "$status $body" "$success" "$way: an l for a 1, an o for a 0"
	px0 "$code"
	is "$status" 200 "$way: and it is good like this"
}

costs_nothing() {
	local code password i
	code=$(new_code $ann)
	for password in short short short short short short; do px0 "$code" $password; done
	is "$status" 400 "$way: a bad new password"
	for i in 1 2 3 4 5 6; do edge $bob "$code"; done
	is "$status $body" "$refusal" "$way: 21: a good code with the email of another"
	for i in 1 2 3 4 5 6; do edge nobody@example.com "$code"; done
	is "$status $body" "$refusal" "$way: and with that of nobody"
	for i in 1 2 3 4 5 6; do check $ann "$code"; done
	is "$status $body" "$success" "$way: the right one is verified as often as you like"
	for i in 1 2 3 4 5 6; do px0 $wrong; done
	is "$status $body" "$px0_refusal" "$way: a wrong code that names nobody"
	px0 "$code"
	is "$status" 200 "$way: all that has cost the code nothing"
}

tries() {
	local code i
	code=$(new_code $ann)
	guess 4 2
	check $ann "$code" --remote "$(network 2)"
	is "$status $body" "$success" "$way: after four wrong ones the right one is good"
	edge $ann $wrong --remote "$(network 2)"
	edge $ann "$code" --remote "$(network 2)"
	is "$status $body" "$refusal" "$way: 19: after five it is not, in that network"
	px0 "$code" "$second" --remote "$(network 2)"
	is "$status $body" "$px0_refusal" "$way: in no dialect"
	check $ann "$code" --remote "$(network 3)"
	is "$status $body" "$success" "$way: but in another network it is"
	edge ANN@Example.com "$code" --remote "$(network 3)"
	is "$status $body" "$success" "$way: and its owner resets"

	code=$(new_code $ann)
	for i in {11..19}; do guess 5 "$i"; done
	guess 4 20
	check $ann "$code" --remote "$(network 30)"
	is "$status $body" "$success" "$way: after 49 wrong ones from ten networks it is good"
	guess 1 20
	edge $ann "$code" --remote "$(network 30)"
	is "$status $body" "$refusal" "$way: 19: after 50 it is gone"
	code=$(new_code $ann)
	edge $ann "$code" --remote "$(network 2)"
	is "$status $body" "$success" "$way: a new one begins anew"
}

# An IPv6 network is a /64: a client has any number of addresses in one.
tries_ipv6() {
	local code i
	code=$(new_code $ann)
	for i in 1 2 3 4 5; do check $ann $wrong --remote "2001:db8::$i"; done
	check $ann "$code" --remote 2001:db8::ffff:6
	is "$status $body" "$refusal" "$way: five wrong ones from five addresses of one /64"
	check $ann "$code" --remote 2001:db8:0:1::1
	is "$status $body" "$success" "$way: the next /64 is another network"
	for i in 1 2 3 4 5; do check $ann $wrong --remote ::ffff:192.0.2.1; done
	check $ann "$code" --remote 192.0.2.1
	is "$status $body" "$refusal" "$way: an IPv4 address is the same when mapped"
}

paths() {
	local prefix code
	for prefix in /v1 ''; do
		code=$(new_code $ann)
		request POST $prefix/api-user-verify-reset-password-code -d "{\"email\":\"$ann\",\"code\":\"$code\"}"
		is "$status $body" "$success" "$way: $prefix/api-user-verify-reset-password-code"
		request POST $prefix/api-user-reset-password \
			-d "{\"email\":\"$ann\",\"code\":\"$code\",\"newPassword\":\"$first\"}"
		is "$status $body" "$success" "$way: $prefix/api-user-reset-password"
		request POST $prefix/api-login -d "{\"username\":\"$ann\",\"password\":\"$first\"}"
		is "${member_of[.success]-}" true "$way: $prefix/api-login"
	done
}

digits() {
	local code i
	code=$(new_code $ann)
	like "$code" '^[0-9]{8}$' "$way: a code of eight digits"
	px0 "$code"
	is "$status $body" "$px0_refusal" "$way: 16: eight digits alone name no account"
	check $ann "$code"
	is "$status $body" "$success" "$way: with the email they are good"
	edge $ann "$code"
	is "$status $body" "$success" "$way: for a new password, too"
	edge $ann "$code"
	is "$status $body" "$refusal" "$way: once"
	code=$(new_code $ann) wrong=00000000
	[[ $code != "$wrong" ]] || wrong=11111111
	for i in 2 3 4 5; do guess 1 $i; done
	check $ann "$code" --remote "$(network 6)"
	is "$status $body" "$success" "$way: digits after four wrong ones"
	guess 1 7
	check $ann "$code" --remote "$(network 8)"
	is "$status $body" "$refusal" "$way: 19: digits after five, each from another network"
	wrong=ZZZZ-ZZZZ-ZZZZ
}

# The count is of the account. It outlives each code and every hour, but the owner and the operator can end it.
digits_wear_out() {
	local code
	code=$(new_code $ann) wrong=00000000
	[[ $code != "$wrong" ]] || wrong=11111111
	guess 3 11
	check $ann "$code" --remote "$(network 12)"
	is "$status $body" "$refusal" "$way: 19: after throttle.codes wrong ones a code of digits is none"
	code=$(new_code $ann)
	check $ann "$code" --remote "$(network 12)"
	is "$status $body" "$success" "$way: the operator's word makes them good again"
	[[ $code != "$wrong" ]] || wrong=22222222
	guess 3 13
	check $ann "$code" --remote "$(network 12)"
	is "$status $body" "$refusal" "$way: for as many"
	like "$(latchkey throttle list)" 'codes	-	[-0-9a-f]{36}	-	4	no digits' "$way: which throttle list tells"
	request POST /v1/auth/login -d "{\"email\":\"$ann\",\"password\":\"$first\"}"
	check $ann "$code" --remote "$(network 12)"
	is "$status $body" "$success" "$way: so does a sign-in"
	wrong=ZZZZ-ZZZZ-ZZZZ
}

for each in $long_ways; do
	fresh 'hash_cost = 1' 'throttle = off'
	start "$each"
	add $ann "$first" --verified
	add $bob "$first" --verified
	once
	at_once
	is_real || as_typed # no web server has a part in these
	is_real || costs_nothing
	tries
	is_real || tries_ipv6
	paths
	set_conf 'hash_cost = 1' 'code_form = digits:8'
	start "$each"
	digits
done
fresh 'hash_cost = 1' 'code_form = digits:8' 'throttle.codes = 3' 'throttle.free = 100'
start fcgi
add $ann "$first" --verified
digits_wear_out
done_testing
