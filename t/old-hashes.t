#!/bin/bash
# Hashes from elsewhere: taken as they are, good for a sign-in, replaced by it; and refused where they would do harm.
# shellcheck disable=SC2016 # a dollar sign is a dollar sign here
. "${0%/*}/lib.sh"

password='Correct Horse 9!'

# SCHEME HASH, of that password, as mkpasswd, openssl passwd, argon2, Django, Werkzeug, slappasswd and PHP make them. The
# other forms are in t/unit/password.
hashes=$(
	cat <<'END'
yescrypt $y$j75$aaaaaaaaaaaaaaaaaaaaa/$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0
gost-yescrypt $gy$j75$bpsmDaqMxZAew4JdbbDW/0$3AkwVLN0DEQIn7tZ2AGMFmceso.y4ifSj7SqaPGh4F5
scrypt $7$BU..../....4jI0NuBVwB07PcEWwmWZn/$nSj3nWRr4jmjt5UJ3P9eucyBuXycN1vNOq4/u0GEDh4
bcrypt $2b$05$7NraKtP7crAoPmOv657LPuD6jOelR/o8ej20JOU54lmeYR/ayjEYC
bcrypt $2a$05$dSdO9M23W/raFnUqEXVYVeSz8csBLjO1Rv5tHXLoQq6ZGlqmAwDwy
bcrypt $2y$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi
bcrypt $2x$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi
sha512crypt $6$Z6ImdEZuQ6MQEqOJ$CFDBqRCFJKznxvFbngCv.gLgTRUTVcRVMuBijj6.8lQ.B/7YTxQoKYZaEYuuar/LhQFHpbxAyDZG5Au89bbXm0
sha512crypt $6$rounds=1000$saltstring$NnFtg9ryFmoccYLZpQBgK/IMtPgxOYmtAXT3g0DoQ1IWYc3hhjROtzrEpDe4.pdRxSjFBky87XiXtcYaraGt8.
sha256crypt $5$J1fW0qvBmiJImpbU$9kCkKs6jT1rzRLit.ETvDGWWn.3JiAV27TJIuN4qN61
sha1crypt $sha1$24680$aBcDeFgH$LJsCwBS.TcaO0oyXp3aZUVhUvIj9
SunMD5 $md5,rounds=57002$DuPC2mFw$$zlpOJaV2d.olV2Ks011yF.
md5crypt $1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0
NT $3$$7199fb2d4cfb2a927888bd9a1eaa0569
bsdicrypt _Z/..O2WLw0NK3pC77.M
descrypt VDWSQDpkvIxQU
bigcrypt abwirc53tCB5whNW40m50P0U
argon2id $argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E
argon2i $argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0$iPKcsNFSp9ddE3RQ/FfcRDBxdf1yotD6rJFwKHdhdoE
pbkdf2-sha256 pbkdf2_sha256$1000$wN3LcPjKq8Zt5vRyHb2dTs$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=
scrypt scrypt:16:8:1$VenNiuCY0zdrk3Rn$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8
salted-sha1 {SSHA}E8dLNs3ZuFIbO32RJhWFdZr+CILvCbcv
bcrypt-of-sha384 $wp$2y$04$gSDawb2KncHcXQ39FjdfpOM2f3MVGqFiP.9gW3sGAGI98BK7Ukymq
END
)

sign_in() { request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}"; }
add_hash() { latchkey user add "$1" --hash - "${@:3}" <<<"$2" >"$work/out" 2>"$work/err"; } # NAME HASH OPTION...
hash_of() { latchkey user show "$1" 2>>"$log" | sed -n 's/^hash: //p'; }

