#!/bin/bash
# seeds.t - the five documented endpoints, to the letter
. "${0%/*}/lib.sh"

first='Quiet-Harbour-42' second='MyNewSecurePwd!2' third='NewSecureP@ss2'
jwt='eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}'

sign_in() { # PASSWORD; sets $token
	request POST /auth/admin/login -d "{\"password\":\"$1\"}"
	[[ $status == 200 && ${member_of[.token]-} ]] && token=${member_of[.token]}
}

actian_login() {
	local missing='{"status":"error","message":"Missing required field: password"}'
	request POST /auth/admin/login -d '{}'
	answers 400 "$missing" "$way: sign-in without a password"
	request POST /auth/admin/login -d '{"password":" \t"}'
	answers 400 "$missing" "$way: sign-in with a blank password"
	request POST /auth/admin/login -d '{"password":"MyNewSecurePwd!3"}'
	answers 401 '{"token":null,"message":"Invalid username or password","expires_in":0}' \
		"$way: sign-in with a wrong password"
	request POST /auth/admin/login -d "{\"password\":\"$first\"}"
	like "$status $body" "^200 \{\"token\":\"$jwt\",\"message\":\"Login successful\",\"expires_in\":3600\}$" \
		"$way: sign-in"
}

actian_reset_of_nobody() {
	request POST /auth/admin/reset-password -d "{\"password\":\"$second\"}"
	answers 404 '{"status":"error","message":"User not found"}' "$way: reset where there is no administrator"
}

actian_reset() {
	request POST /auth/admin/reset-password -d '{}'
	answers 400 '{"status":"error","message":"Missing required field: password"}' "$way: reset without a password"
	request POST /auth/admin/reset-password -d '{"password":"short"}'
	answers 400 '{"status":"error","message":"Password must contain at least 12 characters, one uppercase letter, one digit, one special character"}' \
		"$way: reset to a weak password says what is missing"
	request POST /auth/admin/reset-password -d "{\"password\":\"$second\"}"
	answers 200 '{"status":"success","message":"Password reset successfully"}' "$way: reset without a token"
	ok_if "$way: the new password signs in" sign_in "$second"
	request POST /auth/admin/reset-password -H "Authorization: Bearer $token" -d "{\"password\":\"$first\"}"
	answers 200 '{"status":"success","message":"Password reset successfully"}' "$way: reset with a token"
	request POST /auth/admin/login -d "{\"password\":\"$second\"}"
	is "$status" 401 "$way: the old password is dead"
}

databrain_change() {
	local path=/api/v2/service-token/reset-password
	request POST $path -d "{\"currentPassword\":\"$first\",\"password\":\"$third\"}"
	is "$status ${member_of[.error.code]-}" '401 AUTHENTICATION_ERROR' "$way: change without a token"
	sign_in "$first"
	request POST $path -H "Authorization: Bearer $token" -d "{\"password\":\"$third\"}"
	answers 400 '{"error":{"code":"INVALID_REQUEST_BODY","message":"\"currentPassword\" is required"}}' \
		"$way: change without the current password"
	request POST $path -H "Authorization: Bearer $token" -d "{\"currentPassword\":\"$first\"}"
	answers 400 '{"error":{"code":"INVALID_REQUEST_BODY","message":"\"password\" is required"}}' \
		"$way: change without a new password"
	request POST $path -H "Authorization: Bearer $token" -d "{\"currentPassword\":\"OldP@ss1\",\"password\":\"$third\"}"
	answers 400 '{"error":{"code":"RESET_PASSWORD_ERROR","message":"The current password is not correct!"}}' \
		"$way: change with a wrong current password"
	request POST $path -H "Authorization: Bearer $token" -d "{\"currentPassword\":\"$first\",\"password\":\"New pw\"}"
	answers 400 '{"error":{"code":"RESET_PASSWORD_ERROR","message":"\"password\" should contain at least 8 characters, one digit, one special character and no spaces"}}' \
		"$way: change to a weak password says what is missing"
	request POST $path -H "Authorization: Bearer $token" -d "{\"currentPassword\":\"$first\",\"password\":\"$third\"}"
	answers 200 '{"data":{"success":true}}' "$way: change"
	ok_if "$way: the changed password signs in" sign_in "$third"
}

