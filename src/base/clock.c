#include "src/base/clock.h"

#include <errno.h>
#include <string.h>

void clock_format(time_t seconds, char text[CLOCK_TEXT_SIZE])
{
	struct tm parts;
	gmtime_r(&seconds, &parts);
	if (strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
}

void clock_now(char text[CLOCK_TEXT_SIZE])
{
	clock_format(time(NULL), text);
}

int clock_parse(const char *text, time_t *seconds)
{
	struct tm parts = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (!end || *end)
		return -EINVAL;
	time_t value = timegm(&parts);
	char again[CLOCK_TEXT_SIZE];
	clock_format(value, again);
	if (strcmp(again, text) != 0)
		return -EINVAL;
	*seconds = value;
	return 0;
}

uint64_t clock_monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}
