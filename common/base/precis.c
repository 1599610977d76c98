/* precis.c - identifiers that people type in any script */
#include "config.h"

#include "base/precis.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { POINTS = PRECIS_SIZE, ROUNDS = 4 };

/* A text, code point by code point. */
struct points {
	uint32_t at[POINTS];
	size_t count;
};

/* UTF-8 has no more code points than bytes. */
static bool
read_points(const char *text, size_t length, struct points *points)
{
	points->count = POINTS;
	return length < POINTS && u8_to_u32((const uint8_t *)text, length,
					  points->at, &points->count) != NULL;
}

static bool
write_points(const struct points *points, char out[PRECIS_SIZE])
{
	size_t size = PRECIS_SIZE - 1;
	uint8_t *made =
		u32_to_u8(points->at, points->count, (uint8_t *)out, &size);

	if (made != (uint8_t *)out) {
		free(made); /* it was allocated for more room */
		return false;
	}
	out[size] = '\0';
	return true;
}

/* Takes over what libunistring has made. */
static bool
take(struct points *out, uint32_t *made, size_t count)
{
	bool good;

	if (made == NULL && errno == ENOMEM)
		mem_check(NULL);
	good = made != NULL && count < POINTS;
	if (good) {
		u32_cpy(out->at, made, count);
		out->count = count;
	}
	free(made);
	return good;
}

/* --- mappings ---------------------------------------------------------- */

static uint32_t
map_width(uint32_t point)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int tag, count = uc_decomposition(point, &tag, parts);

	return count == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW)
		       ? parts[0]
		       : point;
}

static void
map_widths(struct points *points)
{
	size_t i;

	for (i = 0; i < points->count; i++)
		points->at[i] = map_width(points->at[i]);
}

/* Unicode's toLowerCase() and NFC, for no particular language. */
static bool
map_case(const struct points *points, enum precis_case how, struct points *out)
{
	size_t count = 0;
	uint32_t *made = how == PRECIS_MAPPED
				 ? u32_tolower(points->at, points->count, NULL,
					   UNINORM_NFC, NULL, &count)
				 : u32_normalize(UNINORM_NFC, points->at,
					   points->count, NULL, &count);

	return take(out, made, count);
}

/* --- contexts (RFC 5892, A) -------------------------------------------- */

static bool
is_script(uint32_t point, const char *name)
{
	const uc_script_t *script = point == 0 ? NULL : uc_script(point);

	return script != NULL && strcmp(script->name, name) == 0;
}

static bool
has_any(const struct points *points, uint32_t first, uint32_t last)
{
	size_t i;

	for (i = 0; i < points->count; i++)
		if (points->at[i] >= first && points->at[i] <= last)
			return true;
	return false;
}

static bool
has_japanese(const struct points *points)
{
	size_t i;

	for (i = 0; i < points->count; i++)
		if (is_script(points->at[i], "Hiragana") ||
			is_script(points->at[i], "Katakana") ||
			is_script(points->at[i], "Han"))
			return true;
	return false;
}

static bool
is_virama(uint32_t point)
{
	return point != 0 && uc_combining_class(point) == UC_CCC_VR;
}

/* Between letters that join, and that would join without it. */
static bool
between_joining(const struct points *points, size_t i)
{
	size_t left = i, right = i + 1;
	int type;

	while (left > 0 &&
		uc_joining_type(points->at[left - 1]) == UC_JOINING_TYPE_T)
		left--;
	while (right < points->count &&
		uc_joining_type(points->at[right]) == UC_JOINING_TYPE_T)
		right++;
	if (left == 0 || right == points->count)
		return false;
	type = uc_joining_type(points->at[left - 1]);
	if (type != UC_JOINING_TYPE_L && type != UC_JOINING_TYPE_D)
		return false;
	type = uc_joining_type(points->at[right]);
	return type == UC_JOINING_TYPE_R || type == UC_JOINING_TYPE_D;
}

/* --- code points (RFC 8264, 8 and 9) ----------------------------------- */

enum rule {
	ALWAYS,
	NEVER,
	BETWEEN_L,
	BEFORE_GREEK,
	AFTER_HEBREW,
	WITH_JAPANESE,
	NO_ARABIC_DIGITS,
	NO_EXTENDED_DIGITS,
	AFTER_VIRAMA,
	NON_JOINER
};

/* The code points that properties do not decide: exceptions (9.6), joiners
 * (9.8), and the jamo that old Hangul is composed of (9.9). Today's jamo
 * compose by NFC. */
static const struct exception {
	uint32_t first, last;
	enum rule rule;
} exceptions[] = {
	{0xb7, 0xb7, BETWEEN_L},
	{0xdf, 0xdf, ALWAYS},
	{0x375, 0x375, BEFORE_GREEK},
	{0x3c2, 0x3c2, ALWAYS},
	{0x5f3, 0x5f4, AFTER_HEBREW},
	{0x640, 0x640, NEVER},
	{0x660, 0x669, NO_EXTENDED_DIGITS},
	{0x6f0, 0x6f9, NO_ARABIC_DIGITS},
	{0x6fd, 0x6fe, ALWAYS},
	{0x7fa, 0x7fa, NEVER},
	{0xf0b, 0xf0b, ALWAYS},
	{0x1100, 0x11ff, NEVER},
	{0x200c, 0x200c, NON_JOINER},
	{0x200d, 0x200d, AFTER_VIRAMA},
	{0x3007, 0x3007, ALWAYS},
	{0x302e, 0x302f, NEVER},
	{0x3031, 0x3035, NEVER},
	{0x303b, 0x303b, NEVER},
	{0x30fb, 0x30fb, WITH_JAPANESE},
	{0xa960, 0xa97c, NEVER},
	{0xd7b0, 0xd7c6, NEVER},
	{0xd7cb, 0xd7fb, NEVER},
};

