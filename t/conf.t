#!/bin/bash
# The configuration: a wrong one stops a program with file, line and setting; each setting does what it claims.
. "${0%/*}/lib.sh"

first=Quiet-Harbour-42 second=Other-Harbour-43

# --- a wrong one stops a program

# run_login: it starts as plain CGI with the configuration at $conf.
run_login() {
	LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/login" </dev/null >"$work/out" 2>"$work/err"
}

# refused REASON NAME: a part of what the program says when it does not start.
refused() {
	run_login
	is "$? $(<"$work/out")" '1 ' "$2: does not start"
	if grep -qF -- "$1" "$work/err"; then
		pass "$2: says why"
	else
		flunk "$2: says why" "got:    $(<"$work/err")" "wanted: $1"
	fi
}

while IFS='|' read -r line reason; do
	set_conf "$line"
	refused "latchkey login: error: $conf:2: $reason" "'$line'"
done <<'END'
nonsense = 1|nonsense: there is no such setting
Token_life = 3600|Token_life: there is no such setting
policy.px1.min = 8|policy.px1.min: there is no such setting
= 8|: there is no such setting
token_life 3600|not 'key = value'
state_dir = /elsewhere|state_dir: set in line 1 already
token_life =|token_life: '' is not a number from 60 to 31536000
token_life = 59|token_life: '59' is not
token_life = 31536001|token_life: '31536001' is not
token_life = -3600|token_life: '-3600' is not
token_life = +3600|token_life: '+3600' is not
token_life = 0x1000|token_life: '0x1000' is not
token_life = 3600s|token_life: '3600s' is not
token_life = 18446744073709555216|token_life: '18446744073709555216' is not
max_body = 1023|max_body: '1023' is not a number from 1024 to 1048576
max_body = 1048577|max_body: '1048577' is not
disk_reserve = plenty|disk_reserve: 'plenty' is not
code_life = 59|code_life: '59' is not a number from 60 to 86400
code_life = 86401|code_life: '86401' is not
code_form = digits:5|code_form: 'digits:5' is not symbols, or digits:8 to digits:10
code_form = digits:6|code_form: 'digits:6' is not long enough, since it can be guessed in time: write code_form = digits:8
code_form = digits:7|code_form: 'digits:7' is not long enough
code_form = digits:11|code_form: 'digits:11' is not
code_form = letters|code_form: 'letters' is not
invitation_life = 86399|invitation_life: '86399' is not a number from 86400 to 7776000
invitation_life = 7776001|invitation_life: '7776001' is not
proof = mail|proof: 'mail' is not one of: password code
unproved_most = 0|unproved_most: '0' is not a number from 1 to 1000000
unproved_life = 3599|unproved_life: '3599' is not a number from 3600 to 31536000
code_mails = 1|code_mails: '1' is not a number from 2 to 100
code_mails = 101|code_mails: '101' is not
sandbox = yes|sandbox: 'yes' is not one of: off on
self_hosted = maybe|self_hosted: 'maybe' is not one of: no yes
self_hosted =|self_hosted: '' is not
tokens = none|tokens: 'none' is not one of: all admin
self_delete = maybe|self_delete: 'maybe' is not one of: no yes
admin_reset = always|admin_reset: 'always' is not one of: local token off
cookie_domain = org|cookie_domain: 'org' is not a domain of two labels or more in lower case, such as example.org, or empty
cookie_domain = .example.org|cookie_domain: '.example.org' is not
cookie_domain = example.org.|cookie_domain: 'example.org.' is not
cookie_domain = example..org|cookie_domain: 'example..org' is not
cookie_domain = Example.org|cookie_domain: 'Example.org' is not
cookie_domain = 192.0.2.1|cookie_domain: '192.0.2.1' is not
cookie_domain = example.org; Path=/|cookie_domain: 'example.org; Path=/' is not
cookie_domain = example.org|cookie_domain: 'example.org' is not the host of an https site_url, or a domain that it is in: site_url is ''
factor = two|factor: 'two' is not one of: optional admin all
header_encoding = raw|header_encoding: 'raw' is not one of: percent utf-8
issuer = "a"|issuer: quotes and what follows a # were a part of the value once: to have them, write issuer = "\"a\""; to be without, issuer = a
mail_command = /bin/x # a|mail_command: quotes and what follows a # were a part of the value once: to have them, write mail_command = "/bin/x \# a"; to be without, mail_command = /bin/x
store = "bdb:x|store: the quotes have no end
web_key_file = web-key|web_key_file: 'web-key' is not the absolute path of a file in a directory, or empty
web_key_file = /web-key|web_key_file: '/web-key' is not
same_user_is_trusted = maybe|same_user_is_trusted: 'maybe' is not one of: no yes
store = /var/lib/elsewhere|store: '/var/lib/elsewhere' is not bdb:DIRECTORY
store = bdb:|store: 'bdb:' is not
store = postgres://latchkey@db/latchkey|store: 'postgres://latchkey@db/latchkey' is not bdb:DIRECTORY or postgresql://USER@HOST/DATABASE
store = postgresql://latchkey:sesame@db/latchkey|store: 'postgresql://...' is not a place for a password: it belongs into a file, by passfile=, PGPASSFILE or the credential pgpass
store = postgresql://latchkey@db/latchkey?password=sesame|store: 'postgresql://...' is not a place for a password
store = postgresql://latchkey@db/latchkey?sslmode=require&sslpassword=sesame|store: 'postgresql://...' is not a place for a password
store = postgresql://latchkey@db/latchkey?connect_timeout=60|store: 'postgresql://...' is not to say connect_timeout, since latchkey decides that itself
store = postgresql://latchkey@db/latchkey?sslrootcert=ca.crt|store: 'postgresql://...' is not with absolute paths of files, each in a directory
store = postgresql://latchkey@db/latchkey?sesame=1|store: 'postgresql://...' is not made of the words that latchkey.conf(5) lists
store = postgresql://db/latchkey|store: 'postgresql://...' is not postgresql://USER@HOST[:PORT]
site_url = example.org|site_url: 'example.org' is not http://HOST
site_url = ftp://example.org|site_url: 'ftp://example.org' is not
site_url = https:///path|site_url: 'https:///path' is not
site_url = https://me@example.org|site_url: 'https://me@example.org' is not
issuer =|issuer: '' is not a name
hash = $nothing$|hash: '$nothing$' is not one of: $y$
hash =|hash: '' is not
hash_cost = 99|hash_cost: '99' is not a cost that hash $y$ takes
hash_slots = 1025|hash_slots: '1025' is not a number from 0 to 1024
hash_wait = 61|hash_wait: '61' is not a number from 0 to 60
audit =|audit: '' is not syslog, stderr, off or a file
audit = /audit.log|audit: '/audit.log' is not
audit = /var/log/|audit: '/var/log/' is not
audit_lines = 0|audit_lines: '0' is not a number from 1 to 1000000
audit_size = 65535|audit_size: '65535' is not a number from 65536
throttle = maybe|throttle: 'maybe' is not one of: off on
throttle.free = 0|throttle.free: '0' is not a number from 1 to 100
throttle.first = 0|throttle.first: '0' is not a number from 1 to 3600
throttle.delay = 3601|throttle.delay: '3601' is not a number from 1 to 3600
throttle.account = 1|throttle.account: '1' is not a number from 2 to 1000000
throttle.network = 1|throttle.network: '1' is not
throttle.asks = 1|throttle.asks: '1' is not a number from 2 to 1000000
throttle.right = 1|throttle.right: '1' is not a number from 2 to 1000000
throttle.codes = 0|throttle.codes: '0' is not a number from 1 to 100
throttle.codes = 101|throttle.codes: '101' is not
throttle.remember = 31536001|throttle.remember: '31536001' is not
throttle.homes = 0|throttle.homes: '0' is not a number from 1 to 1000
throttle.homes = 1001|throttle.homes: '1001' is not
throttle.records = 15|throttle.records: '15' is not a number from 16 to 16777216
throttle.records = 16777217|throttle.records: '16777217' is not
mail_templates = mail|mail_templates: 'mail' is not an absolute path, or several with a : between two
mail_templates = /a:b/mail|mail_templates: '/a:b/mail' is not an absolute path, or several with a : between two
pages = pages|pages: 'pages' is not an absolute path, or several with a : between two
www = /a:|www: '/a:' is not an absolute path, or several with a : between two
mail_templates = /a:|mail_templates: '/a:' is not an absolute path, or several with a : between two
common_passwords = common.filter|common_passwords: 'common.filter' is not an absolute path, or empty
leaked_secrets = no|leaked_secrets: 'no' is not an absolute path, or empty
policy = strict|policy: 'strict' is not one of: dialect length
policy.length.min = 7|policy.length.min: '7' is not a number from 8 to 256
policy.actian.min = 0|policy.actian.min: '0' is not a number from 1 to 256
policy.actian.min = 257|policy.actian.min: '257' is not
policy.px0.require = upper capital|policy.px0.require: 'upper capital' is not any of: upper lower digit special nospace
END

