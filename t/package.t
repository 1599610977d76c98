#!/bin/bash
# package.t - the Debian package, made of the tree that is built: what is in it, what lintian finds, and what its scripts do
# to a machine. bench/package does the same and more with a build of its own, in a clean Debian.
. "${0%/*}/lib.sh"

# The build itself would take a minute: objects stay as they are, and only the places are a package's. Those of make's
# targets that install ask no other make, which would not hear of -o, and would build anew.
mkdir "$work/source"
cp -r "$top/debian" "$work/source"
chmod -R u+w "$work/source" # of a release that is read-only
rm -rf "$work"/source/debian/{latchkey,.debhelper,files,*.substvars,*.debhelper}
touch "$work/source/debian/debhelper-build-stamp"
export DEB_RULES_REQUIRES_ROOT=no DEB_BUILD_OPTIONS=noautodbgsym BUILT=$build
export DPKG_DEB_COMPRESSOR_TYPE=gzip DPKG_DEB_COMPRESSOR_LEVEL=1
export BUILT_AS='install-exec-am install-data-am -o common/paths.h prefix=/usr exec_prefix=/usr sysconfdir=/etc libexecdir=/usr/libexec datadir=/usr/share
	datarootdir=/usr/share bindir=/usr/bin mandir=/usr/share/man docdir=/usr/share/doc/latchkey'
