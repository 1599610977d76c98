/* null-cgi.c - a CGI program that answers 204 and does nothing, linked to the
 * libraries that all programs have: their loading is no work of latchkey's */
#include <stdio.h>

int
main(void)
{
	return fputs("Status: 204 No Content\r\n\r\n", stdout) < 0;
}
