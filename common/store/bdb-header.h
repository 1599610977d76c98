/* bdb-header.h - db.h, whose structures have times in them.
 *
 * libdb was built with the system's time_t. Where that has 32 bits, latchkey's
 * has 64 (configure.ac), and the methods of DB and DB_ENV would not be where
 * libdb has put them. */
#ifndef LATCHKEY_BDB_HEADER_H
#define LATCHKEY_BDB_HEADER_H

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#if SIZEOF_TIME_T < 8
#define time_t long
#endif
#include <db.h>
#undef time_t

#endif
