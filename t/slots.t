#!/bin/bash
# slots.t - a program that keeps its slot gives it to one that waits, whatever it is asked meanwhile
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42' new='Other-Harbour-43'

# Requests that hash nothing, without a pause, until there is a file.
keep_busy() {
	scratch=$work/busy
	mkdir "$scratch"
	until [[ -e $work/done ]]; do request GET /v1/auth/me; done
}

fresh 'hash_cost = 1' 'mail_command =' 'hash_slots = 1' 'hash_wait = 5'
start fcgi
add ann@example.com "$good"
request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$good\"}"
is "$status" 200 'a sign-in, whose slot is kept'
token=${member_of[.token]-}
keep_busy &
busy=$!
request POST /v1/api/user/change-password -H "Authorization: Bearer $token" \
	-d "{\"currentPassword\":\"$good\",\"newPassword\":\"$new\"}"
is "$status" 200 'another program gets it'
touch "$work/done"
wait "$busy"
request POST /v1/auth/login -d "{\"email\":\"ann@example.com\",\"password\":\"$new\"}"
is "$status" 200 'and gives it back'

done_testing
