/* How a job tells where it is: a value, handed to an interface. The job does not know who looks. */
#pragma once

#include <stdint.h>

enum progress_activity {
	PROGRESS_WRITING,
	PROGRESS_READING_BACK,
	PROGRESS_CHECKING_ADDRESSES, /* placing or removing the stamps that find a false capacity */
	PROGRESS_RETRYING,           /* working around a bad range */
	PROGRESS_SYNCING,
};

struct progress {
	enum progress_activity activity;
	uint32_t pass;   /* 1 … passes; of the pass that is written or read back */
	uint32_t passes;
	uint64_t done_bytes; /* of this activity */
	uint64_t total_bytes;
	uint64_t run_done_bytes; /* of the whole run, all its passes and read-backs */
	uint64_t run_total_bytes;
	uint64_t bytes_per_second; /* lately */
	uint64_t seconds_left;     /* of the whole run */
	uint64_t errors;           /* bad ranges and mismatching ranges so far */
};
