/* mime.h - any text in the seven bits and short lines of a mail (MIME, RFC 2045
 * and 2047). The caller frees what these return. */
#ifndef LATCHKEY_MIME_H
#define LATCHKEY_MIME_H

/* A header's text: as it is where it can be, else in encoded words, folded.
 * Nothing in it can end the header. */
char *mime_header(const char *text);

/* A person's name before his address (RFC 5322's phrase): in quotes where it
 * can be, else in encoded words. */
char *mime_phrase(const char *name);

/* The text of a mail as quoted-printable. */
char *mime_body(const char *text);

#endif