(cd "$work/source" && BUILT_AS=${BUILT_AS//$'\n'/ } debian/rules binary) >>"$log" 2>&1 || give_up 'there is no package'
deb=$(echo "$work"/latchkey_*.deb)

is "$(grep -c '^ *CC ' "$log")" 0 'nothing of the tree was built anew'

# --- what is in it

root=$work/package
dpkg-deb -R "$deb" "$root"
# files DIR: what lies there.
files() { (cd "$root/$1" && find . -type f -printf '%P\n' | sort); }

is "$(dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u)" root/root 'all is of root'
is "$(dpkg-deb -c "$deb" | grep -vE '^(drwxr-xr-x|-rw-r--r--|lrwxrwxrwx) ' | awk '{ print $1, $6 }' | sort)" \
	"$(printf -- '-rwxr-xr-x ./usr/%s\n' bin/latchkey "${programs[@]/#/libexec/latchkey/}" | sort)" \
	'the programs and the command can be run, and nothing has rights beyond its caller'
same_lines "$(files usr/libexec/latchkey)" "$(printf '%s\n' "${programs[@]}")" 'the programs are there'
same_lines "$(files lib/systemd/system)" "$(cd "$top/conf/systemd" && find . -type f -printf '%P\n')" 'the units are'
same_lines "$(files usr/share/latchkey | sed -n 's|^nginx/||p')" "$(cd "$top/nginx-example/snippets" && printf '%s\n' *.conf | grep -v limit)" 'the snippets are'
same_lines "$(files usr/share/latchkey | grep '^mail/\|^pages/\|^www/')" \
	"$(cd "$top/conf" && find mail -name '*.txt' && printf '%s\n' pages/* && cd "$top" && printf '%s\n' www/*)" 'the texts, the pages and their files are'
is "$(files etc | xargs)" 'latchkey/latchkey.conf latchkey/nginx-limit.conf nginx/conf.d/latchkey.conf' 'in /etc are settings, no texts'
same_lines "$(<"$root/DEBIAN/conffiles")" "$(files etc | sed 's|^|/etc/|')" 'and dpkg asks before it replaces what is changed there'
is "$(cd "$root/etc/latchkey" && echo ./*/)" './conf.d/ ./mail/ ./pages/ ./www/' 'there are places for those of the operator'
is "$(diff "$top/conf/latchkey.conf" "$root/etc/latchkey/latchkey.conf" | grep '^>' | xargs)" \
	'> admin_reset = off > web_key_file = /etc/latchkey/web-key' 'the settings: no reset for the whole machine, and a key'
is "$(find "$root" -name '*.debhelper' -o -xtype l)" '' 'no link leads to nowhere'
same_lines "$(sed -n 's/^ \(.*-dev\),$/\1/p' "$top/debian/control")" "$("$top/build-aux/prepare" --libraries)" 'it is built with the libraries that the build takes'
same_lines "$(grep -o '[a-z0-9-]*-dev\b' "$top/doc/guide/install.md" | grep -vx dpkg-dev | sort -u)" "$("$top/build-aux/prepare" --libraries)" 'the guide names these'
is "$(sed -n '1s/^latchkey (\(.*\)-[0-9]*).*/\1/p' "$top/debian/changelog")" "$(sed -n 's/^AC_INIT(\[latchkey\], \[\(.*\)\])$/\1/p' "$top/configure.ac")" \
	'it has the version that latchkey says'
glibc=2
! readelf -V "$root/usr/bin/latchkey" | grep -q GLIBC_ABI_DT_RELR || glibc=2.36
ok_if 'it wants a glibc that reads its relocations' dpkg --compare-versions \
	"$(dpkg-deb -f "$deb" Depends | sed -n 's/.*libc6 (>= \([0-9.]*\)).*/\1/p')" ge "$glibc"
is "$(cat "$root"/DEBIAN/* "$top"/debian/* 2>/dev/null | grep -ciE 'debconf|adduser')" 0 'it asks nothing'
for script in postinst prerm postrm; do ok_if "$script is a script" sh -n "$root/DEBIAN/$script"; done
# A word that is misspelt there leads to nothing, and is no error.
systemd-analyze verify "$root"/lib/systemd/system/*.target >"$work/verify" 2>&1
is "$(grep -iE 'unknown|invalid|failed to parse' "$work/verify")" '' 'systemd knows all words of the units'

lintian --allow-root --tag-display-limit 0 "$deb" >"$work/lintian" 2>>"$log"
is "$(grep -E '^[EW]: ' "$work/lintian")" '' 'lintian finds no error, and nothing to warn of'

# --- what it does to a machine: to a copy of this one, whose changes lie in memory and go with it

if ((EUID)) || ! unshare -m mount -t tmpfs package "$work" 2>/dev/null; then
	pass 'a machine # SKIP it takes root, and mounts'
	done_testing
fi
# on_machine: runs the script on standard input on the copy, where nothing of latchkey's is to begin with. There `said WORDS`
# says what a test looks at; at last come the files that are new or changed there.
on_machine() {
	# shellcheck disable=SC2016 # for the inner shells
	unshare -m -- bash -c '
		set -e
		mount -t tmpfs machine "$1" && cd "$1"
		mkdir up work root packages && cp "${@:2}" packages
		mount -t overlay -o lowerdir=/,upperdir=up,workdir=work machine root
		mount --rbind /dev root/dev && mount --bind /proc root/proc && mount -t tmpfs run root/run
		mkdir root/packages && mount --bind packages root/packages
		chroot root bash -c "
			sed -i /^latchkey/d /etc/passwd /etc/shadow /etc/group /etc/gshadow
			rm -rf /etc/latchkey /var/lib/latchkey /etc/nginx/conf.d/latchkey.conf
			exec 2>&1
			said() { printf \"%s\n\" \"said \$*\"; }
			$(cat)" 2>/dev/null
		cd up && find . ! -type d ! -type c -printf "file %P\n" | grep -v "^file packages"' - "$work/machine" "${@}" >"$work/done"
	cat "$work/done" >>"$log"
}
mkdir "$work/machine"

# The next version, with another text, another setting in its file, and another program.
sed -i 's/^Version: .*/Version: 99-1/' "$root/DEBIAN/control"
echo '# of the next version' | tee -a "$root/etc/latchkey/latchkey.conf" "$root/etc/latchkey/nginx-limit.conf" \
	"$root/usr/share/latchkey/mail/en/test.txt" >/dev/null
dpkg-deb --root-owner-group -b "$root" "$work/next.deb" >>"$log" || give_up 'there is no next version'

on_machine "$deb" "$work/next.deb" <<'END'
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
lk() { latchkey --config /etc/latchkey/latchkey.conf "$@"; }
sums() { (cd /etc/latchkey && sha256sum web-key* conf.d/* mail/*/* www/* nginx-limit.conf; lk user show ann | grep -v hash); }
package() { dpkg --no-triggers "$@" </dev/null || said "dpkg $* fails"; }
package -i /packages/latchkey_*.deb
said modes $(stat -c %a:%U:%G /var/lib/latchkey /run/latchkey /etc/latchkey/web-key*)
said locked $(grep -E "^latchkey:[!*]+:" /etc/shadow | cut -d: -f1) $(getent passwd latchkey | cut -d: -f6,7)
said members: $(getent group latchkey-web | cut -d: -f4)
said enabled $(cd /etc/systemd/system && find . -name "latchkey*" -printf "%P ")
lk config --programs >/dev/null && said it would start
echo Quiet-Harbour-42 | lk user add ann --admin
echo site_name = Harbour >/etc/latchkey/conf.d/site.conf
echo "# mine" >>/etc/latchkey/nginx-limit.conf
mkdir -p /etc/latchkey/mail/en && sed s/^Subject:.*/Subject:\ mine/ /usr/share/latchkey/mail/en/test.txt >/etc/latchkey/mail/en/test.txt
echo mine >/etc/latchkey/www/custom.css
sums >/root/sums
same() { sums | cmp -s - /root/sums && said $1: all as before || said $1: not as before; }
package -i /packages/latchkey_*.deb
same again
package --force-confold -i /packages/next.deb
same upgraded
said $(dpkg-query -W -f "\${Version}" latchkey) $(grep -l next.version /etc/latchkey/*.conf /etc/latchkey/mail/en/test.txt)
package -r latchkey
said removed $(ls -d /usr/libexec/latchkey /usr/share/latchkey /usr/bin/latchkey) $(ls /var/lib/latchkey /etc/latchkey | xargs)
package --force-confold -i /packages/next.deb
same back
echo ours >/etc/latchkey/ours
package -P latchkey
said purged $(ls -d /etc/latchkey* /var/lib/latchkey* /run/latchkey* /etc/systemd/system/*latchkey* 2>/dev/null) $(getent passwd latchkey | cut -d: -f1)
END
# said WORD...: of the lines that begin so.
said() { sed -n "s/^said $1//p" "$work/done"; }
is "$(said dpkg)" '' 'each step is done'
is "$(said modes)" ' 700:latchkey:latchkey 710:root:latchkey-web 400:latchkey:latchkey 600:root:root 600:root:root 600:root:root' \
	'installed: the state, the sockets'"'"' place, the key and what the web servers include of it'
is "$(said locked)" ' latchkey /var/lib/latchkey:/usr/sbin/nologin' 'installed: a user that nobody is'
is "$(said members:)" '' 'installed: a group of sockets that nobody is in'
is "$(said enabled)" ' multi-user.target.wants/latchkey.target' 'installed: the programs are enabled, and nothing else'
is "$(said 'it would')" ' start' 'installed: the programs would start'
is "$(said again:)" ' all as before' 'installed again: key, settings, texts, state are as they were'
is "$(said upgraded:)" ' all as before' 'upgraded: they are'
is "$(said 99-1)" ' /etc/latchkey/latchkey.conf' 'upgraded: but a file that nobody has changed is the new one'
is "$(said removed)" ' /etc/latchkey: conf.d latchkey.conf mail nginx-limit.conf nginx-limit.conf.dpkg-dist web-key web-key.apache web-key.env web-key.nginx www /var/lib/latchkey: audit.log hash-slots store' \
	'removed: the programs are gone, what the operator has is not'
is "$(said back:)" ' all as before' 'installed after that: all is there'
is "$(said purged)" ' latchkey' 'purged: the locked user alone is left'
is "$(sed -n 's/^file //p' "$work/done" | grep -vE '^(etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|etc/[.]pwd[.]lock|root/sums|var/(lib/dpkg|log|cache|lib/systemd)/.*)$')" \
	'' 'purged: and nothing else on the machine'
done_testing
