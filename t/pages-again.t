#!/bin/bash
# pages-again.t - a form that is refused before its program looks at it, shown again with what its page has besides. Blanks
# are such a form: a browser takes them for a field that is filled in.
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
form=(-H 'Origin: http://localhost' -H 'Content-Type: application/x-www-form-urlencoded')

# form PATH BODY: posts it; shown TEXT: how many lines of the page have that text.
form() { request POST "$1" "${form[@]}" -H "Cookie: $cookie" -d "$2"; }
shown() { grep -c "$1" <<<"$body"; }
# again PAGE TEXT NAME: the last answer is that page, refused, and has that text.
again() { is "$status $(shown "<body class=\"page-$1[ \"]") $(shown "$2")" '400 1 1' "$way: $3"; }

the_first() {
	local cookie=x=y
	form /account/start 'username=+&password=+'
	again start 'action="/account/start"' 'the first account has its form again'
}

signed_out() {
	local cookie=x=y
	form /account/register "email=bob@example.com&password=$good&name=$(printf 'x%.0s' {1..200})"
	again register 'id="error-name".*too long' 'a registration with too long a name: which field'
	form /account/invitation "code=x&password=$good&name=$(printf 'x%.0s' {1..200})"
	again invitation 'id="error-name".*too long' 'and an invitation'
}

signed_in() {
	local cookie secret ticket
	request POST /account/api/session -H 'Origin: http://localhost' -d "{\"name\":\"ann@example.com\",\"password\":\"$good\"}"
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
	form /account/tokens 'name=laptop&permission=read'
	is "$status" 200 "$way: an access token"
	form /account/tokens 'name=+&permission=read'
	again tokens '<bdi>laptop</bdi>' 'a token without a name: those that there are'
	again tokens 'It may: read<br>' 'and what they may, in words'
	form /account/email 'email=+'
	again email 'ann@example.com' 'no other address: the one that there is'
	form /account/email/verify 'email=new@example.com&code=+'
	again email-sent 'name="email" value="new@example.com"' 'no code for another address: which address'
	form /account/verify-email 'email=&code=+'
	again verify-email 'name="email" value="ann@example.com".*autocomplete="username"' 'no code for the address: which address'
	form /account/password 'current=+&new=+'
	again password 'value="ann@example.com" autocomplete="username"' 'no new password: whose it is'
	form /account/confirm 'password=&code='
	again confirm 'name="password"' 'nothing to confirm by: the password is asked for'
	form /account/two-factor/begin ''
	secret=$(grep -o '<code class="secret" data-copy>[^<]*' <<<"$body")
	form /account/two-factor 'code=+'
	again two-factor-enrol "${secret:-none}" "no code of an app: the app's secret"
	form /account/profile "name=$(printf 'x%.0s' {1..200})"
	again error 'class="error".*too long' 'a name that is too long: what is wrong'
	form /account/tokens "name=$(printf 'x%.0s' {1..201})&permission=read"
	again tokens 'id="error-name".*too long' 'a token with too long a name: which field'
	latchkey user sign-out ann@example.com
	form /account/profile 'name=Ann'
	is "$status $(shown 'class="note"') $(shown 'class="error"')" '403 1 0' "$way: a form after the session's end: one text says so"
	latchkey user set ann@example.com --must-change
	request POST /account/api/session -d "{\"name\":\"ann@example.com\",\"password\":\"$good\"}"
	ticket=${member_of[.ticket]-none}
	form /account/password "ticket=$ticket&username=ann&new=+"
	again must-change "name=\"ticket\" value=\"$ticket\"" 'no new password by a ticket: the ticket'
}

for way in fcgi cgi; do
	fresh 'hash_cost = 1' 'site_url = http://localhost' 'mail_command = /bin/true' 'same_user_is_trusted = yes' 'registration = open'
	start "$way"
	the_first
	add ann@example.com "$good" --verified
	signed_in
	signed_out
done
done_testing
