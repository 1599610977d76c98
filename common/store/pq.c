/* pq.c - libpq, PostgreSQL's client library, which is loaded where it is used
 */
#include "config.h"

#include "store/pq.h"

#include "base/log.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LIBRARY "libpq.so.5"

struct pq_functions pq;

#define PQ_ROW(member, function)                                               \
	{#function, offsetof(struct pq_functions, member)},
static const struct {
	const char *name;
	size_t offset;
} rows[] = {PQ_FUNCTIONS(PQ_ROW)};
#undef PQ_ROW

static bool
say_missing(void)
{
	log_error("store: PostgreSQL's client library is needed (Debian's "
		  "package libpq5, of version 14 or later): %s",
		dlerror());
	return false;
}

/* OpenSSL reads a file of settings at its first use, and fails where the
 * sandbox keeps it from that. */
static void
begin_tls(void *library)
{
	static const uint64_t load_settings =
		0x40; /* OPENSSL_INIT_LOAD_CONFIG */
	int (*begin)(uint64_t, const void *);
	void *symbol = dlsym(library, "OPENSSL_init_ssl");

	if (symbol == NULL)
		return; /* this libpq was built without */
	memcpy(&begin, &symbol, sizeof begin);
	begin(load_settings, NULL);
}

bool
pq_load(void)
{
	static void *library;
	void *symbol;
	size_t i;

	if (library != NULL)
		return true;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return say_missing();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		symbol = dlsym(library, rows[i].name);
		if (symbol == NULL) {
			say_missing();
			dlclose(library);
			library = NULL;
			return false;
		}
		memcpy((char *)&pq + rows[i].offset, &symbol, sizeof symbol);
	}
	begin_tls(library);
	return true;
}
