#!/bin/bash
# access-tokens.t - the tokens of services: actian's access tokens and databrain's service tokens
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' new='Other-Harbour-43'
secret='lk_[A-Za-z0-9_-]{43}'
uuid='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
when='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
unauthorized='{"status":"error","message":"Invalid or missing authorization token"}'
no_token='{"status":"error","message":"Access token not found"}'
admins_only="{\"error\":{\"code\":\"AUTHENTICATION_ERROR\",\"message\":\"An administrator's token is required\"}}"
bad_token='{"error":{"code":"AUTHENTICATION_ERROR","message":"Invalid or expired token"}}'
common=('hash_cost = 1' 'mail_command =' 'throttle = off')

sign_in() { # NAME PASSWORD; sets $token
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"$2\"}"
	token=${member_of[.token]-}
}
# The four, with $token.
create() { request POST /auth/access_token -H "Authorization: Bearer $token" -d "$1"; }
list() { request GET /auth/access_tokens -H "Authorization: Bearer $token"; }
rotate() { request POST "/auth/access_token/$1/rotate" --program token -H "Authorization: Bearer $token"; }
remove() { request DELETE "/auth/access_token/$1" --program token -H "Authorization: Bearer $token"; }
# make PERMISSION: a new one; sets $id and $key.
make() { create "{\"name\":\"ci\",\"permission\":\"$1\"}" && id=${member_of[.id]-} key=${member_of[.token]-}; }
verify() { request GET /auth/verify "$@"; }
# status_of KEY: whether it is good.
status_of() { verify -H "X-Api-Key: $1" && echo "$status"; }
ids() { list && python3 -I -S -c 'import json, sys; print(*(t["id"] for t in json.load(sys.stdin)))' <<<"$body"; }

people() {
	add admin "$good" --admin
	add bob@example.com "$good"
	sign_in bob@example.com "$good" && user=$token
	sign_in admin "$good"
}

# --- actian, from the cradle to the grave

creating() {
	local first
	list
	answers 200 '[]' "$way: no tokens yet"
	create '{"name":"ci","permission":"read"}'
	like "$status $body" \
		"^200 \{\"id\":1,\"name\":\"ci\",\"description\":\"\",\"token\":\"$secret\",\"created_at\":\"$when\",\"expired_at\":null,\"will_expire\":false,\"permission\":\"read\"\}$" \
		"$way: a token"
	is "${header_of[Cache-Control]-}" no-store "$way: nobody keeps that answer"
	first=${member_of[.token]-}
	create '{"name":"deploy","permission":"write, admin","description":"puts it \"there\"","will_expire":true,"expires_in_seconds":3600}'
	like "$status $body" \
		"^200 \{\"id\":2,\"name\":\"deploy\",\"description\":\"puts it \\\\\"there\\\\\"\",\"token\":\"$secret\",\"created_at\":\"$when\",\"expired_at\":\"$when\",\"will_expire\":true,\"permission\":\"write,admin\"\}$" \
		"$way: a token with all there is to say"
	isnt "${member_of[.token]-}" "$first" "$way: another secret"
	is $(($(date -d "${member_of[.expired_at]-}" +%s) - $(date -d "${member_of[.created_at]-}" +%s))) 3600 "$way: it expires when it should"
	create '{"name":"x","permission":"read","expires_in_seconds":5}'
	is "$status ${member_of[.expired_at]-}" '200 null' "$way: expires_in_seconds without will_expire is nothing"
	list
	like "$status $body" \
		"^200 \[\{\"id\":1,\"name\":\"ci\",\"description\":\"\",\"created_at\":\"$when\",\"expired_at\":null,\"will_expire\":false,\"permission\":\"read\"\},\{\"id\":2,.*\},\{\"id\":3,[^}]*\}\]$" \
		"$way: the list"
	is "$(grep -c 'lk_\|"token"' <<<"$body")" 0 "$way: there is no secret in the list"
}

