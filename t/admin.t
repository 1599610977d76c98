#!/bin/bash
# shellcheck disable=SC2016 # what begins a hash
# admin.t - what administrators do by latchkey's own API: accounts a page at a time, invitations, changes, the audit; and
# who may not, with which session, from where, and what they ask that cannot be
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' other='Quiet-Harbour-43'
common=('hash_cost = 1' 'mail_command =' 'throttle = off' 'site_url = http://localhost' 'audit_lines = 100000')
here=(-H 'Origin: http://localhost')
api=/account/api

# sign_in NAME [PASSWORD]: sets $cookie.
sign_in() {
	request POST $api/session -d "{\"name\":\"$1\",\"password\":\"${2-$good}\"}"
	taken
}
taken() { cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}"); }
# by METHOD PATH [BODY] [OPTION...]: as the one of $cookie, from this site's page.
by() {
	local method=$1 path=$2 text=()
	shift 2
	[[ ${1-} != '{'* ]] || { text=(-d "$1") && shift; }
	request "$method" "$api/$path" --program admin -H "Cookie: $cookie" "${here[@]}" "${text[@]}" "$@"
}
code() { echo "$status ${member_of[.code]-}"; }
verified() { request GET /auth/verify -H "Cookie: $1" && echo "$status"; }
id_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^id: //p'; }
# last EVENT: the newest line of that event.
last() { tac "$state/audit.log" | grep -m 1 "\"event\":\"$1\""; }
accept() { request POST $api/invitation -d "{\"code\":\"$1\",\"password\":\"$good\"}"; }
# names: of the last page.
names() { grep -o "\"${1-username}\":\"[^\"]*\"" <<<"$body" | cut -d '"' -f 4 | paste -sd ' '; }

pages() {
	local next
	by GET accounts
	is "$status $(names) ${member_of[.next]-}" '200 ann bob boss root null' "$way: accounts by username"
	by GET 'accounts?by=email'
	is "$status $(names email) ${member_of[.next]-}" '200 amy@example.org ann@example.org bob@example.org null' "$way: by email"
	by GET 'accounts?by=name'
	is "$status $(names | xargs) $(names email | xargs) ${member_of[.next]-}" \
		'200 ann bob boss root amy@example.org ann@example.org bob@example.org null' "$way: by either name, each once"
	by GET 'accounts?by=name&prefix=amy'
	is "$status $(names) $(names email)" '200  amy@example.org' "$way: one without a username among them"
	by GET 'accounts?limit=2'
	next=${member_of[.next]-}
	is "$status $(names)" '200 ann bob' "$way: a page"
	by GET "accounts?limit=2&after=$next"
	is "$status $(names) ${member_of[.next]-}" '200 boss root null' "$way: the next"
	by GET 'accounts?prefix=BO'
	is "$status $(names)" '200 bob boss' "$way: those that begin so"
	by GET 'accounts?by=email&prefix=am%79%40'
	is "$status $(names email)" '200 amy@example.org' "$way: percent-encoded"
	by GET "accounts/$ann"
	is "$status ${member_of[.account.username]-} ${member_of[.account.enabled]-} ${member_of[.account.invited]-} ${member_of[.account.must_change]-}" \
		'200 ann true false false' "$way: one"
	is "$(grep -c 'hash\|\$y\$' <<<"$body")" 0 "$way: without its hash"
	for query in 'limit=0' 'limit=101' 'limit=-1' 'limit=x' 'limit=1e1' 'limit=00000001' 'by=id' 'by=username&by=email' 'after=!' \
		'after=AA' 'after=YQ=='  'after=4pyTA' 'prefix=%ff' 'prefix=%00' 'prefix=%4' "prefix=$(printf 'x%.0s' {1..300})" 'page=2' 'limit' '=1'; do
		by GET "accounts?$query"
		case $query in
		limit) is "$status" 200 "$way: ?$query is none" ;;
		*) is "$(code)" '400 bad-query' "$way: ?${query:0:40}" ;;
		esac
	done
	for path in accounts/ann accounts/0 accounts/01234567-89ab-7def-8123-456789abcdef "accounts/${ann^^}" accounts/%2e%2e; do
		by GET "$path"
		is "$(code)" '404 not-found' "$way: nobody: $path"
	done
}