echo password >"$work/filter"
for setting in common_passwords leaked_secrets; do
	for file in /nonexistent "$work/filter" "$work"; do
		set_conf "$setting = $file"
		refused "latchkey login: error: $setting: $file: " "'$setting = $file'"
	done
done
set_conf 'common_passwords = /nonexistent' 'leaked_secrets = /nonexistent'
refused 'leaked_secrets: /nonexistent: No such file or directory' 'two filters that are not there: the second, too'
set_conf 'common_passwords =' 'leaked_secrets ='
ok_if 'empty lists are none' run_login
set_conf
secret=LongDefaultSecretKeyForEncryption
for variable in ACTIAN_VECTORAI_JWT_SECRET LATCHKEY_JWT_SECRET; do
	export "$variable=$secret"
	refused "$variable: its value is on the list of leaked secrets" "14: leaked_secrets: a leaked $variable"
	is "$(grep -c "$secret" "$work/err")" 0 "leaked_secrets: a leaked $variable: the log does not have it"
	unset "$variable"
done

set_conf 'token_life = 1' '# a comment' '' 'nonsense = 1'
refused "$conf:2: token_life" 'two mistakes: the first'
refused "$conf:5: nonsense" 'two mistakes: the second'
set_conf "hash = \$2b\$" 'hash_cost = 10' 'policy = length' 'policy.length.min = 100'
refused "$conf:5: policy.length.min: '100' is more than hash \$2b\$ takes" 'no password could be long enough'
printf 'state_dir = var\n' >"$conf"
refused "$conf:1: state_dir: 'var' is not an absolute path" 'state_dir is relative'
printf 'state_dir = %s\nissuer = a\0b\n' "$state" >"$conf"
refused "$conf:2: a NUL byte" 'a NUL byte'