create_refusals() {
	local rest life
	for rest in '{}' '{"permission":"read"}' '{"name":" ","permission":"read"}' '{"name":null,"permission":"read"}'; do
		create "$rest"
		answers 400 '{"status":"error","message":"Missing required field: name"}' "$way: a token from $rest"
	done
	create '{"name":"ci"}'
	answers 400 '{"status":"error","message":"Missing required field: permission"}' "$way: a token without a permission"
	for rest in everything read,write,x read,,write ,read 'read,' 'read write' READ 1 '*' 'read;write'; do
		create "{\"name\":\"ci\",\"permission\":\"$rest\"}"
		answers 400 '{"status":"error","message":"permission must be a list of read, write, admin and metrics:read"}' \
			"$way: the permission '$rest'"
	done
	while read -r life rest; do
		create "{\"name\":\"ci\",\"permission\":\"$life\"}"
		is "$status ${member_of[.permission]-}" "200 $rest" "$way: the permission '$life'"
	done <<-'END'
		admin,write,read read,write,admin
		read,read read
		write,read read,write
		admin admin
	END
	for life in '' 0 -1 -0 316224001 99999999999 9223372036854775807; do
		create "{\"name\":\"ci\",\"permission\":\"read\",\"will_expire\":true${life:+,\"expires_in_seconds\":$life}}"
		answers 400 '{"status":"error","message":"expires_in_seconds must be a positive integer of at most ten years"}' \
			"$way: expires_in_seconds '$life'"
	done
	for life in 60.0 6e1; do
		create "{\"name\":\"ci\",\"permission\":\"read\",\"will_expire\":true,\"expires_in_seconds\":$life}"
		is "$status $(($(date -d "${member_of[.expired_at]-}" +%s) - $(date -d "${member_of[.created_at]-}" +%s)))" '200 60' \
			"$way: expires_in_seconds $life"
	done
	for life in 1.5 1e-1 '"60"' true '[60]' '{}'; do
		create "{\"name\":\"ci\",\"permission\":\"read\",\"will_expire\":true,\"expires_in_seconds\":$life}"
		answers 400 '{"status":"error","message":"Invalid request body"}' "$way: expires_in_seconds $life"
	done
	for life in 99999999999999999999 18446744073709551617 -99999999999999999999; do
		create "{\"name\":\"ci\",\"permission\":\"read\",\"will_expire\":true,\"expires_in_seconds\":$life}"
		is "$status" 400 "$way: expires_in_seconds $life"
	done
	for rest in '"name":1,"permission":"read"' '"name":"ci","permission":["read"]' '"name":"ci","permission":7' \
		'"name":"ci","permission":"read","description":{}' '"name":"ci","permission":"read","will_expire":"yes"'; do
		create "{$rest}"
		answers 400 '{"status":"error","message":"Invalid request body"}' "$way: a token from {$rest}"
	done
	printf -v life 'x%.0s' {1..201}
	create "{\"name\":\"$life\",\"permission\":\"read\"}"
	answers 400 '{"status":"error","message":"name is too long"}' "$way: a name of 201 bytes"
	create "{\"name\":\"${life%x}\",\"permission\":\"read\"}"
	is "$status" 200 "$way: a name of 200"
	printf -v life 'x%.0s' {1..1001}
	create "{\"name\":\"ci\",\"description\":\"$life\",\"permission\":\"read\"}"
	answers 400 '{"status":"error","message":"description is too long"}' "$way: a description of 1,001 bytes"
}

# Each of the four refuses a caller without a token, a user, and an access token without admin.
callers() {
	local at admin=$token reader name
	make read,write
	reader=$key
	for at in 'POST /auth/access_token' 'GET /auth/access_tokens' "DELETE /auth/access_token/$id" \
		"POST /auth/access_token/$id/rotate"; do
		request "${at% *}" "${at#* }" --program token -d '{"name":"ci","permission":"read"}'
		is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer" "$way: $at without a token"
		for name in x.y.z lk_nothing "lk_$(printf 'x%.0s' {1..43})" "$user" "$reader"; do
			request "${at% *}" "${at#* }" --program token -H "Authorization: Bearer $name" -d '{"name":"ci","permission":"read"}'
			is "$status $body ${header_of[WWW-Authenticate]-}" "401 $unauthorized Bearer error=\"invalid_token\"" \
				"$way: $at with a token like ${name:0:9}"
		done
	done
	is "$(status_of "$reader")" 204 "$way: the token is untouched"
	make read,admin
	token=$key
	make read
	is "$status" 200 "$way: an access token with admin makes one"
	rotate "$id"
	is "$status ${member_of[.id]-}" "200 $id" "$way: rotates one"
	list
	is "$status" 200 "$way: lists all"
	remove "$id"
	answers 200 '{"status":"success","message":"Access token deleted successfully"}' "$way: and deletes one"
	token=$admin
	for at in 'GET /auth/access_token' 'PUT /auth/access_tokens' "POST /auth/access_token/$id" "GET /auth/access_token/$id/rotate"; do
		request "${at% *}" "${at#* }" --program token
		is "$status" 405 "$way: $at"
	done
}

