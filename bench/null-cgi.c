/* null-cgi.c - a CGI program that answers 204 and does nothing */
#include <stdio.h>

int
main(void)
{
	return fputs("Status: 204 No Content\r\n\r\n", stdout) < 0;
}
