/* json.c - what RFC 8259 takes, and what json-c would take too much */
#include "config.h"

#include "base/json.h"
#include "base/mem.h"
#include "tap.h"

#include <json-c/printbuf.h>
#include <stdint.h>
#include <stdlib.h>

struct text {
	const char *name;
	const char *text;
};

/* clang-format off */
static const struct text good[] = {
	{"an empty object", "{}"},
	{"blanks around and between", " \t\r\n{ \"a\" : [ 1 , 2 ] }\n "},
	{"every short escape", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"},
	{"a surrogate pair", "{\"a\":\"\\ud83d\\uDE00\"}"},
	{"the last escape below the surrogates", "{\"a\":\"\\ud7ff\"}"},
	{"an empty name", "{\"\":1}"},
	{"DEL, which is no control character there", "{\"a\":\"\x7f\"}"},
	{"four-byte UTF-8", "{\"a\":\"\xf4\x8f\xbf\xbf\"}"},
	{"zero and minus zero", "{\"a\":0,\"b\":-0}"},
	{"every part of a number", "{\"a\":-10.50e-07,\"b\":2E+3,\"c\":0e0}"},
	{"a number too big for any type", "{\"a\":1e999}"},
	{"an integer too big for any type", "{\"a\":99999999999999999999999}"},
	{"words", "{\"a\":[true,false,null]}"},
	{"duplicates below the top level", "{\"a\":{\"b\":1,\"b\":2}}"},
};

static const struct text bad[] = {
	{"nothing", ""},
	{"blanks only", " \n"},
	{"an array", "[]"},
	{"a string", "\"a\""},
	{"a number", "1"},
	{"null", "null"},
	{"two documents", "{}{}"},
	{"something after", "{} x"},
	{"a byte order mark", "\xef\xbb\xbf{}"},
	{"a comment", "{/**/}"},
	{"a comment after", "{}//"},
	{"a shell comment", "{}#"},
	{"a trailing comma", "{\"a\":1,}"},
	{"a trailing comma in an array", "{\"a\":[1,]}"},
	{"a comma alone", "{,}"},
	{"two commas", "{\"a\":1,,\"b\":2}"},
	{"no colon", "{\"a\" 1}"},
	{"no value", "{\"a\":}"},
	{"no name", "{:1}"},
	{"a name without quotes", "{a:1}"},
	{"a number as a name", "{1:1}"},
	{"the wrong bracket", "{\"a\":[1}]"},
	{"single quotes", "{'a':1}"},
	{"a value in single quotes", "{\"a\":'b'}"},
	{"NaN", "{\"a\":NaN}"},
	{"nan", "{\"a\":nan}"},
	{"Infinity", "{\"a\":Infinity}"},
	{"-Infinity", "{\"a\":-Infinity}"},
	{"True", "{\"a\":True}"},
	{"half a word", "{\"a\":tru}"},
	{"a word and more", "{\"a\":nulll}"},
	{"-01", "{\"a\":-01}"},
	{"01", "{\"a\":01}"},
	{"2.e3", "{\"a\":2.e3}"},
	{"1.", "{\"a\":1.}"},
	{".5", "{\"a\":.5}"},
	{"+1", "{\"a\":+1}"},
	{"-", "{\"a\":-}"},
	{"- 1", "{\"a\":- 1}"},
	{"1e", "{\"a\":1e}"},
	{"1e+", "{\"a\":1e+}"},
	{"1e+-1", "{\"a\":1e+-1}"},
	{"0x1", "{\"a\":0x1}"},
	{"a vertical tab between", "{\"a\":\v1}"},
	{"a no-break space between", "{\"a\":\xc2\xa0" "1}"},
	{"a raw tab in a string", "{\"a\":\"\t\"}"},
	{"a raw newline in a string", "{\"a\":\"\n\"}"},
	{"a raw 0x1f in a string", "{\"a\":\"\x1f\"}"},
	{"a raw control character in a name", "{\"\x01\":1}"},
	{"an unknown escape", "{\"a\":\"\\x41\"}"},
	{"an escaped newline", "{\"a\":\"\\\n\"}"},
	{"three digits", "{\"a\":\"\\u123\"}"},
	{"no hexadecimal digit", "{\"a\":\"\\u12g4\"}"},
	{"U+0000", "{\"a\":\"\\u0000\"}"},
	{"U+0000 in a name", "{\"a\\u0000\":1}"},
	{"a lone high surrogate", "{\"a\":\"\\ud83d\"}"},
	{"a lone low surrogate", "{\"a\":\"\\ude00\"}"},
	{"a pair the wrong way round", "{\"a\":\"\\ude00\\ud83d\"}"},
	{"two high surrogates", "{\"a\":\"\\ud83d\\ud83d\"}"},
	{"a high surrogate and a letter", "{\"a\":\"\\ud83d\\u0041\"}"},
	{"0xff", "{\"a\":\"\xff\"}"},
	{"an overlong slash", "{\"a\":\"\xc0\xaf\"}"},
	{"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}"},
	{"beyond U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}"},
	{"half a character", "{\"a\":\"\xc3\"}"},
	{"duplicates", "{\"a\":1,\"a\":2}"},
	{"duplicates by an escape", "{\"ab\":1,\"\\u0061b\":2}"},
	{"duplicates of the empty name", "{\"\":1,\"\":2}"},
};

static const struct {
	const char *value;
	bool good;
	int64_t number;
} naturals[] = {
	{"0", true, 0},
	{"1", true, 1},
	{"9223372036854775806", true, INT64_MAX - 1},
	{"9223372036854775807", false, 0},
	{"9223372036854775808", false, 0},
	{"18446744073709551615", false, 0},
	{"18446744073709551616", false, 0},
	{"99999999999999999999999", false, 0},
	{"-1", false, 0},
	{"-9223372036854775809", false, 0},
	{"1.0", false, 0},
	{"1e3", false, 0},
	{"\"1\"", false, 0},
	{"true", false, 0},
	{"null", false, 0},
	{"[1]", false, 0},
};
/* clang-format on */

static bool
takes(const char *text, size_t length, bool (*once)(const char *, void *))
{
	/* Of exactly that length, so that a look beyond shows. */
	char *copy = mem_zero(length + 1);
	char *exact = mem_resize(copy, length == 0 ? 1 : length);
	struct json_object *object;

	memcpy(exact, text, length);
	object = json_parse_object(exact, length, once, NULL);
	json_object_put(object);
	mem_free(exact);
	return object != NULL;
}

static void
test_texts(void)
{
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		ok(takes(good[i].text, strlen(good[i].text), NULL), "takes %s",
			good[i].name);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!takes(bad[i].text, strlen(bad[i].text), NULL), "refuses %s",
			bad[i].name);
	ok(!takes("{}", 3, NULL), "refuses a NUL byte after");
	ok(!takes("{\"a\":\"\0\"}", 9, NULL), "refuses one in a string");
	ok(!takes("{\0}", 3, NULL), "refuses one between");
}

