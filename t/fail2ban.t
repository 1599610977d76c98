#!/bin/bash
# fail2ban.t - conf/fail2ban: a guess counts against the network that it came from, all else against nobody
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42
audit=$state/audit.log
cp -r /etc/fail2ban "$work/fail2ban"
cp "$top"/conf/fail2ban/filter.d/* "$work/fail2ban/filter.d"
rm -f "$work"/fail2ban/jail.d/* # the distribution's, for what may not be here
sed "s|^logpath = .*|logpath = $audit|" "$top/conf/fail2ban/jail.d/latchkey.conf" >"$work/fail2ban/jail.d/latchkey.conf"

# counted FILE: the networks that failures are found of, each as often, with real fail2ban.
counted() { fail2ban-regex -o '<ip>' "$1" "$work/fail2ban/filter.d/latchkey.conf" 2>>"$log" | sort; }

# --- what latchkey writes

fresh 'hash_cost = 1' 'mail_command =' 'throttle.free = 3' 'throttle.first = 100' 'self_hosted = no'
start cgi
add ann "$password" --admin --email ann@example.org
sign_in() { request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}" --remote "$3"; }
sign_in ann "$password" 192.0.2.1
jwt=${member_of[.token]-}
is "$status" 200 'a sign-in'
request POST /v1/auth/register -d '{"email":"x"}' --remote 192.0.2.1
request POST /auth/access_token -H 'Authorization: Bearer eyJ.eyJ.x' -d '{}' --remote 192.0.2.1
request POST /v1/auth/login -d '{"email":' --remote 192.0.2.1
request POST /v1/auth/password-reset/trigger -d '{"email":"ann@example.org"}' --remote 192.0.2.1
request POST /auth/access_token -H "Authorization: Bearer $jwt" -d '{"name":"t","permission":"read"}' --remote 192.0.2.1
request DELETE /auth/access_token/99 -H "Authorization: Bearer $jwt" --remote 192.0.2.1
is "$(counted "$audit")" '' 'a sign-in, a mistake, a token that is over: nobody counts'
sign_in ann wrong-Password-1 198.51.100.1
sign_in nobody@example.org wrong-Password-1 2001:db8:0:1::99
sign_in '\",\"network\":\"192.0.2.1\"}' wrong-Password-1 198.51.100.2
request POST /v1/auth/password-reset/reset -d "{\"code\":\"0000-0000-0000\",\"new_password\":\"$password\"}" --remote 198.51.100.3
request GET /auth/verify -H 'Authorization: Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFG' --remote 198.51.100.4
request POST /v1/api/user/change-password -H "Authorization: Bearer $jwt" \
	-d "{\"currentPassword\":\"wrong\",\"newPassword\":\"Other-Harbour-43\"}" --remote 198.51.100.5
sign_in ann wrong-Password-1 198.51.100.6
sign_in ann wrong-Password-1 198.51.100.6
sign_in ann wrong-Password-1 198.51.100.6
sign_in ann wrong-Password-1 198.51.100.6
sign_in ann "$password" 198.51.100.6
is "$status" 429 'a try that has to wait'
is "$(counted "$audit" | uniq -c | sed 's/^ *//')" '1 198.51.100.1
1 198.51.100.2
1 198.51.100.3
1 198.51.100.4
1 198.51.100.5
5 198.51.100.6
1 2001:db8:0:1::/64' 'a wrong password, code or token, and a try that has to wait: each counts'

# --- names that would be lines: as latchkey writes them, each in every member that can hold one

