/* meanwhile.h - what another process does just before this one is let into the
 * store. For tests that are linked with --wrap=store_begin. */
#ifndef LATCHKEY_UNIT_MEANWHILE_H
#define LATCHKEY_UNIT_MEANWHILE_H

#include "unit.h"

/* Done once, before the next store_begin() but `meanwhile_skip`; NULL: nothing.
 */
static void (*meanwhile)(void);
static int meanwhile_skip;

enum status __real_store_begin(struct store *store, enum store_mode mode);
enum status __wrap_store_begin(struct store *store, enum store_mode mode);

enum status
__wrap_store_begin(struct store *store, enum store_mode mode)
{
	void (*act)(void) = meanwhile_skip == 0 ? meanwhile : NULL;

	if (meanwhile_skip > 0)
		meanwhile_skip--;
	else
		meanwhile = NULL;
	if (act != NULL)
		is_int(unit_fork(act), 0, "meanwhile, in another process");
	return __real_store_begin(store, mode);
}

#endif