static void
test_prefixes(void)
{
	static const char whole[] =
		"{\"a\":[-1.5e+3,true,null,\"\\u00e9\\ud83d\\ude00\xc3\xa9\"]}";
	size_t i, taken = 0;

	for (i = 0; i < sizeof whole - 1; i++)
		taken += takes(whole, i, NULL) ? 1 : 0;
	ok(takes(whole, i, NULL), "takes a document");
	is_int((long long)taken, 0, "and no prefix of it");
}

/* An object of `depth` levels, the outermost included. */
static bool
takes_depth(int depth)
{
	char text[2 * 64 + 8] = "{\"a\":";
	int i;

	for (i = 1; i < depth; i++)
		strcat(text, "[");
	for (i = 1; i < depth; i++)
		strcat(text, "]");
	strcat(text, "}");
	return takes(text, strlen(text), NULL);
}

static bool
takes_members(int count)
{
	static char text[8192];
	size_t used = 1;
	int i;

	text[0] = '{';
	for (i = 0; i < count; i++)
		used += (size_t)sprintf(
			text + used, "%s\"m%d\":%d", i == 0 ? "" : ",", i, i);
	text[used++] = '}';
	return takes(text, used, NULL);
}

static bool
is_read(const char *name, void *context)
{
	(void)context;
	return strcmp(name, "password") == 0;
}

