#!/bin/bash
# rules.t - what holds for every endpoint, in each dialect's own words
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
dialects='actian databrain px0 edge-impulse account'
# An endpoint of each, and the beginning of a body for it: what follows is "password", or what takes its place.
declare -A path=(
	[actian]=/auth/admin/login
	[databrain]=/api/v2/service-token/reset-password
	[px0]=/v1/auth/login
	[edge-impulse]=/v1/api-login
	[account]=/account/api/session
) begin=(
	[actian]='{'
	[databrain]="{\"currentPassword\":\"$good\","
	[px0]='{"email":"user@example.com",'
	[edge-impulse]='{"username":"user@example.com",'
	[account]='{"name":"user@example.com",'
)
declare -A message=(
	[400]='Invalid request body'
	[404]='Not found'
	[405]='Method not allowed'
	[413]='Request body too large'
	[415]='Content-Type must be application/json'
	[px0 415]='content type must be application/json'
	[encoding]='Content-Encoding is not supported'
	[px0 encoding]='content encoding is not supported'
) code=([404]=NOT_FOUND [405]=METHOD_NOT_ALLOWED)
# account's problems: the code, the title, the detail.
declare -A problem=(
	[400]='bad-body:Bad Request:The body is not a JSON object of this form.'
	[404]='not-found:Not Found:There is nothing at this address.'
	[405]='bad-method:Method Not Allowed:This address does not take this method.'
	[413]='too-large:Content Too Large:The body is too large.'
	[415]='bad-type:Unsupported Media Type:The body must be application/json.'
	[encoding]='bad-type:Unsupported Media Type:The body must not be compressed.'
)

error_of() { # DIALECT STATUS|encoding
	local text=${message[$2]} name title status=${2/encoding/415}
	case $1 in
	account)
		IFS=: read -r name title text <<<"${problem[$2]}"
		printf '{"type":"/account/problems#%s","title":"%s","status":%s,"code":"%s","detail":"%s"}' \
			"$name" "$title" "$status" "$name" "$text"
		;;
	actian) echo "{\"status\":\"error\",\"message\":\"$text\"}" ;;
	databrain) echo "{\"error\":{\"code\":\"${code[$2]-INVALID_REQUEST_BODY}\",\"message\":\"$text\"}}" ;;
	px0) text=${message[px0 $2]-${text,}} && echo "{\"error\":\"$text\"}" ;;
	edge-impulse) echo "{\"success\":false,\"error\":\"$text\"}" ;;
	esac
}

common_headers() {
	printf '%s, ' "${header_of[Content-Type]-}" "${header_of[Cache-Control]-}" "${header_of[X-Content-Type-Options]-}"
}
common='application/json; charset=utf-8, no-store, nosniff, '

# refused DIALECT STATUS NAME [MESSAGE]: that status with that dialect's body and with the headers of every answer.
refused() {
	local type=$common
	[[ $1 != account ]] || type=${common/json/problem+json}
	is "$status $body $(common_headers)" "$2 $(error_of "$1" "${4-$2}") $type" "$way, $1: $3"
}

ask() { # DIALECT OPTION...: the dialect's endpoint, with a token where one is asked for first
	request POST "${path[$1]}" -H "X-Jwt-Token: $token" "${@:2}"
}

