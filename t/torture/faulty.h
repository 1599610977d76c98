/* faulty.h - what faulty.c has for the calls that stand before libc's */
#ifndef LATCHKEY_FAULTY_H
#define LATCHKEY_FAULTY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The programs have names of their own. */
#pragma GCC visibility push(hidden)

enum { FDS = 1024 };

/* What an open file is to us. The gate and libdb's regions are mapped: their
 * writes are not seen, and not needed. */
enum kind { OTHER, STORED, MAPPED, AUDIT };

extern struct page {
	_Atomic int32_t noting;    /* whether the file `writes` is kept */
	_Atomic int32_t die_every; /* calls, on the average; 0: never */
	_Atomic int32_t flush_error, flush_left; /* -1: until told otherwise */
	_Atomic int32_t write_error, write_left;
	_Atomic int32_t read_only; /* what would change anything: EROFS */
	_Atomic int32_t deaths, failed_flushes, failed_writes;
	_Atomic int64_t wall_offset, boot_offset; /* seconds */
} * page;

/* Of each descriptor: what it is, and how many flushes had failed when it was
 * opened or last flushed. */
extern unsigned char kinds[FDS];
extern int32_t seen[FDS];

/* Notes what was done; the letters are power.py's. */
void note(char what, uint64_t inode, int64_t offset, const void *data,
	size_t length);
uint64_t inode_of(int fd);

/* The name below the store, "" for itself; NULL for what is elsewhere. */
const char *name_below(const char *path);
enum kind kind_of_path(const char *path);
enum kind kind_of(int fd);

/* True once in so many times; and whether it is time to die. */
int chance(int every);
int by_chance(void);
void die(void);

/* The error that the call is to have; 0 for none. */
int flush_error(void);
int write_error(void);
int is_read_only(const char *path);

/* Sets errno; -1. */
int refuse(int error);

#pragma GCC visibility pop

#endif
