#!/bin/bash
# What a name is, however it is typed: made, taken, signed in with, told to applications; and names from before the rules.
. "${0%/*}/lib.sh"

password=Quiet-Harbour-42

# sign_in NAME [PASSWORD]: by edge-impulse's API; $token.
sign_in() {
	request POST /v1/api-login -d "{\"username\":\"$1\",\"password\":\"${2-$password}\"}"
	token=${member_of[.token]-}
}
# sign_up USERNAME EMAIL
sign_up() {
	request POST /v1/api-user-create -H "X-Jwt-Token: $admin" \
		-d "{\"name\":\"N\",\"username\":\"$1\",\"email\":\"$2\",\"password\":\"$password\",\"privacyPolicy\":true}"
}
# own_id: whose $token is.
own_id() {
	request GET /auth/verify -H "X-Jwt-Token: $token"
	echo "${header_of[X-Auth-Id]-}"
}
id_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^id: //p'; }

# --- by whose data

"$build/t/unit/base/name" --points >"$work/ours"
PYTHONUTF8=1 python3 -I "$top/t/precis.py" >"$work/theirs"
ok_if 'libunistring and Python agree on each code point' cmp "$work/ours" "$work/theirs"
ok_if 'and there are many' test "$(wc -l <"$work/ours")" -gt 100000

# --- every path, in two ways

for way in nginx cgi; do
	fresh 'hash_cost = 1' 'throttle = off'
	start "$way"
	add admin "$password" --admin
	for name in admin ADMIN ' admin ' 'ａｄｍｉｎ' 'ａＤｍｉｎ　'; do
		sign_in "$name"
		is "$status ${member_of[.success]-}" '200 true' "$way: '$name' is admin"
	done
	admin=$token
	sign_up 'ａｄｍｉｎ' fullwidth@example.org
	answers 200 '{"success":false,"error":"Invalid username or email"}' "$way: no other fullwidth admin"

	ivan='' muller=''
	sign_up Иванов ivan@example.org
	is "${member_of[.success]-}" true "$way: Иванов"
	ivan=${member_of[.id]-}
	sign_up "$(printf 'Mu\xcc\x88ller')" 'Mueller@BÜCHER.Example'
	is "${member_of[.success]-}" true "$way: Müller"
	muller=${member_of[.id]-}
	taken='{"success":false,"error":"A user with that username or email exists already"}'
	while IFS='|' read -r username email; do
		sign_up "$username" "$email"
		is "${member_of[.success]-}" false "$way: '$username' and '$email' are taken"
		[[ ${taken_body-} ]] || taken_body=$body
		is "$body" "$taken_body" "$way: and the answer says so"
	done <<-'end'
		иванов|new@example.org
		ИВАНОВ|new@example.org
		müller|new@example.org
		MÜLLER|new@example.org
		ｍüｌｌｅｒ|new@example.org
		new|mueller@xn--bcher-kva.example
		new|mueller@bücher.example
		new|ＭＵＥＬＬＥＲ@bücher。example
	end
	while IFS='|' read -r username email why; do
		username=$(printf %b "$username")
		sign_up "$username" "$email"
		answers 200 '{"success":false,"error":"Invalid username or email"}' "$way: $why"
	done <<-end
		adm\\xe2\\x80\\x8bin|new@example.org|a zero-width space
		new\\xe2\\x80\\xae|new@example.org|a mark that turns the direction
		new\\xc2\\x9b|new@example.org|a control
		token:5|new@example.org|what is said of access tokens
		$ivan|new@example.org|an account's id
		${ivan^^}|new@example.org|an account's id, in capitals
		new\\xd7\\x90|new@example.org|two directions
		a  b|new@example.org|two blanks
		henry\\xe2\\x85\\xa3|new@example.org|a number that is one letter
		new|new@example.org.|a domain with a dot behind it
		new|new@b_c.example|a domain that none can have
	end
	sign_up new 'ünew@example.org'
	is "${member_of[.error]-}" 'email must be ASCII before its @: mails to other addresses cannot be sent' \
		"$way: an address that needs SMTPUTF8"
	request POST /v1/auth/register -H "X-Jwt-Token: $admin" -d "{\"email\":\"ü@example.org\",\"password\":\"$password\"}"
	answers 400 '{"error":"email must be ASCII before its @: mails to other addresses cannot be sent"}' "$way: px0: the same"
	request POST /v1/auth/register -H "X-Jwt-Token: $admin" -d "{\"email\":\"IVAN@example.org\",\"password\":\"$password\"}"
	answers 409 '{"error":"email already registered"}' "$way: px0: taken"
	request POST /v1/auth/register -H "X-Jwt-Token: $admin" \
		-d "{\"email\":\"Ann@BÜCHER.example\",\"password\":\"$password\"}"
	is "$status ${member_of[.user.email]-}" '201 Ann@bücher.example' "$way: px0: a domain as its owner writes it"

	for name in Иванов иванов ' ИВАНОВ' 'Ivan@Example.ORG ' 'ivan＠example.org'; do
		sign_in "$name"
		is "$(own_id)" "$ivan" "$way: '$name' signs in"
	done
	for name in Müller "$(printf 'mu\xcc\x88ller')" ' MÜLLER　' mueller@bücher.example MUELLER@XN--BCHER-KVA.EXAMPLE; do
		sign_in "$name"
		is "$(own_id)" "$muller" "$way: '$name' signs in"
	done
	request POST /v1/auth/login -d "{\"email\":\" ANN@BÜCHER.example \",\"password\":\"$password\"}"
	is "$status" 200 "$way: px0: with blanks around it"
	sign_in "$(printf 'Иванов\xe2\x80\x8b')"
	is "${member_of[.success]-}" false "$way: with a zero-width space it is nobody"

	# what an application is told
	sign_in Иванов
	request GET /auth/verify -H "X-Jwt-Token: $token"
	is "${header_of[X-Auth-User]-} ${header_of[X-Auth-Id]-}" "%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2 $ivan" "$way: a header is ASCII"
	add '50%' "$password"
	sign_in '50%'
	request GET /auth/verify -H "X-Jwt-Token: $token"
	is "${header_of[X-Auth-User]-}" '50%25' "$way: and can be decoded"
