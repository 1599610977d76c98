# shellcheck shell=bash disable=SC2034 # what is unused here is used by the tests
# mails.sh - a mail server of our own, by way of msmtp, for the tests that read mails: . "${0%/*}/mails.sh" after lib.sh
#
#   sink_up && fresh "$msmtp" "mail_templates = $work/mail"
#   wait_for 60 has 1 ann@example.com && receive ann@example.com && code=$(code_in)

code_like='[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}'
sink=$work/sink sink_port=$(free_port) sink_pid=''
chmod 711 "$work"
mkdir "$sink"
cp -r "$top/conf/mail" "$work/mail" # where the programs can read them
chmod -R a+rX "$work/mail"
printf '%s\n' 'account default' 'host 127.0.0.1' "port $sink_port" 'auth off' 'tls off' \
	'from latchkey@id.example.org' 'timeout 60' >"$work/msmtp"
chmod 644 "$work/msmtp"
msmtp="mail_command = /usr/bin/msmtp -C $work/msmtp -t"

sink_up() {
	/usr/bin/python3 "$top/t/sink.py" serve "$sink_port" "$sink" >>"$log" 2>&1 &
	sink_pid=$!
	wait_for 60 test -e "$sink/ready" || give_up 'the mail server does not start'
}
sink_down() {
	[[ ! $sink_pid ]] || { kill "$sink_pid" && wait "$sink_pid"; } 2>/dev/null
	sink_pid=''
}

# sender: one more latchkey mail send; end_senders SIGNAL: of all.
senders=()
sender() {
	"${ahead[@]}" "$build/cli/latchkey" --config "$conf" mail send 2>>"$log" &
	senders+=($!)
}
end_senders() { # SIGNAL
	((${#senders[@]})) || return 0
	kill "-$1" "${senders[@]}" 2>/dev/null
	wait "${senders[@]}" 2>/dev/null
	senders=()
}
trap 'end_senders KILL; sink_down; clean_up' EXIT

# mails_for ADDRESS: the files of those that have come, wholly, the newest last. count ADDRESS: how many; has N ADDRESS.
mails_for() {
	local file
	while IFS= read -r file; do
		[[ ! -e ${file%.to}.eml ]] || printf '%s\n' "${file%.to}.eml"
	done < <(grep -lixF -- "$1" "$sink"/*.to 2>/dev/null)
}
count() { mails_for "$1" | wc -l; }
has() { (($(count "$2") >= $1)); }
# receive ADDRESS: the newest mail for it, in ${member_of}.
receive() {
	local file mail='{}'
	file=$(mails_for "$1" | tail -n 1)
	[[ ! $file ]] || mail=$(/usr/bin/python3 "$top/t/sink.py" show "$file" 2>>"$log")
	read_json "$mail"
}
code_in() { grep -oE "$code_like" <<<"${member_of[.text]-}" | head -n 1; }
