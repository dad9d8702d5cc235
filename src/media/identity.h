/* Is it still the same medium? What a descriptor says of the device behind it. */
#pragma once

#include "src/base/error.h"
#include "src/media/medium.h"

struct media_identity {
	dev_t number;   /* of the device; of an image its st_dev */
	uint64_t inode; /* of an image, or of the file behind a loop device; else 0 */
	uint64_t size_bytes;
	uint64_t disk_sequence; /* BLKGETDISKSEQ; 0 where the kernel has none */
	char serial[256];       /* "" = unknown */
	char wwn[128];
};

/* Reads the identity through the descriptor: fstat, BLKGETSIZE64, BLKGETDISKSEQ, and the sysfs directory of
 * its device number. */
int media_identity_read(int descriptor, struct media_identity *identity, struct error *error);

/* The identity of a medium as it was described; the inode behind a loop device stays 0 (unknown). */
void media_identity_of_medium(const struct medium *medium, struct media_identity *identity);

/* 0 when now is the medium that was: every member that both know is equal. Else -ESTALE, and the sentence
 * says what changed from what to what. */
int media_identity_compare(
    const struct media_identity *was, const struct media_identity *now, struct error *error);

json_t *media_identity_to_json(const struct media_identity *identity);
/* The inverse; -EINVAL when a member is missing or of another type. */
int media_identity_from_json(const json_t *json, struct media_identity *identity, struct error *error);
