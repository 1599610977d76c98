/* log.h - lines for the operator, on standard error.
 *
 * The web server or the service manager carries standard error on. No line
 * ever holds a password, a token or a code; control characters and bytes
 * outside ASCII are escaped, since part of a line may come from a client. */
#ifndef LATCHKEY_LOG_H
#define LATCHKEY_LOG_H

/* Names the program in every line; `name` must stay valid. */
void log_open(const char *name);

/* Names the request that the next lines are about (method and path), until
 * log_request_done(). */
void log_request(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_request_done(void);

/* One line each; the text has no newline, and is cut at 1,000 bytes. errno is
 * left as it was. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a finished line, its end included, as it is. */
void log_line(const char *line);

#endif
