#!/bin/bash
# metrics.t - how it goes: livez, readyz, metrics; who may ask, what is counted, and that nothing depends on it
. "${0%/*}/lib.sh"

old='Quiet-Harbour-42' new='Other-Harbour-43'
metrics() { /usr/bin/python3 -B "$top/t/metrics.py" "$@"; }

sign_in() { request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$2\"}" "${@:3}"; }
token_of() {
	sign_in "$1" "$old"
	token=${member_of[.token]-}
}

# scrape [OPTION...]: the metrics in a file, to be looked at.
scrape() {
	request GET /account/metrics "$@"
	printf %s "$body" >"$work/metrics"
}
# value SAMPLE: as the last scrape has it.
value() { metrics value "$work/metrics" "latchkey_$1"; }
check_values() { # NAME SAMPLE=VALUE...: what the last scrape has
	local sample
	for sample in "${@:2}"; do is "$(value "${sample%=*}")" "${sample##*=}" "$way: $1: ${sample%=*}"; done
}

# --- health

health() {
	local at
	for at in livez readyz; do
		request GET "/account/$at"
		answers 200 $'ok\n' "$way: $at"
		is "${header_of[Content-Type]-} ${header_of[Cache-Control]-}" 'text/plain; charset=utf-8 no-store' "$way: $at: a text, never cached"
		request GET "/account/$at" --public --remote 127.0.0.7
		answers 200 $'ok\n' "$way: $at: of a stranger"
		request HEAD "/account/$at"
		answers 200 '' "$way: $at: HEAD"
		request POST "/account/$at" -d '{}'
		is "$status ${header_of[Allow]-} ${member_of[.code]-}" '405 GET, HEAD bad-method' "$way: $at: no POST"
		request GET "/account/$at?exclude=weather"
		is "$status ${member_of[.code]-}" '400 bad-query' "$way: $at: an unknown check"
		request GET "/account/$at?color=yes"
		is "$status ${member_of[.code]-}" '400 bad-query' "$way: $at: an unknown member"
	done
	request GET '/account/livez?verbose'
	answers 200 $'[+]ping ok\nlivez check passed\n' "$way: livez, verbose"
	request GET '/account/readyz?verbose'
	answers 200 $'[+]store ok\n[+]disk ok\n[+]mail ok\n[+]events ok\n[+]clock ok\n[+]watch ok\nreadyz check passed\n' "$way: readyz, verbose"
	request GET '/account/readyz?exclude=mail,clock&verbose=1'
	answers 200 $'[+]store ok\n[+]disk ok\n[+]mail excluded\n[+]events ok\n[+]clock excluded\n[+]watch ok\nreadyz check passed\n' "$way: readyz without two"
	for at in '--public' '-H Forwarded:for=127.0.0.1' '-H Via:1.1_proxy' '-H Host:example.com' '--remote 192.0.2.1'; do
		! is_real || [[ $at != *192* ]] || continue # the address is the test's own there
		read -ra option <<<"$at"
		request GET '/account/readyz?verbose' "${option[@]/_/ }"
		answers 200 $'ok\n' "$way: readyz tells a stranger no more: $at"
	done
}

# --- who reads metrics

