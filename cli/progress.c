/* progress.c - a bar on the terminal, for what takes long */
#include "config.h"

#include "progress.h"

#include "base/tick.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL = 200, WIDTH = 30 };

void
progress_begin(struct progress *progress, const char *what, uint64_t total)
{
	progress->what = what;
	progress->shown = isatty(STDERR_FILENO);
	progress->total = total;
	progress->begun = (uint64_t)tick_now();
	progress->drawn = 0;
}

static void
draw(const struct progress *progress, uint64_t done, uint64_t ms)
{
	char bar[WIDTH + 1];
	uint64_t seconds = (progress->total - done) * ms / done / 1000;
	int filled = (int)(done * WIDTH / progress->total);

	memset(bar, ' ', WIDTH);
	memset(bar, '=', (size_t)filled);
	bar[WIDTH] = '\0';
	fprintf(stderr,
		"\r%s [%s] %3d %%  %llu/s  %llu:%02llu:%02llu left \033[K",
		progress->what, bar, (int)(done * 100 / progress->total),
		(unsigned long long)(done * 1000 / ms),
		(unsigned long long)(seconds / 3600),
		(unsigned long long)(seconds / 60 % 60),
		(unsigned long long)(seconds % 60));
}

void
progress_show(struct progress *progress, uint64_t done)
{
	uint64_t now;

	if (!progress->shown || done == 0 || done > progress->total)
		return;
	now = (uint64_t)tick_now();
	if (now - progress->drawn < INTERVAL)
		return;
	progress->drawn = now;
	draw(progress, done, now > progress->begun ? now - progress->begun : 1);
}

void
progress_hide(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