# stored NAME: the hash in the account's record.
stored() {
	dump | sed -n "s/.*\"username\":\"$1\".*\"hash\":\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

try_each() { # COMMAND...: with the number, scheme and hash of each
	local number=0 scheme hash
	while read -r scheme hash; do "$@" "user$((++number))" "$scheme" "$hash"; done <<<"$hashes"
}

takes() {
	ok_if "$2: ${3:0:12} is taken" add_hash "$1" "$3"
	is "$(stored "$1" | sed 's/\\\//\//g')" "$3" "$2: as it is"
	like "$(hash_of "$1")" "^$2( |$)" "$2: show tells its scheme"
}

signs_in() {
	local before
	before=$(hash_of "$1")
	sign_in "$1" "x$password" # descrypt looks at the first eight only
	is "$status" 401 "$2: ${3:0:12}: a wrong password"
	is "$(hash_of "$1")" "$before" "$2: leaves the hash"
	sign_in "$1" "$password"
	is "$status" 200 "$2: ${3:0:12}: signs in"
	is "$(hash_of "$1")" 'yescrypt $y$j85$' "$2: has ours from then on"
	sign_in "$1" "$password"
	is "$status" 200 "$2: and signs in again"
	sign_in "$1" "${password}x"
	is "$status" 401 "$2: where now all of the password counts"
}

fresh 'hash_cost = 2'
try_each takes
like "$(latchkey user show user18)" $'\nhash: argon2id [$]argon2id[$]v=19[$]m=256,t=2,p=2[$]\n' 'show: with what it costs'
is "$(latchkey user show user18 | grep -c c2FsdHNhbHRzYWx0)" 0 'show: without the salt'
latchkey user add word --hash '$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0' >"$work/out"
is "$?" 0 'as a word of the command'

start fcgi
try_each signs_in
sign_in nobody "$password"
is "$status" 401 'nobody'

# Of a password that was not in NFC where the hash was made: as it was typed there, and from any keyboard from then on.
nfd=$'Cafe\xcc\x81 99' nfc=$'Caf\xc3\xa9 99'
ok_if 'not in NFC: the hash is taken' add_hash mac "$(openssl passwd -6 -salt saltsalt "$nfd")"
sign_in mac "$nfc"
is "$status" 401 'not in NFC: another form has another hash'
sign_in mac "$nfd"
is "$status" 200 '4: not in NFC: signs in as it was typed'
for form in "$nfc" "$nfd"; do
	sign_in mac "$form"
	is "$status" 200 'not in NFC: and in any form from then on'
done

# --- refused

# refused REASON NAME HASH
refused() {
	add_hash someone "$3"
	is "$?" 1 "refused: $2"
	like "$(<"$work/err")" "the hash is refused: .*$1" "refused: $2: says why"
	is "$(<"$work/out")" '' "refused: $2: prints no id"
}
refused 'no scheme' 'a password' "$password"
refused 'no scheme' 'an empty line' ''
refused 'locked' 'a locked one' '!$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0'
refused 'damaged' 'one cut short' '$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0'
refused 'damaged' 'one with a blank at its end' '$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0 '
refused 'no scheme' 'MD5 alone' '5f4dcc3b5aa765d61d8327deb882cf99'
refused 'Keycloak' "Keycloak's, cut short" '{"type":"password","secretData":"{'
refused 'argon2d' 'argon2d' '$argon2d$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$0KC+vSkCItITo/RedHypG9cpuf31xypZHkunvXOV4/8'
refused 'version' 'Argon2 of version 16' \
	'$argon2id$v=16$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$OmQWfwORcSWRpf5jKt/4MXpGgp4Ce1S3qlkPQBWq734'
refused 'hash_memory' 'yescrypt of 128 MiB' '$y$jCT$......................$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0'
refused 'hash_memory' 'argon2id of 4 TiB' \
	'$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E'
refused '2 s' 'bcrypt of an hour' '$2b$31$7NraKtP7crAoPmOv657LPuD6jOelR/o8ej20JOU54lmeYR/ayjEYC'
latchkey user add someone --hash - </dev/null 2>"$work/err"
is "$?" 1 'refused: no line at all'
like "$(<"$work/err")" 'none on standard input' 'refused: no line at all: says why'
latchkey user show someone >/dev/null 2>&1
is "$?" 1 'refused: nobody was made'
add_hash user1 '$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0'
is "$?" 1 'refused: a name that is taken'
sign_in user1 "$password"
is "$status" 200 'refused: whose hash stays'

# --- change

ok_if 'an administrator with an old hash' \
	add_hash root '$2b$05$7NraKtP7crAoPmOv657LPuD6jOelR/o8ej20JOU54lmeYR/ayjEYC' --admin
sign_in root "$password"
token=${member_of[.token]-}
request POST /v1/api/user/change-password -H "Authorization: Bearer $token" \
	-d "{\"currentPassword\":\"$password\",\"newPassword\":\"another harbour\"}"
is "$status" 200 'changes it'
sign_in root 'another harbour'
is "$status" 200 'and signs in by the new one'

done_testing
