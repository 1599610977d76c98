#!/bin/bash
# The npm package edge-impulse-api, unmodified, has its people sign in, change and reset their passwords here.
. "${0%/*}/lib.sh"

node_modules
# client METHOD BODY [WHERE TOKEN]: what the client makes of our answer. It is one process: it takes long to load.
client() {
	printf '%s\t%s\t%s\t%s\n' "$1" "${3-}" "${4-}" "$2" >&"$to_client"
	local line
	IFS= read -r -t 30 line <&"$from_client"
	printf '%s\n' "$line"
}

# sign_in NAME PASSWORD
sign_in() { client login.login "{\"username\":\"$1\",\"password\":\"$2\"}"; }

# change WHERE TOKEN CURRENT NEW
change() {
	client user.changePasswordCurrentUser "{\"currentPassword\":\"$3\",\"newPassword\":\"$4\"}" "$1" "$2"
}
verify_code() { client user.verifyResetPassword "{\"email\":\"ann@example.org\",\"code\":\"$1\"}"; }
reset() { client user.resetPassword "{\"email\":\"ann@example.org\",\"code\":\"$1\",\"newPassword\":\"$2\"}"; }

success='{"success":true}'
fresh 'hash_cost = 1'
start nginx
coproc node "$top/t/edge-impulse.mjs" "http://127.0.0.1:$port"
exec {to_client}>&"${COPROC[1]}" {from_client}<&"${COPROC[0]}"
add ann 'the first password' --email ann@example.org

# Signs in.
read_json "$(sign_in ann 'the first password')"
is "${member_of[.success]-}" true 'signs in by username'
token=${member_of[.token]-}
like "$token" '^[^.]+\.[^.]+\.[^.]+$' 'and has a token'
read_json "$(sign_in ANN@example.org 'the first password')"
is "${member_of[.success]-}" true 'signs in by email'
is "$(sign_in ann 'a wrong password')" 'refused: Invalid username or password' 'a wrong password'
is "$(sign_in bob 'the first password')" 'refused: Invalid username or password' 'nobody of that name'

# Changes the password, whichever way it sends its token.
current='the first password'
for where in x-jwt-token x-api-key cookie bearer; do
	read_json "$(sign_in ann "$current")"
	token=${member_of[.token]-}
	is "$(change "$where" "$token" 'a wrong password' 'another password')" \
		'refused: The current password is not correct' "token in $where: a wrong current password"
	is "$(change "$where" "$token" "$current" short)" \
		'refused: Password must contain at least 8 characters' "token in $where: too short a new one"
	is "$(change "$where" "$token" "$current" "password for $where")" "$success" "token in $where: changed"
	is "$(change "$where" "$token" "password for $where" 'another password')" \
		'refused: Invalid or expired token' "token in $where: the token died with it"
	current="password for $where"
done
is "$(client user.changePasswordCurrentUser '{"currentPassword":"x","newPassword":"another password"}')" \
	'refused: Not signed in' 'without a token'

# Resets it with a code.
code=$(new_code ann)
is "$(verify_code 0000-0000-0000)" 'refused: Invalid or expired code' 'verifies a wrong code'
is "$(verify_code "$code")" "$success" 'verifies a code'
is "$(reset 0000-0000-0000 'the last password')" 'refused: Invalid or expired code' 'resets with a wrong code'
is "$(reset "$code" short)" 'refused: Password must contain at least 8 characters' 'resets to too short a password'
is "$(reset "$code" 'the last password')" "$success" 'resets with the code'
is "$(reset "$code" 'one more password')" 'refused: Invalid or expired code' 'resets with it again'
is "$(verify_code "$code")" 'refused: Invalid or expired code' 'verifies it again'
is "$(sign_in ann "$current")" 'refused: Invalid username or password' 'signs in with the password before'
read_json "$(sign_in ann 'the last password')"
is "${member_of[.success]-}" true 'signs in with the new one'

done_testing