# After ${begin[...]}, with printf's escapes.
not_json=(
	'raw control character' '"password":"a\001b"}'
	'raw line feed in a string' '"password":"a\nb"}'
	'NaN' '"password":"a","x":NaN}'
	'Infinity' '"password":"a","x":-Infinity}'
	'a number -01' '"password":"a","x":-01}'
	'a number 2.e3' '"password":"a","x":2.e3}'
	'a number .5' '"password":"a","x":.5}'
	'single quotes' "'password':'a'}"
	'a trailing comma' '"password":"a",}'
	'a comment' '"password":"a"/**/}'
	'text after the object' '"password":"a"}x'
	'a second object' '"password":"a"}{}'
	'a body cut off' '"password":"a"'
	'a bad escape' '"password":"a\\x41"}'
	'invalid UTF-8' '"password":"a\377b"}'
	'overlong UTF-8' '"password":"a\300\257b"}'
	'a surrogate in UTF-8' '"password":"a\355\240\200b"}'
	'half a pair of surrogates' '"password":"a\\ud83db"}'
	'the second half alone' '"password":"a\\ude00b"}'
	'U+0000 as an escape' '"password":"a\\u0000b"}'
	'U+0000 as a byte' '"password":"a\000b"}'
	'U+0000 in a member that nobody reads' '"password":"a","x":"\\u0000"}'
	'a number for a string' '"password":1}'
	'an object for a string' '"password":{}}'
	'a member twice' '"password":"a","password":"a"}'
	'a member twice, once escaped' '"password":"a","p\\u0061ssword":"a"}'
)

bad_json() { # DIALECT
	local i
	for ((i = 0; i < ${#not_json[@]}; i += 2)); do
		# shellcheck disable=SC2059 # the escapes are the point
		{ printf %s "${begin[$1]}" && printf "${not_json[i + 1]}"; } >"$work/bad"
		ask "$1" -f "$work/bad"
		refused "$1" 400 "${not_json[i]}"
	done
	ask "$1" -d ''
	if [[ $1 == account ]]; then # no body is an object without members there
		like "$status $body" '^400 .*"fields":[{]"name":[[]"missing"[]][}]' "$way, $1: an empty body"
	else
		refused "$1" 400 'an empty body'
	fi
	ask "$1" -d '["password"]'
	refused "$1" 400 'an array'
	ask "$1" -d '"password"'
	refused "$1" 400 'a string'
	ask "$1" -d "$(printf '%s"password":"a","x":' "${begin[$1]}" && printf '[%.0s' {1..5000})"
	refused "$1" 400 'five thousand open brackets'
}

types() { # DIALECT
	local type
	for type in text/plain application/x-www-form-urlencoded application/jsonp text/json ''; do
		ask "$1" -H "Content-Type: $type" -d "${begin[$1]}\"password\":\"$good\"}"
		refused "$1" 415 "Content-Type '$type'"
	done
	for type in gzip br 'gzip, identity'; do
		ask "$1" -H "Content-Encoding: $type" -d "${begin[$1]}\"password\":\"$good\"}"
		refused "$1" 415 "Content-Encoding '$type'" encoding
	done
	ask "$1" -H 'Content-Encoding: identity' -d "${begin[$1]}\"password\":\"$good\"}"
	is "$status" 200 "$way, $1: Content-Encoding 'identity'"
	renew "$1"
	for type in 'application/json; charset=utf-8' 'Application/JSON;charset=UTF-8' 'application/json ;x=y'; do
		ask "$1" -H "Content-Type: $type" -d "${begin[$1]}\"password\":\"$good\"}"
		is "$status $(common_headers)" "200 $common" "$way, $1: Content-Type '$type' will do"
		renew "$1"
	done
}

sizes() { # DIALECT; after max_body = 2000
	local longest
	printf -v longest '%-2000s' "${begin[$1]}\"password\":\"$good\"}"
	ask "$1" -d "$longest "
	refused "$1" 413 'a body one byte too long'
	ask "$1" -d "$(printf '%70000s' '')"
	refused "$1" 413 'a body much too long'
	ask "$1" -d "$longest"
	is "$status" 200 "$way, $1: the longest body"
	renew "$1"
}

unknown_members() { # DIALECT
	ask "$1" -d "${begin[$1]}\"x\":1,\"x\":[{\"x\":null}],\"Password\":\"a\",\"p\":{},\"password\":\"$good\"}"
	is "$status" 200 "$way, $1: unknown members count for nothing, twice as well"
	renew "$1"
}

methods() { # DIALECT
	local method at=${path[$1]}
	[[ $1 != account ]] || at=/account/api/password/reset # a session takes other methods, too
	for method in GET PUT DELETE OPTIONS; do
		request $method "$at"
		refused "$1" 405 "$method"
		is "${header_of[Allow]-}" POST "$way, $1: 41: $method is told what is allowed"
	done
	request HEAD "$at"
	is "$status ${header_of[Allow]-}" '405 POST' "$way, $1: HEAD"
}

paths() {
	local dialect nowhere
	while read -r dialect nowhere; do
		request POST "$nowhere" -d '{}'
		refused "$dialect" 404 "$nowhere"
	done <<-'END'
		account /account/api/nowhere
		account /account/api/session/
		actian /auth/nowhere
		actian /auth/admin/login/
		actian /auth/admin/LOGIN
		databrain /api/v2/nowhere
		px0 /v1/auth/nowhere
		edge-impulse /v1/api-nowhere
		edge-impulse /v1/api/nowhere
		edge-impulse /api-nowhere
	END
}

# Databrain's endpoint has changed the password, which ends the token.
renew() { # DIALECT
	[[ $1 != databrain ]] || sign_in
}
sign_in() {
	request POST /auth/admin/login -d "{\"password\":\"$good\"}"
	token=${member_of[.token]-}
}

# What has no Content-Length: nginx and Apache know where it ends; in plain CGI nobody does.
without_length() {
	case $way in
	nginx | apache)
		is "$(curl -s -o "$work/answer" -w '%{http_code}' --max-time 30 "http://127.0.0.1:$port/auth/admin/login" \
			-H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d "{\"password\":\"$good\"}")" 200 \
			"$way: a chunked body"
		;;
	cgi)
		request POST /auth/admin/login -H 'Transfer-Encoding: chunked' -d "{\"password\":\"$good\"}" --param CONTENT_LENGTH=
		answers 411 '{"status":"error","message":"Content-Length is required"}' "$way: a chunked body"
		request POST /auth/admin/login --param CONTENT_LENGTH= -H 'Content-Type: application/json'
		is "$status" 400 "$way: none at all"
		;;
	esac
}

