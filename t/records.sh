# shellcheck shell=bash disable=SC2154 # for tests, after lib.sh
# records.sh - all records of a store as lines, and a store out of lines: . "${0%/*}/records.sh"

store=$state/store

# dump: all records, their kind, key, tab, record, one a line, as db_dump -p writes them; a check of the files has libdb
# write all of them. load: the other way round, into
# new files; what is of no kind goes to the records.
dump_file() { db_dump -p "$store/$1" | sed '1,/^HEADER=END$/d; /^DATA=END$/d; s/^ //' | paste - - | sed "s|^|$2|"; }
dump() {
	latchkey check --files >/dev/null 2>>"$log"
	dump_file accounts.btr account/
	dump_file records.btr ''
	dump_file server_params.btr param/
}
load_file() { tr '\t' '\n' | "${as_owner[@]}" db_load -T -t btree "$store/$1"; }
load() {
	local all
	all=$(cat)
	rm -rf "$store"
	"${as_owner[@]}" mkdir -m 0700 "$store"
	sed -n 's|^account/||p' <<<"$all" | load_file accounts.btr
	sed -n 's|^param/||p' <<<"$all" | load_file server_params.btr
	grep -vE '^(account|param)/' <<<"$all" | load_file records.btr
}
