/* Outcome entries as the register holds them, for tests of what is made from them. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIPE_ENTRY_HDD_BYTES UINT64_C(1000204886016)

static inline json_t *wipe_entry_pass(int number, const char *pattern, uint64_t bytes)
{
	char started[32];
	char finished[32];
	(void)snprintf(started, sizeof started, "2026-01-%02dT09:12:%02dZ", 1 + number % 28, number % 60);
	(void)snprintf(finished, sizeof finished, "2026-01-%02dT11:40:%02dZ", 1 + number % 28, number % 60);
	json_t *pass = json_pack("{s:i, s:s, s:I, s:i, s:s, s:s, s:I}", "number", number, "pattern", pattern,
	    "bytes_written", (json_int_t)bytes, "errors", 0, "started", started, "finished", finished,
	    "milliseconds", (json_int_t)8883417);
	if (strcmp(pattern, "random") == 0)
		json_object_set_new(pass, "key",
		    json_string("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
	return pass;
}

static inline json_t *wipe_entry_map(uint64_t bytes)
{
	json_t *writes = json_array();
	json_t *reads = json_array();
	json_t *errors = json_array();
	for (int i = 0; i < 240; i++) {
		int speed = 176000 - i * 380 + (i * 7919) % 4200;
		json_array_append_new(writes, json_integer(speed));
		json_array_append_new(reads, json_integer(speed + 9000 - (i * 104729) % 5000));
		json_array_append_new(errors, json_integer(0));
	}
	return json_pack("{s:I, s:o, s:o, s:o}", "cell_bytes", (json_int_t)(bytes / 240 + 1), "errors",
	    errors, "read_kb_s", reads, "write_kb_s", writes);
}

/* {seq, time, kind, actor, subject, body} of a 1 TB hard disk, erased in one pass and read back whole. */
static inline json_t *wipe_entry_hdd(void)
{
	uint64_t bytes = WIPE_ENTRY_HDD_BYTES;
	json_t *medium =
	    json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:b, s:b, s:s, s:I, s:s, s:s}", "bus",
		"ata", "by_id", "ata-ST1000DM010-2EP102_ZN1ABCDE", "firmware", "CC43", "kind", "hdd",
		"logical_block_bytes", 512, "model", "ST1000DM010-2EP102", "name", "sdb", "path", "/dev/sdb",
		"physical_block_bytes", 4096, "removable", 0, "rotational", 1, "serial", "ZN1ABCDE",
		"size_bytes", (json_int_t)bytes, "vendor", "Seagate", "wwn", "0x5000c500a1b2c3d4");
	json_object_set_new(medium, "contents",
	    json_pack("[{s:s, s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s, s:n}]", "device", "sdb1", "label",
		"経理 2019", "type", "ntfs", "usage", "filesystem", "uuid", "5E4A1F2B3C4D5E6F", "device",
		"sdb2", "label", "BACKUP", "type", "vfat", "usage", "filesystem", "uuid"));
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:[], s:s}", "format", "kiyome-wipe-1", "intent", 11,
	    "result", "erased", "level", "clear", "reasons", "station", "k3f9a12");
	json_object_set_new(body, "organisation",
	    json_pack("{s:s, s:s, s:s, s:s}", "contact", "03-0000-0000", "department",
		"総務部 情報システム課", "name", "株式会社髙橋商事", "place", "本社 3F サーバ室"));
	json_object_set_new(
	    body, "operator", json_pack("{s:s, s:s}", "name", "山﨑 花子", "title", "情報システム管理者"));
	json_object_set_new(body, "asset", json_string("IT-2021-0457"));
	json_object_set_new(body, "confidentiality", json_string("機密性 2"));
	json_object_set_new(body, "medium", medium);
	json_object_set_new(body, "method",
	    json_pack("{s:s, s:s, s:s, s:s}", "id", "nist-clear", "name", "NIST SP 800-88 Clear", "source",
		"NIST SP 800-88 Rev. 1 table A-5; Rev. 2 (2025) §3.1.1: one pass is enough", "technique",
		"overwrite"));
	json_object_set_new(body, "passes", json_pack("[o]", wipe_entry_pass(1, "random", bytes)));
	json_object_set_new(body, "verification",
	    json_pack("{s:I, s:i, s:i, s:s, s:s}", "bytes_read", (json_int_t)bytes, "milliseconds", 7712000,
		"mismatches", 0, "mode", "last", "through", "medium"));
	json_object_set_new(
	    body, "capacity_check", json_pack("{s:i, s:s}", "aliased_blocks", 0, "how", "stream"));
	json_object_set_new(body, "exceptions", json_array());
	json_object_set_new(body, "map", wipe_entry_map(bytes));
	json_object_set_new(body, "limits", json_pack("[s]", "hidden-areas-not-examined"));
	json_object_set_new(body, "resumed", json_integer(0));
	json_object_set_new(body, "started", json_string("2026-01-31T04:12:09Z"));
	json_object_set_new(body, "finished", json_string("2026-01-31T08:49:44Z"));
	json_object_set_new(body, "tool", json_pack("{s:s, s:s}", "name", "Kiyome", "version", "0.1.0"));
	return json_pack("{s:{s:s, s:i, s:s}, s:o, s:s, s:i, s:s, s:s}", "actor", "name", "hanako", "uid",
	    1000, "via", "sudo", "body", body, "kind", "wipe.finished", "seq", 12, "subject", "ZN1ABCDE",
	    "time", "2026-01-31T08:49:45Z");
}

static inline json_t *wipe_entry_body(json_t *entry)
{
	return json_object_get(entry, "body");
}

/* Makes it a run that did not erase. */
static inline void wipe_entry_set_result(json_t *entry, const char *result, const char *reason)
{
	json_t *body = wipe_entry_body(entry);
	json_object_set_new(body, "result", json_string(result));
	json_object_set_new(body, "level", json_string("none"));
	json_object_set_new(body, "reasons", json_pack("[s]", reason));
}

static inline void wipe_entry_set_passes(json_t *entry, int count)
{
	static const char *const patterns[] = {
	    "random", "555555", "aaaaaa", "924924", "492492", "249249", "00", "111111"};
	json_t *passes = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(passes, wipe_entry_pass(i + 1, patterns[i % 8], WIPE_ENTRY_HDD_BYTES));
	json_object_set_new(wipe_entry_body(entry), "passes", passes);
}

static inline void wipe_entry_add_exceptions(json_t *entry, int count)
{
	static const char *const what[] = {"write-error", "read-error", "mismatch"};
	json_t *exceptions = json_array();
	json_t *errors = json_object_get(json_object_get(wipe_entry_body(entry), "map"), "errors");
	for (int i = 0; i < count; i++) {
		json_array_append_new(
		    exceptions, json_pack("{s:I, s:I, s:s}", "length_bytes", (json_int_t)4096 * (1 + i % 5),
				    "offset_bytes", (json_int_t)400000000000 + (json_int_t)i * 104857600,
				    "what", what[i % 3]));
		json_array_set_new(errors, (size_t)(96 + i / 40), json_integer(1 + i % 40));
	}
	json_object_set_new(wipe_entry_body(entry), "exceptions", exceptions);
	wipe_entry_set_result(entry, "erased-with-exceptions", "write-errors");
}

/* The canonical form; steals the entry. */
static inline void wipe_entry_write(json_t *entry, struct buffer *out)
{
	struct error error = {0};
	if (json_write_canonical(entry, out, &error) < 0)
		abort();
	json_decref(entry);
}
