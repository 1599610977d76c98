#!/bin/bash
# security-pages.t - what another site can do by a page of latchkey's, and what a page may load: nothing (doc/security.md)
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
form=(-H 'Content-Type: application/x-www-form-urlencoded')
marked='latchkey-kept=1'
# Whatever a form wants: with these nothing would be refused for want of a field.
fields="name=ann&password=$good&current=$good&new=Other-Harbour-43&code=1&ticket=x&email=new@example.com&username=eve&permission=read"

# sign_in HEADER...: by the page; sets $cookie.
sign_in() {
	request POST /account/sign-in "${form[@]}" -H "Cookie: $marked" "$@" -d "name=ann&password=$good"
	cookie=$(grep -o 'latchkey=eyJ[^;]*' <<<"${header_of[Set-Cookie]-}")
}
# paths METHOD: those of the pages, each with its program.
paths() { awk -F '\t' -v method="$1" '$1 == method && $4 == "page" { print $2, $3 }' <<<"$routes" | sed 's/{id}/7/'; }

# Another site's page can have a browser send any form. A sister's can, too, and a page in a sandbox, whose origin is null.
foreign() {
	local path program sent
	while read -r path program; do
		for sent in 'Origin: http://example.com' 'Origin: null' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site'; do
			request POST "$path" --program "$program" "${form[@]}" -H "$sent" -H "Cookie: $marked; $cookie" -d "$fields"
			is "$status $(grep -c 'This form came from another site' <<<"$body") ${header_of[Set-Cookie]-}" '403 1 ' \
				"$way: 44: a form of another site's page does nothing, $path, $sent"
		done
	done < <(paths POST)
	request GET /account/ -H "Cookie: $cookie"
	is "$status" 200 "$way: 44: nor has one ended the session"
}

shown() {
	local path
	while read -r path _; do
		request GET "$path" -H "Cookie: $marked; $cookie" -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document'
		[[ $status != 303 ]] || continue
		is "$(grep -cE "^default-src 'none'; script-src 'self'; style-src 'self'; .* base-uri 'none'; frame-ancestors 'none'; " \
			<<<"${header_of[Content-Security-Policy]-}") ${header_of[X-Content-Type-Options]-} ${header_of[Cache-Control]-} ${header_of[Referrer-Policy]-}" \
			'1 nosniff no-store same-origin' "$way: 45: $path: its headers"
		is "$(grep -ciE '<script[^>]*>[^<]|<style| style=| on[a-z]+=|(src|href|action)="(https?:)?//' <<<"$body")" 0 \
			"$way: 45: $path: no script, no style and nothing from elsewhere stands in it"
	done < <(paths GET)
}

for way in fcgi cgi; do
	fresh 'hash_cost = 1' 'site_url = http://localhost' 'mail_command =' 'registration = open' 'self_delete = yes' \
		'same_user_is_trusted = yes'
	start "$way"
	add ann "$good" --email ann@example.com --verified
	sign_in
	like "$status $cookie" '^303 latchkey=eyJ' "$way: a browser that says nothing of itself signs in"
	sign_in -H 'Origin: http://localhost'
	like "$status $cookie" '^303 latchkey=eyJ' "$way: so does one from a page of this site"
	foreign
	shown
done
done_testing
