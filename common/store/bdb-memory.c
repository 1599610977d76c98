/* bdb-memory.c - what libdb allocates */
#include "config.h"

#include "store/bdb-memory.h"

#include "store/bdb-header.h"

#include <sodium.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bdb_block {
	LIST_ENTRY(bdb_block) link;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

static struct bdb_memory others, *in_use = &others;

static struct bdb_block *
block_of(void *data)
{
	return (struct bdb_block *)((unsigned char *)data -
				    offsetof(struct bdb_block, data));
}

static void *
allocate(size_t size)
{
	struct bdb_block *block;

	if (size > SIZE_MAX - sizeof *block ||
		(block = malloc(sizeof *block + size)) == NULL)
		return NULL;
	block->size = size;
	LIST_INSERT_HEAD(in_use, block, link);
	return block->data;
}

void
bdb_memory_free(void *data)
{
	struct bdb_block *block;

	if (data == NULL)
		return;
	block = block_of(data);
	LIST_REMOVE(block, link);
	sodium_memzero(data, block->size);
	free(block);
}

static void *
resize(void *data, size_t size)
{
	size_t before = data == NULL ? 0 : block_of(data)->size;
	void *other = allocate(size);

	if (other == NULL)
		return NULL;
	if (before > 0)
		memcpy(other, data, before < size ? before : size);
	bdb_memory_free(data);
	return other;
}

void
bdb_memory_use(struct bdb_memory *memory)
{
	in_use = memory == NULL ? &others : memory;
	db_env_set_func_malloc(allocate);
	db_env_set_func_realloc(resize);
	db_env_set_func_free(bdb_memory_free);
}

void
bdb_memory_free_all(struct bdb_memory *memory)
{
	while (!LIST_EMPTY(memory))
		bdb_memory_free(LIST_FIRST(memory)->data);
}
