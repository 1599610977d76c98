#!/bin/bash
# no-yescrypt.t - where crypt(3) has been built without yescrypt, new hashes are Argon2id's, and the unit tests pass
# shellcheck disable=SC2016 # a dollar sign is a dollar sign here
. "${0%/*}/lib.sh"

ok_if 'a library to preload' cc -std=c11 -Wall -Wextra -Werror -shared -fPIC -O1 -o "$work/no-yescrypt.so" "$top/t/no-yescrypt.c" -ldl
export LD_PRELOAD=$work/no-yescrypt.so ASAN_OPTIONS=verify_asan_link_order=0

set_conf
is "$(latchkey config 2>/dev/null | grep -B1 '^hash =')" $'# default\nhash = argon2id' 'the default'
set_conf 'hash = $gy$'
latchkey config >/dev/null 2>"$work/err"
is "$?" 1 'yescrypt is refused'
like "$(<"$work/err")" ':[0-9]+: hash: crypt\(3\) makes no hashes of \$gy\$ here' 'which the log says'

# Those that speak of yescrypt and are quick; bench/no-yescrypt runs all of them.
for unit in account/{account,account-sign-in} password/{password,slots,yield} site/{conf,sandbox}; do
	said=$("$build/t/unit/$unit")
	is "$? $(grep '^not ok' <<<"$said")" '0 ' "t/unit/$unit"
done

fresh 'hash_wait = 10'
latchkey user add ann --email ann@example.org <<<'Quiet-Harbour-42' >/dev/null 2>>"$log"
is "$(latchkey user show ann | sed -n 's/^hash: //p')" 'argon2id $argon2id$v=19$m=19456,t=2,p=1$' 'a new account'
latchkey user add ben --email ben@example.org --hash - <<<'$1$vKy34NiX$svgzblCHqJ2N.PXa/vg0B0' >/dev/null
latchkey user add cy --hash - <<<'$y$j75$aaaaaaaaaaaaaaaaaaaaa/$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0' >/dev/null 2>"$work/err"
is "$?" 1 'a hash of yescrypt is refused'
like "$(<"$work/err")" 'does not take its parameters' 'which the command says'

start fcgi
sign_in() { request POST /v1/auth/login -d "{\"email\":\"$1\",\"password\":\"$2\"}"; }
sign_in ann@example.org Quiet-Harbour-42
is "$status" 200 'it signs in'
sign_in ann@example.org quiet-harbour-42
is "$status" 401 'and not by another password'
sign_in ben@example.org 'Correct Horse 9!'
is "$status" 200 'an old hash signs in'
is "$(latchkey user show ben | sed -n 's/^hash: //p')" 'argon2id $argon2id$v=19$m=19456,t=2,p=1$' 'and is replaced by Argon2id'

done_testing
