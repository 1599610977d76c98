/* pq-uri.c - where a database is, as a setting: what is taken, and which
 * directories libpq will read */
#include "config.h"

#include "store/pq-uri.h"

#include "base/mem.h"
#include "tap.h"

#include <string.h>

/* A text, a part of what is wrong with it (NULL: nothing), and the directories
 * of its files, a blank behind each. */
#define AT "postgresql://latchkey@db/latchkey"
#define FORM "postgresql://USER@HOST[:PORT]"
#define SECRET "a place for a password"
/* clang-format off */
static const struct {
	const char *uri, *flaw, *directories;
} uris[] = {
	{AT, NULL, ""},
	{"postgresql://latchkey@/latchkey", NULL, ""},
	{"postgresql://latchkey@db1:5432,db2:5433/latchkey", NULL, ""},
	{"postgresql://latchkey@[::1]:5432,192.0.2.1/latchkey", NULL, ""},
	{"postgresql://latch%40key@db/latch%2fkey", NULL, ""},
	{AT "?host=/run/postgresql&port=5433", NULL, ""},
	{AT "?sslmode=verify-full&sslrootcert=/etc/l/ca.crt", NULL, "/etc/l "},
	{AT "?passfile=/a/pass&sslcert=/b/c&sslkey=/c/d/k&sslcrldir=/crl/d",
		NULL, "/a /b /c/d /crl/d "},
	{AT "?sslcrl=/a%20b/c%2Fd", NULL, "/a b/c "},

	{"postgresql://", FORM, NULL},
	{"postgresql://db/latchkey", FORM, NULL},
	{"postgresql://db:5432/latchkey", FORM, NULL},
	{"postgresql://@db/latchkey", FORM, NULL},
	{"postgresql://latchkey@db", FORM, NULL},
	{"postgresql://latchkey@db/", FORM, NULL},
	{"postgresql://latchkey@db?sslmode=require", FORM, NULL},
	{AT "/more", FORM, NULL},
	{AT "?", FORM, NULL},
	{AT "?sslmode", FORM, NULL},
	{AT "?sslmode=", FORM, NULL},
	{AT "?sslmode=a=b", FORM, NULL},
	{AT "?sslmode=require&", FORM, NULL},
	{AT "?sslmode&=require", FORM, NULL},
	{AT " ", FORM, NULL},
	{AT "?sslmode=\xc3\xa4", FORM, NULL},
	{AT "?sslmode='require'", FORM, NULL},
	{AT "%", FORM, NULL},
	{AT "%4", FORM, NULL},
	{AT "%4g", FORM, NULL},
	{AT "%00", FORM, NULL},

	{"postgresql://latchkey:sesame@db/latchkey", SECRET, NULL},
	{"postgresql://latchkey:@db/latchkey", SECRET, NULL},
	{AT "?password=sesame", SECRET, NULL},
	{AT "?sslmode=require&sslpassword=sesame", SECRET, NULL},

	{AT "?user=other", "the words that", NULL},
	{AT "?Sslmode=require", "the words that", NULL},
	{AT "?%73slmode=require", "the words that", NULL},
	{AT "?=require", "the words that", NULL},
	{AT "?connect_timeout=60", "to say connect_timeout, ", NULL},
	{AT "?target_session_attrs=any", "to say target_session_attrs, ", NULL},
	{AT "?options=-cfsync%3Doff", "to say options: ", NULL},
	{AT "?service=other", "to say service, which ", NULL},

	{"postgresql://latchkey@db:,[::1]:65535/latchkey", NULL, ""},
	{AT "?host=a,b&port=1,", NULL, ""},
	{"postgresql://latchkey@db:65536/latchkey", "65535", NULL},
	{"postgresql://latchkey@db:0/latchkey", "65535", NULL},
	{"postgresql://latchkey@db,[::1]:99999/latchkey", "65535", NULL},
	{"postgresql://latchkey@[::1]:5432,db:x/latchkey", "65535", NULL},
	{"postgresql://latchkey@db:%35432/latchkey", "65535", NULL},
	{AT "?port=5432,99999", "65535", NULL},
	{AT "?port=5432%2C99999", "65535", NULL},
	{AT "?port=+1", "65535", NULL},
	{"postgresql://latchkey@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p/latchkey", NULL, ""},
	{"postgresql://latchkey@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/latchkey", "16 hosts", NULL},
	{AT "?host=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p%2Cq", "16 hosts", NULL},

	{AT "?passfile=pass", "absolute paths", NULL},
	{AT "?passfile=/pass", "absolute paths", NULL},
	{AT "?sslcrldir=/", "absolute paths", NULL},
};
/* clang-format on */

static char *
directories_of(const char *uri)
{
	char *all = mem_copy(""), *one;

	while ((one = pq_uri_next_directory(&uri)) != NULL) {
		all = mem_append(all, "%s ", one);
		mem_free(one);
	}
	return all;
}

static void
test_uri(const char *uri, const char *wanted, const char *directories)
{
	const char *flaw = pq_uri_flaw(uri);
	char *found;

	if (wanted != NULL || flaw != NULL) {
		ok(wanted != NULL && flaw != NULL &&
				strstr(flaw, wanted) != NULL,
			"refused: %s", uri);
		return;
	}
	found = directories_of(uri);
	is_str(found, directories, uri);
	mem_free(found);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof uris / sizeof uris[0]; i++) {
		ok(pq_uri_is(uris[i].uri), "begins as one: %s", uris[i].uri);
		test_uri(uris[i].uri, uris[i].flaw, uris[i].directories);
	}
	ok(!pq_uri_is("postgres://latchkey@db/latchkey"), "another scheme");
	ok(!pq_uri_is("bdb:store"), "a directory");
	return done();
}
