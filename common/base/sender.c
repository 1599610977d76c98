/* sender.c - the sender of mails */
#include "config.h"

#include "base/sender.h"

#include "base/utf8.h"

#include <string.h>

/* The name itself: without blanks around it, and without the quotes that RFC
 * 5322 asks for around some names. */
static bool
read_name(const char *text, size_t length, char name[SENDER_NAME + 1])
{
	while (length > 0 && text[length - 1] == ' ')
		length--;
	if (length > 1 && text[0] == '"' && text[length - 1] == '"') {
		text++;
		length -= 2;
	}
	if (length == 0 || length > SENDER_NAME ||
		!utf8_printable(text, length))
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	return strpbrk(name, "<>\"\\") == NULL;
}

bool
sender_read(const char *text, struct sender *sender)
{
	const char *open = strchr(text, '<');
	size_t length = open == NULL ? strlen(text) : strcspn(open + 1, ">");
	const char *address = open == NULL ? text : open + 1;

	memset(sender, 0, sizeof *sender);
	if (length > NAME_BYTES)
		return false;
	memcpy(sender->address, address, length);
	if (!name_is_address(sender->address))
		return false;
	return open == NULL ||
	       (strcmp(address + length, ">") == 0 &&
		       read_name(text, (size_t)(open - text), sender->name));
}