done

# As an authorizer, and as the setting has it.
sign_in Иванов
request GET /auth/verify --program verify -H "X-Jwt-Token: $token" --param FCGI_ROLE=AUTHORIZER
is "${header_of[Variable-X-Auth-User]-}" '%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2' 'an authorizer: the same'
set_conf 'hash_cost = 1' 'throttle = off' 'header_encoding = utf-8'
request GET /auth/verify -H "X-Jwt-Token: $token"
is "${header_of[X-Auth-User]-}" Иванов 'header_encoding = utf-8'
request GET /auth/verify --program verify -H "X-Jwt-Token: $token" --param FCGI_ROLE=AUTHORIZER
is "${header_of[Variable-X-Auth-User]-}" Иванов 'header_encoding = utf-8: an authorizer'

# --- counted as one

fresh 'hash_cost = 1' 'throttle.first = 3600' 'throttle.delay = 3600'
start cgi
add admin "$password" --admin
statuses=''
for name in Никто никто ' НИКТО' 'никто ' НИкто никТО; do
	request POST /v1/auth/login -d "{\"email\":\"$name\",\"password\":\"wrong\"}"
	statuses+="$status "
done
is "$statuses" '401 401 401 401 401 429 ' 'tries at all spellings of a name that nobody has are counted together'

# --- the command

refused() {
	local reason=$1 name=$2 out
	shift 2
	out=$(latchkey "$@" 2>&1 </dev/null)
	is "$?" 1 "$name: is refused"
	like "$out" "$reason" "$name: says why"
}
add Zoë "$password" --email Zoe@Bücher.example
like "$(latchkey user show ' ZOË')" $'\nusername: Zoë\nemail: Zoe@bücher.example\n' 'the command finds a name as it is typed'
refused 'exists' 'a name that is taken' user set admin --username "$(printf 'zoe\xcc\x88')"
refused 'exists' 'an address that is taken' user set admin --email zoe@xn--bcher-kva.example
refused 'not a valid name' 'another name with a colon' user set zoë --username token:1
refused 'not a valid name' 'an address that needs SMTPUTF8' user set zoë --email zoë@example.org
printf '{"username":"ZOË"}\n' >"$work/lines"
refused 'line 1: ZOË: another account has' 'an import of a name that is taken' import "$work/lines"
printf '{"username":"a","email":"ü@b"}\n' >"$work/lines"
refused "line 1: email: what is before an email's @ is ASCII" 'an import of an address that needs SMTPUTF8' import "$work/lines"
printf '{"username":"%s"}\n' "$(id_of admin)" >"$work/lines"
refused "line 1: username: an account's id is no username" "an import of an account's id" import "$work/lines"
add 192.0.2.1 "$password"
request POST /v1/auth/login --remote 192.0.2.1 -d '{"email":"zoë","password":"wrong"}'
is "$status" 401 'a wrong try from a network'
is "$(latchkey throttle clear 192.0.2.1 2>&1)" '' 'an account that is called like a network does not hide it'
like "$(latchkey throttle list)" '127\.0\.0\.1' 'other networks stay'
is "$(latchkey throttle list | grep -c '192\.0\.2\.1')" 0 'and it is free'

# --- names from before the rules

fresh 'hash_cost = 1' 'throttle = off'
start cgi
add admin "$password" --admin
for name in old-ivan old-anna old-anna2 old-token old-fake old-hidden; do add "$name" "$password"; done
add old-idn@x.example "$password"
add Zoe "$password"