# HEAD is GET without what the answer contains.
heads() {
	local at
	for at in '/auth/admin/exists 200' '/v1/auth/me 401' '/auth/access_tokens 401' '/auth/verify 401' '/auth/nowhere 404' \
		'/v1/auth/login 405'; do
		request HEAD "${at% *}"
		is "$status $body" "${at#* } " "$way: HEAD ${at% *}"
		is "${header_of[Cache-Control]-}" no-store "$way: with its headers"
	done
}

challenges() {
	local at
	for at in 'POST /api/v2/service-token/reset-password' 'GET /auth/verify'; do
		request "${at% *}" "${at#* }" -d '{}'
		is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer' "$way, 38: $at: 401 without a token"
		request "${at% *}" "${at#* }" -H 'Authorization: Bearer x.y.z' -d '{}'
		is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer error="invalid_token"' "$way, 38: $at: 401 with a bad token"
	done
	for at in "${path[actian]}" "${path[px0]}"; do
		request POST "$at" -d '{"email":"user@example.com","password":"a"}'
		is "$status ${header_of[WWW-Authenticate]-}" '401 Bearer' "$way, $at: 401 for a wrong password"
	done
	request POST /v1/api/user/change-password -d '{}'
	answers 200 '{"success":false,"error":"Not signed in"}' "$way, edge-impulse: no token is a 200"
	request POST /v1/api/user/change-password -H 'X-Jwt-Token: x.y.z' -d '{}'
	answers 200 '{"success":false,"error":"Invalid or expired token"}' "$way, edge-impulse: a bad token, too"
}

reset() { request POST /auth/admin/reset-password -d "{\"password\":\"$1\"}"; }
login() { request POST /auth/admin/login -d "{\"password\":\"$1\"}"; }

