/* libdb.h - libdb's own word on the files of a store */
#ifndef LATCHKEY_UNIT_LIBDB_H
#define LATCHKEY_UNIT_LIBDB_H

#include "base/mem.h"
#include "store/bdb-header.h"
#include "tap.h"

static inline void
verify_file(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);
	DB *file;

	if (db_create(&file, NULL, 0) == 0)
		ok(file->verify(file, path, NULL, NULL, 0) == 0,
			"DB->verify finds %s clean", name);
	mem_free(path);
}

/* Has libdb look the files over; nobody may be using the store. What is in
 * its cache is brought into the files first, as a restart would. */
static inline void
verify_files(const char *dir)
{
	DB_ENV *env;

	if (db_env_create(&env, 0) == 0) {
		env->open(env, dir,
			DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL |
				DB_RECOVER,
			0600);
		env->close(env, 0);
	}
	verify_file(dir, "accounts.btr");
	verify_file(dir, "records.btr");
	verify_file(dir, "server_params.btr");
}

#endif
