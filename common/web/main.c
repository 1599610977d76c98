/* main.c - main() of every program in cgi/, which says what it is by
 * `app_program`.
 *
 * It is apart so that tests, which have a main() of their own, do without. */
#include "config.h"

#include "web/app.h"

int
main(int argc, char **argv)
{
	return app_run(&app_program, argc, argv);
}