lengths() {
	local longest points
	longest=$(printf '\342\202\254%.0s' {1..169})Aa1! # 511 bytes
	points=$(printf 'x%.0s' {1..252})Aa1!             # 256 characters
	reset "$longest"
	is "$status" 200 "$way: 2: a password of 511 bytes"
	login "$longest"
	is "$status" 200 "$way: it signs in"
	login "${longest}x"
	is "$status" 401 "$way: with a byte more it does not"
	login "${longest%?}"
	is "$status" 401 "$way: nor with one less"
	reset "${longest}x"
	answers 400 '{"status":"error","message":"Password must not be longer than 256 characters or 511 bytes"}' \
		"$way: 2: a password of 512 bytes is refused"
	login "$longest"
	is "$status" 200 "$way: and changes nothing"
	reset "$points"
	is "$status" 200 "$way: 2: a password of 256 characters"
	reset "${points}x"
	is "$status" 400 "$way: 2: a password of 257"
}

one_and_the_same() {
	local composed decomposed
	composed=$(printf 'Quiet-Harb\303\266ur-42') decomposed=$(printf 'Quiet-Harbo\314\210ur-42')
	reset "$composed"
	login "$decomposed"
	is "$status" 200 "$way: 4: set in NFC, sent in NFD"
	reset "$decomposed"
	login "$composed"
	is "$status" 200 "$way: 4: set in NFD, sent in NFC"
	login "Quiet-Harbour-42"
	is "$status" 401 "$way: but an accent is no decoration"
	reset "$good"
	login "$good\\u0000"
	is "$status" 400 "$way: 4: a U+0000 does not let a prefix in"
	login "$good\\u0000 and more"
	is "$status" 400 "$way: nor whatever follows it"
	login "$good "
	is "$status" 401 "$way: 4: a blank at the end is a part of the password"
}

names() {
	local name
	for name in USER@example.com user@EXAMPLE.Com; do
		request POST /v1/auth/login -d "{\"email\":\"$name\",\"password\":\"$good\"}"
		is "$status" 200 "$way: $name in capitals is the same"
	done
	for name in ' user@example.com' 'user@example.com ' '\tuser@example.com\u3000'; do
		request POST /v1/api-login -d "{\"username\":\"$name\",\"password\":\"$good\"}"
		is "$status ${member_of[.success]-}" '200 true' "$way: '$name': blanks around it do not count"
	done
	for name in 'user @example.com' user@example.org '' '\u00fcser@example.com'; do
		request POST /v1/api-login -d "{\"username\":\"$name\",\"password\":\"$good\"}"
		is "$status ${member_of[.success]-}" '200 false' "$way: '$name' is nobody"
	done
}

nulls() {
	local missing='{"status":"error","message":"Missing required field: password"}'
	request POST /auth/admin/login -d '{"password":null}'
	answers 400 "$missing" "$way: null is missing"
	request POST /auth/admin/reset-password -d '{"password":"   "}'
	answers 400 "$missing" "$way: a blank new password is missing"
	request POST /v1/auth/password-reset/reset -d '{"code":null,"new_password":"a"}'
	answers 400 '{"error":"code and new_password are required"}' "$way, px0: null is missing"
}

for each in $long_ways; do
	fresh 'hash_cost = 1' 'max_body = 2000' 'policy = length' 'policy.length.min = 8'
	start "$each"
	add admin "$good" --admin
	add user@example.com "$good" --verified
	sign_in
	for dialect in $dialects; do
		sizes "$dialect"
		is_real || unknown_members "$dialect" # no web server has a part in these
		is_real || types "$dialect"
		methods "$dialect"
	done
	paths
	without_length
	heads
	challenges
	one_and_the_same
	is_real || names
	is_real || nulls
	set_conf 'hash_cost = 1'
	start "$each"
	lengths
	reset "$good-42"
	good=$good-42 sign_in
	is_real || for dialect in $dialects; do bad_json "$dialect"; done
done
done_testing