static void
test_once(void)
{
	static const char unread[] = "{\"x\":1,\"x\":2,\"password\":\"\"}";
	static const char twice[] = "{\"password\":1,\"p\\u0061ssword\":2}";

	ok(takes(unread, strlen(unread), is_read),
		"takes a member twice that nobody reads");
	ok(!takes(twice, strlen(twice), is_read),
		"refuses one that is read, by an escape too");
}

/* As JSON has numbers: a fraction of nothing is none. */
static void
test_integers(void)
{
	static const struct {
		const char *text;
		bool good;
		int64_t number;
	} rows[] = {
		{"0", true, 0},
		{"-3600", true, -3600},
		{"3600.0", true, 3600},
		{"3600.000", true, 3600},
		{"36e2", true, 3600},
		{"36E+2", true, 3600},
		{"360000e-2", true, 3600},
		{"-0.0", true, 0},
		{"9223372036854775807", true, INT64_MAX},
		{"9007199254740992.0", true, INT64_C(9007199254740992)},
		{"9007199254740994.0", false, 0},
		{"9223372036854775808", false, 0},
		{"3600.5", false, 0},
		{"1e-3", false, 0},
		{"1e400", false, 0},
		{"1e19", false, 0},
	};
	int64_t number;
	size_t i;
	bool is;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is = json_integer(rows[i].text, &number);
		ok(is == rows[i].good && (!is || number == rows[i].number),
			"%s %s an integer", rows[i].text,
			rows[i].good ? "is" : "is not");
	}
}

static void
test_naturals(void)
{
	struct json_object *object;
	int64_t number;
	char text[64];
	size_t i;
	bool is;

	for (i = 0; i < sizeof naturals / sizeof naturals[0]; i++) {
		snprintf(text, sizeof text, "{\"n\":%s}", naturals[i].value);
		object = json_parse_object(text, strlen(text), NULL, NULL);
		is = json_natural(object, "n", &number);
		ok(object != NULL && is == naturals[i].good &&
				(!is || number == naturals[i].number),
			"%s %s a natural number", naturals[i].value,
			naturals[i].good ? "is" : "is not");
		ok(!json_natural(object, "m", &number), "nor is none");
		json_object_put(object);
	}
}

/* What json_encode() writes, json-c and json_decode() read as it was. */
static void
test_encoding(void)
{
	char text[128], line[1024], back[128], *end;
	struct json_member members[JSON_MEMBERS];
	struct json_object *object;
	size_t count;
	int i;

	for (i = 0; i < 127; i++)
		text[i] = (char)(i + 1);
	text[127] = '\0';
	end = json_encode(text, stpcpy(line, "{\"a\": "));
	strcpy(end, ", \"b\":[1]}");
	object = json_parse_object(line, strlen(line), NULL, NULL);
	is_str(json_string(object, "a"), text, "every byte, encoded");
	json_object_put(object);
	ok(json_read_members(line, strlen(line), members, &count) && count == 2,
		"two members");
	ok(json_decode(members[0].value, members[0].value_length, back,
		   sizeof back) &&
			strcmp(back, text) == 0,
		"and decoded");
	ok(!json_decode(members[0].value, members[0].value_length, back,
		   sizeof back - 1),
		"not where there is no room");
	ok(members[1].value_length == 3 &&
			memcmp(members[1].value, "[1]", 3) == 0,
		"a value as it stands there");
	ok(json_decode("\"abc\"", 5, back, 4) && strcmp(back, "abc") == 0,
		"no escape: what fits");
	ok(!json_decode("\"abc\"", 5, back, 3), "no escape: what does not");
	ok(json_read_members("{\"a\":1,\"\\u0061\":2}", 18, members, &count) &&
			!json_members_once(members, count),
		"a name twice, once with an escape");
}

