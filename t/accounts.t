#!/bin/bash
# accounts.t - how accounts are made, in each dialect, and by whom; and auth_enabled
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' other='Other-Harbour-43'
uuid='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
jwt='eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}'
when='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
unauthorized='{"status":"error","message":"Invalid or missing authorization token"}'
has_account='{"error":{"code":"INVALID_REQUEST","message":"Your company account is already created, please sign in"}}'
common=('hash_cost = 1' 'mail_command =' 'throttle = off')

login() { request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$2\"}"; } # NAME PASSWORD
sign_in() { login "$@" && token=${member_of[.token]-}; }                                   # sets $token
create_admin() { request POST /auth/admin -d "{\"password\":\"$1\"}" "${@:2}"; }
exists() { request GET /auth/admin/exists; }
enable() { request PATCH /auth/enabled -d "{\"enabled\":$1}" "${@:2}"; }
databrain() { # FIRST-NAME EMAIL PASSWORD [OPTION...]
	request POST /api/v2/admin-account "${@:4}" \
		-d "{\"firstName\":\"$1\",\"email\":\"$2\",\"password\":\"$3\",\"companyName\":\"Harbour\"}"
}
register() { request POST /v1/auth/register -d "{\"email\":\"$1\",\"password\":\"$2\"}" "${@:3}"; }
create_user() { # NAME USERNAME EMAIL PASSWORD [OPTION...]
	request POST /v1/api-user-create "${@:5}" \
		-d "{\"name\":\"$1\",\"username\":\"$2\",\"email\":\"$3\",\"password\":\"$4\",\"privacyPolicy\":true}"
}
accounts() { latchkey user list 2>>"$log" | cut -f 1-5 | sort; }

