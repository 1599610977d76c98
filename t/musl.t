#!/bin/bash
# musl.t - what of common/base needs no library is C and POSIX alone: musl-gcc compiles it, by our flags, without a warning
. "${0%/*}/lib.sh"

# flag NAME: what configure has found.
flag() { sed -n "s/^$1 = //p" "$build/Makefile"; }

# The headers of the libraries, by their packages. The C library's are the compiler's.
mapfile -t libraries < <("$top/build-aux/prepare" --libraries)
dpkg -L "${libraries[@]}" | grep '^/usr/include/.*[.]h$' | sort -u >"$work/headers"
ok_if 'the libraries have headers' [ "$(wc -l <"$work/headers")" -ge 50 ]

# library_of FILE: the first header of a library that the file comes to include, or nothing.
library_of() {
	gcc -M -I"$build" -I"$top/common" -I"$build/common" "$1" | grep -o '/[^ ]*' |
		xargs -r realpath | sort -u | comm -12 - "$work/headers" | head -n 1
}

read -ra flags <<<"$(flag LATCHKEY_CFLAGS) $(flag LATCHKEY_CPPFLAGS) $(flag CFLAGS)"
compiled=0
for file in "$top"/common/base/*.c; do
	name=${file##*/} library=$(library_of "$file")
	if [[ $library ]]; then
		printf '# left out: %s, for %s\n' "$name" "${library#/usr/include/}"
		continue
	fi
	musl-gcc -Werror "${flags[@]}" -I"$build" -I"$top/common" -I"$build/common" -c -o "$work/object" "$file" 2>"$work/err"
	is "$? $(<"$work/err")" '0 ' "$name"
	compiled=$((compiled + 1))
done
ok_if "$compiled files, and not none" [ "$compiled" -ge 8 ]

done_testing