invitations() {
	local first
	by POST accounts '{"username":"ina","email":"ina@example.org","name":"Ina","groups":["b","a","b"],"language":"de"}'
	first=${member_of[.code]-} ina=${member_of[.account.id]-}
	is "$status ${header_of[Location]-}" "201 /account/api/accounts/$ina" "$way: an invitation"
	is "${member_of[.account.groups]-} ${member_of[.account.role]-} ${member_of[.account.verified]-} ${member_of[.account.invited]-}" \
		'["a", "b"] user false true' "$way: as it was asked for"
	like "$first ${member_of[.expires_at]-}" '^[0-9A-Z-]{14} 20' "$way: without mails the code is in the answer"
	like "$(last account-invite)" "\"account\":\"$ina\",\"name\":\"ina\",\"by\":\"$root\",\"by_name\":\"root\",\"kid\":\"[0-9a-f]+\"" \
		"$way: the audit says who, with names and the key"
	request POST $api/session -d '{"name":"ina","password":""}'
	is "$(code)" '400 bad-body' "$way: no password is none"
	request POST $api/session -d '{"name":"ina","password":"x"}'
	is "$(code)" '401 wrong-credentials' "$way: an invited account signs in by no password"
	by POST "accounts/$ina/code"
	is "$status" 200 "$way: another code"
	is "$(accept "$first" && code)" '400 wrong-code' "$way: ends the one before"
	by POST "accounts/$ina/code"
	accept "${member_of[.code]-}"
	is "$status ${member_of[.account.username]-}" '200 ina' "$way: it is accepted"
	sign_in ina
	is "$status" 200 "$way: and she signs in"
	sign_in root
	by POST "accounts/$ina/code"
	request POST $api/password/reset -d "{\"code\":\"${member_of[.code]-}\",\"new\":\"$other\"}"
	is "$status" 200 "$way: then a code is for another password"
	by POST accounts '{"username":"ina"}'
	is "$(code)" '409 name-taken' "$way: a name taken"
	by POST accounts '{}'
	is "$(code)" '400 bad-name' "$way: no name"
	while IFS= read -r wrong; do
		by POST accounts "$wrong"
		is "${status}" 400 "$way: $wrong"
	done <<'END'
{"username":"a@b"}
{"username":"admin"}
{"username":"x","email":"nowhere"}
{"username":"x","email":"ä@example.org"}
{"username":"x","role":"root"}
{"username":"x","groups":"a"}
{"username":"x","groups":["A"]}
{"username":"x","groups":[1]}
{"username":"x","groups":[["a"]]}
{"username":"x","language":"german"}
{"username":["x"]}
END
	by POST accounts "{\"username\":\"x\",\"name\":\"$(printf 'x%.0s' {1..121})\"}"
	is "$(code)" '400 bad-body' "$way: a name too long"
	by POST accounts "{\"username\":\"$(printf 'x%.0s' {1..255})\"}"
	is "$(code)" '400 bad-name' "$way: a username too long"
	by POST accounts "{\"username\":\"$(printf 'x%.0s' {1..20000})\"}"
	is "$(code)" '413 too-large' "$way: a body too large"
	is "$(id_of x)" '' "$way: nobody was made"
}

