/* mail-template.c - the texts of mails, filled in */
#include "config.h"

#include "mail-template.h"

#include "log.h"
#include "mem.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEMPLATE_MAX = 32768 };

char *
mail_template_site(const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);
	char name[256] = "localhost";

	if (host != NULL)
		return mem_printf("%.*s", (int)length, host);
	gethostname(name, sizeof name - 1);
	return mem_copy(name[0] == '\0' ? "localhost" : name);
}

/* Where the code can be put in; NULL without a site_url. */
static char *
make_link(const struct conf *conf, enum mail_kind kind, const char *code)
{
	size_t length = strlen(conf->site_url);
	const char *page = kind == MAIL_RESET    ? "reset-password"
			   : kind == MAIL_VERIFY ? "verify-email"
						 : NULL;

	if (length == 0 || code == NULL || page == NULL)
		return NULL;
	if (conf->site_url[length - 1] == '/')
		length--;
	return mem_printf(
		"%.*s/%s#code=%s", (int)length, conf->site_url, page, code);
}

/* The value of {name}; NULL if it is nothing. The caller frees. */
static char *
value_of(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *name, size_t length)
{
	const struct {
		const char *name;
		const char *value;
	} plain[] = {
		{"address", words->address},
		{"name", words->name},
		{"code", words->code},
	};
	size_t i;

	for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (strlen(plain[i].name) == length &&
			strncmp(plain[i].name, name, length) == 0)
			return plain[i].value == NULL
				       ? NULL
				       : mem_copy(plain[i].value);
	if (length == 4 && strncmp(name, "site", 4) == 0)
		return mail_template_site(conf);
	if (length == 4 && strncmp(name, "link", 4) == 0)
		return make_link(conf, kind, words->code);
	if (length == 7 && strncmp(name, "minutes", 7) == 0)
		return mem_printf("%lu", conf->code_life / 60);
	return NULL;
}

/* Fills in one line; NULL if it is to be left out. The caller frees. */
static char *
fill_line(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *line, size_t length)
{
	char *out = mem_copy(""), *value;
	const char *end = line + length, *open, *close;

	for (;;) {
		open = memchr(line, '{', (size_t)(end - line));
		close = open == NULL ? NULL
				     : memchr(open, '}', (size_t)(end - open));
		if (close == NULL)
			break;
		value = value_of(conf, kind, words, open + 1,
			(size_t)(close - open - 1));
		if (value == NULL) {
			sodium_memzero(out, strlen(out));
			mem_free(out);
			return NULL;
		}
		out = mem_append(
			out, "%.*s%s", (int)(open - line), line, value);
		sodium_memzero(value, strlen(value));
		mem_free(value);
		line = close + 1;
	}
	return mem_append(out, "%.*s", (int)(end - line), line);
}

static char *
fill(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *template)
{
	char *out = mem_copy(""), *line;
	size_t length, ends_cr; /* 1 where an editor has put CRLF */

	for (; template[0] != '\0'; template += length) {
		length = strcspn(template, "\n");
		ends_cr = length > 0 && template[length - 1] == '\r';
		line = fill_line(conf, kind, words, template, length - ends_cr);
		length += template[length] == '\n';
		if (line == NULL)
			continue;
		out = mem_append(out, "%s\n", line);
		sodium_memzero(line, strlen(line));
		mem_free(line);
	}
	return out;
}

static char *
read_template(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t length;

	if (file == NULL)
		return NULL;
	text = mem_zero(TEMPLATE_MAX + 1);
	length = fread(text, 1, TEMPLATE_MAX, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

/* The template of that kind, in the first language that has one. */
static char *
find_template(
	const struct conf *conf, enum mail_kind kind, const char *language)
{
	const char *languages[] = {language, conf->language, "en"};
	char *path, *text = NULL;
	size_t i;

	for (i = 0; i < 3 && text == NULL; i++) {
		path = mem_printf("%s/%s/%s.txt", conf->mail_templates,
			languages[i], mail_kind_name(kind));
		if (name_is_language(languages[i]))
			text = read_template(path);
		mem_free(path);
	}
	if (text == NULL)
		log_error("mail: %s: no template %s.txt in any language",
			conf->mail_templates, mail_kind_name(kind));
	return text;
}

char *
mail_template_fill(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words)
{
	char *template = find_template(conf, kind, language), *out;

	if (template == NULL)
		return NULL;
	out = fill(conf, kind, words, template);
	mem_free(template);
	return out;
}
