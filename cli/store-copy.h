/* store-copy.h - latchkey store copy, which is a command of store.c's group and
 * long enough for a file of its own */
#ifndef LATCHKEY_STORE_COPY_H
#define LATCHKEY_STORE_COPY_H

#include "cli.h"

/* A command's `run`: copies all records of the store FROM to the store TO, and
 * compares. */
int store_copy_run(struct cli *cli);

#endif