changes() {
	local anns mine
	sign_in ann
	anns=$cookie
	sign_in root
	by PATCH "accounts/$ann" '{"groups":["staff"],"name":"Ann A."}'
	is "$status ${member_of[.account.groups]-} ${member_of[.account.name]-} $(verified "$anns")" '200 ["staff"] Ann A. 204' \
		"$way: groups and name: she stays signed in"
	by PATCH "accounts/$ann" '{}'
	is "$status ${member_of[.account.groups]-} ${member_of[.account.name]-}" '200 ["staff"] Ann A.' "$way: nothing changes nothing"
	code=$(new_code ann)
	by PATCH "accounts/$ann" '{"email":"new@example.org"}'
	is "$status ${member_of[.account.email]-} ${member_of[.account.verified]-} $(verified "$anns")" '200 new@example.org false 401' \
		"$way: another address is not proved, and ends sessions"
	request POST $api/password/reset -d "{\"code\":\"$code\",\"new\":\"$other\"}"
	is "$(code)" '400 wrong-code' "$way: and codes"
	by PATCH "accounts/$ann" '{"email":"bob@example.org"}'
	is "$(code)" '409 name-taken' "$way: another's address"
	by PATCH "accounts/$ann" '{"email":""}'
	is "$status ${member_of[.account.email]-}" '200 ' "$way: no address"
	by PATCH "accounts/$amy" '{"email":""}'
	is "$(code)" '400 bad-name' "$way: one name stays"
	for wrong in '{"role":"root"}' '{"enabled":"no"}' '{"groups":{}}' '{"groups":["a,b"]}' '{"email":"x"}'; do
		by PATCH "accounts/$ann" "$wrong"
		is "$status" 400 "$way: $wrong"
	done
	sign_in ann
	anns=$cookie
	sign_in root
	by PATCH "accounts/$ann" '{"enabled":false}'
	is "$status ${member_of[.account.enabled]-} $(verified "$anns")" '200 false 401' "$way: disabled"
	like "$(last account-change)" "\"account\":\"$ann\",.*\"by\":\"$root\"" "$way: the audit says by whom"
	by POST "accounts/$ann/code"
	is "$(code)" '409 disabled' "$way: and gets no code"
	by PATCH "accounts/$ann" '{"enabled":true,"role":"admin"}'
	is "$status ${member_of[.account.role]-}" '200 admin' "$way: enabled, an administrator"
	by PATCH "accounts/$ann" '{"role":"user"}'
	sign_in ann
	anns=$cookie
	sign_in root
	by DELETE "accounts/$ann/sessions"
	is "$status $(verified "$anns")" '204 401' "$way: 31: her sessions end"
	by DELETE "accounts/$ann/factors"
	is "$(code)" '404 not-found' "$way: she has no second factor"
	factors
	by PATCH "accounts/$ann" '{"must_change":true}'
	is "${member_of[.account.must_change]-}" true "$way: which is shown"
	by GET 'accounts?prefix=ann'
	like "$body" '"username":"ann".*"must_change":true' "$way: in the list, too"
	request POST $api/session -d "{\"name\":\"ann\",\"password\":\"$good\"}"
	is "$(code)" '403 must-change' "$way: she must set another password"
	by PATCH "accounts/$ann" '{"must_change":false}'
	request POST $api/session -d "{\"name\":\"ann\",\"password\":\"$good\"}"
	is "$status" 200 "$way: and need not any more"
	by DELETE "accounts/$ann/throttle"
	is "$status" 204 "$way: her wrong tries are forgotten"
	# One's own.
	mine=$cookie
	by PATCH "accounts/$root" '{"email":"root@example.org"}'
	taken
	is "$status $(verified "$cookie") $(verified "$mine")" '200 204 401' "$way: an administrator's own session goes on"
	by DELETE "accounts/$boss"
	is "$status" 204 "$way: one is deleted"
	by GET "accounts/$boss"
	is "$(code)" '404 not-found' "$way: and gone"
	for wrong in '{"role":"user"}' '{"enabled":false}'; do
		by PATCH "accounts/$root" "$wrong"
		is "$(code)" '409 last-administrator' "$way: the last administrator: $wrong"
	done
	by DELETE "accounts/$root"
	is "$(code)" '409 last-administrator' "$way: nor deleted"
	is "$(verified "$cookie")" 204 "$way: which changed nothing"
	for path in "" /code /sessions /throttle; do
		method=DELETE
		[[ $path != /code ]] || method=POST
		by $method "accounts/01234567-89ab-7def-8123-456789abcdef$path"
		is "$(code)" '404 not-found' "$way: nobody: $method $path"
	done
}