databrain_hosted() { # after a start with self_hosted = no
	sign_in "$third"
	request POST /api/v2/service-token/reset-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$third\",\"password\":\"$first\"}"
	answers 500 '{"error":{"code":"SELFHOSTED_APP_ERROR","message":"This feature is only available for self-hosted instances"}}' \
		"$way: change where it is not self-hosted"
}

px0_reset() {
	local path=/v1/auth/password-reset/reset code
	code=$(new_code user@example.com)
	request POST $path -d "{\"new_password\":\"$third\"}"
	answers 400 '{"error":"code and new_password are required"}' "$way: px0 without a code"
	request POST $path -d "{\"code\":\"$code\",\"new_password\":\"\"}"
	answers 400 '{"error":"code and new_password are required"}' "$way: px0 with an empty password"
	request POST $path -d "{\"code\":\"$code\",\"new_password\":\"Abc1!\"}"
	answers 400 '{"error":"password must be at least 8 characters"}' "$way: px0 with a short password"
	request POST $path -d "{\"code\":\"$code\",\"new_password\":\"abcdefghi\"}"
	answers 400 '{"error":"password must contain at least one uppercase letter, one lowercase letter, one digit, and one special character"}' \
		"$way: px0 with a weak password"
	request POST $path -d "{\"code\":\"123456\",\"new_password\":\"$third\"}"
	answers 400 '{"error":"invalid or expired password reset code"}' "$way: px0 with a wrong code"
	request POST $path -d "{\"code\":\"$code\",\"new_password\":\"$third\"}"
	answers 200 '{"message":"password reset successfully","email":"user@example.com"}' "$way: px0"
	request POST $path -d "{\"code\":\"$code\",\"new_password\":\"$third\"}"
	answers 400 '{"error":"invalid or expired password reset code"}' "$way: px0 with a code used twice"
	request POST /v1/auth/login -d "{\"email\":\"user@example.com\",\"password\":\"$third\"}"
	like "$status $body" "^200 \{\"token\":\"$jwt\",\"expires_at\":\"20[0-9-]+T[0-9:]+Z\",\"user\":\{\"id\":\"[0-9a-f-]{36}\",\"email\":\"user@example.com\",\"is_verified\":true,\"is_admin\":false,\"created_at\":\"20[0-9-]+T[0-9:]+Z\"\}\}$" \
		"$way: px0 signs in with the new password"
}

edge_impulse_reset() {
	local path=/v1/api-user-reset-password code
	code=$(new_code user@example.com)
	request POST $path -d "{\"email\":\"user@example.com\",\"newPassword\":\"$second\"}"
	answers 200 '{"success":false,"error":"Missing required field: code"}' "$way: edge-impulse without a code"
	request POST $path -d "{\"email\":\"user@example.com\",\"code\":\"123456\",\"newPassword\":\"$second\"}"
	answers 200 '{"success":false,"error":"Invalid or expired code"}' "$way: edge-impulse with a wrong code"
	request POST $path -d "{\"email\":\"user@example.com\",\"code\":\"$code\",\"newPassword\":\"short\"}"
	answers 200 '{"success":false,"error":"Password must contain at least 8 characters"}' \
		"$way: edge-impulse with a short password"
	request POST ${path#/v1} -d "{\"email\":\"user@example.com\",\"code\":\"$code\",\"newPassword\":\"$second\"}"
	answers 200 '{"success":true}' "$way: edge-impulse, at the path of its document"
	request POST /v1/api-login -d "{\"username\":\"user@example.com\",\"password\":\"$second\"}"
	like "$status $body" "^200 \{\"success\":true,\"token\":\"$jwt\"\}$" \
		"$way: edge-impulse signs in with the new password"
	is "${header_of[Set-Cookie]-}" "jwt=${member_of[.token]-}; HttpOnly; SameSite=Strict; Path=/" "$way: and the token is a cookie"
}

for each in $ways; do
	fresh 'hash_cost = 1'
	start "$each"
	actian_reset_of_nobody
	add admin "$first" --admin
	add user@example.com "$first" --verified
	actian_login
	actian_reset
	databrain_change
	px0_reset
	edge_impulse_reset
	set_conf 'hash_cost = 1' 'self_hosted = no'
	start "$each"
	databrain_hosted
done
done_testing
