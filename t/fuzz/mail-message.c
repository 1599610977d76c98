/* mail-message.c - nobody's name, address or text adds a header, and the text
 * is seven-bit lines. The input: a name, an address, a code, a line each, and
 * the template. */
#include "config.h"

#include "mail/mail-template.h"

#include "../unit/unit.h"
#include "base/name.h"
#include "fuzz.h"

#include <sys/stat.h>

static struct conf conf;

static void
begin(void)
{
	static char site_url[] = "https://example.com/auth/", empty[] = "";
	static char language[] = "en";
	char *dir;

	unit_begin();
	dir = mem_printf("%s/en", unit_dir);
	assert(mkdir(dir, 0700) == 0);
	mem_free(dir);
	conf.site_name = empty;
	conf.site_url = site_url;
	conf.mail_from = empty;
	conf.mail_templates = unit_dir;
	conf.language = language;
	conf.code_life = 600;
}

static void
check_text(const char *text)
{
	const char *at;
	size_t length;

	for (at = text; *at != '\0'; at++)
		assert(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
	for (at = text; *at != '\0'; at += length + (at[length] != '\0')) {
		length = strcspn(at, "\n");
		assert(length <= 76);
	}
}

/* Every header once, in order, and no other. */
static void
check_message(const char *message)
{
	static const char *const names[] = {"From: ", "To: ", "Subject: ",
		"Date: ", "Message-ID: ", "Auto-Submitted: ", "MIME-Version: ",
		"Content-Type: ", "Content-Transfer-Encoding: ", "\n"};
	const char *at = message;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert(strncmp(at, names[i], strlen(names[i])) == 0);
		for (at = strchr(at, '\n') + 1; *at == ' ' && i < 9;)
			at = strchr(at, '\n') + 1;
	}
	for (; message < at; message++)
		assert(*message == '\n' ||
			((unsigned char)*message >= 0x20 &&
				(unsigned char)*message < 0x7f));
	check_text(at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_line(&data, &size);
	char *address = fuzz_line(&data, &size);
	char *code = fuzz_line(&data, &size), *message = NULL;
	struct mail_words words = {
		.address = address, .name = name, .code = code};

	if (conf.code_life == 0)
		begin();
	unit_file("en/reset.txt", (const char *)data, size);
	if (name_is_email(address))
		message =
			mail_template_message(&conf, MAIL_RESET, "en", &words);
	if (message != NULL)
		check_message(message);
	mem_free(message);
	mem_free(name);
	mem_free(address);
	mem_free(code);
	return 0;
}