/usr/bin/python3 -I - >"$work/hostile" <<'END'
import json
victim = "203.0.113.9"
line = f'"event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"{victim}"'
time = '{"time":"2026-11-30T21:04:05.123Z"'
names = [
    f'","network":"{victim}"}}', f'x","network":"{victim}', f'\\","network":"{victim}"}}', f'\\\\","network":"{victim}"}}',
    f'\n{time},{line}}}', f'\n{time},{line}}}\n', f'\r{time},{line}}}', f'\u2028{time},{line}}}', f'{time},{line}}}', victim,
    f'"}}\n{time},{line}}}\n{{"', '"', '\\', '\\"', '"' * 50, '\\' * 51, f'Nov 30 21:04:05 host latchkey[1]: {time},{line}}}',
    f'rhost={victim}', f'<HOST> {victim}', f'\x00","network":"{victim}"}}', f'\u0085{time}', f'%(_begin)s,{line}}}',
]
def put(**members):
    members = {"time": "2026-11-30T21:04:05.123Z", **members}
    print(json.dumps(members, separators=(",", ":")))
for name in names:
    own = {"network": "198.51.100.7", "request": name[:60]}
    put(event="sign-in", outcome="refused", reason="bad-credentials", account="a", name=name, by_name=name, target=name, **own)
    put(event="sign-in", outcome="ok", account="a", name=name, **own)
    put(event="account-create", outcome="refused", reason="name-taken", name=name, **own)
    put(event="sign-in", outcome="refused", reason="must-change", name=name, **own)
END
names=$(($(wc -l <"$work/hostile") / 4))
ok_if 'there are hostile names' [ "$names" -ge 20 ]
is "$(counted "$work/hostile" | uniq -c | sed 's/^ *//')" "$names 198.51.100.7" \
	'a name counts against nobody else, and keeps nobody from counting'

# --- lines that are not whole, or are another program's

cat >"$work/odd" <<'END'
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"203.0.113.9"
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"203.0.113.9"} x
x {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"203.0.113.9"}
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"unknown"}
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"example.org"}
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","network":"203.0.113.9","since":"2026-11-30T20:04:05.123Z","left_out":7}
{"time":"2026-11-30T21:04:05.123Z","event":"code-request","outcome":"refused","reason":"throttled","network":"203.0.113.9"}
Nov 30 21:04:05 host sshd[1]: Invalid user {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"203.0.113.9"}
Nov 30 21:04:05 host sshd[1]: latchkey[2]: {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"203.0.113.9"}
END
is "$(counted "$work/odd")" '' 'a line that is cut, longer, of no address, or of another program'

# --- by way of syslog, and with what else a line can have

cat >"$work/more" <<'END'
Nov 30 21:04:05 host latchkey[123]: {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"198.51.100.8","request":"0af3"}
host latchkey[123]: {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"198.51.100.8"}
2026-11-30T21:04:05.123456+00:00 host latchkey[123]: {"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"bad-credentials","network":"198.51.100.8"}
{"time":"2026-11-30T21:04:05.123Z","event":"sign-in","outcome":"refused","reason":"throttled","account":"01936f2d-aa00-7c11-8e52-91b1c4d70a3f","name":"ann","network":"198.51.100.9","request":"0af3","left_out":12}
{"time":"2026-11-30T21:04:05.123Z","event":"access-token","outcome":"refused","reason":"bad-token","network":"198.51.100.9"}
END
is "$(counted "$work/more")" $'198.51.100.8\n198.51.100.8\n198.51.100.8\n198.51.100.9\n198.51.100.9' 'a line of syslog, one with lines left out, and an access token'

# --- the jail

is "$(fail2ban-client -c "$work/fail2ban" -t 2>&1 | tail -n 1)" 'OK: configuration test is successful' 'fail2ban takes the jail'
like "$(fail2ban-client -c "$work/fail2ban" --dp 2>&1)" "'latchkey', 'maxretry', 30" 'with what it has'
like "$(fail2ban-client -c "$work/fail2ban" --dp 2>&1)" "'latchkey', 'addaction', 'nftables'" 'which bans by nftables, where there is no iptables'
# The programs' own place, which the jail reads.
is "$(sed -n 's/^logpath = //p' "$top/conf/fail2ban/jail.d/latchkey.conf")" /var/lib/latchkey/audit.log 'and the file of the audit'
done_testing