# conf.d beside it, whose files come after it.
install -d -m 0755 "$work/conf.d"
set_conf
echo 'nonsense = 1' >"$work/conf.d/site.conf"
refused "$work/conf.d/site.conf:1: nonsense: there is no such setting" 'conf.d: an unknown setting'
printf '%s\n' 'issuer = a' 'token_life = 59' 'issuer = b' >"$work/conf.d/site.conf"
refused "$work/conf.d/site.conf:2: token_life: '59' is not" 'conf.d: a value out of range'
refused "$work/conf.d/site.conf:3: issuer: set in line 1 already" 'conf.d: twice in one file'
echo "hash = \$2b\$" >"$work/conf.d/hash.conf"
echo 'hash_cost = 9' >"$work/conf.d/site.conf"
refused "$work/conf.d/site.conf:1: hash_cost: '9' is not a cost that hash \$2b\$ takes" 'conf.d: a value that does not suit another'
rm "$work/conf.d/site.conf"
refused "$work/conf.d/hash.conf:1: hash_cost: '5' is not a cost" 'conf.d: one that does not suit a default'
rm "$work/conf.d/hash.conf"
mkdir "$work/conf.d/x.conf"
refused "$work/conf.d/x.conf: Is a directory" 'conf.d: a directory in it'
rmdir "$work/conf.d/x.conf"
ln -s nowhere "$work/conf.d/x.conf"
refused "$work/conf.d/x.conf: No such file or directory" 'conf.d: a link to nothing'
rm "$work/conf.d/x.conf"
if ((EUID == 0)); then
	install -m 0600 /dev/null "$work/conf.d/x.conf"
	refused "$work/conf.d/x.conf: Permission denied" 'conf.d: a file that the programs cannot read'
	rm "$work/conf.d/x.conf"
	chmod 700 "$work/conf.d"
	refused "$work/conf.d: Permission denied" 'conf.d: a directory that they cannot read'
