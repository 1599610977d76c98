/* request.c - what the web server says of a request */
#include "config.h"

#include "web/request.h"

#include "base/utf8.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
request_raw_param(const struct request *request, const char *name)
{
	return FCGX_GetParam(name, request->params);
}

const char *
request_param(const struct request *request, const char *name)
{
	const char *value = request_raw_param(request, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *
request_method(const struct request *request)
{
	const char *method = request_param(request, "REQUEST_METHOD");

	return method == NULL ? "" : method;
}

bool
request_is_head(const struct request *request)
{
	return strcmp(request_method(request), "HEAD") == 0;
}

/* libfcgi's own word on it stands before whatever is sent. */
bool
request_is_authorizer(const struct request *request)
{
	const char *role = request_param(request, "FCGI_ROLE");

	return role != NULL && strcmp(role, "AUTHORIZER") == 0;
}

bool
request_path(const struct request *request, char *path, size_t size)
{
	const char *script = request_param(request, "SCRIPT_NAME");
	const char *info = request_param(request, "PATH_INFO");
	int length = snprintf(path, size, "%s%s", script == NULL ? "" : script,
		info == NULL ? "" : info);

	return length >= 0 && (size_t)length < size;
}

long long
request_length(const struct request *request)
{
	const char *text = request_param(request, "CONTENT_LENGTH");

	if (text == NULL && request->in == NULL &&
		request_param(request, "HTTP_TRANSFER_ENCODING") == NULL)
		return 0;
	if (text == NULL)
		return REQUEST_UNTOLD;
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return -1;
	return strtoll(text, NULL, 10);
}

/* libfcgi leaves in its buffer what it has given out, passwords too: it is
 * wiped there. */
static ssize_t
take(FCGX_Stream *in, char *buffer, size_t size)
{
	unsigned char *from = in->rdNext;
	size_t there = (size_t)(in->stop - from);
	int first;

	if (there == 0) {
		first = FCGX_GetChar(in); /* which fills the buffer */
		if (first < 0)
			return 0;
		buffer[0] = (char)first;
		sodium_memzero(in->rdNext - 1, 1);
		return 1;
	}
	size = (size_t)FCGX_GetStr(
		buffer, (int)(size < there ? size : there), in);
	sodium_memzero(from, size);
	return (ssize_t)size;
}

size_t
request_read(const struct request *request, char *buffer, size_t size)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < size && got != 0) {
		got = request->in != NULL
			      ? take(request->in, buffer + done, size - done)
			      : read(STDIN_FILENO, buffer + done, size - done);
		if (got < 0 && errno != EINTR)
			break;
		if (got > 0)
			done += (size_t)got;
	}
	return done;
}

bool
request_at_end(const struct request *request)
{
	return request->in == NULL || FCGX_GetChar(request->in) == EOF;
}

void
request_write(const struct request *request, const char *text, size_t length)
{
	ssize_t done;

	if (request->out != NULL) {
		FCGX_PutStr(text, (int)length, request->out);
		return;
	}
	while (length > 0) {
		done = write(STDOUT_FILENO, text, length);
		if (done < 0 && errno != EINTR)
			return;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
}

const char *
request_id(const struct request *request)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_@";
	const char *id = request_param(request, "REQUEST_ID");

	if (id == NULL)
		id = request_param(request, "UNIQUE_ID");
	return id != NULL && strspn(id, letters) == strlen(id) ? id : NULL;
}

/* --- the query --------------------------------------------------------- */

static int
hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes up to `length` bytes; false if they do not decode to a text. */
static bool
decode(const char *text, size_t length, char *out, size_t size)
{
	const char *end = text + length;
	size_t used = 0;

	for (; text < end; text++) {
		char byte = *text == '+' ? ' ' : *text;

		if (byte == '%') {
			int high = end - text > 2 ? hex_digit(text[1]) : -1;
			int low = high < 0 ? -1 : hex_digit(text[2]);

			if (low < 0)
				return false;
			byte = (char)(high * 16 + low);
			text += 2;
		}
		if (byte == '\0' || used + 1 >= size)
			return false;
		out[used++] = byte;
	}
	out[used] = '\0';
	return used > 0 && utf8_valid(out, used);
}

bool
request_query(
	const struct request *request, const char *name, char *out, size_t size)
{
	const char *at = request_param(request, "QUERY_STRING");
	size_t name_length = strlen(name), length;
	int found = 0;
	bool good = false;

	for (; at != NULL && at[0] != '\0';
		at += length + (at[length] != '\0')) {
		length = strcspn(at, "&");
		if (length <= name_length || at[name_length] != '=' ||
			strncmp(at, name, name_length) != 0)
			continue;
		found++;
		good = decode(at + name_length + 1, length - name_length - 1,
			out, size);
	}
	return found == 1 && good;
}