rotating() {
	local before old name
	create '{"name":"deploy","permission":"read,admin","description":"d","will_expire":true,"expires_in_seconds":600}'
	id=${member_of[.id]-} old=${member_of[.token]-} before=${body/"\"token\":\"${member_of[.token]-}\","/}
	is "$(status_of "$old")" 204 "$way: a token is good"
	rotate "$id"
	like "${member_of[.token]-}" "^$secret$" "$way: rotated, a fresh secret"
	is "$status ${body/"\"token\":\"${member_of[.token]-}\","/}" "200 $before" "$way: and all else is as it was"
	key=${member_of[.token]-}
	isnt "$key" "$old" "$way: it is another"
	is "$(status_of "$old") $(status_of "$key")" '401 204' "$way: the old one is dead at once, the new one good"
	for name in 0 999999 9999999999999999999999 -1 "0$id " x 1x 1.0 %31x; do
		rotate "${name// /%20}"
		answers 404 "$no_token" "$way: rotate the token ${name:0:30}"
		remove "${name// /%20}"
		answers 404 "$no_token" "$way: delete the token ${name:0:30}"
	done
	rotate "$(printf 9%.0s {1..300})"
	is "$status" 404 "$way: rotate the token of 300 digits"
	request POST "/auth/access_token/$id/rotate/" --program token -H "Authorization: Bearer $token"
	is "$status" 404 "$way: rotate has no more behind it"
	remove ''
	is "$status" 404 "$way: delete no token at all"
	remove "$id"
	answers 200 '{"status":"success","message":"Access token deleted successfully"}' "$way: deleted"
	is "$(status_of "$key")" 401 "$way: it is dead at once"
	remove "$id"
	answers 404 "$no_token" "$way: deleted twice"
	rotate "$id"
	answers 404 "$no_token" "$way: rotated when it is gone"
}

# The clock of plain CGI can be set.
expiring() {
	create '{"name":"short","permission":"read","will_expire":true,"expires_in_seconds":60}'
	id=${member_of[.id]-} key=${member_of[.token]-}
	is "$(status_of "$key")" 204 "$way: a token that will expire"
	is "$(later 61 status_of "$key")" 401 "$way: when it has expired"
	like "$(tail -n 1 "$state/audit.log")" '"outcome":"refused","reason":"expired-token"' "$way: which the audit says"
	later 61 rotate "$id"
	answers 400 '{"status":"error","message":"Cannot rotate an expired access token"}' "$way: rotated when it is expired"
	remove "$id"
	is "$status" 200 "$way: but it can be deleted"
}