/* What is added can be read again, and lists may hold anything. */
static void
test_members(void)
{
	static const char *const texts[][2] = {
		{"a\xc3\xa4", "a\xc3\xa4"},
		{"a\xc3", "a?"},
		{"\xff\xfe\xc3\xa4\x80z", "??\xc3\xa4?z"},
		{"\xed\xa0\x80", "???"},
	};
	static const char lists[] =
		"{\"a\":[null,1,\"x\",[]],\"b\":null,\"c\":\"x\",\"d\":{}}";
	struct json_object *object;
	const struct json_object *array;
	size_t i, count;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		object = json_new_object();
		json_add_string(object, "a", texts[i][0]);
		is_str(json_string(object, "a"), texts[i][1],
			"a text that is UTF-8 then");
		json_object_put(object);
	}
	object = json_parse_object(lists, strlen(lists), NULL, NULL);
	array = json_array(object, "a", &count);
	is_int((long long)count, 4, "a list");
	for (i = 0; i < count; i++)
		is_str(json_string_at(array, i), i == 2 ? "x" : "",
			"a string, or none");
	for (i = 'b'; i <= 'e'; i++) {
		char name[2] = {(char)i, '\0'};

		ok(json_array(object, name, &count) == NULL && count == 0,
			"no list: %s", name);
	}
	ok(json_array(NULL, "a", &count) == NULL && count == 0, "nor here");
	json_object_put(object);
}

/* What json.c knows of json-c's tokener: texts go through its buffer, which
 * stays where it is while there is room, and is as large as it says. */
static void
test_tokener(void)
{
	static const char secret[] = "Quiet-Harbour-42";
	struct json_tokener *tokener = json_tokener_new();
	char text[4096], *buffer;
	struct json_object *object;
	int length, size;

	printf("# json-c %s\n", json_c_version());
	length =
		snprintf(text, sizeof text, "{\"a\":\"%04000d%s\"}", 0, secret);
	printbuf_memset(tokener->pb, 0, 0, length + 1);
	printbuf_reset(tokener->pb);
	buffer = tokener->pb->buf;
	size = tokener->pb->size;
	ok(size > length, "json-c makes room beforehand");
	object = json_tokener_parse_ex(tokener, text, length);
	is_int((long long)strlen(json_string(object, "a")),
		(long long)(4000 + strlen(secret)), "reads a long text");
	ok(tokener->pb->buf == buffer && tokener->pb->size == size,
		"and has its buffer where it was");
	ok(memmem(buffer, (size_t)size, secret, strlen(secret)) != NULL,
		"with the text in it");
	json_object_put(object);
	json_tokener_free(tokener);
}

static void
test_ascii(void)
{
	static const struct {
		const char *text, *ascii;
	} texts[] = {
		{"{\"a\":\"b c~\"}", "{\"a\":\"b c~\"}"},
		{"\"\xc3\xa9\x7f\"", "\"\\u00e9\\u007f\""},
		{"\xe2\x80\xae", "\\u202e"},
		{"\xf0\x9f\x94\x91", "\\ud83d\\udd11"},
		{"", ""},
	};
	char *ascii;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ascii = json_in_ascii(texts[i].text);
		is_str(ascii, texts[i].ascii, "in ASCII");
		free(ascii);
	}
}

int
main(void)
{
	test_texts();
	test_prefixes();
	ok(takes_depth(32), "takes 32 levels");
	ok(!takes_depth(33), "refuses 33");
	ok(takes_members(256), "takes 256 members");
	ok(!takes_members(257), "refuses 257");
	test_once();
	test_naturals();
	test_integers();
	test_encoding();
	test_members();
	test_tokener();
	test_ascii();
	return done();
}
