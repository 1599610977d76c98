/* language.c - which language a browser asks for */
#include "config.h"

#include "base/language.h"
#include "tap.h"

#include <string.h>

static bool
has(const void *context, const char *language)
{
	return strstr(context, language) != NULL;
}

/* clang-format off */
static const struct {
	const char *accept, *language;
} cases[] = {
	{NULL, ""},
	{"", ""},
	{"en", "en"},
	{"de-AT", "de"},
	{"DE-at", "de"},
	{"fr, de;q=0.9, en;q=0.8", "de"},
	{"en;q=0.5, de;q=0.7", "de"},
	{"en; q=0.1, de", "de"},
	{"de;q=0, en;q=0.1", "en"},
	{"*", ""},
	{"e, english, ../de, de/en", ""},
	{"xx,xx,xx,xx,xx,xx,xx,xx,de", ""},
	{"xx,xx,xx,xx,xx,xx,xx,de", "de"},
	{";;,,q=1,de;q=abc,en;q=0.2", "en"},
};
/* clang-format on */

int
main(void)
{
	char language[NAME_LANGUAGE_SIZE];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		language_choose(cases[i].accept, has, "en de", language);
		is_str(language, cases[i].language,
			cases[i].accept == NULL ? "no header"
						: cases[i].accept);
	}
	return done();
}