/* Whether the code point at `i` is permitted in its context. */
static bool
is_in_place(const struct points *points, size_t i, enum rule rule)
{
	uint32_t before = i > 0 ? points->at[i - 1] : 0;
	uint32_t after = i + 1 < points->count ? points->at[i + 1] : 0;

	switch (rule) {
	case ALWAYS:
		return true;
	case NEVER:
		break;
	case BETWEEN_L:
		return before == 'l' && after == 'l';
	case BEFORE_GREEK:
		return is_script(after, "Greek");
	case AFTER_HEBREW:
		return is_script(before, "Hebrew");
	case WITH_JAPANESE:
		return has_japanese(points);
	case NO_ARABIC_DIGITS:
		return !has_any(points, 0x660, 0x669);
	case NO_EXTENDED_DIGITS:
		return !has_any(points, 0x6f0, 0x6f9);
	case AFTER_VIRAMA:
		return is_virama(before);
	case NON_JOINER:
		return is_virama(before) || between_joining(points, i);
	}
	return false;
}

static const struct exception *
find_exception(uint32_t point)
{
	size_t i;

	for (i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (point >= exceptions[i].first && point <= exceptions[i].last)
			return &exceptions[i];
	return NULL;
}

/* Whether NFKC makes another text of it (9.17). */
static bool
has_compat(uint32_t point)
{
	struct points one;
	size_t count = 0;
	uint32_t *made = u32_normalize(UNINORM_NFKC, &point, 1, NULL, &count);

	return !take(&one, made, count) || one.count != 1 || one.at[0] != point;
}

static bool
is_letter_or_digit(uint32_t point)
{
	static const uint32_t mask = UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu |
				     UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Nd |
				     UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn |
				     UC_CATEGORY_MASK_Mc;

	return uc_is_general_category_withtable(point, mask);
}

static bool
is_allowed(const struct points *points, size_t i)
{
	uint32_t point = points->at[i];
	const struct exception *exception = find_exception(point);

	if (exception != NULL)
		return is_in_place(points, i, exception->rule);
	if (point < 0x80)
		return point > 0x20 && point < 0x7f;
	return !uc_is_property_default_ignorable_code_point(point) &&
	       is_letter_or_digit(point) && !has_compat(point);
}

/* --- right to left (RFC 5893, 2) --------------------------------------- */

static uint32_t
bidi_of(uint32_t point)
{
	return UINT32_C(1) << uc_bidi_class(point);
}

/* With any letter or number of a script from right to left, the whole text has
 * to read from there. */
static bool
bidi_rule(const struct points *points)
{
	static const uint32_t r = 1U << UC_BIDI_R, al = 1U << UC_BIDI_AL,
			      an = 1U << UC_BIDI_AN, en = 1U << UC_BIDI_EN,
			      nsm = 1U << UC_BIDI_NSM;
	static const uint32_t others = 1U << UC_BIDI_ES | 1U << UC_BIDI_CS |
				       1U << UC_BIDI_ET | 1U << UC_BIDI_ON |
				       1U << UC_BIDI_BN | 1U << UC_BIDI_NSM;
	uint32_t seen = 0;
	size_t i, last = points->count - 1;

	for (i = 0; i < points->count; i++)
		seen |= bidi_of(points->at[i]);
	if ((seen & (r | al | an)) == 0)
		return true;
	while (last > 0 && bidi_of(points->at[last]) == nsm)
		last--;
	return (bidi_of(points->at[0]) & (r | al)) != 0 &&
	       (seen & ~(r | al | an | en | others)) == 0 &&
	       (bidi_of(points->at[last]) & (r | al | en | an)) != 0 &&
	       ((seen & en) == 0 || (seen & an) == 0);
}

/* --- all of it --------------------------------------------------------- */

/* Repeats until the text stays as it is, for a few rounds (RFC 8264, 7). */
static bool
map(struct points *points, enum precis_case how)
{
	struct points mapped;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		map_widths(points);
		if (!map_case(points, how, &mapped))
			return false;
		if (u32_cmp2(points->at, points->count, mapped.at,
			    mapped.count) == 0)
			return true;
		*points = mapped;
	}
	return false;
}

/* Whether the text is what most names are: ASCII, without a blank. */
static bool
map_ascii(const char *text, size_t length, enum precis_case how, char *out)
{
	size_t i;

	if (length == 0 || length >= PRECIS_SIZE)
		return false;
	for (i = 0; i < length; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return false;
	memcpy(out, text, length);
	out[length] = '\0';
	if (how == PRECIS_MAPPED)
		utf8_lower_ascii(out);
	return true;
}

bool
precis_widths(const char *text, size_t length, char out[PRECIS_SIZE])
{
	struct points points;
	bool good;

	if (length < PRECIS_SIZE && utf8_is_ascii(text, length)) {
		memcpy(out, text, length);
		out[length] = '\0';
		return true;
	}
	good = read_points(text, length, &points);
	if (good)
		map_widths(&points);
	good = good && write_points(&points, out);
	/* It may be of a password. */
	sodium_memzero(&points, sizeof points);
	return good;
}

bool
precis_userpart(const char *text, size_t length, enum precis_case how,
	char out[PRECIS_SIZE])
{
	struct points points;
	size_t i;

	if (map_ascii(text, length, how, out))
		return true;
	if (length == 0 || !read_points(text, length, &points) ||
		!map(&points, how) || points.count == 0)
		return false;
	for (i = 0; i < points.count; i++)
		if (!is_allowed(&points, i))
			return false;
	return bidi_rule(&points) && write_points(&points, out);
}