# Of a person who has lost the app.
factors() {
	local anns secret
	sign_in ann
	anns=$cookie
	request POST $api/totp -H "Cookie: $anns" "${here[@]}"
	secret=${member_of[.secret]-}
	request PUT $api/totp -H "Cookie: $anns" "${here[@]}" -d "{\"code\":\"$(oathtool --totp -b "$secret")\"}"
	is "$status" 200 "$way: she has a second factor"
	taken
	anns=$cookie
	sign_in root
	by GET "accounts/$ann"
	is "${member_of[.account.factors.totp]-}" true "$way: which the administrator sees"
	by DELETE "accounts/$ann/factors"
	is "$status $(verified "$anns")" '204 401' "$way: it is taken away, and she is signed out"
	by GET "accounts/$ann"
	is "${member_of[.account.factors.totp]-}" false "$way: she has none any more"
	like "$(last factor-remove)" "\"outcome\":\"ok\",\"account\":\"$ann\",\"name\":\"ann\",\"by\":\"$root\"" "$way: the audit says by whom"
	sign_in ann
	is "$status" 200 "$way: her password is enough"
	sign_in root
}

# tokens_by METHOD PATH OPTION...: the same at everybody's access tokens.
tokens_by() { request "$1" "$api/all-tokens$2" --program token -H "Cookie: $cookie" "${here[@]}" "${@:3}"; }

tokens() {
	local id secret next other
	tokens_by POST '' -d '{"name":"backup","permission":"read","description":"nightly"}'
	id=${member_of[.id]-} secret=${member_of[.token]-}
	is "$status ${header_of[Location]-} ${member_of[.kind]-} ${member_of[.maker.name]-} ${member_of[.used_at]-} ${member_of[.expires_at]-}" \
		"201 $api/all-tokens access root null null" "$way: a token for a service"
	like "$(last token-create)" "\"account\":\"$root\",.*\"target\":\"token:$id\"" "$way: the audit says which"
	request GET /auth/verify -H "x-api-key: $secret"
	is "$status ${header_of[X-Auth-User]-}" "204 token:$id" "$way: which opens what is protected"
	sign_in bob
	request POST $api/tokens -H "Cookie: $cookie" "${here[@]}" -d '{"name":"laptop","permission":"read"}'
	other=${member_of[.id]-}
	sign_in root
	tokens_by GET "?limit=1&after=$((id - 1))"
	next=${member_of[.next]-}
	like "$body" "\"id\":$id,\"name\":\"backup\".*\"used_at\":\"20[^\"]*Z\".*\"description\":\"nightly\",\"maker\":\{\"id\":\"$root\",\"name\":\"root\"" \
		"$way: it is listed, and was used"
	is "$(grep -c "$secret" <<<"$body")" 0 "$way: without its secret"
	tokens_by GET "?after=$next"
	like "$body" "\"id\":$other,\"name\":\"laptop\".*\"used_at\":null,\"kind\":\"personal\".*\"name\":\"bob\"" "$way: the next page has a person's"
	is "${member_of[.next]-}" null "$way: and is the last"
	tokens_by POST "/$id/rotate" -d '{"grace":60}'
	is "$status ${member_of[.id]-} ${member_of[.maker.name]-}" "200 $id root" "$way: another secret for the service's"
	isnt "${member_of[.token]-}" "$secret" "$way: which is another"
	tokens_by POST "/$other/rotate" -d '{}'
	is "$(code)" '404 not-found' "$way: nobody learns a secret that acts as bob"
	tokens_by DELETE "/$other"
	is "$status" 204 "$way: but an administrator may end it"
	tokens_by DELETE "/$other"
	is "$(code)" '404 not-found' "$way: once"
	tokens_by DELETE "/$id"
	request GET /auth/verify -H "x-api-key: $secret"
	is "$status" 401 "$way: a deleted one is dead at once"
	for wrong in '{"name":"x"}' '{"name":"x","permission":"all"}' '{"name":"x","permission":"read","expires_at":"2020-01-01T00:00:00Z"}' \
		"{\"name\":\"$(printf 'x%.0s' {1..201})\",\"permission\":\"read\"}"; do
		tokens_by POST '' -d "$wrong"
		is "$(code)" '400 bad-body' "$way: no token: ${wrong:0:60}"
	done
	for query in after=x after=-1 after=0 limit=0 limit=101 page=1; do
		tokens_by GET "?$query"
		is "$(code)" '400 bad-query' "$way: all-tokens?$query"
	done
	for path in /x /0 /999999; do
		tokens_by DELETE "$path"
		is "$(code)" '404 not-found' "$way: no such token: $path"
	done
}