# as_dumped TEXT: its bytes as db_dump -p has them.
as_dumped() { perl -pe 's/([^ -~])/sprintf "\\%02x", ord $1/ge' < <(printf %s "$1"); }
script=''
rename() {
	local new
	new=$(as_dumped "$2" | sed 's/\\/\\\\/g')
	script+="s|^name/$1\t|name/$new\t|; s|\"$1\"|\"$new\"|;"
}
admin_id=$(id_of admin)
rename old-ivan Иванов
rename old-anna Анна
rename old-anna2 АННА
rename old-token token:5
rename old-fake ａｄｍｉｎ
rename old-hidden "$(printf 'ad\xe2\x80\x8bmin')"
rename old-idn@x.example ann@bücher.example
rename zoe "$admin_id"
dump | sed "/^old-name\//d; /^param\/old_names/d" | sed "$script; s|\"Zoe\"|\"$admin_id\"|" >"$work/old"
is "$(grep -c 'old-' "$work/old")" 0 'all are renamed'
load <"$work/old"

for name in Иванов Анна АННА ' token:5' TOKEN:5 ａｄｍｉｎ "$(printf 'AD\xe2\x80\x8bMIN')" ann@bücher.example ANN@bücher.Example "$admin_id"; do
	sign_in "$name"
	is "${member_of[.success]-}" true "an old name: '$name' signs in"
done
sign_in Анна
anna=$(own_id)
sign_in АННА
isnt "$(own_id)" "$anna" 'two old names are two accounts'
sign_in иванов
is "${member_of[.success]-}" false 'an old name is as it was'
sign_in ａｄｍｉｎ
isnt "$(own_id)" "$admin_id" 'what read like admin is who it was'
sign_in admin
admin=$token
is "$(own_id)" "$admin_id" 'and so is admin'
for name in иванов ИВАНОВ анна; do
	sign_up "$name" new@example.org
	is "${member_of[.success]-}" false "no new '$name' beside an old one"
done
sign_up new Ann@BÜCHER.example
is "${member_of[.success]-}" false 'nor an address'

# Whom the operator means: the account of that id, and not the one that is called so.
is "$(latchkey user show "$admin_id" | sed -n 's/^username: //p')" admin 'an id is an id'
refused 'last enabled administrator' 'an id: it is the administrator who is meant' user disable "$admin_id"
sign_in "$admin_id"
is "${member_of[.success]-}" true 'an id: and not the one who calls himself that'

lines() { latchkey "$@" 2>>"$log" | sed -E 's/\([0-9a-f-]{36}\)/(ID)/; s/[0-9a-f-]{36}$/ID/; /accounts. hashes/d'; }
is "$(lines check | sed '$d')" "name $admin_id: no name by today's rules
name ad\\u200bmin: no name by today's rules
name token:5: no name by today's rules
name АННА: reads like another name from before the rules
name Анна: reads like another name from before the rules
name ａｄｍｉｎ: reads like the name of another account
8 names from before today's rules, good as they were: see latchkey check --mend-names" 'check names those that collide or are none'
clean() { latchkey check >/dev/null; }
ok_if 'and finds no problem' clean
wanted="$admin_id (ID): no name by today's rules
ad\\u200bmin (ID): no name by today's rules
ann@bücher.example (ID): can be compared by today's rules as ann@xn--bcher-kva.example
token:5 (ID): no name by today's rules
АННА (ID): reads like another name from before the rules
Анна (ID): reads like another name from before the rules
Иванов (ID): can be compared by today's rules as иванов
ａｄｍｉｎ (ID): reads like the name of another account, ID"
before=$(dump | grep -v ^param/)
is "$(lines check --mend-names)" "$wanted
0 names mended, 8 left as they are; --yes mends those that can be" '--mend-names lists'
is "$(dump | grep -v ^param/)" "$before" 'and changes nothing'
is "$(lines check --mend-names --yes)" "${wanted//can be compared by today\'s rules as/is kept from now on as}
2 names mended, 6 left as they are" '--yes mends what can be'
is "$(latchkey audit grep event=name-mend | grep -c '"outcome":"ok"')" 2 'a line of the audit for each'
like "$(latchkey audit grep Иванов event=name-mend)" "\"account\":\"$(id_of Иванов)\"" 'that has its account'
is "$(lines check --mend-names --yes | tail -n 1)" '0 names mended, 6 left as they are' 'once'
is "$(lines check | tail -n 1 | sed 's/.*, //')" '0 problems' 'all records are good'
for name in Иванов иванов ИВАНОВ ann@xn--bcher-kva.example Ann@BÜCHER.example; do
	sign_in "$name"
	is "${member_of[.success]-}" true "mended: '$name' signs in"
done
for name in Анна АННА token:5 ａｄｍｉｎ "$admin_id"; do
	sign_in "$name"
	is "${member_of[.success]-}" true "not mended: '$name' signs in as before"
done
ok_if 'an old name can be changed for a good one' latchkey user set token:5 --username tokenfive
sign_in tokenfive
is "${member_of[.success]-}" true 'and signs in by it'
sign_in token:5
is "${member_of[.success]-}" false 'and no more by the old one'

done_testing