# What an access token makes has no more rights than it, and goes with it.
children() {
	local admin=$token parent grandchild parent_id child_id other other_id
	make read,write,admin
	other=$key other_id=$id
	create '{"name":"short","permission":"read,admin","will_expire":true,"expires_in_seconds":60}'
	parent=${member_of[.token]-} parent_id=${member_of[.id]-}
	token=$parent
	create '{"name":"all","permission":"read,write,admin","will_expire":true,"expires_in_seconds":30}'
	answers 403 '{"status":"error","message":"An access token makes none with more permissions than its own"}' \
		"$way: a token makes one with more permissions"
	make read
	answers 403 '{"status":"error","message":"An access token makes none that ends later than itself"}' \
		"$way: a token that ends makes one that does not"
	create '{"name":"later","permission":"read","will_expire":true,"expires_in_seconds":3600}'
	is "$status" 403 "$way: or that ends later"
	create '{"name":"child","permission":"read,admin","will_expire":true,"expires_in_seconds":30}'
	child_id=${member_of[.id]-}
	is "$status ${member_of[.parent]-}" "200 $parent_id" "$way: one with less, and whose it is"
	token=${member_of[.token]-}
	create '{"name":"grandchild","permission":"read","will_expire":true,"expires_in_seconds":20}'
	is "$status ${member_of[.parent]-}" "200 $child_id" "$way: which makes another"
	grandchild=${member_of[.token]-}
	is "$(status_of "$grandchild")" 204 "$way: that is good"
	rotate "$other_id"
	answers 403 '{"status":"error","message":"An access token rotates itself and what it has made, and no other"}' \
		"$way: no token learns the secret of a stronger one"
	is "$(status_of "$other")" 204 "$way: which is as it was"
	rotate "$parent_id"
	is "$status" 403 "$way: nor of its parent"
	token=$admin
	list
	like "$body" "\{\"id\":$child_id,\"name\":\"child\"[^}]*,\"permission\":\"read,admin\",\"parent\":$parent_id\}" \
		"$way: the list has the parent"
	is "$(latchkey token list | sed -n "s/^$child_id	//p" | cut -f 6)" "$parent_id" "$way: the command's, too"
	remove "$parent_id"
	is "$(status_of "$grandchild")" 401 "$way: the first is deleted: the last is dead"
	list
	is "$(grep -c '"name":"child"\|"name":"grandchild"' <<<"$body")" 0 "$way: and listed no more"
	make read,admin
	parent_id=$id token=$key
	make read
	grandchild=$key
	token=$admin
	rotate "$parent_id"
	is "$(status_of "$grandchild")" 401 "$way: it is rotated: what was made with the old secret is dead"
	remove "$other_id"
	remove "$parent_id"
}

# Ids are never used twice, not even the last one's after a restart.
serial() {
	local last
	make read
	last=$id
	remove "$id"
	make read
	is "$id" $((last + 1)) "$way: a deleted token's id is not used again"
	remove "$id"
	start "$way"
	make read
	is "$id" $((last + 2)) "$way: nor after a restart"
	remove "$id"
}

# --- while auth_enabled is false

disabled() {
	local at
	make read
	request PATCH /auth/enabled -H "Authorization: Bearer $token" -d '{"enabled":false}'
	for at in 'POST /auth/access_token' 'GET /auth/access_tokens' "DELETE /auth/access_token/$id" \
		"POST /auth/access_token/$id/rotate" 'DELETE /auth/access_token/999999'; do
		request "${at% *}" "${at#* }" --program token -H "Authorization: Bearer $token" -d '{"name":"ci","permission":"read"}'
		answers 403 '{"status":"error","message":"Access token API requires auth_enabled=true"}' "$way: disabled, $at"
		request "${at% *}" "${at#* }" --program token
		answers 401 "$unauthorized" "$way: disabled, $at without a token"
	done
	for at in service-token service-token/rotate; do
		request POST "/api/v2/$at" -H "Authorization: Bearer $token" -d "{\"token\":\"$(fresh_uuid)\"}"
		answers 403 "$(data_error AUTHENTICATION_ERROR 'Service tokens require auth_enabled=true')" "$way: disabled, $at"
		request POST "/api/v2/$at" -d "{\"token\":\"$(fresh_uuid)\"}"
		is "$status" 401 "$way: disabled, $at without a token"
	done
	request PATCH /auth/enabled -H "Authorization: Bearer $token" -d '{"enabled":true}'
	is "$(status_of "$key")" 204 "$way: enabled again, it is as it was"
}

# --- what they are good for

good_for() {
	local identity permission demand wanted option
	for permission in read write admin read,write read,write,admin; do
		make "$permission"
		verify -H "Authorization: Bearer $key"
		identity="${header_of[X-Auth-User]-} ${header_of[X-Auth-Id]-} ${header_of[X-Auth-Role]-} ${header_of[X-Auth-Permission]-}"
		wanted=user
		[[ $permission != *admin* ]] || wanted='admin'
		is "$status $identity" "204 token:$id token:$id $wanted $permission" "$way: what verify says of a token with $permission"
	done
	while read -r permission demand wanted; do
		make "$permission"
		verify_with "$demand"
		is "$status" "$wanted" "$way: a token with $permission where $demand is asked for"
	done <<-'END'
		read permission=read 204
		read permission=write 403
		read permission=read,write 403
		read permission=admin 403
		read role=user 204
		read role=admin 403
		write permission=write 204
		write permission=read 403
		admin permission=admin 204
		admin permission=read 403
		admin role=admin 204
		admin role=admin&permission=read 403
		read,write permission=write,read 204
		read,write,admin role=admin&permission=read,write,admin 204
	END
	# $key is one with everything, and still a service's.
	for option in X-Jwt-Token X-Api-Key 'Cookie: jwt'; do
		verify -H "$([[ $option == Cookie* ]] && echo "$option=$key" || echo "$option: $key")"
		is "$status" 204 "$way: it is taken from $option"
	done
	for option in "${key}x" "${key%?}" "x$key" "${key,,}" "${key^^}" "lk_" "${key#lk_}"; do
		is "$(status_of "$option")" 401 "$way: no token like ${option:0:5}... (${#option} bytes)"
	done
	refused_elsewhere
}
verify_with() { # DEMAND
	if is_real; then
		request GET "/auth/verify?$1" -H "X-Api-Key: $key"
	else
		verify --param "LATCHKEY_REQUIRE=$1" -H "X-Api-Key: $key"
	fi
}

