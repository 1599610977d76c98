/* fcgi.c - a whole program behind its socket: whatever the web server's side
 * says, the answer is whole records, and it ends.
 *
 * The input is FastCGI's bytes where it begins with their version, 1; else
 * its first byte is the role, R, A or F, and there follow a request's
 * variables, NAME=value, a line each, an empty line and the body. The line
 * "HTTP_COOKIE=session" becomes the cookie of a browser that has signed in. */
#include "config.h"

#include "../unit/unit.h"
#include "fuzz.h"
#include "web/app.h"

#include <errno.h>
#include <fastcgi.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PATIENCE = 60, RECORD_MAX = 65535 };

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void *
run(void *unused)
{
	app_run(&app_program, 0, NULL);
	abort(); /* it runs for good */
	return unused;
}

/* The program, on its socket and with an account. */
static void
begin(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct site site;
	pthread_t thread;
	char *conf;

	unit_begin();
	unit_site(&site, UNIT_FAST "registration = open\nsandbox = off\n"
				   "pages = " OUR_PAGES "\n");
	assert(unit_account(&site, "admin", "admin@example.com", true) ==
		STATUS_OK);
	conf = mem_copy(site.conf->file);
	setenv("LATCHKEY_CONF", conf, 1);
	mem_free(conf);
	site_close(&site);
	snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket",
		unit_dir);
	assert(bind(listener, (struct sockaddr *)&address, sizeof address) ==
		0);
	assert(listen(listener, 8) == 0 && dup2(listener, 0) == 0);
	close(listener);
	assert(pthread_create(&thread, NULL, run, NULL) == 0);
}

/* --- a request's records ----------------------------------------------- */

struct bytes {
	unsigned char *data;
	size_t size;
};

static void
add(struct bytes *bytes, const void *data, size_t size)
{
	bytes->data = mem_resize(bytes->data, bytes->size + size + 1);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void
add_record(
	struct bytes *bytes, unsigned char type, const void *data, size_t size)
{
	FCGI_Header header = {.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB0 = 1,
		.contentLengthB1 = (unsigned char)(size >> 8),
		.contentLengthB0 = (unsigned char)size};

	assert(size <= RECORD_MAX);
	add(bytes, &header, sizeof header);
	add(bytes, data, size);
}

static void
add_length(struct bytes *bytes, size_t length)
{
	unsigned char form[4] = {0x80, (unsigned char)(length >> 16),
		(unsigned char)(length >> 8), (unsigned char)length};

	if (length < 0x80)
		add(bytes, &form[3], 1);
	else
		add(bytes, form, sizeof form);
}

/* One variable of "NAME=value". */
static void
add_param(struct bytes *bytes, const char *line)
{
	size_t name = strcspn(line, "=");
	size_t value = line[name] == '\0' ? 0 : strlen(line + name + 1);

	add_length(bytes, name);
	add_length(bytes, value);
	add(bytes, line, name);
	add(bytes, line + name + 1, value);
}

static char *sign_in(void);

/* The next variable; the caller frees. */
static char *
read_param(const uint8_t **data, size_t *size)
{
	char *line = fuzz_line(data, size);

	if (strcmp(line, "HTTP_COOKIE=session") != 0)
		return line;
	mem_free(line);
	return sign_in();
}

static void
add_params(struct bytes *bytes, const uint8_t **data, size_t *size)
{
	struct bytes params = {NULL, 0};
	char *line;
	bool more = true;

	while (more) {
		line = read_param(data, size);
		more = line[0] != '\0';
		if (more && params.size + strlen(line) + 8 <= RECORD_MAX)
			add_param(&params, line);
		mem_free(line);
	}
	if (params.size > 0)
		add_record(bytes, FCGI_PARAMS, params.data, params.size);
	mem_free(params.data);
}

/* Returns where the variables have come to their end without saying so. */
static size_t
add_request(struct bytes *bytes, const uint8_t *data, size_t size)
{
	FCGI_BeginRequestBody begin_body = {
		.roleB0 = *data == 'A'   ? FCGI_AUTHORIZER
			  : *data == 'F' ? FCGI_FILTER
					 : FCGI_RESPONDER};

	size_t cut;

	data++;
	size--;
	add_record(bytes, FCGI_BEGIN_REQUEST, &begin_body, sizeof begin_body);
	add_params(bytes, &data, &size);
	cut = bytes->size;
	add_record(bytes, FCGI_PARAMS, "", 0);
	if (size > RECORD_MAX)
		size = RECORD_MAX;
	if (size > 0)
		add_record(bytes, FCGI_STDIN, data, size);
	add_record(bytes, FCGI_STDIN, "", 0);
	return cut;
}

/* --- the answer -------------------------------------------------------- */

static unsigned char answer[1 << 20]; /* the last one */

static void
check_answer(const unsigned char *data, size_t size)
{
	const FCGI_Header *header;
	size_t length;

	while (size > 0) {
		header = (const FCGI_Header *)data;
		assert(size >= sizeof *header && header->version == 1);
		length = sizeof *header + header->paddingLength +
			 (size_t)(header->contentLengthB1 << 8) +
			 header->contentLengthB0;
		assert(header->type != 0 && header->type <= FCGI_MAXTYPE);
		assert(length <= size);
		data += length;
		size -= length;
	}
}

/* Sends it all and returns how much comes back. */
static size_t
ask(const unsigned char *data, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {PATIENCE, 0};
	size_t length = 0;
	ssize_t got;

	assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof patience) == 0);
	assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	if (send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size)
		shutdown(fd, SHUT_WR);
	do { /* libFuzzer has a clock with SIGALRM, and the gate takes that */
		got = recv(fd, answer + length, sizeof answer - length, 0);
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	assert(got == 0 || errno == ECONNRESET);
	if (got == 0)
		check_answer(answer, length);
	close(fd);
	return length;
}

