/* bdb-memory.h - what libdb allocates.
 *
 * It does not wipe what it frees, and records go through it: keys would be in
 * a core dump long after. And of an environment in panic it frees nothing: each
 * recovery would leave 18 KB behind. */
#ifndef LATCHKEY_BDB_MEMORY_H
#define LATCHKEY_BDB_MEMORY_H

#include <sys/queue.h>

/* The blocks of one environment; all zero: none. */
LIST_HEAD(bdb_memory, bdb_block);

/* From now on libdb's blocks are these; NULL: nobody's. To be said whenever
 * another environment may have been in use. */
void bdb_memory_use(struct bdb_memory *memory);

/* Wipes and frees a block that libdb has handed over; NULL is none. */
void bdb_memory_free(void *data);

/* Wipes and frees all of them: no handle is open any more. */
void bdb_memory_free_all(struct bdb_memory *memory);

#endif