# A service is no person, whatever its token may do.
refused_elsewhere() {
	local admin=$token
	token=$key
	request POST /v1/api/user/change-password -H "X-Api-Key: $key" -d "{\"currentPassword\":\"$good\",\"newPassword\":\"$new\"}"
	answers 200 '{"success":false,"error":"Invalid or expired token"}' "$way: a token changes no password"
	request POST /api/v2/service-token/reset-password -H "X-Api-Key: $key" -d "{\"currentPassword\":\"$good\",\"password\":\"$new\"}"
	answers 401 "$bad_token" "$way: nor in databrain's way"
	request GET /v1/auth/me -H "X-Api-Key: $key"
	answers 401 '{"error":"unauthorized"}' "$way: it is nobody's me"
	request DELETE /v1/auth/session -H "X-Api-Key: $key"
	is "$status $(status_of "$key")" '204 204' "$way: it has no session to end"
	request PATCH /auth/enabled -H "X-Api-Key: $key" -d '{"enabled":false}'
	answers 401 "$unauthorized" "$way: it disables nothing"
	request POST /auth/admin/reset-password -H "X-Api-Key: $key" -d "{\"password\":\"$new\"}"
	is "$status" 401 "$way: it resets no administrator"
	service "$(fresh_uuid)"
	answers 401 "$bad_token" "$way: it makes no service token"
	rotate_service '{}'
	answers 401 "$bad_token" "$way: it rotates none"
	request POST /v1/auth/register -H "X-Api-Key: $key" -d "{\"email\":\"eve@example.com\",\"password\":\"$good\"}"
	answers 401 '{"error":"unauthorized"}' "$way: it registers nobody"
	token=$admin
}

# --- whose they are

makers() {
	local mine mine_id
	add chief@example.com "$good" --admin
	sign_in chief@example.com "$good"
	make read,write
	mine=$key mine_id=$id
	is "$(latchkey token list | cut -f 1 | grep -c "^$mine_id$")" 1 "$way: a token is listed"
	latchkey user passwd chief@example.com <<<"$new" 2>>"$log"
	is "$(status_of "$token") $(status_of "$mine")" '401 204' "$way: its maker's new password ends no token"
	latchkey user sign-out chief@example.com 2>>"$log"
	is "$(status_of "$mine")" 204 "$way: its maker's sign-out neither"
	latchkey user disable chief@example.com 2>>"$log"
	is "$(status_of "$mine")" 401 "$way: it is dead while its maker is disabled"
	latchkey user enable chief@example.com 2>>"$log"
	is "$(status_of "$mine")" 204 "$way: and good when he is not"
	latchkey user set chief@example.com --role user 2>>"$log"
	is "$(status_of "$mine")" 401 "$way: dead while he is no administrator"
	latchkey user set chief@example.com --role admin 2>>"$log"
	is "$(status_of "$mine")" 204 "$way: and good when he is one"
	latchkey user delete chief@example.com 2>>"$log"
	is "$(status_of "$mine")" 401 "$way: it dies with its maker"
	is "$(latchkey token list | cut -f 1 | grep -c "^$mine_id$")" 0 "$way: and is listed no more"
	add chief@example.com "$good" --admin
	is "$(status_of "$mine")" 401 "$way: and is nothing to another of that name"
	sign_in admin "$good"
}

# --- databrain

