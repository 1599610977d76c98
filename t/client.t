#!/bin/bash
# client.t - a client that was written against the description of latchkey's own API does all of it, behind nginx and Apache
. "${0%/*}/lib.sh"
# shellcheck source=SCRIPTDIR/mails.sh
. "${0%/*}/mails.sh"

password='Quiet-Harbour-42'

# all_of WAY FACTOR: each of its checks, with that setting.
all_of() {
	local check fault way=$1
	: >"$work/checks.asked"
	# No delay of theirs ends meanwhile, and wrong codes of a busy machine have room.
	fresh 'hash_cost = 1' 'throttle.first = 900' 'throttle.free = 20' 'registration = open' 'self_delete = yes' "factor = $2" "mail_templates = $work/mail" "$msmtp"
	rm -f "$sink"/*.to "$sink"/*.eml
	add root "$password" --admin --email root@example.org --verified
	add ann "$password" --email ann@example.org --verified
	start "$way"
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/t/client.py" "http://127.0.0.1:$port" "$password" "$2" "$sink" >"$work/checks" 2>"$work/fault"
	while IFS=$'\t' read -r check fault; do
		if [[ $check == asked ]]; then
			printf '%s\n' "$fault" >>"$work/checks.asked"
		else
			is "$fault" '' "$way: $check"
		fi
	done <"$work/checks"
	is "$(<"$work/fault")" '' "$way: the client comes to its end"
	same_lines "$(awk -F '\t' '$4 == "account" && $2 ~ "^/account/api/" { print $1 "\t" $2 }' <<<"$routes")" "$(grep /account/api/ "$work/checks.asked")" "$way: it has asked every endpoint of the API"
}

sink_up
all_of nginx admin
all_of apache optional
done_testing