# result BOOLEAN NAME: what actian's two endpoints answer about something that is so or not.
result() {
	like "$status $body" "^200 \{\"usage\":\{\},\"time\":[0-9]+\.[0-9]+,\"status\":\"ok\",\"result\":$1\}$" "$2"
}
# user EMAIL VERIFIED ADMIN NAME: what px0's register answers.
user() {
	like "$status $body" \
		"^201 \{\"user\":\{\"id\":\"$uuid\",\"email\":\"$1\",\"is_verified\":$2,\"is_admin\":$3,\"created_at\":\"$when\"\}\}$" "$4"
}
strangers=( # OPTION NAME: a caller that is not the machine itself
	'--public' 'from the public server'
	'-H X-Forwarded-For:192.0.2.1' 'through a proxy'
	'-H Host:auth.example.org' 'under another name'
	'-H Origin:http://example.com' "from another site's page"
	'-H Sec-Fetch-Site:cross-site' "by another site's page"
)
# from_strangers WANTED NAME COMMAND...: each is answered that, "STATUS BODY".
from_strangers() {
	local i option
	for ((i = 0; i < ${#strangers[@]}; i += 2)); do
		read -ra option <<<"${strangers[i]}"
		"${@:3}" "${option[@]}"
		is "$status $body" "$1" "$way: $2 ${strangers[i + 1]}"
	done
}

# --- actian

actian() {
	local missing='{"status":"error","message":"Missing required field: password"}' rest
	exists
	result false "$way: no administrator yet"
	is "${header_of[Cache-Control]-}" no-store "$way: nobody keeps that answer"
	for rest in '{}' '{"password":null}' '{"password":""}' '{"password":" \t"}'; do
		request POST /auth/admin -d "$rest"
		answers 400 "$missing" "$way: an administrator from $rest"
	done
	request POST /auth/admin -d '{"password":12}'
	answers 400 '{"status":"error","message":"Invalid request body"}' "$way: an administrator with a number for a password"
	create_admin short
	answers 400 '{"status":"error","message":"Password must contain at least 12 characters, one uppercase letter, one digit, one special character"}' \
		"$way: an administrator with a weak password"
	from_strangers '403 {"status":"error","message":"This endpoint can only be called from localhost"}' 'an administrator' \
		create_admin "$good"
	create_admin "$good" -H 'Authorization: Bearer x.y.z'
	answers 401 "$unauthorized" "$way: an administrator with a bad token"
	is "${header_of[WWW-Authenticate]-}" 'Bearer error="invalid_token"' "$way: which is told"
	is "$(accounts)" '' "$way: none of that has made an account"
	create_admin "$good"
	answers 200 '{"status":"success","message":"User registered successfully"}' "$way: the administrator"
	exists
	result true "$way: there he is"
	is "$(accounts)" $'admin\t-\tadmin\tenabled\tverified' "$way: as what he is"
	create_admin "$other"
	answers 409 '{"status":"error","message":"Username already exists"}' "$way: a second one"
	sign_in admin "$good"
	create_admin "$other" -H "X-Jwt-Token: $token"
	answers 409 '{"status":"error","message":"Username already exists"}' "$way: a second one, with his token"
	login admin "$other"
	is "${member_of[.success]-}" false "$way: and his password is what it was"
	request POST /auth/admin/exists
	is "$status ${header_of[Allow]-}" '405 GET, HEAD' "$way: exists is asked by GET"
	request PUT /auth/admin
	is "$status ${header_of[Allow]-}" '405 POST' "$way: an administrator is made by POST"
}

# With an administrator of another name.
actian_beside() {
	fresh "${common[@]}"
	start "$way"
	add chief@example.com "$good" --admin
	add bob@example.com "$good"
	exists
	result false "$way: an administrator of another name is not admin"
	create_admin "$other"
	answers 401 "$unauthorized" "$way: admin beside another administrator, without a token"
	is "${header_of[WWW-Authenticate]-}" Bearer "$way: which is asked for"
	sign_in bob@example.com "$good"
	create_admin "$other" -H "Authorization: Bearer $token"
	answers 401 "$unauthorized" "$way: with a user's token"
	sign_in chief@example.com "$good"
	create_admin "$other" -H "Authorization: Bearer $token" --public
	is "$status" 403 "$way: with an administrator's, from elsewhere"
	create_admin "$other" -H "Authorization: Bearer $token"
	answers 200 '{"status":"success","message":"User registered successfully"}' "$way: with an administrator's"
	exists
	result true "$way: now admin exists"
	latchkey user delete admin 2>>"$log"
	exists
	result false "$way: and is gone when he is deleted"
	set_conf "${common[@]}" 'registration = closed'
	start "$way"
	latchkey user delete bob@example.com 2>>"$log"
	create_admin "$other"
	answers 403 '{"status":"error","message":"Forbidden"}' "$way: admin without a token while registration is closed"
}

enabled() {
	local admin user name access
	sign_in admin "$good" && admin=$token
	add bob@example.com "$good"
	sign_in bob@example.com "$good" && user=$token
	request POST /auth/access_token -H "X-Jwt-Token: $admin" -d '{"name":"ci","permission":"read,write,admin"}'
	access=${member_of[.token]-}
	for name in '{}' '{"enabled":null}'; do
		request PATCH /auth/enabled -H "X-Jwt-Token: $admin" -d "$name"
		answers 400 '{"status":"error","message":"Missing required field: enabled"}' "$way: enabled from $name"
	done
	for name in '"false"' 0; do
		enable "$name" -H "X-Jwt-Token: $admin"
		answers 400 '{"status":"error","message":"Invalid request body"}' "$way: enabled = $name"
	done
	enable false
	is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer" "$way: enabled without a token"
	for name in x.y.z "$user" "$access"; do
		enable false -H "X-Jwt-Token: $name"
		is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer error=\"invalid_token\"" \
			"$way: enabled with a token like ${name:0:5}..."
	done
	request GET /auth/verify
	is "$status" 401 "$way: none of that has switched anything"
	enable false -H "X-Jwt-Token: $admin"
	result false "$way: disabled"
	request GET /auth/verify
	is "$status ${header_of[X-Auth-User]-}" '204 ' "$way: everybody may come in, as nobody"
	enable true
	is "$status" 401 "$way: but nobody may enable"
	enable true -H "X-Jwt-Token: $user"
	is "$status" 401 "$way: a user neither"
	enable false -H "X-Jwt-Token: $admin"
	result false "$way: disabled twice"
	start "$way"
	request GET /auth/verify
	is "$status" 204 "$way: it is stored"
	enable true -H "X-Jwt-Token: $admin"
	result true "$way: enabled"
	request GET /auth/verify
	is "$status" 401 "$way: nobody may come in"
}

# --- databrain

data_error() { echo "{\"error\":{\"code\":\"INVALID_REQUEST_BODY\",\"message\":\"$1\"}}"; }

databrain_account() {
	local name body_of field i
	fresh "${common[@]}"
	start "$way"
	from_strangers '403 {"error":{"code":"AUTHENTICATION_ERROR","message":"This endpoint can only be called from localhost"}}' \
		'the first account' databrain Anna chief@example.com "$good"
	for field in firstName email password companyName; do
		name='{"firstName":"Anna","email":"chief@example.com","password":"Quiet-Harbour-42","companyName":"Harbour"}'
		body_of=$(sed "s/\"$field\":\"[^\"]*\",\{0,1\}//; s/,}/}/" <<<"$name")
		request POST /api/v2/admin-account -d "$body_of"
		answers 400 "$(data_error "\\\"$field\\\" is required")" "$way: databrain's account without $field"
	done
	for name in A An '\u00c4\u00d6'; do
		databrain "$name" chief@example.com "$good"
		answers 400 "$(data_error '\"firstName\" length must be at least 3 characters long')" "$way: a firstName '$name'"
	done
	databrain "$(printf 'a%.0s' {1..31})" chief@example.com "$good"
	answers 400 "$(data_error '\"firstName\" length must be less than or equal to 30 characters long')" \
		"$way: a firstName of 31 characters"
	for name in chief 'chief@' '@example.com' 'chief@a@b' ' chief@example.com' 'chief@example.com '; do
		databrain Anna "$name" "$good"
		answers 400 "$(data_error '\"email\" must be a valid email')" "$way: databrain's account for '$name'"
	done
	i=0
	while IFS='|' read -r name field; do
		databrain Anna chief@example.com "$name"
		answers 400 "$(data_error "$field")" "$way: databrain's account with the password '$name'"
		((++i))
	done <<-'END'
		Sh0rt!|\"password\" should contain at least 8 characters
		quiet-harbour-42|\"password\" should contain at least one uppercase letter
		Quiet-Harbour 42|\"password\" should not contain spaces
	END
	is "$i $(accounts)" '3 ' "$way: none of that has made an account"
	printf -v name '\u00e4%.0s' {1..30}
	databrain "$name" Chief@example.com "$good"
	like "$status $body" "^200 \{\"data\":\{\"accessToken\":\"$jwt\"\}\}$" "$way: databrain's account"
	token=${member_of[.data.accessToken]-}
	is "$(accounts)" $'-\tChief@example.com\tadmin\tenabled\tverified' "$way: it is the administrator, as he wrote himself"
	request GET /auth/verify -H "Authorization: Bearer $token"
	is "$status ${header_of[X-Auth-Role]-}" '204 admin' "$way: the token is good"
	databrain Anna chief@example.com "$good"
	answers 400 "$has_account" "$way: databrain's account once more"
	databrain Anna new@example.com "$good" -H "Authorization: Bearer $token"
	answers 400 "$has_account" "$way: with a token, too"
	databrain Anna new@example.com "$good" --public
	answers 400 "$has_account" "$way: from elsewhere, too"
	for name in open first closed; do
		set_conf "${common[@]}" "registration = $name"
		start "$way"
		databrain Anna new@example.com "$good"
		answers 400 "$has_account" "$way: when registration is $name, too"
	done
	fresh "${common[@]}" 'registration = closed'
	start "$way"
	databrain Anna new@example.com "$good"
	is "$status ${member_of[.error.code]-} $(accounts)" '401 AUTHENTICATION_ERROR ' "$way: not the first either when it is closed"
}

# --- px0

px0_refusals() { # OPTION...: requests that are wrong in themselves, from any caller
	local rest
	for rest in '{}' '{"email":"new@example.com"}' "{\"password\":\"$good\"}" '{"email":"","password":""}'; do
		request POST /v1/auth/register -d "$rest" "$@"
		answers 400 '{"error":"email and password are required"}' "$way: register $rest"
	done
	for rest in new 'new@' '@example.com' 'new@a@b' 'new@example.com ' 'a b@example.com' 'new@example.com\u0001'; do
		register "$rest" "$good" "$@"
		answers 400 '{"error":"invalid email format"}' "$way: register '$rest'"
	done
	register new@example.com 'Sh0rt!' "$@"
	answers 400 '{"error":"password must be at least 8 characters"}' "$way: register with a short password"
	register new@example.com 'quiet-harbour-42' "$@"
	answers 400 '{"error":"password must contain at least one uppercase letter, one lowercase letter, one digit, and one special character"}' \
		"$way: register with a weak password"
	request POST /v1/auth/register -d '{"email":1,"password":"a"}' "$@"
	answers 400 '{"error":"invalid request body"}' "$way: register with a number for an address"
	request GET /v1/auth/register
	is "$status $body ${header_of[Allow]-}" '405 {"error":"method not allowed"} POST' "$way: register by GET"
}

px0_first() {
	local id before name
	fresh "${common[@]}"
	start "$way"
	from_strangers '403 {"error":"forbidden"}' 'the first to register' register chief@example.com "$good"
	register chief@example.com "$good" -H 'Authorization: Bearer x.y.z'
	is "$status $body ${header_of[WWW-Authenticate]-}" '401 {"error":"unauthorized"} Bearer error="invalid_token"' \
		"$way: the first to register, with a bad bearer"
	px0_refusals
	is "$(accounts)" '' "$way: none of that has made an account"
	register Chief@example.com "$good"
	user Chief@example.com true true "$way: the first to register is the administrator"
	id=${member_of[.user.id]-}
	is "$(latchkey user show chief@EXAMPLE.com 2>>"$log" | sed -n 's/^id: //p')" "$id" "$way: with that id"
	sign_in chief@example.com "$good"
	before=$(accounts)
	for name in new@example.com chief@example.com; do
		register $name "$other"
		answers 403 '{"error":"forbidden"}' "$way: then registration is over, for $name"
		register $name "$other" --public
		answers 403 '{"error":"forbidden"}' "$way: from elsewhere, too"
	done
	is "$(accounts)" "$before" "$way: and nothing has come of it"
	px0_by_admin
	set_conf "${common[@]}" 'registration = closed'
	start "$way"
	register closed@example.com "$good"
	answers 403 '{"error":"forbidden"}' "$way: registration = closed"
	sign_in chief@example.com "$good"
	register closed@example.com "$good" -H "Authorization: Bearer $token"
	user closed@example.com true false "$way: registration = closed, by an administrator"
	fresh "${common[@]}" 'registration = closed'
	start "$way"
	register chief@example.com "$good"
	answers 403 '{"error":"forbidden"}' "$way: registration = closed, the very first"
	is "$(accounts)" '' "$way: who is none"
}

px0_by_admin() { # $token is the administrator's
	local admin=$token access
	px0_refusals -H "Authorization: Bearer $admin"
	register new@example.com "$good" -H "Authorization: Bearer $admin" --public
	user new@example.com true false "$way: registered by an administrator, from anywhere"
	register New@Example.com "$other" -H "Authorization: Bearer $admin"
	answers 409 '{"error":"email already registered"}' "$way: an administrator is told that an address is taken"
	sign_in new@example.com "$good"
	isnt "$token" '' "$way: whom he has made can sign in"
	register other@example.com "$good" -H "Authorization: Bearer $token"
	answers 403 '{"error":"forbidden"}' "$way: register with a user's bearer"
	request POST /auth/access_token -H "X-Jwt-Token: $admin" -d '{"name":"ci","permission":"admin"}'
	access=${member_of[.token]-}
	register other@example.com "$good" -H "Authorization: Bearer $access"
	answers 401 '{"error":"unauthorized"}' "$way: register with an access token"
}

# --- registration = open

# shut_out WHAT: ann can sign in in no dialect.
shut_out() {
	login ann@example.com "$good"
	answers 200 '{"success":false,"error":"Invalid username or password"}' "$way: $1 does not sign in through edge-impulse"
	login ann "$good"
	is "${member_of[.success]-}" false "$way: $1, by a username"
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	answers 401 '{"error":"invalid credentials"}' "$way: $1 does not sign in through px0"
	request POST /api/v2/admin-account/jwt -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	answers 400 '{"error":{"code":"Invalid credentials","message":"Invalid credentials"}}' "$way: $1 nor through databrain"
}

prove() { # ADDRESS [CODE [PASSWORD]]: without a code a good one, without a password the one of the registration
	local code=${2-}
	[[ $code ]] || code=$(latchkey code new --verify "$1" 2>>"$log")
	request POST /v1/auth/verify-email -d "{\"email\":\"$1\",\"code\":\"${code##* }\",\"password\":\"${3-$good}\"}"
}
# prove_alone ADDRESS: with the code and no password.
prove_alone() {
	local code
	code=$(latchkey code new --verify "$1" 2>>"$log")
	request POST /v1/auth/verify-email -d "{\"email\":\"$1\",\"code\":\"${code##* }\"}"
}

open() {
	local id
	fresh "${common[@]}" 'registration = open'
	start "$way"
	register ann@example.com "$good" -H 'Authorization: Bearer x.y.z' --public
	answers 401 '{"error":"unauthorized"}' "$way: open, with a bad bearer"
	px0_refusals --public
	register ann@example.com "$good" --public
	user ann@example.com false false "$way: open, the first is an ordinary user"
	id=${member_of[.user.id]-}
	shut_out 'who is not verified'
	prove ann@example.com ZZZZ-ZZZZ-ZZZZ
	answers 400 '{"error":"invalid verification code"}' "$way: verified by no wrong code"
	prove ann@example.com "$(new_code ann@example.com)"
	answers 400 '{"error":"invalid verification code"}' "$way: nor by a code for a password"
	shut_out 'who tried'
	prove ann@example.com '' "$other"
	is "$status $body ${header_of[WWW-Authenticate]-}" '401 {"error":"invalid credentials"} Bearer' \
		"$way: nor with a code and another password"
	shut_out 'who knows no password'
	prove ann@example.com
	answers 200 '{"message":"email verified successfully"}' "$way: verified"
	request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
	is "$status ${member_of[.user.id]-} ${member_of[.user.is_verified]-} ${member_of[.user.is_admin]-}" "200 $id true false" "$way: and signed in"
	sign_in ann@example.com "$good"
	register bob@example.com "$good" -H "Authorization: Bearer $token"
	answers 403 '{"error":"forbidden"}' "$way: open, with a user's bearer"
	strangers_password
	taken
	create_admin "$good"
	answers 200 '{"status":"success","message":"User registered successfully"}' "$way: an administrator beside users"
}

# A stranger registers an address whose owner proves it: with the code alone, by a reset, and as px0 has it.
strangers_password() {
	register eve@example.com "$good" --public
	prove_alone eve@example.com
	answers 200 '{"message":"email verified successfully"}' "$way: proved without the password"
	login eve@example.com "$good"
	is "${member_of[.success]-}" false "$way: 22: who has registered gets nothing by it"
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$(new_code eve@example.com)\",\"new_password\":\"$other\"}"
	login eve@example.com "$other"
	is "${member_of[.success]-}" true "$way: a reset sets one"
	register fay@example.com "$good" --public
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$(new_code fay@example.com)\",\"new_password\":\"$other\"}"
	is "$status" 200 "$way: a reset before the address is proved"
	login fay@example.com "$other"
	is "${member_of[.success]-}" true "$way: and the account signs in"
	login fay@example.com "$good"
	is "${member_of[.success]-}" false "$way: 22: by the new password alone"
	set_conf "${common[@]}" 'registration = open' 'proof = code'
	start "$way"
	register gus@example.com "$good" --public
	prove_alone gus@example.com
	login gus@example.com "$good"
	is "${member_of[.success]-}" true "$way: proof = code: the code alone"
	set_conf "${common[@]}" 'registration = open'
	start "$way"
}

# In open(): ann's address is taken.
taken() {
	local id fresh_id before
	id=$(latchkey user show ann@example.com 2>>"$log" | sed -n 's/^id: //p')
	before=$(latchkey user show ann@example.com 2>>"$log" && accounts)
	register Ann@example.com "$other" --public
	user Ann@example.com false false "$way: a taken address, not revealed"
	fresh_id=${member_of[.user.id]-}
	isnt "$fresh_id" "$id" "$way: its id is a fresh one"
	register Ann@example.com "$other" --public
	isnt "${member_of[.user.id]-}" "$fresh_id" "$way: each time"
	is "$(latchkey user show ann@example.com 2>>"$log" && accounts)" "$before" "$way: nothing has changed for the owner"
	latchkey user show "$fresh_id" >>"$log" 2>&1
	is $? 1 "$way: and the id is nobody's"
	login ann@example.com "$other"
	is "${member_of[.success]-}" false "$way: that password is nobody's"
	request GET /auth/verify -H "Authorization: Bearer $token"
	is "$status" 204 "$way: the owner stays signed in"
	create_user Ann ann2 ann@example.com "$other" --public
	like "$status $body" "^200 \{\"success\":true,\"id\":\"$uuid\"\}$" "$way: a taken address, in edge-impulse's way"
	is "$(latchkey user show ann@example.com 2>>"$log" && accounts | grep -v '^ann2')" "$before" \
		"$way: and nothing has come of it for the owner"
	set_conf "${common[@]}" 'registration = open' 'reveal_accounts = yes'
	start "$way"
	register Ann@example.com "$other" --public
	answers 409 '{"error":"email already registered"}' "$way: a taken address, revealed"
	create_user Ann ann3 ann@example.com "$other" --public
	answers 200 '{"success":false,"error":"This username or email is taken already"}' "$way: the same of edge-impulse"
	register new@example.com "$good" --public
	user new@example.com false false "$way: a free one, revealed"
	set_conf "${common[@]}" 'registration = open'
	start "$way"
}

# --- edge-impulse

edge_impulse() {
	local field name body_of
	fresh "${common[@]}"
	start "$way"
	from_strangers '200 {"success":false,"error":"Not allowed"}' "edge-impulse's first" create_user Ann ann ann@example.com "$good"
	create_user Ann ann ann@example.com "$good" -H 'X-Jwt-Token: x.y.z'
	answers 200 '{"success":false,"error":"Invalid or expired token"}' "$way: edge-impulse's user, with a bad token"
	for field in name username email password privacyPolicy; do
		name='{"name":"Ann","username":"ann","email":"ann@example.com","password":"Quiet-Harbour-42","privacyPolicy":true}'
		body_of=$(sed "s/\"$field\":[^,}]*,\{0,1\}//; s/,}/}/" <<<"$name")
		request POST /v1/api-user-create -d "$body_of"
		answers 200 "{\"success\":false,\"error\":\"Missing required field: $field\"}" "$way: edge-impulse's user without $field"
	done
	request POST /v1/api-user-create -d "${name/true/false}"
	answers 200 '{"success":false,"error":"The privacy policy must be accepted"}' "$way: without the privacy policy"
	request POST /v1/api-user-create -d "${name/true/1}"
	answers 400 '{"success":false,"error":"Invalid request body"}' "$way: with a number for it"
	create_user "$(printf 'é%.0s' {1..61})" ann ann@example.com "$good"
	answers 200 '{"success":false,"error":"The name must be at most 120 bytes long"}' "$way: with a name of 122 bytes"
	for name in admin Admin a@b ' ann' "$(printf 'a%.0s' {1..300})"; do
		create_user Ann "$name" ann@example.com "$good"
		answers 200 '{"success":false,"error":"Invalid username or email"}' "$way: edge-impulse's user '${name:0:20}'"
	done
	create_user Ann ann ann "$good"
	answers 200 '{"success":false,"error":"Invalid username or email"}' "$way: edge-impulse's user with no address"
	create_user Ann ann ann@example.com short
	answers 200 '{"success":false,"error":"Password must contain at least 8 characters"}' "$way: with a short password"
	is "$(accounts)" '' "$way: none of that has made an account"
	create_user Ann ann ann@example.com "$good"
	like "$status $body" "^200 \{\"success\":true,\"id\":\"$uuid\"\}$" "$way: edge-impulse's first user"
	is "$(accounts)" $'ann\tann@example.com\tadmin\tenabled\tverified' "$way: is the administrator"
	create_user Bob bob bob@example.com "$good"
	answers 200 '{"success":false,"error":"Not allowed"}' "$way: then there is no other"
	sign_in ann "$good"
	create_user Bob ann bob@example.com "$good" -H "X-Jwt-Token: $token"
	answers 200 '{"success":false,"error":"This username or email is taken already"}' "$way: a taken username"
	create_user Bob bob ann@example.com "$good" -H "X-Jwt-Token: $token"
	answers 200 '{"success":false,"error":"This username or email is taken already"}' "$way: a taken address"
	request POST /api-user-create -H "X-Jwt-Token: $token" \
		-d "{\"name\":\"Bob\",\"username\":\"bob\",\"email\":\"bob@example.com\",\"password\":\"$good\",\"privacyPolicy\":true}"
	like "$status $body" "^200 \{\"success\":true,\"id\":\"$uuid\"\}$" "$way: made by an administrator, at the path without /v1"
	sign_in bob "$good"
	isnt "$token" '' "$way: and signs in by the username"
	create_user Eve eve eve@example.com "$good" -H "X-Jwt-Token: $token"
	answers 200 '{"success":false,"error":"Not allowed"}' "$way: not made by a user"
	set_conf "${common[@]}" 'registration = open'
	start "$way"
	create_user Eve eve eve@example.com "$good" --public
	like "$status $body" "^200 \{\"success\":true,\"id\":\"$uuid\"\}$" "$way: open, in edge-impulse's way"
	is "$(accounts | grep eve)" $'eve\teve@example.com\tuser\tenabled\tunverified' "$way: ordinary and unverified"
	login eve "$good"
	is "${member_of[.success]-}" false "$way: she does not sign in"
	prove eve@example.com
	is "$status" 200 "$way: proves her address"
	login eve "$good"
	is "${member_of[.success]-}" true "$way: and does"
}

# A taken username tells nothing of the address beside it, and what was registered once tells nothing the second time.
usernames() {
	local before name
	fresh "${common[@]}" 'registration = open'
	start "$way"
	add ann@example.com "$good"
	create_user Bob bob bob@example.com "$good" --public
	is "${member_of[.success]-}" true "$way: the username bob is taken"
	before=$(accounts)
	for name in ann@example.com free@example.com; do
		create_user Bob Bob $name "$good" --public
		answers 200 '{"success":false,"error":"This username or email is taken already"}' "$way: bob once more, with $name"
	done
	for name in free ann; do
		create_user Eve "eve-$name" $name@example.com "$good" --public
		is "${member_of[.success]-}" true "$way: a free username with $name's address"
		create_user Eve "eve-$name" eve@example.com "$good" --public
		answers 200 '{"success":false,"error":"This username or email is taken already"}' \
			"$way: 12: is taken after that of $name, too"
		create_user Eve "eve2-$name" $name@example.com "$good" --public
		is "${member_of[.success]-}" true "$way: another with the same address"
		register $name@example.com "$good" --public
		is "$status" 201 "$way: and that address in px0's way"
		login "eve-$name" "$good"
		answers 200 '{"success":false,"error":"Invalid username or password"}' "$way: nobody signs in by $name's"
	done
	is "$(accounts | grep -v '^eve')" "$before" "$way: the accounts before are what they were"
}

# --- the mails; where nobody sends them

kinds() { latchkey mail list 2>>"$log" | cut -f 2,3; }
id_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^id: //p'; }

mails() {
	local id
	fresh 'hash_cost = 1' 'mail_command = /bin/false' 'registration = open'
	start "$way"
	register ann@example.com "$good" --public
	id=${member_of[.user.id]-}
	is "$(kinds)" "verify	$id" "$way: who registers is sent a code for his address"
	add bob@example.com "$good" --verified
	register Bob@example.com "$other" --public
	is "$(kinds)" "verify	$id"$'\n'"taken	$(id_of bob@example.com)" "$way: the owner of a taken address hears of it"
	is "$(id_of bob@example.com | grep -c "${member_of[.user.id]-}")" 0 "$way: the answer has another id than his"
	register bad@example "$good" -H 'Authorization: Bearer x.y.z' --public
	register new@example.com short --public
	is "$(kinds | wc -l)" 2 "$way: what is refused sends nothing"
	fresh 'hash_cost = 1' 'mail_command = /bin/false'
	start "$way"
	register chief@example.com "$good"
	sign_in chief@example.com "$good"
	register new@example.com "$good" -H "Authorization: Bearer $token"
	register new@example.com "$good" -H "Authorization: Bearer $token"
	is "$status $(kinds)" '409 ' "$way: the first, and whom he makes, need no mail"
}

# --- one account, all dialects

# signs_in NAME EMAIL: an administrator, through every dialect.
signs_in() {
	login "$2" "$good"
	is "$status ${member_of[.success]-}" '200 true' "$way: $1 signs in through edge-impulse"
	request POST /v1/auth/login -d "{\"email\":\"$2\",\"password\":\"$good\"}"
	is "$status ${member_of[.user.is_admin]-}" '200 true' "$way: $1 signs in through px0"
	request POST /api/v2/admin-account/jwt -d "{\"email\":\"$2\",\"password\":\"$good\"}"
	like "$status $body" "^200 \{\"data\":\{\"accessToken\":\"$jwt\"\}\}$" "$way: $1 signs in through databrain"
}
everywhere() {
	local maker
	for maker in databrain px0 edge-impulse actian; do
		fresh "${common[@]}"
		start "$way"
		case $maker in
		databrain) databrain Anna ann@example.com "$good" ;;
		px0) register ann@example.com "$good" ;;
		edge-impulse) create_user Ann ann ann@example.com "$good" ;;
		actian) create_admin "$good" ;;
		esac
		if [[ $maker == actian ]]; then
			signs_in "$maker's account" admin
			request POST /auth/admin/login -d "{\"password\":\"$good\"}"
			is "$status" 200 "$way: $maker's account signs in through actian"
		else
			signs_in "$maker's account" ann@example.com
			request POST /auth/admin/login -d "{\"password\":\"$good\"}"
			is "$status" 401 "$way: $maker's account is not actian's admin"
		fi
	done
}

