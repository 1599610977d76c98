#!/bin/bash
# px0.t - a client that was written against px0's public documentation registers, proves its address, signs in and out and
# resets its password here, and finds nothing that is not documented
. "${0%/*}/lib.sh"

# call OPERATION [ARGUMENTS [TOKEN]]: sets $status and $body; px0.py has looked at both.
call() {
	local line
	printf '%s\t%s\t%s\n' "$1" "${3-}" "${2-}" >&"$to_client"
	IFS= read -r -t 30 line <&"$from_client"
	status=${line%% *} body=${line#"$status"} body=${body# }
	read_json "$body"
}

# says OPERATION ARGUMENTS TOKEN STATUS MESSAGE NAME: an error, or a message.
says() {
	call "$1" "$2" "$3"
	local member=error
	[[ $4 != 20? ]] || member=message
	answers "$4" "{\"$member\":\"$5\"}" "$6"
}

fresh 'hash_cost = 1' 'mail_command =' 'registration = open' 'proof = code' 'reveal_accounts = yes'
start nginx
coproc python3 -I "$top/t/px0.py" "http://127.0.0.1:$port"
exec {to_client}>&"${COPROC[1]}" {from_client}<&"${COPROC[0]}"

ann=ann@example.org nobody=nobody@example.org
first='Quiet-Harbour-42' second='Other-Harbour-43'
login="{\"email\":\"$ann\",\"password\":\"$first\"}"
short='password must be at least 8 characters'
weak='password must contain at least one uppercase letter, one lowercase letter, one digit, and one special character'

# Registers.
says register '[]' '' 400 'invalid request body' 'registers with a body that is no object'
says register '{"email":' '' 400 'invalid request body' 'registers with half a body'
says register "{\"email\":\"$ann\"}" '' 400 'email and password are required' 'registers without a password'
says register '{"email":"","password":""}' '' 400 'email and password are required' 'registers with empty ones'
says register "{\"email\":\"ann\",\"password\":\"$first\"}" '' 400 'invalid email format' 'registers with no email'
says register "{\"email\":\"$ann\",\"password\":\"Short-1\"}" '' 400 "$short" 'registers with too short a password'
says register "{\"email\":\"$ann\",\"password\":\"harbours\"}" '' 400 "$weak" 'registers with a weak password'
call register "$login"
is "$status ${member_of[.user.email]-} ${member_of[.user.is_verified]-} ${member_of[.user.is_admin]-}" "201 $ann false false" 'registers'
says register "$login" '' 409 'email already registered' 'registers once more'
says register "{\"email\":\"ANN@Example.ORG\",\"password\":\"$first\"}" '' 409 'email already registered' \
	'registers once more, in other letters'
says register "{\"email\":\"$nobody\",\"password\":\"$first\"}" eyJ 401 unauthorized 'registers with a bad token'

# Not before the address is proved.
call login "$login"
answers 401 '{"error":"invalid credentials"}' 'signs in before the address is proved'

# Proves the address.
says triggerVerificationEmail '' '' 400 'email is required' 'asks for a code for no address'
says triggerVerificationEmail "{\"email\":\"$nobody\"}" '' 404 'user not found' 'asks for one for an unknown address'
says triggerVerificationEmail "{\"email\":\"$ann\"}" '' 200 'verification email sent successfully' 'asks for a code'
code=$(latchkey code new --verify "$ann") code=${code##* }
says verifyEmail "{\"email\":\"$ann\"}" '' 400 'email and code are required' 'proves the address without a code'
says verifyEmail "{\"email\":\"$ann\",\"code\":\"000000\"}" '' 400 'invalid verification code' 'proves it with a wrong code'
says verifyEmail "{\"email\":\"$nobody\",\"code\":\"$code\"}" '' 401 'invalid credentials' 'proves an unknown address'
says verifyEmail "{\"email\":\"$ann\",\"code\":\"$code\"}" '' 200 'email verified successfully' 'proves the address'
says verifyEmail "{\"email\":\"$ann\",\"code\":\"$code\"}" '' 200 'user is already verified' 'proves it again'
says triggerVerificationEmail "{\"email\":\"$ann\"}" '' 400 'user is already verified' 'asks for a code after that'

# Signs in.
says login '7' '' 400 'invalid request body' 'signs in with a body that is no object'
says login "{\"email\":\"$ann\"}" '' 400 'invalid request body' 'signs in without a password'
says login "{\"email\":\"$ann\",\"password\":\"$second\"}" '' 401 'invalid credentials' 'signs in with a wrong password'
says login "{\"email\":\"$nobody\",\"password\":\"$first\"}" '' 401 'invalid credentials' 'signs in as nobody'
call login "$login"
is "$status ${member_of[.user.email]-} ${member_of[.user.is_verified]-}" "200 $ann true" 'signs in'
token=${member_of[.token]-} id=${member_of[.user.id]-}
call login "$login"
other=${member_of[.token]-}

# Whose token is it?
says me '' '' 401 unauthorized 'asks who it is, without a token'
says me '' "${token%?}" 401 unauthorized 'asks who it is, with a damaged token'
call me '' "$token"
is "$status ${member_of[.user.id]-} ${member_of[.user.email]-}" "200 $id $ann" 'asks who it is'
says register "{\"email\":\"$nobody\",\"password\":\"$first\"}" "$token" 403 forbidden 'registers another as no administrator'

# An administrator registers another.
add root "$first" --email root@example.org --admin
call login "{\"email\":\"root@example.org\",\"password\":\"$first\"}"
admin=${member_of[.token]-}
call register "{\"email\":\"bob@example.org\",\"password\":\"$first\"}" "$admin"
is "$status ${member_of[.user.is_verified]-} ${member_of[.user.is_admin]-}" '201 true false' 'an administrator registers another'
call login "{\"email\":\"bob@example.org\",\"password\":\"$first\"}"
is "$status" 200 'who may sign in at once'

# Signs out.
call logout '' "$token"
answers 204 '' 'signs out'
says me '' "$token" 401 unauthorized 'that token is dead'
call me '' "$other"
is "$status" 200 'the other is not'
call logout '' "$token"
answers 204 '' 'signs out again'
call logout
answers 204 '' 'signs out without a token'

# Resets the password.
says triggerPasswordReset '{}' '' 400 'email is required' 'asks for a reset without an address'
says triggerPasswordReset '[' '' 400 'invalid request body' 'asks for a reset with half a body'
says triggerPasswordReset "{\"email\":\"$nobody\"}" '' 404 'user not found' 'asks for a reset of an unknown address'
says triggerPasswordReset "{\"email\":\"$ann\"}" '' 200 'password reset email sent successfully' 'asks for a reset'
says triggerPasswordReset "{\"email\":\"$ann\"}" '' 200 'password reset email sent successfully' 'asks for it again'
code=$(new_code "$ann")
says resetPassword "{\"code\":\"$code\"}" '' 400 'code and new_password are required' 'resets without a password'
says resetPassword "{\"code\":\"$code\",\"new_password\":\"Short-1\"}" '' 400 "$short" 'resets to too short a password'
says resetPassword "{\"code\":\"$code\",\"new_password\":\"harbours\"}" '' 400 "$weak" 'resets to a weak password'
says resetPassword "{\"code\":\"000000\",\"new_password\":\"$second\"}" '' 400 'invalid or expired password reset code' \
	'resets with a wrong code'
call resetPassword "{\"code\":\"$code\",\"new_password\":\"$second\"}"
answers 200 "{\"message\":\"password reset successfully\",\"email\":\"$ann\"}" 'resets'
says resetPassword "{\"code\":\"$code\",\"new_password\":\"$first\"}" '' 400 'invalid or expired password reset code' \
	'resets with the code again'
says me '' "$other" 401 unauthorized 'the tokens from before are dead'
says login "$login" '' 401 'invalid credentials' 'the password before is dead'
call login "{\"email\":\"$ann\",\"password\":\"$second\"}"
is "$status" 200 'signs in with the new one'

done_testing