readers() {
	local ann admin secret
	token_of ann
	ann=$token
	token_of admin
	admin=$token
	scrape
	is "$status ${header_of[Content-Type]-}" '200 text/plain; version=0.0.4; charset=utf-8' "$way: metrics, from the machine itself"
	is "$(metrics check "$work/metrics")" '' "$way: as Prometheus reads them"
	is "$(grep -ci 'ann\|example\|127\.0\|harbour\|'"$(id -un)" <<<"${body//latchkey_build_info/}")" 0 "$way: no name and no address is in there"
	request GET /account/metrics --public
	is "$status ${member_of[.code]-}" '401 not-signed-in' "$way: metrics, from elsewhere"
	request GET /account/metrics -H 'Via: 1.1 proxy'
	is "$status ${member_of[.code]-}" '401 not-signed-in' "$way: through a proxy"
	request GET /account/metrics --public -H "Authorization: Bearer $ann"
	is "$status ${member_of[.code]-}" '403 forbidden' "$way: by a user's token"
	request GET /account/metrics --public -H "Authorization: Bearer $admin"
	is "$status ${member_of[.code]-}" '403 forbidden' "$way: by an administrator's"
	request GET /account/metrics --public -H 'Authorization: Bearer lk_0123456789012345678901234567890123456789012'
	is "$status ${member_of[.code]-}" '401 not-signed-in' "$way: by a token that nobody has"
	secret=$(latchkey token new admin backup --permission read,write,admin 2>>"$log")
	request GET /account/metrics --public -H "Authorization: Bearer ${secret##* }"
	is "$status ${member_of[.code]-}" '403 forbidden' "$way: by an access token that may all but this"
	secret=$(latchkey token new admin prometheus --permission metrics:read 2>>"$log")
	secret=${secret##* }
	scrape --public -H "Authorization: Bearer $secret"
	is "$status $(metrics check "$work/metrics")" '200 ' "$way: by one with metrics:read"
	request GET /auth/verify -H "Authorization: Bearer $secret"
	is "$status" 403 "$way: which opens no page"
	request POST /auth/access_token -H "Authorization: Bearer $secret" -d '{"name":"x","permission":"metrics:read"}'
	is "$status" 401 "$way: and makes no token"
}
own_tokens() {
	local here
	request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$old\"}"
	here=(-H "Cookie: $(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")" -H 'Sec-Fetch-Site: same-origin')
	request POST /account/api/tokens "${here[@]}" -d '{"name":"mine","permission":"read"}'
	is "$status" 201 "$way: a user has a token of one's own"
	request POST /account/api/tokens "${here[@]}" -d '{"name":"mine","permission":"metrics:read"}'
	is "$status" 403 "$way: a user has no token of one's own with metrics:read"
}

# --- what is counted

counted() {
	local before after name
	scrape
	before=$(value 'requests_total{program="login",outcome="refused"}')
	after=$(value 'refusals_total{program="login",reason="bad-credentials"}')
	sign_in ann "$new"
	sign_in nobody "$new"
	scrape
	check_values 'two wrong passwords' "requests_total{program=\"login\",outcome=\"refused\"}=$((before + 2))" \
		"refusals_total{program=\"login\",reason=\"bad-credentials\"}=$((after + 2))"
	before=$(value 'requests_total{program="login",outcome="ok"}')
	name='secret_tries_total{outcome="right"}'
	after=$(value "$name")
	sign_in ann "$old"
	scrape
	check_values 'a right one' "requests_total{program=\"login\",outcome=\"ok\"}=$((before + 1))" "$name=$((after + 1))" \
		"request_duration_seconds_count{program=\"login\",outcome=\"ok\"}=$((before + 1))"
	before=$(value 'requests_total{program="verify",outcome="ok"}')
	token=${member_of[.token]-}
	token_of ann
	for name in 1 2 3; do request GET /auth/verify -H "Authorization: Bearer $token"; done
	scrape
	check_values 'verify' "requests_total{program=\"verify\",outcome=\"ok\"}=$((before + 3))"
	isnt "$(value hash_slot_uses_total)" 0 "$way: uses of hash slots"
	isnt "$(value 'store_bytes{file="accounts.btr"}')" 0 "$way: the store's size"
	isnt "$(value disk_free_bytes)" 0 "$way: the room on its disk"
	check_values 'all is well' 'check{check="store"}=1' 'check{check="disk"}=1' 'check{check="mail"}=1' 'check{check="events"}=1' 'check{check="clock"}=1' 'check{check="watch"}=1' \
		watch_age_seconds=0
	if [[ $way != cgi ]]; then # there no process sweeps
		request POST /account/api/session -d "{\"name\":\"ann\",\"password\":\"$old\"}"
		scrape
		isnt "$(value sessions_begun_total)" 0 "$way: a browser's session"
		ok_if "$way: live sessions, once they are swept" wait_for 60 sees 'swept_seconds'
	fi
}
sees() {
	scrape
	[[ $(value "$1") != 0 ]]
}

# A client that guesses on is throttled, and its requests are counted as such.
throttled() {
	for _ in 1 2 3 4 5 6 7; do sign_in bob "$new" --remote 127.0.0.9; done
	is "$status" 429 "$way: one who guesses on has to wait"
	scrape
	isnt "$(value 'requests_total{program="login",outcome="throttled"}')" 0 "$way: throttled requests"
	isnt "$(value 'secret_tries_total{outcome="throttled"}')" 0 "$way: and tries"
}

# --- what fails, and what does not

# fails CHECK PATTERN NAME: of the checks that one alone.
fails() {
	request GET '/account/readyz?verbose'
	like "$status $(grep '^\[-\]' <<<"$body")" "^503 \[-\]$1 failed: $2[^"$'\n'"]*$" "$way: $3"
	like "$body" $'\nreadyz check failed\n$' "$way: $3: all in all"
	request GET "/account/readyz?exclude=$1"
	is "$status" 200 "$way: $3: without that check"
	request GET /account/livez
	answers 200 $'ok\n' "$way: $3: livez"
}
unready() { # NAME: a stranger is told no more than that
	ok_if "$way: $1: a stranger's 503" wait_for 60 asks_503
	is "$body ${header_of[Cache-Control]-}" $'readyz check failed\n no-store' "$way: $1: says nothing else"
}
asks_503() {
	request GET '/account/readyz?verbose' --public
	[[ $status == 503 ]]
}

full() {
	set_conf 'hash_cost = 1' 'disk_reserve = 1099511627776'
	start "$way"
	fails disk '[0-9]* bytes free, disk_reserve is 1099511627776' 'a full disk'
	unready 'a full disk'
	scrape
	check_values 'a full disk' 'check{check="store"}=1' 'check{check="disk"}=0'
	sign_in ann "$old" --remote 127.0.0.8
	is "$status" 200 "$way: a full disk: people sign in"
}
held() {
	local holder
	{ flock 9 && exec sleep 600; } 9<"$state/store/gate" &
	holder=$!
	ok_if "$way: the gate is held" wait_for 60 is_held
	request GET '/account/readyz?verbose'
	like "$status $body" $'^503 \[-\]store failed: it cannot be had now; the log says why\n' "$way: another process is inside"
	unready 'another process is inside'
	request GET /account/livez
	answers 200 $'ok\n' "$way: another process is inside: livez"
	scrape
	check_values 'another process is inside' 'check{check="store"}=0'
	kill "$holder"
	wait "$holder" 2>/dev/null
}
is_held() { ! flock -n "$state/store/gate" true; }

# is_ready_but_for_watch: `store watch` notes by its own clock when it saw a database. By another clock that was long ago, or
# is not yet.
is_ready_but_for_watch() {
	[[ $status == 200 ]] ||
		[[ ${LATCHKEY_TEST_STORE-} && $(grep '^\[-\]' <<<"$body") =~ ^'[-]watch failed: the database was not seen for '[^$'\n']*$ ]]
}

# The clocks of plain CGI can be put anywhere.
clocks() {
	later -86400 request GET '/account/readyz?verbose'
	like "$status $body" $'^503 .*\n\[-\]clock failed: the store was written [0-9]* s from now\n' "$way: a clock that went back"
	later -1000000000 request GET '/account/readyz?verbose'
	like "$status $body" $'^503 .*\n\[-\]clock failed: it is before 2026\n' "$way: a clock that has no battery"
	request GET '/account/readyz?verbose'
	ok_if "$way: a clock that is right again" is_ready_but_for_watch
}
mails() {
	set_conf 'hash_cost = 1' 'mail_command = /bin/false'
	request POST /v1/api-user-request-reset-password -d '{"email":"ann@example.com"}'
	later 200 request GET '/account/readyz?verbose'
	ok_if "$way: a mail that has just become due" is_ready_but_for_watch
	later 400 request GET '/account/readyz?verbose'
	like "$status $body" $'^503 .*\n\[-\]mail failed: one is due for [0-9]* s; does `latchkey mail send` run[?]\n' "$way: a mail that nobody sends"
	later 400 scrape
	check_values 'a mail that nobody sends' 'check{check="mail"}=0' 'mails{state="waiting"}=1'
	latchkey mail send --once 2>>"$log"
	scrape
	check_values 'a mail program that fails' 'check{check="mail"}=1' 'mail_tries_total{outcome="failed"}=1'
	set_conf 'hash_cost = 1' 'mail_command ='
	later 400 request GET '/account/readyz?verbose'
	ok_if "$way: where no mail is sent" is_ready_but_for_watch
}

# A program that fails for one account and one that nobody starts.
events() {
	set_conf 'hash_cost = 1' 'mail_command =' 'event_command = /bin/false'
	add eve "$old"
	later 200 scrape
	check_values 'an event that has just become due' 'check{check="events"}=1' 'events=1'
	later 400 scrape
	check_values 'an event that nobody hands over' 'check{check="events"}=0'
	ok_if "$way: how long it has waited" [ "$(value event_oldest_seconds)" -ge 390 ]
	later 400 request GET '/account/readyz?verbose'
	like "$status $body" $'^503 .*\n\[-\]events failed: one is due for [0-9]* s; does `latchkey mail send` run[?]\n' "$way: which is said"
	later 1000 latchkey status >"$work/said" 2>>"$log"
	like "$? $(<"$work/said")" '^1 .*events: one is due for .* event_oldest=1[0-9]{3}s;900; ' 'and so does latchkey status'
	later 350 latchkey mail send --once 2>>"$log"
	add late "$old"
	later 400 scrape
	check_values 'a program that fails' 'check{check="events"}=1' 'events=2' 'event_tries_total{outcome="failed"}=1' 'event_tries_total{outcome="taken"}=0'
	set_conf 'hash_cost = 1' 'mail_command =' 'event_command = /bin/true'
	later 400 latchkey mail send --once 2>>"$log"
	scrape
	check_values 'a program that takes them' 'events=0' 'event_oldest_seconds=0' 'event_tries_total{outcome="taken"}=2'
	set_conf 'hash_cost = 1' 'mail_command ='
}

# Nothing but the counting depends on the counters.
without() {
	stop
	rm -f "$state/counters"
	install -d "${owned[@]}" -m 0700 "$state/counters"
	start "$way"
	sign_in ann "$old" --remote 127.0.0.6
	is "$status ${member_of[.success]-}" '200 true' "$way: no counters: people sign in"
	token=${member_of[.token]-}
	request GET /auth/verify -H "Authorization: Bearer $token"
	is "$status" 204 "$way: no counters: verify"
	request GET '/account/readyz?verbose'
	is "$status" 200 "$way: no counters: readyz"
	scrape
	is "$status $(metrics check "$work/metrics")" '200 ' "$way: no counters: metrics"
	is "$(metrics names "$work/metrics" | grep -c requests_total)" 0 "$way: no counters: none are told"
	ok_if "$way: no counters: the log says so" grep -q "counters: $state/counters: .*: this process is not counted" "$log"
	stop
	rmdir "$state/counters"
}

for way in $ways; do
	fresh 'hash_cost = 1' 'mail_command ='
	start "$way"
	add admin "$old" --admin
	add ann "$old" --email ann@example.com --verified
	add bob "$old"
	health
	readers
	counted
	[[ $way != fcgi ]] || { own_tokens && throttled && held && without && full; }
	[[ $way != cgi ]] || { clocks && mails && events; }
done

# --- the dashboard and the alerts

fresh 'hash_cost = 1'
start fcgi
sign_in nobody "$new"
wait_for 60 sees swept_seconds
names=$(metrics names "$work/metrics")
for file in grafana.json alerts.yml; do
	used=$(metrics used "$top/conf/monitoring/$file")
	ok_if "$file uses metrics" [ "$(wc -l <<<"$used")" -gt 8 ]
	is "$(comm -23 <(sort <<<"$used") <(sort <<<"$names"))" '' "$file: each is one that there is"
done
told=$(sed -n 's/^| \(`latchkey_.*\)/\1/p' "$top/doc/guide/monitoring.md" | cut -d '|' -f 1 | grep -o 'latchkey_[a-z_]*')
# The families, with what doc/guide/monitoring.md says of each.
same_lines "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$work/metrics")" "$told
$(grep -o 'latchkey_swept_seconds' "$top/doc/guide/monitoring.md")" 'the guide has each metric'
done_testing