# --- two at the same moment

one_of() { # NUMBER KIND: in a place of its own
	mkdir -p "$work/$1" && scratch=$work/$1
	case $2 in
	databrain) insist databrain Anna "chief$1@example.com" "$good" ;;
	px0) insist register "chief$1@example.com" "$good" ;;
	edge-impulse) insist create_user Ann "chief$1" "chief$1@example.com" "$good" ;;
	actian) insist create_admin "$good" ;;
	mixed) case $(($1 % 4)) in
		0) one_of "$1" databrain ;;
		1) one_of "$1" px0 ;;
		2) one_of "$1" edge-impulse ;;
		3) one_of "$1" actian ;;
		esac && return ;;
	same) insist register chief@example.com "$good" ;;
	esac
	echo "$status $body"
}
race() { # KIND WANTED-OF-THE-OTHERS
	local i jobs=()
	fresh "${common[@]}"
	start "$way"
	for i in {1..8}; do
		one_of "$i" "$1" >"$work/answer.$i" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	cat "$work"/answer.? >"$work/answers"
	if [[ $1 == mixed ]]; then
		# actian's counts administrators, the others accounts: the first request is the only one.
		is "$(grep -c '^20[01] .*\("user":\|"accessToken"\|"success":true\|"status":"success"\)' "$work/answers")" 1 \
			"$way: of eight in all dialects one is made"
	else
		is "$(grep -cF "$2" "$work/answers")" 7 "$way: of eight at the same moment seven are refused, $1"
	fi
	is "$(accounts | wc -l)" 1 "$way: there is one account, $1"
	is "$(accounts | cut -f 3,5)" $'admin\tverified' "$way: the administrator, $1"
}

for each in $long_ways; do
	fresh "${common[@]}"
	start "$each"
	actian
	enabled
	databrain_account
	px0_first
	edge_impulse
	everywhere
	race mixed
	# What no web server has a part in: whom a request comes from, and what it brings, was asked above.
	is_real && continue
	actian_beside
	open
	usernames
	mails
	race databrain "400 $has_account"
	race px0 '403 {"error":"forbidden"}'
	race same '403 {"error":"forbidden"}'
	race edge-impulse '200 {"success":false,"error":"Not allowed"}'
	race actian '409 {"status":"error","message":"Username already exists"}'
done
done_testing
