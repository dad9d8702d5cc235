/* The settings: what the organisation decided, from HOME/kiyome.conf and the drop-ins in HOME/kiyome.conf.d
 * (INI; every file there named *.conf, in the order of the names; the last one wins). A setting that Kiyome
 * does not know is an error, never ignored. The table of known settings, with their defaults, is in policy.c.
 */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <stdint.h>

struct policy;

/* Reads the settings below home. A missing kiyome.conf gives the defaults. -EINVAL (refused) names file and
 * line of what is wrong. */
int policy_load(const char *home, struct policy **policy, struct error *error);
void policy_release(struct policy **policy);

/* The setting's value, or its default; never NULL for a setting of the table, NULL for any other. */
const char *policy_text(const struct policy *policy, const char *section, const char *key);

/* Appends a whole kiyome.conf: every setting with its default, its meaning in Japanese and English and its
 * clause as comments, and organisation_name filled in. */
void policy_write_default(struct buffer *out, const char *organisation_name);