service() { request POST /api/v2/service-token -H "Authorization: Bearer $token" -d "{\"token\":\"$1\"}"; }
rotate_service() { request POST /api/v2/service-token/rotate -H "Authorization: Bearer $token" -d "$1"; }
fresh_uuid() { cat /proc/sys/kernel/random/uuid; }
data_error() { echo "{\"error\":{\"code\":\"$1\",\"message\":\"$2\"}}"; }

services() {
	local one two two_id three name at
	for at in service-token service-token/rotate; do
		request POST "/api/v2/$at" -d "{\"token\":\"$(fresh_uuid)\"}"
		is "$status $body ${header_of[WWW-Authenticate]-}" "401 $admins_only Bearer" "$way: $at without a token"
		request POST "/api/v2/$at" -H "Authorization: Bearer $user" -d "{\"token\":\"$(fresh_uuid)\"}"
		answers 401 "$admins_only" "$way: $at with a user's"
		request POST "/api/v2/$at" -H 'Authorization: Bearer x.y.z' -d "{\"token\":\"$(fresh_uuid)\"}"
		answers 401 "$(data_error AUTHENTICATION_ERROR 'Invalid or expired token')" "$way: $at with a bad one"
		request GET "/api/v2/$at"
		is "$status ${member_of[.error.code]-} ${header_of[Allow]-}" '405 METHOD_NOT_ALLOWED POST' "$way: $at by GET"
	done
	rotate_service '{}'
	answers 400 "$(data_error INVALID_REQUEST 'Service token not found')" "$way: rotate where there is none"
	request POST /api/v2/service-token -H "Authorization: Bearer $token" -d '{}'
	answers 400 "$(data_error INVALID_REQUEST_BODY '\"token\" is required')" "$way: a service token without a token"
	for name in x 00000000-0000-0000-0000-000000000000 11111111-1111-4111-8111-111111111111 \
		12345678-1234-4234-8234-123456789012 ffffffff-ffff-ffff-ffff-ffffffffffff 12121212-1212-4212-8212-121212121212 3f2a9c7e5b1d4e8f90a6b7c8d9e0f1a2 \
		'{3f2a9c7e-5b1d-4e8f-90a6-b7c8d9e0f1a2}' 3f2a9c7e-5b1d-4e8f-90a6-b7c8d9e0f1a 3f2a9c7e-5b1d-4e8f-90a6-b7c8d9e0f1ag; do
		service "$name"
		answers 400 "$(data_error INVALID_REQUEST_BODY '\"token\" must be a random UUID')" "$way: the service token $name"
	done
	one=$(fresh_uuid)
	service "$one"
	answers 200 "{\"key\":\"$one\"}" "$way: a service token, the very UUID"
	id=$(latchkey token list | sed -n 's/	service token	.*//p')
	is "$(status_of "$one") ${header_of[X-Auth-Role]-} ${header_of[X-Auth-Permission]-}" '204  ' "$way: it is good" # headers stay in the subshell
	verify -H "X-Api-Key: $one"
	is "${header_of[X-Auth-Role]-} ${header_of[X-Auth-Permission]-}" 'user read,write' "$way: for reading and writing"
	service "$one"
	answers 200 "{\"key\":\"$one\"}" "$way: the same once more"
	is "$(status_of "$one")" 204 "$way: is as good"
	two=$(fresh_uuid) two=${two^^}
	service "$two"
	answers 200 "{\"key\":\"$two\"}" "$way: another, in capitals, as it was sent"
	is "$(status_of "$one") $(status_of "$two")" '401 204' "$way: in the place of the one before"
	is "$(latchkey token list | sed -n 's/	service token	.*//p')" "$id" "$way: it is the same record"
	make read
	two_id=$id
	rotate "$id"
	service "${member_of[.token]-}"
	is "$status" 400 "$way: an access token's secret"
	remove "$two_id"

	rotate_service "{\"token\":\"$two\"}"
	like "$status $body" "^200 \{\"key\":\"$uuid\"\}$" "$way: rotated by its name"
	three=${member_of[.key]-}
	is "$(status_of "$two") $(status_of "$three")" '401 204' "$way: the old one dies at once"
	rotate_service "{\"token\":\"$two\"}"
	answers 400 "$(data_error INVALID_REQUEST 'Service token not found')" "$way: a dead one is not rotated"
	make read
	rotate_service "{\"token\":\"$key\"}"
	answers 400 "$(data_error INVALID_REQUEST 'Service token not found')" "$way: an access token neither"
	rotate_service '{"expireAt":0}'
	is "$status $(status_of "$three") $(status_of "${member_of[.key]-}")" '200 401 204' "$way: without a token it is the newest"
	three=${member_of[.key]-}
	for name in -1 316224001 9223372036854775807; do
		rotate_service "{\"token\":\"$three\",\"expireAt\":$name}"
		answers 400 "$(data_error INVALID_REQUEST_BODY '\"expireAt\" must be a number of seconds, 0 or more')" \
			"$way: a grace of $name seconds"
	done
	rotate_service "{\"token\":\"$three\",\"expireAt\":-1.0}"
	is "$status" 400 "$way: a grace of -1.0 seconds"
	for name in 1.5 '"1"'; do
		rotate_service "{\"token\":\"$three\",\"expireAt\":$name}"
		answers 400 "$(data_error INVALID_REQUEST_BODY 'Invalid request body')" "$way: a grace of $name seconds"
	done
	grace "$three"
	# One kind of record: actian's endpoints know them.
	make read
	name=$(ids)
	like "$name" " $id$" "$way: the list has all, in order"
}

