# shellcheck shell=bash disable=SC2034,SC2154 # shared with lib.sh and with the tests
# web.sh - what the tests of the pages have in common, after lib.sh, mails.sh and server.sh: a site, and t/web/*.mjs in it

good='Quiet-Harbour-42'
# Pages are asked for by one address, quickly: the limits are for several worlds of visitors.
web_settings=('hash_cost = 1' "$msmtp" "mail_templates = $work/mail" "pages = $work/pages" "www = $work/www"
	'site_name = Harbour' 'registration = open' 'factor = admin' 'self_delete = yes' 'code_mails = 100' 'throttle.first = 60' 'throttle.free = 10' 'throttle.network = 1000000'
	'throttle.asks = 1000000' 'throttle.right = 1000000')

# browser_or_skip: with loud words where there is no Chromium, which build-aux/prepare installs.
browser_or_skip() {
	CHROMIUM=${CHROMIUM-$(command -v chromium)} || {
		diag '*** The pages are NOT TESTED: there is no chromium here, and build-aux/prepare could not install it. ***'
		echo '1..0 # SKIP no chromium'
		exit 0
	}
	export CHROMIUM
	node_modules
}

# place_pages: templates, texts and files where the programs can read them, the test language among them.
place_pages() {
	rm -rf "$work/pages" "$work/www"
	mkdir "$work/pages" "$work/www"
	cp "$top"/conf/pages/* "$work/pages"
	"$top/t/web/test-language" "$work/pages/en.txt" "$work/pages/qps.txt" || give_up 'no test language'
	cp "$top"/www/* "$work/www"
	chmod -R a+rX "$work/pages" "$work/www"
}

# dress NUMBER [FILE.css]: the site has the theme that the guide shows there, after the file, and a logo.
dress() {
	cat ${2+"$2"} <(awk -v wanted="$1" '
		/^### / { on = /A theme/ }
		on && /^    / { if (!inside++) block++; if (block == wanted) print }
		!/^    / { inside = 0 }' "$top/doc/guide/pages.md") >"$work/www/custom.css"
	cp "$top/www/favicon.svg" "$work/www/logo.svg"
	chmod a+r "$work"/www/*
	wait_for 60 is_dressed || give_up 'no theme'
}
is_dressed() { curl -s -H 'Accept: text/html' "$site/account/sign-in" | grep -q custom.css; }

# site_up nginx|apache [http|https]: a site without accounts, whose pages are at $site. While $clock is there, the
# programs' clocks are 11 minutes ahead.
site_up() {
	local clocked
	clock=$drop/clock site_way=$1-${2-http} begun=''
	rm -f "$clock"
	[[ -e $work/later.so ]] || build_clock
	[[ -d $work/pages ]] || place_pages
	[[ -e $sink/ready ]] || sink_up
	export LD_PRELOAD=$work/later.so LATER=660 LATER_FROM=$clock ASAN_OPTIONS=verify_asan_link_order=0
	if [[ ${2-} == https ]]; then
		fresh "${web_settings[@]}" 'site_url = https://pages.test:PUBLIC_PORT'
		start_tls "$1"
	else
		fresh "${web_settings[@]}"
		start "$1"
		site=http://127.0.0.1:$port
	fi
	unset LD_PRELOAD LATER LATER_FROM ASAN_OPTIONS
	set_conf "${settings[@]}" # for the command
	[[ $1 != apache ]] || clock='' # mod_fcgid's programs have an environment of their own
}

# The first visitors of a site find no account there; those of a second `visit` do.
# visit NAME.mjs WORD...: what visitors do, and what they see; their tests are ours.
visit() {
	local line
	while IFS= read -r line; do
		case $line in
		1..*) ;;
		'ok '*) pass "$site_way: ${line#* - }" ;;
		'not ok '*) flunk "$site_way: ${line#* - }" ;;
		*) diag "${line#\# }" ;;
		esac
	done < <(
		WEB_SITE=$site WEB_PAGES=$work/pages WEB_SINK=$sink WEB_CLOCK=$clock WEB_CONF=$conf WEB_CLI=$build/cli/latchkey WEB_TOP=$top \
			WEB_SOCKETS=$work WEB_BEGUN=$begun \
			node "$top/t/web/$1" "${@:2}" 2>&1 || echo "not ok - $1 ends"
	)
	begun=yes
}