/* The variable that has the cookie of a sign-in, of which no program has one;
 * the caller frees. An input may end the session. */
static char *
sign_in(void)
{
	static const char request[] =
		"RREQUEST_METHOD=POST\nSCRIPT_NAME=/account/sign-in\n"
		"HTTP_COOKIE=latchkey-kept=1\nCONTENT_LENGTH=26\n"
		"CONTENT_TYPE=application/x-www-form-urlencoded\n\n"
		"name=admin&password=secret";
	static const char mark[] = "Set-Cookie: ";
	struct bytes bytes = {NULL, 0};
	const char *found;
	size_t length;

	add_request(&bytes, (const uint8_t *)request, sizeof request - 1);
	length = ask(bytes.data, bytes.size);
	mem_free(bytes.data);
	found = memmem(answer, length, mark, sizeof mark - 1);
	if (found == NULL)
		return mem_copy("HTTP_COOKIE=none");
	found += sizeof mark - 1;
	return mem_printf("HTTP_COOKIE=%.*s", (int)strcspn(found, ";"), found);
}

/* --- what libfcgi 2.4.2 cannot take ------------------------------------- */

/* A long form of a length: names and values of 2 GiB overflow an int. */
static bool
has_long(const uint8_t *content, size_t length)
{
	for (; length > 0; content++, length--)
		if (*content > 0x80)
			return true;
	return false;
}

static bool
is_fault(const FCGI_Header *header, const uint8_t *content, size_t length)
{
	bool null_id = (header->requestIdB1 | header->requestIdB0) == 0;

	if (header->paddingLength > 0 &&
		(header->type == FCGI_BEGIN_REQUEST || length == 0))
		return true;
	switch (header->type) {
	case FCGI_BEGIN_REQUEST:
		return false;
	case FCGI_GET_VALUES:
		/* More than three names. */
		return null_id && (length > 51 || has_long(content, length));
	case FCGI_PARAMS:
		return null_id || has_long(content, length);
	}
	return null_id;
}

/* Whether there is one of libfcgi's own faults in the records: an assert()
 * ends the process for want of 2 GiB, names that are asked for over and over
 * overflow its 64 bytes, a record of no known type leaks, and padding is read
 * on from after a beginning or an end. No web server sends such records;
 * a process that can open the socket may. */
static bool
has_known_fault(const uint8_t *data, size_t size)
{
	const FCGI_Header *header;
	size_t length;

	while (size >= sizeof *header && *data == FCGI_VERSION_1) {
		header = (const FCGI_Header *)data;
		data += sizeof *header;
		size -= sizeof *header;
		length = (size_t)(header->contentLengthB1 << 8) +
			 header->contentLengthB0;
		if (is_fault(header, data, length < size ? length : size))
			return true;
		length += header->paddingLength;
		length = length < size ? length : size;
		data += length;
		size -= length;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {NULL, 0};
	size_t cut;

	if (address.sun_path[0] == '\0')
		begin();
	if (size == 0 || size > RECORD_MAX)
		return 0;
	if (data[0] != FCGI_VERSION_1) {
		cut = add_request(&bytes, data, size);
		/* Half a request may look like one that is harmless. */
		assert(ask(bytes.data, cut) == 0);
	} else if (!has_known_fault(data, size)) {
		add(&bytes, data, size);
	}
	if (bytes.size > 0)
		ask(bytes.data, bytes.size);
	mem_free(bytes.data);
	return 0;
}
