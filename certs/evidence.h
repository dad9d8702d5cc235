/* A certificate never says more than the evidence: what an entry claims, held against what it measured. */
#pragma once

#include "src/base/error.h"

#include <jansson.h>

/* 0 when the body of a `wipe.finished` has every member a page needs, its result is a known one, and its
 * result and level follow from its own passes, verification, capacity check and exceptions. Else -EBADMSG (a
 * finding) with the contradiction. */
int evidence_check(const json_t *body, struct error *error);