grace() { # KEY
	local first=$1 second third
	rotate_service "{\"token\":\"$first\",\"expireAt\":60}"
	second=${member_of[.key]-}
	is "$status $(status_of "$first") $(status_of "$second")" '200 204 204' "$way: within the grace period both are good"
	[[ $way != cgi ]] ||
		is "$(later 61 status_of "$first") $(later 61 status_of "$second")" '401 204' "$way: after it the old one is dead"
	rotate_service "{\"token\":\"$second\",\"expireAt\":600}"
	third=${member_of[.key]-}
	rotate_service "{\"token\":\"$third\",\"expireAt\":0}"
	is "$(status_of "$second") $(status_of "$third") $(status_of "${member_of[.key]-}")" '401 401 204' \
		"$way: another rotation at once ends all that were"
}

# --- the operator's

command_line() {
	local said service
	make read
	service=$(fresh_uuid)
	service "$service"
	said=$(latchkey token list 2>>"$log")
	is "$(cut -f 1 <<<"$said" | paste -sd ' ')" "$(ids)" "$way: latchkey token list has them all"
	is "$(grep "^$id	" <<<"$said")" "$id	ci	read	never	access	-	-	never	-" "$way: a line of it"
	like "$said" $'\tservice token\tread,write\tnever\tservice' "$way: with the service tokens"
	is "$(grep -c "$key\|$service" <<<"$said")" 0 "$way: and no secret"
	is "$(status_of "$key")" 204 "$way: before the revocation"
	latchkey token revoke "$id" >"$work/out" 2>&1
	is "$? $(<"$work/out")" '0 ' "$way: latchkey token revoke"
	is "$(status_of "$key")" 401 "$way: it is dead at once"
	for said in "$id" 0 x -1 99999999999999999999; do
		latchkey token revoke "$said" >"$work/out" 2>&1
		isnt $? 0 "$way: latchkey token revoke $said"
	done
	like "$(latchkey token revoke "$id" 2>&1)" 'there is no such access token' "$way: which says why"
}

# Everything that was shown is nowhere to be found.
at_rest() {
	local shown=() file found='' name
	make read,write
	shown+=("$key" "${key#lk_}")
	rotate "$id"
	name=${member_of[.token]-}
	shown+=("$name")
	name=$(fresh_uuid)
	service "$name"
	shown+=("$name")
	rotate_service "{\"token\":\"$name\",\"expireAt\":600}"
	shown+=("${member_of[.key]-}")
	stop
	is "${#shown[@]} $(printf '%s\n' "${shown[@]}" | grep -c ........)" '5 5' "$way: five secrets were shown"
	for name in "${shown[@]}"; do
		file=$(grep -rlaF -- "$name" "$state" "$log")
		found+=$file
	done
	is "$found" '' "$way: none of them is in the store, nor in the log"
}

for each in $long_ways; do
	fresh "${common[@]}"
	start "$each"
	people
	creating
	is_real || create_refusals # no web server has a part in these
	callers
	rotating
	is_real || children
	[[ $way != cgi ]] || expiring
	serial
	disabled
	good_for
	is_real || makers
	sign_in admin "$good"
	services
	command_line
	at_rest
done
done_testing