fi
rmdir "$work/conf.d"
: >"$work/conf.d"
refused "$work/conf.d: Not a directory" 'conf.d: no directory'
rm "$work/conf.d"

conf=$work/missing.conf
refused "$conf: No such file" 'the file is missing'
conf=$work
refused "$conf: Is a directory" 'the file is a directory'

set_conf
printf -v secret %32s ''
ACTIAN_VECTORAI_JWT_SECRET=${secret// /1} LATCHKEY_JWT_SECRET=${secret// /2} refused \
	'ACTIAN_VECTORAI_JWT_SECRET and LATCHKEY_JWT_SECRET are both set and differ' 'two secrets'
printf -v secret %513s ''
LATCHKEY_JWT_SECRET=$secret refused 'LATCHKEY_JWT_SECRET: longer than 512 bytes' 'a secret of 513 bytes'
for secret in LATCHKEY ACTIAN_VECTORAI; do
	export "${secret}_JWT_SECRET=thirty-one-bytes-are-one-to-few"
	refused "${secret}_JWT_SECRET: shorter than 32 bytes" '34: a secret of 31 bytes'
	is "$(grep -c thirty-one "$work/err")" 0 '34: which is not shown'
	unset "${secret}_JWT_SECRET"
done

# starts_not PROGRAM: prints its status and whether it took a second over it.
starts_not() {
	local begin=${EPOCHREALTIME/./} status
	LATCHKEY_CONF=$conf timeout 60 spawn-fcgi -n -s "$work/$1.sock" "${spawn_as[@]}" -- "$build/cgi/$1" 2>"$work/$1.err"
	status=$?
	((${EPOCHREALTIME/./} - begin < 1000000)) && echo "$status at once" || echo "$status after a second"
}
set_conf 'nonsense = 1'
ends=()
for program in "${programs[@]}"; do starts_not "$program" >"$work/$program.end" & ends+=($!); done
wait "${ends[@]}"
for program in "${programs[@]}"; do
	is "$(<"$work/$program.end")" '1 after a second' "$program: does not start, and is in no hurry to be started again"
	is "$(<"$work/$program.err")" "latchkey $program: error: $conf:2: nonsense: there is no such setting" "$program: says why"
done

# --- a good one does not

# settings CONF: all but state_dir, whose default is configure's to choose.
settings() { "$build/cli/latchkey" --config "$1" config --programs 2>"$work/err" | sed '/^#/d; /^state_dir/d'; }
# changed: the settings that the configuration has.
changed() { grep -A1 '^# /' | sed '/^[#-]/d'; }

# Where the programs can read it; with the filters of this tree, since nothing is installed.
sample=$work/sample.conf
{ cat "$top/conf/latchkey.conf" && grep '[.]filter$' "$conf"; } >"$sample"
is "$("$build/cli/latchkey" --config "$sample" config 2>>"$log" | changed | cut -d' ' -f1 | xargs)" \
	'common_passwords leaked_secrets' 'the sample: all defaults'
sed "s/^#\([a-z]\)/\1/; /[.]filter$/s|/usr/share/latchkey/|$work/|" "$top/conf/latchkey.conf" >"$conf"
is "$(settings "$conf")" "$(settings "$sample")" 'the sample: the same with every line taken into use'
is "$(latchkey config 2>>"$log" | grep -c '^# default$')" 0 'the sample: and that was every setting'
sed "s|^#state_dir = .*|state_dir = $state|" "$sample" >"$conf"
LATCHKEY_CONF=$conf "${as_owner[@]}" "$build/cgi/login" </dev/null >"$work/out" 2>"$work/err"
is "$?" 0 'the sample: a program starts with it'
grep '[.]filter$' "$sample" >"$conf"
printf '\r\n  # comment\n\t token_life\t=  120 # too \r\nissuer = a = b#c' >>"$conf"
is "$(settings "$conf" | grep '^token_life\|^issuer')" $'issuer = a = b#c\ntoken_life = 120' 'blanks, comments, line ends'
sed -i $'1s/^/\xef\xbb\xbf/' "$conf"
is "$(settings "$conf" | grep '^token_life')" 'token_life = 120' 'a byte order mark'
iconv -f UTF-8 -t UTF-16 "$conf" >"$work/utf16.conf"
is "$(settings "$work/utf16.conf") $(<"$work/err")" \
	" latchkey command: error: $work/utf16.conf: UTF-16; save it as UTF-8" 'UTF-16'

# conf.d: by the names of its files, each before the one that overrules it.
set_conf 'issuer = first' 'token_life = 61' 'code_life = 61'
install -d -m 0755 "$work/conf.d"
printf '%s\n' 'issuer = second' 'code_life = 62' >"$work/conf.d/9.conf"
echo 'issuer = third' >"$work/conf.d/a.conf"
echo 'issuer = fourth' >"$work/conf.d/B.conf"
for name in x.conf.dpkg-new x.conf~ .x.conf conf; do echo nonsense >"$work/conf.d/$name"; done
is "$(latchkey config --programs | grep -A1 '^# .*:' | grep -B1 '^issuer\|^[a-z]*_life' | grep -v '^--')" \
	"# $work/conf.d/a.conf:1"$'\nissuer = third'"
# $conf:3"$'\ntoken_life = 61'"
# $work/conf.d/9.conf:2"$'\ncode_life = 62' 'conf.d: a later file takes the place of an earlier one, byte by byte of its name'
rm -r "$work/conf.d"

# What is printed is a configuration that says the same.
mkdir "$work/a # b" && chmod 755 "$work/a # b"
set_conf 'issuer = "\"a\" \# b"' "mail_templates = \"$work/a # b\" # c" 'mail_from = ann@example.org' \
	'policy.px0.require = upper' 'policy.actian.require =' 'registration = open' 'sandbox = off'
latchkey config >"$work/printed.conf" 2>>"$log"
is "$(changed <"$work/printed.conf" | grep '^issuer\|^mail_t')" $'issuer = "\\"a\\" \\# b"\nmail_templates = "'"$work"$'/a \\# b"' \
	'printed: quotes where they are needed'
"$build/cli/latchkey" --config "$work/printed.conf" config >"$work/again.conf" 2>>"$log"
is "$(sed '/^#/d' "$work/again.conf")" "$(sed '/^#/d' "$work/printed.conf")" 'printed: read back it is the same'

# --- the settings, one by one. As plain CGI each request reads them anew.

# login PASSWORD, sign_in PASSWORD ($token), verify TOKEN, and a new password in each dialect.
login() { request POST /auth/admin/login -d "{\"password\":\"$1\"}"; }
sign_in() { login "$1" && token=${member_of[.token]-}; }
verify() { request GET /auth/verify -H "Authorization: Bearer $1"; }
actian() { request POST /auth/admin/reset-password -d "{\"password\":\"$1\"}" "${@:2}"; }
databrain() { # CURRENT NEW
	sign_in "$1"
	request POST /api/v2/service-token/reset-password -H "Authorization: Bearer $token" \
		-d "{\"currentPassword\":\"$1\",\"password\":\"$2\"}"
}
px0() { # CODE NEW
	request POST /v1/auth/password-reset/reset -d "{\"code\":\"$1\",\"new_password\":\"$2\"}"
}
edge_impulse() { # CODE NEW
	request POST /v1/api-user-reset-password -d "{\"email\":\"admin@example.org\",\"code\":\"$1\",\"newPassword\":\"$2\"}"
}

# claims: $body becomes the claims of the token in it.
claims() {
	local payload
	payload=$(cut -d. -f2 <<<"${member_of[.token]-}" | tr _- /+)
	while ((${#payload} % 4)); do payload+='='; done
	read_json "$(base64 -d <<<"$payload")"
}

# stored NAME: a member of the one account's record.
stored() {
	dump | grep '^account/' | grep -o "\"$1\":\"[^\"]*" | cut -d'"' -f4
}

fresh 'hash_cost = 1'
start cgi
add admin $first --admin --email admin@example.org

set_conf 'token_life = 120'
login $first
is "${member_of[.expires_in]-}" 120 'token_life: expires_in'
claims
is $((${member_of[.exp]-} - ${member_of[.iat]-})) 120 '30: token_life: exp - iat'
is "${member_of[.iss]-}" latchkey 'issuer: as it is by default'
request POST /v1/auth/login -d "{\"email\":\"admin\",\"password\":\"$first\"}"
expires=$(date -d "${member_of[.expires_at]-}" +%s)
ok_if 'token_life: expires_at' test $((expires - $(date +%s))) -gt 60 -a $((expires - $(date +%s))) -le 120

sign_in $first
set_conf 'issuer = https://example.org/ = "me"'
verify "$token"
is "$status" 401 'issuer: a token of another is dead'
sign_in $first
verify "$token"
is "$status" 204 'issuer: a token of this one holds'
login $first
claims
is "${member_of[.iss]-}" 'https://example.org/ = "me"' 'issuer: iss'

set_conf 'max_body = 1024'
printf '{"password":"%-1009s"}' x >"$work/body"
is "$(wc -c <"$work/body")" 1024 'max_body: the test counts'
request POST /auth/admin/login -f "$work/body"
is "$status" 401 'max_body: a body that long'
printf ' ' >>"$work/body"
request POST /auth/admin/login -f "$work/body"
is "$status" 413 'max_body: one byte more'
set_conf 'max_body = 1048576'
printf '%1047551s' '' >>"$work/body"
request POST /auth/admin/login -f "$work/body"
is "$status" 401 'max_body: much more'

set_conf 'self_hosted = no'
databrain $first $second
answers 500 '{"error":{"code":"SELFHOSTED_APP_ERROR","message":"This feature is only available for self-hosted instances"}}' \
	'self_hosted = no'
set_conf 'self_hosted = yes'
databrain $first $second
is "$status" 200 'self_hosted = yes'

set_conf 'admin_reset = off'
sign_in $second
actian $first -H "Authorization: Bearer $token"
is "$status" 403 'admin_reset = off'
set_conf 'admin_reset = token'
actian $first
is "$status" 401 'admin_reset = token: none'
actian $first -H 'Authorization: Bearer x'
is "$status" 401 'admin_reset = token: a bad one'
actian $first -H "Authorization: Bearer $token"
is "$status" 200 'admin_reset = token: a good one'
set_conf 'admin_reset = local'
actian $second
is "$status" 200 'admin_reset = local: none'
actian $first --public
is "$status" 403 'admin_reset = local: not from here'
# A program cannot tell which user has started it as plain CGI.
set_conf 'admin_reset = local' 'same_user_is_trusted = no'
: >"$log"
actian $first
answers 403 '{"status":"error","message":"Forbidden"}' 'same_user_is_trusted = no: no reset by being local alone'
like "$(<"$log")" 'see same_user_is_trusted' 'same_user_is_trusted = no: the log says why'
sign_in $second
actian $first -H "Authorization: Bearer $token"
is "$status" 200 'same_user_is_trusted = no: with a token it is another matter'
actian $second -H "Authorization: Bearer $token"
actian $first --public
is "$status" 403 'same_user_is_trusted = no: and not from elsewhere'
set_conf 'admin_reset = local' 'same_user_is_trusted = yes'
actian $second
is "$status" 200 'same_user_is_trusted = yes'
sign_in $second
set_conf 'admin_reset = token'
actian $first -H "Authorization: Bearer $token" --public
is "$status" 403 'admin_reset = token: not from here'

# --- passwords

set_conf 'policy = length' 'policy.length.min = 20'
actian "Aa1-$(printf x%.0s {1..15})"
is "$status" 400 'policy = length: 19 characters of all sorts'
actian "$(printf x%.0s {1..20})"
is "$status" 200 '3: policy = length: 20 letters'
databrain "$(printf x%.0s {1..20})" "$(printf 'x %.0s' {1..10})"
is "$status" 200 'policy = length: databrain, with spaces'
code=$(new_code admin)
px0 "$code" "$(printf x%.0s {1..19})"
answers 400 '{"error":"password must be at least 20 characters"}' 'policy = length: px0, 19'
edge_impulse "$code" "$(printf x%.0s {1..20})"
is "${member_of[.success]-}" true 'policy = length: edge-impulse, 20'
latchkey user passwd admin <<<"$(printf x%.0s {1..19})" 2>"$work/err"
is "$?" 1 'policy = length: the command, 19'
set_conf 'policy = length'
actian "$(printf x%.0s {1..14})"
is "$status" 400 '1: policy = length: 14 letters, by default'
actian "$(printf x%.0s {1..15})"
is "$status" 200 'policy = length: 15 letters, by default'

set_conf 'policy.actian.min = 5' 'policy.actian.require = lower'
actian ZQXWV
is "$status" 400 'policy.actian: no lower-case letter'
actian zqxw
is "$status" 400 'policy.actian: 4'
actian zqxwv
is "$status" 200 'policy.actian: 5'
set_conf 'policy.databrain.min = 20' 'policy.databrain.require = special'
databrain zqxwv 'nineteen characters'
is "$status" 400 'policy.databrain: 19, no special one'
databrain zqxwv 'twenty or more characters-'
is "$status" 200 'policy.databrain: spaces, where these are not refused'
set_conf 'policy.px0.min = 20' 'policy.px0.require = upper nospace'
code=$(new_code admin)
px0 "$code" NINETEEN-CHARACTERS
answers 400 '{"error":"password must be at least 20 characters"}' 'policy.px0: 19'
px0 "$code" 'TWENTY OR MORE CHARACTERS'
is "$status" 400 'policy.px0: a space'
px0 "$code" TWENTY-OR-MORE-CHARACTERS
is "$status" 200 'policy.px0: 20, as wanted'
set_conf 'policy.edge-impulse.min = 3' 'policy.edge-impulse.require = digit'
code=$(new_code admin)
edge_impulse "$code" abc
is "${member_of[.error]-}" 'Password must contain at least one digit' 'policy.edge-impulse: no digit'
edge_impulse "$code" ab1
is "${member_of[.success]-}" true 'policy.edge-impulse: 3 with a digit'
latchkey user passwd admin <<<q7 2>"$work/err"
is "$?" 1 'policy.edge-impulse: the command, 2'
latchkey user passwd admin <<<"q7~"
is "$?" 0 'policy.edge-impulse: the command, 3'

set_conf 'hash_cost = 1'
latchkey user passwd admin <<<$first
cheap=$(stored hash)
like "$cheap" '^[$]y[$]j75[$]' 'hash_cost: of a new password'
login $first
is "$(stored hash)" "$cheap" 'hash_cost: a sign-in leaves the hash as it is'
set_conf 'hash_cost = 2'
login nonsense
is "$(stored hash)" "$cheap" 'hash_cost: raised, but a wrong password'
login $first
like "$(stored hash)" '^[$]y[$]j85[$]' '7: hash_cost: raised at the next sign-in'
login $first
is "$status" 200 'hash_cost: and still the same password'
set_conf "hash = \$6\$" 'hash_cost = 100000'
login $first
is "$status" 200 'hash: of another scheme'
like "$(stored hash)" '^[$]6[$]' 'hash: replaced at the sign-in'
latchkey user passwd admin <<<$second
like "$(stored hash)" '^[$]6[$]' 'hash: of a new password'
login $second
is "$status" 200 'hash: and it signs in'

# --- codes

set_conf 'code_life = 60'
like "$(latchkey code new admin)" ' good for 60 seconds: ' 'code_life'
set_conf 'code_form = digits:10'
code=$(new_code admin)
like "$code" '^[0-9]{10}$' 'code_form = digits:10'
px0 "$code" $first
is "$status" 400 'code_form = digits:10: the code alone opens nothing'
edge_impulse "$code" $first
is "${member_of[.success]-}" true 'code_form = digits:10: with the email it does'
set_conf 'code_form = symbols'
code=$(new_code admin)
like "$code" '^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$' 'code_form = symbols'
px0 "$code" $second
is "$status" 200 'code_form = symbols: the code alone will do'

set_conf 'code_mails = 2' 'mail_command = /bin/false'
way=cgi
before=$(latchkey mail list | wc -l)
for i in 1 2 3; do
	request POST /v1/auth/password-reset/trigger -d '{"email":"admin"}' --remote "192.0.2.$i"
done
is "$(latchkey mail list | wc -l)" $((before + 2)) 'code_mails'

# --- the site, the store, the disk

cookie() { request POST /v1/api-login -d "{\"username\":\"admin\",\"password\":\"$second\"}" && echo "${header_of[Set-Cookie]-}"; }

for setting in http://auth.example.org https://auth.example.com https://org https://xexample.org; do
	set_conf "site_url = $setting" 'cookie_domain = example.org'
	refused "latchkey login: error: $conf:3: cookie_domain: 'example.org' is not the host of an https site_url" "cookie_domain of $setting"
done
set_conf 'site_url = https://example.org/sub'
like "$(cookie)" '^__Host-jwt=[^;]+; HttpOnly; SameSite=Strict; Path=/; Secure$' 'site_url: https'
set_conf 'site_url = http://example.org'
cookie=$(cookie)
like "$cookie" '^jwt=[^;]+; HttpOnly; SameSite=Strict; Path=/$' 'site_url: http'
request POST /auth/verify -H "Cookie: ${cookie%%;*}" -H 'Origin: http://example.org'
is "$status" 204 'site_url: the cookie from a page of the site'
request POST /auth/verify -H "Cookie: ${cookie%%;*}" -H 'Origin: http://example.org:8080'
is "$status" 401 'site_url: the cookie from a page of another'
set_conf 'site_url ='
request POST /auth/verify -H "Cookie: ${cookie%%;*}" -H 'Origin: http://example.org'
is "$status" 401 'site_url: not set, no page is trusted'

set_conf 'store = bdb:other'
login $second
is "$status" 401 'store: another one, where nobody is'
add admin $first --admin
store=$state/other
isnt "$(stored id)" '' 'store: the records are there'
set_conf "store = bdb:$state/absolute"
add admin $first --admin
store=$state/absolute
isnt "$(stored id)" '' 'store: by an absolute path'
unset store
set_conf
login $second
is "$status" 200 'store: the first one is as it was'

reserve=1099511627776
if (($(df -B1 --output=avail "$work" | tail -n 1) > reserve)); then
	pass "disk_reserve # SKIP the disk has more than $reserve bytes free"
else
	sign_in $second
	code=$(new_code admin)
	set_conf "disk_reserve = $reserve"
	: >"$log"
	verify "$token"
	is "$status" 204 'disk_reserve: verify'
	sign_in $second
	is "$status" 200 'disk_reserve: a sign-in'
	verify "$token"
	is "$status" 204 'disk_reserve: verify with its token'
	latchkey user list >"$work/out"
	is "$?" 0 'disk_reserve: list'
	like "$(<"$work/out")" 'admin@example.org' 'disk_reserve: list has him'
	like "$(<"$log")" "disk_reserve is $reserve" 'disk_reserve: the log says that the sign-in was not counted'
	: >"$log"
	set_conf "disk_reserve = $reserve" 'hash_cost = 6'
	login $second
	is "$status" 200 'disk_reserve: a sign-in whose hash wants to be replaced'
	databrain $second $first
	answers 503 '{"error":{"code":"INTERNAL_SERVER_ERROR","message":"Service temporarily unavailable"}}' 'disk_reserve: change'
	like "${header_of[Retry-After]-}" '^[1-9][0-9]*$' 'disk_reserve: Retry-After'
	like "$(<"$log")" "disk_reserve is $reserve" 'disk_reserve: the log says why'
	actian $first
	is "$status" 503 'disk_reserve: reset'
	px0 "$code" $first
	is "$status" 503 'disk_reserve: reset with a code'
	latchkey user add ann <<<$first 2>"$work/err"
	is "$?" 1 'disk_reserve: user add'
	like "$(<"$work/err")" "disk_reserve is $reserve" 'disk_reserve: user add says why'
	set_conf
	latchkey user show ann 2>"$work/err"
	is "$?" 1 'disk_reserve: user add has done nothing'
	login $second
	is "$status" 200 'disk_reserve: no password was changed'
	px0 "$code" $first
	is "$status" 200 'disk_reserve: the code is as good as before'
fi

# --- nginx-example/run --set

set_conf 'token_life = 120' 'issuer = first' 'issuer = last'
start nginx
login $first
is "${member_of[.expires_in]-}" 120 '--set: arrives'
claims
is "${member_of[.iss]-}" last '--set: of two the last wins'
latchkey config >"$work/out" 2>>"$log"
like "$(<"$work/out")" "# $conf:[0-9]+"$'\ntoken_life = 120\n' '--set: is a line of latchkey.conf'
stop
timeout 60 env LATCHKEY_BUILD="$build" "$top/nginx-example/run" --state "$work" --port "$(free_port)" --set 'nonsense = 1' \
	>"$work/out" 2>&1
is "$?" 1 '--set: a wrong one ends the run'
like "$(<"$work/out")" 'latchkey.conf:[0-9]+: nonsense: there is no such setting' '--set: and is named'

done_testing