# The page, whose script asks all that.
the_page() {
	local file
	request GET /account/admin/ -H "Cookie: $cookie" "${page[@]}"
	like "$status $body" '^200 .*<noscript>.*latchkey user --help.*/account/www/[0-9a-f]+/admin.js"' "$way: the administrators' page"
	is "${header_of[Content-Type]-}" 'text/html; charset=utf-8' "$way: is HTML"
	is "$(grep -c '{' <<<"$body")" 0 "$way: and filled in"
	sign_in bob
	request GET /account/admin/ -H "Cookie: $cookie" "${page[@]}"
	is "$status $(grep -c 'admin[.]js' <<<"$body")" '403 0' "$way: is not for a user"
	request GET /account/admin/ "${page[@]}"
	is "$status ${header_of[Location]-}" '303 /account/sign-in?next=/account/admin/' "$way: nobody signs in first"
	sign_in root
	[[ $way == nginx ]] || return
	for file in admin.js admin.css; do
		request GET "/account/www/x/$file"
		is "$status" 200 "$way: its $file"
	done
}

audit() {
	local next events=0 calls=0 total
	by GET 'audit?limit=3'
	is "$status $(grep -o '"event":' <<<"$body" | wc -l)" '200 3' "$way: lines of the audit"
	is "$(grep -o '"event":"[^"]*"' <<<"$body" | head -n 1 | cut -d '"' -f 4)" \
		"$(tail -n 1 "$state/audit.log" | sed 's/.*"event":"\([^"]*\)".*/\1/')" "$way: the newest first"
	total=$(wc -l <"$state/audit.log")
	next=${member_of[.next]-}
	by GET "audit?limit=100&account=$ina"
	is "$status $(grep -o "\"account\":\"$ina\"" <<<"$body" | wc -l)" "200 $(grep -c "\"account\":\"$ina\"" "$state/audit.log")" "$way: of one account"
	by GET "audit?limit=100&before=$next"
	events=$((3 + $(grep -o '"event":' <<<"$body" | wc -l)))
	while [[ ${member_of[.next]-} != null ]] && ((++calls < 10)); do
		by GET "audit?limit=100&before=${member_of[.next]}"
		((events += $(grep -o '"event":' <<<"$body" | wc -l)))
	done
	is "$events" "$total" "$way: all of them, each once"
	by GET 'audit?limit=100&event=account-invite&outcome=ok'
	is "$status $(grep -o '"event":"[^"]*","outcome":"[^"]*"' <<<"$body" | sort -u)" '200 "event":"account-invite","outcome":"ok"' \
		"$way: of one event and outcome"
	is "$(grep -o '"event":' <<<"$body" | wc -l)" "$(grep -c '"event":"account-invite","outcome":"ok"' "$state/audit.log")" "$way: all of those"
	by GET 'audit?event=no-such'
	is "$status $body" '200 {"events":[],"next":null}' "$way: of none"
	for query in before=x before=1-2-3 before=%00 limit=0 limit=101 account=ann 'limit=1&limit=1' x=1 "event=$(printf 'x%.0s' {1..40})"; do
		by GET "audit?$query"
		is "$(code)" '400 bad-query' "$way: audit?$query"
	done
	by GET 'audit?before=1-1'
	is "$status $body" '200 {"events":[],"next":null}' "$way: a cursor of a file that is gone"
}

# Each endpoint, by callers that may not.
hostile() {
	local bearer path method text
	sign_in bob
	bobs=$cookie
	request POST $api/session -d "{\"name\":\"root\",\"password\":\"$good\",\"cookie\":false}"
	bearer=${member_of[.token]-}
	request POST /auth/access_token -H "Authorization: Bearer $bearer" -d '{"name":"x","permission":"admin"}'
	service=${member_of[.token]-}
	request GET /account/admin/ --program admin -H "Cookie: $bobs" "${page[@]}"
	is "$status $(grep -c '<body class="page-forbidden"' <<<"$body")" '403 1' "$way: a user: the page is not for bob, and says so"
	sign_in root
	while read -r method path; do
		[[ $way == cgi || $method != GET ]] || continue
		cookie=$bobs by "$method" "$path" '{"username":"mallory"}'
		is "$(code)" '403 forbidden' "$way: a user: $method $path"
		request "$method" "$api/$path" --program admin -d '{"username":"mallory"}'
		is "$(code)" '401 not-signed-in' "$way: nobody: $method $path"
		request "$method" "$api/$path" --program admin -H "x-api-key: $service" -d '{"username":"mallory"}'
		is "$(code)" '401 not-signed-in' "$way: an access token: $method $path"
		[[ $method != GET ]] || continue
		request "$method" "$api/$path" --program admin -H "Cookie: $cookie" -H 'Origin: http://example.com' -d '{"username":"mallory"}'
		is "$(code)" '401 not-signed-in' "$way: another site's page: $method $path"
		request "$method" "$api/$path" --program admin -H "Authorization: Bearer $bearer" -d '{"username":"mallory"}'
		is "$(code)" '403 confirm-required' "$way: a token that is no session: $method $path"
		[[ $way == cgi ]] || continue
		later 700 by "$method" "$path" '{"username":"mallory"}'
		is "$(code)" '403 confirm-required' "$way: a session that is not fresh: $method $path"
	done <<END
GET accounts
POST accounts
GET accounts/$ann
PATCH accounts/$ann
DELETE accounts/$ann
POST accounts/$ann/code
DELETE accounts/$ann/sessions
DELETE accounts/$ann/factors
GET accounts/$ann/throttle
DELETE accounts/$ann/throttle
GET audit
END
	while read -r method path; do
		text='{"name":"mallory","permission":"admin"}'
		cookie=$bobs tokens_by "$method" "$path" -d "$text"
		is "$(code)" '403 forbidden' "$way: a user: $method all-tokens$path"
		request "$method" "$api/all-tokens$path" --program token -H "x-api-key: $service" -d "$text"
		is "$(code)" '401 not-signed-in' "$way: an access token: $method all-tokens$path"
		[[ $method != GET ]] || continue
		tokens_by "$method" "$path" -H 'Origin: http://example.com' -d "$text"
		is "$(code)" '401 not-signed-in' "$way: another site's page: $method all-tokens$path"
		request "$method" "$api/all-tokens$path" --program token -H "Authorization: Bearer $bearer" -d "$text"
		is "$(code)" '403 confirm-required' "$way: a token that is no session: $method all-tokens$path"
	done <<'END'
GET
POST
POST /1/rotate
DELETE /1
END
	request POST /auth/access_token -H "x-api-key: $service" -d '{"name":"y","permission":"admin"}'
	like "$(last token-create)" "\"account\":\"$root\",\"by\":\"token:[0-9]+\",\"owner\":\"$root\",\"target\":\"token:[0-9]+\"" \
		"$way: the audit says whose token a service's is"
	is "$(id_of mallory)$(id_of ann)" "$ann" "$way: nothing was made or unmade"
	request GET "$api/accounts" -H "Authorization: Bearer $bearer"
	is "$status" 200 "$way: to look needs no fresh session"
}

for way in nginx cgi; do
	fresh "${common[@]}"
	for name in ann bob; do add "$name" "$good" --email "$name@example.org" --verified; done
	add amy@example.org "$good"
	for name in root boss; do add "$name" "$good" --admin; done
	start "$way"
	ann=$(id_of ann) amy=$(id_of amy@example.org) root=$(id_of root) boss=$(id_of boss)
	sign_in root
	pages
	hostile
	sign_in root
	invitations
	the_page
	changes
	tokens
	audit
done

ok_if "the page's script and style have 6 KB at most, as they are sent" [ "$(cat "$top"/www/admin.{js,css} | gzip -6 | wc -c)" -le 6144 ]
is "$(grep -nE 'innerHTML|outerHTML|insertAdjacent|document[.]write|eval[(]|style=|[.]style' "$top/www/admin.js")" '' 'and no text becomes markup'

# Who has to wait.
fresh "${common[@]/throttle = off/throttle.first = 600}"
add ann "$good" --email ann@example.org
add root "$good" --admin
start cgi
ann=$(id_of ann)
sign_in ann
sign_in root
by GET "accounts/$ann/throttle"
is "$status ${member_of[.more]-} $(grep -o '"known_at":"20' <<<"$body" | wc -l)" '200 false 1' 'a network from which she has signed in'
for _ in {1..7}; do request POST $api/session --remote 192.0.2.7 -d '{"name":"ann","password":"wrong"}'; done
by GET "accounts/$ann/throttle"
like "$body" '"what":"pair","secret":"password","network":"192.0.2.7","failures":[1-9][0-9]*,"waits_until":"20[^"]*Z","known_at":null,"no_digits":false' \
	'and one from which somebody has tried too often'
by DELETE "accounts/$ann/throttle"
by GET "accounts/$ann/throttle"
is "$(grep -c '192.0.2.7' <<<"$body") $(grep -o '"known_at":"20' <<<"$body" | wc -l)" '0 1' 'the tries are forgotten, and what is known is not'

# Mails, and an audit elsewhere.
fresh "${common[@]/mail_command =/mail_command = /bin/true}" 'audit = stderr'
add root "$good" --admin
start cgi
sign_in root
by GET audit
is "$(code)" '404 not-kept-here' 'an audit that is kept elsewhere'
by POST accounts '{"email":"ina@example.org"}'
ina=${member_of[.account.id]-}
is "$status ${member_of[.code]-none}" '201 none' 'an invitation by mail: nobody else has the code'
by POST "accounts/$ina/code"
is "$status ${member_of[.code]-none}" '202 none' 'once more'
is "$(latchkey mail list | cut -f 2 | sort | paste -sd ' ')" 'invitation invitation' 'two mails wait'
by PATCH "accounts/$ina" '{"email":"ina@example.net"}'
is "$(latchkey mail list | cut -f 2 | sort | paste -sd ' ')" 'address-set invitation invitation invitation' \
	'another address: the one before is told, the new one invited'
add eve "$good" --email eve@example.org --verified
by PATCH "accounts/$(id_of eve)" '{"email":"eve@example.net"}'
is "$(latchkey mail list | cut -f 2 | sort | paste -sd ' ')" 'address-set address-set invitation invitation invitation verify' \
	'and where there is a password, the new one is to be proved'
by POST accounts '{"username":"uma"}'
like "${member_of[.code]-}" '^[0-9A-Z-]{14}$' 'without an address the code is in the answer'
done_testing
