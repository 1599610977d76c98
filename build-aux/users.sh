# shellcheck shell=bash
# users.sh - the users that root starts latchkey as; for run.sh, t/lib.sh and bench/lib.sh

# make_users: makes what is missing, where root asks for it. The programs, the state and the sender of mails belong to the
# user `latchkey`. The group latchkey-web is the sockets'. nginx's workers have it, by nginx.conf, and it has no members: a
# PHP pool often runs as nginx's own user, and would have it, too.
make_users() {
	((EUID == 0)) || return 0
	have_users || (
		exec {lock}<"${BASH_SOURCE[0]}" && flock "$lock" || exit
		getent group latchkey-web >/dev/null || groupadd --system latchkey-web || exit
		getent passwd latchkey >/dev/null ||
			useradd --system --user-group --home-dir /var/lib/latchkey --shell /usr/sbin/nologin latchkey
	)
}
have_users() { getent passwd latchkey >/dev/null && getent group latchkey-web >/dev/null; }
