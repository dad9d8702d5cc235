/* Times: records are UTC in RFC 3339 to the second; durations come from the monotonic clock. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { CLOCK_TEXT_SIZE = sizeof "2026-01-31T23:59:59Z" };

/* Now, as RFC 3339 in UTC. SOURCE_DATE_EPOCH is not honoured: a record's time is the clock's. */
void clock_now(char text[CLOCK_TEXT_SIZE]);

/* The given time as RFC 3339 in UTC. */
void clock_format(time_t seconds, char text[CLOCK_TEXT_SIZE]);

/* Reads exactly the form that clock_format() writes. Returns 0 or -EINVAL. */
int clock_parse(const char *text, time_t *seconds);

/* Nanoseconds since an arbitrary start; never goes back. */
uint64_t clock_monotonic_ns(void);
