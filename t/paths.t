#!/bin/bash
# Where the programs look for their configuration: what configure was told last, also in a tree that was built before.
. "${0%/*}/lib.sh"

# A tree of its own: the one that is tested stays as it is.
make -s -C "$build" distdir distdir="$work/source" >/dev/null
cd "$work/source" || exit 1

# built OPTION...: what the object says that was built after that.
built() {
	{ ./configure -q -C "$@" && make -s common/site/conf.o; } >"$work/out" 2>&1 || cat "$work/out" >&2
	strings common/site/conf.o | grep '/latchkey\.conf$'
}

is "$(built --prefix="$work/here")" "$work/here/etc/latchkey/latchkey.conf" 'below the prefix'
before=$(stat -c %y common/site/conf.o)
is "$(built --prefix="$work/here")" "$work/here/etc/latchkey/latchkey.conf" 'the same again'
is "$(stat -c %y common/site/conf.o)" "$before" 'is not built anew'
is "$(built --prefix=/usr --sysconfdir=/etc)" /etc/latchkey/latchkey.conf 'configured anew, it is'

# --- what is installed: the sample, without the reset that is open to the whole machine, and with the web server's key

image=$work/image installed=$work/image/etc/latchkey/latchkey.conf
make -s install-data-local DESTDIR="$image" >"$work/out" 2>&1
is "$(stat -c %a "$installed") $(diff "$top/conf/latchkey.conf" "$installed" | grep '^[<>]')" \
	$'644 < #admin_reset = local\n> admin_reset = off\n< #web_key_file =\n> web_key_file = /etc/latchkey/web-key' 'the settings that are installed'
echo '# mine' >"$installed"
make -s install-data-local DESTDIR="$image" >"$work/out" 2>&1
is "$(<"$installed")" '# mine' "are not put in the place of the operator's own"
make -s uninstall-local DESTDIR="$image" >"$work/out" 2>&1
is "$(<"$installed")" '# mine' 'which stay'
rm "$installed"
make -s install-data-local DESTDIR="$image" >"$work/out" 2>&1
make -s uninstall-local DESTDIR="$image" >"$work/out" 2>&1
ok_if 'and go where nobody has changed them' test ! -e "$installed"
done_testing
