/* conf-check.c - what the settings that are texts may say */
#include "config.h"

#include "site/conf-check.h"

#include "base/name.h"
#include "base/sender.h"
#include "password/password.h"

#include <string.h>

enum { ISSUER_MAX = 128 };

const char *
conf_check_path(const char *value)
{
	return value[0] == '/' ? NULL : "an absolute path";
}

const char *
conf_check_paths(const char *value)
{
	size_t length;

	for (; value[0] == '/'; value += length + 1) {
		length = strcspn(value, ":");
		if (value[length] == '\0')
			return NULL;
	}
	return "an absolute path, or several with a : between two";
}

const char *
conf_check_filter(const char *value)
{
	return value[0] == '/' || value[0] == '\0'
		       ? NULL
		       : "an absolute path, or empty";
}

const char *
conf_check_key_file(const char *value)
{
	/* The programs may read what lies beside it. */
	return value[0] == '\0' ||
			       (value[0] == '/' && strrchr(value, '/') != value)
		       ? NULL
		       : "the absolute path of a file in a directory, or empty";
}

const char *
conf_check_store(const char *value)
{
	return strncmp(value, "bdb:", 4) == 0 && value[4] != '\0'
		       ? NULL
		       : "bdb:DIRECTORY";
}

const char *
conf_check_url(const char *value)
{
	static const char wanted[] = "http://HOST or https://HOST, with :PORT "
				     "and /PATH where needed";
	size_t scheme = strncmp(value, "http://", 7) == 0    ? 7
			: strncmp(value, "https://", 8) == 0 ? 8
							     : 0;

	if (value[0] == '\0')
		return NULL;
	if (scheme == 0 || value[scheme] == '\0' || value[scheme] == '/' ||
		strpbrk(value, " \t\"'<>\\?#@") != NULL)
		return wanted;
	return NULL;
}

/* What a token has room for. */
const char *
conf_check_issuer(const char *value)
{
	const char *at;

	for (at = value; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			break;
	return at > value && at - value <= ISSUER_MAX && *at == '\0'
		       ? NULL
		       : "a name or address of up to 128 printable ASCII "
			 "characters";
}

const char *
conf_check_hash(const char *value)
{
	return password_least_cost(value) > 0
		       ? NULL
		       : "one of: $y$ $gy$ $7$ $2b$ $6$ $5$";
}

const char *
conf_check_code_form(const char *value)
{
	static const char *const forms[] = {
		"symbols", "digits:8", "digits:9", "digits:10", NULL};
	int i;

	for (i = 0; forms[i] != NULL; i++)
		if (strcmp(value, forms[i]) == 0)
			return NULL;
	/* What this setting could be once. */
	if (strcmp(value, "digits:6") == 0 || strcmp(value, "digits:7") == 0)
		return "long enough, since it can be guessed in time: write "
		       "code_form = digits:8";
	return "symbols, or digits:8 to digits:10";
}

const char *
conf_check_audit(const char *value)
{
	const char *last = strrchr(value, '/');

	/* What lies in / would let the programs write all over it. */
	return value[0] != '\0' && last != value &&
			       (last == NULL || last[1] != '\0')
		       ? NULL
		       : "syslog, stderr, off or a file in a directory";
}

const char *
conf_check_command(const char *value)
{
	return value[0] == '\0' || value[0] == '/'
		       ? NULL
		       : "the absolute path of a program and its arguments, or "
			 "empty";
}

const char *
conf_check_sender(const char *value)
{
	struct sender sender;

	return value[0] == '\0' || sender_read(value, &sender)
		       ? NULL
		       : "an email, or a name and <an email>";
}

const char *
conf_check_language(const char *value)
{
	return name_is_language(value) ? NULL : "a language, such as en";
}
