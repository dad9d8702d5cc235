#include "certs/page_parts.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <inttypes.h>
#include <string.h>

enum { CONTENTS_SHOWN = 12, JAPAN_OFFSET_SECONDS = 9 * 3600 };

#define CLEANUP_FACTS CLEANUP(facts_release)

static void add_text(
    struct facts *facts, const char *japanese, const char *english, const json_t *object, const char *key)
{
	facts_add(facts, japanese, english, json_text(object, key, ""));
}

static void add_capacity(struct facts *facts, const json_t *medium)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	uint64_t bytes = json_count(medium, "size_bytes", 0);
	text_append_size(&text, bytes);
	buffer_append_text(&text, " (");
	text_append_grouped(&text, bytes);
	buffer_append_text(&text, " bytes)");
	facts_add(facts, "容量", "Capacity", buffer_text(&text));
}

static void add_kind(struct facts *facts, const json_t *medium)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const char *bus = json_text(medium, "bus", "unknown");
	words_append(&text, "kind", json_text(medium, "kind", "unknown"));
	struct words words = words_find("bus", bus);
	if (words.japanese[0])
		buffer_printf(&text, ", %s", words.japanese);
	facts_add(facts, "種類", "Kind", buffer_text(&text));
}

static void add_blocks(struct facts *facts, const json_t *medium)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	buffer_printf(&text, "論理 %" PRIu64 " logical, 物理 %" PRIu64 " physical",
	    json_count(medium, "logical_block_bytes", 0), json_count(medium, "physical_block_bytes", 0));
	facts_add(facts, "ブロック長", "Block bytes", buffer_text(&text));
}

static void append_part(struct buffer *text, const char *separator, const char *part)
{
	if (part[0])
		buffer_printf(text, "%s%s", separator, part);
}

static void add_contents(struct facts *facts, const json_t *medium)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const json_t *contents = json_object_get(medium, "contents");
	size_t count = json_array_size(contents);
	for (size_t i = 0; i < count && i < CONTENTS_SHOWN; i++) {
		const json_t *content = json_array_get(contents, i);
		const char *label = json_text(content, "label", "");
		append_part(&text, i ? "; " : "", json_text(content, "device", ""));
		append_part(&text, " ", json_text(content, "type", ""));
		if (label[0])
			buffer_printf(&text, " “%s”", label);
	}
	if (count > CONTENTS_SHOWN)
		buffer_printf(&text, "; … +%zu", count - CONTENTS_SHOWN);
	facts_add(facts, "消去前の内容", "Contents", buffer_text(&text));
}

void page_draw_medium(struct page *page)
{
	CLEANUP_FACTS struct facts facts = {0};
	const json_t *medium = json_object_get(page->body, "medium");
	add_text(&facts, "資産番号", "Asset number", page->body, "asset");
	add_text(&facts, "格付け", "Confidentiality", page->body, "confidentiality");
	add_text(&facts, "製造者", "Vendor", medium, "vendor");
	add_text(&facts, "型名", "Model", medium, "model");
	add_text(&facts, "製造番号", "Serial number", medium, "serial");
	add_text(&facts, "ファームウェア", "Firmware", medium, "firmware");
	add_kind(&facts, medium);
	add_capacity(&facts, medium);
	add_blocks(&facts, medium);
	add_text(&facts, "WWN", "", medium, "wwn");
	add_text(&facts, "装置名", "Device", medium, "path");
	add_text(&facts, "識別名", "By-id name", medium, "by_id");
	add_text(&facts, "実体ファイル", "Backing file", medium, "backing_file");
	add_contents(&facts, medium);
	canvas_heading(&page->canvas, "媒体", "Medium", 60);
	canvas_facts(&page->canvas, &facts);
}

static void add_method(struct facts *facts, const json_t *body)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const json_t *method = json_object_get(body, "method");
	size_t passes = json_array_size(json_object_get(body, "passes"));
	buffer_printf(&text, "%s (%s)", json_text(method, "name", ""), json_text(method, "id", ""));
	facts_add(facts, "方式", "Method", buffer_text(&text));
	buffer_clear(&text);
	buffer_printf(&text, "上書き Overwrite, %zu %s", passes, passes == 1 ? "pass" : "passes");
	facts_add(facts, "技法", "Technique", buffer_text(&text));
	add_text(facts, "方式の根拠", "Source", method, "source");
}

/* Never rounded up to a whole: 100 % is said only of all. */
static void append_share(struct buffer *text, uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return;
	if (part >= whole) {
		buffer_append_text(text, " (100 %)");
		return;
	}
	unsigned hundredths = (unsigned)((unsigned __int128)part * 10000 / whole);
	buffer_printf(text, " (%u.%02u %%)", hundredths / 100, hundredths % 100);
}

static void add_coverage(struct facts *facts, const json_t *body, const json_t *verification)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	uint64_t whole = json_count(json_object_get(body, "medium"), "size_bytes", 0);
	uint64_t read = json_count(verification, "bytes_read", 0);
	uint64_t passes = json_array_size(json_object_get(body, "passes"));
	if (strcmp(json_text(verification, "mode", ""), "all") == 0 &&
	    __builtin_mul_overflow(whole, passes, &whole))
		whole = 0;
	text_append_grouped(&text, read);
	buffer_append_text(&text, " bytes");
	append_share(&text, read, whole);
	facts_add(facts, "検証範囲", "Read back", buffer_text(&text));
	buffer_clear(&text);
	text_append_grouped(&text, json_count(verification, "mismatches", 0));
	buffer_append_text(&text, " blocks");
	facts_add(facts, "不一致", "Mismatches", buffer_text(&text));
}

static void add_verification(struct facts *facts, const json_t *body)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const json_t *verification = json_object_get(body, "verification");
	const char *mode = json_text(verification, "mode", "none");
	words_append(&text, "mode", mode);
	if (json_object_get(verification, "percent"))
		buffer_printf(&text, ", %" PRIu64 " %%", json_count(verification, "percent", 0));
	if (strcmp(mode, "none") != 0) {
		buffer_append_text(&text, "; ");
		words_append(&text, "through", json_text(verification, "through", ""));
	}
	facts_add(facts, "検証", "Verification", buffer_text(&text));
	if (strcmp(mode, "none") != 0)
		add_coverage(facts, body, verification);
}

static void add_capacity_check(struct facts *facts, const json_t *body)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const json_t *check = json_object_get(body, "capacity_check");
	words_append(&text, "capacity", json_text(check, "how", "none"));
	if (json_is_integer(json_object_get(check, "real_bytes"))) {
		buffer_append_text(&text, "; 実容量 real capacity ");
		text_append_grouped(&text, json_count(check, "real_bytes", 0));
		buffer_append_text(&text, " bytes");
	}
	facts_add(facts, "容量検査", "Capacity check", buffer_text(&text));
}

/* Both ends, with Japan's time beside UTC, and how long it took. */
static void add_duration(struct facts *facts, const json_t *body)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	const char *started = json_text(body, "started", "");
	const char *finished = json_text(body, "finished", "");
	time_t from;
	time_t to;
	page_append_time(&text, started);
	buffer_append_text(&text, " – ");
	page_append_time(&text, finished);
	buffer_append_text(&text, " UTC");
	if (clock_parse(started, &from) == 0 && clock_parse(finished, &to) == 0 && to >= from) {
		char local[2][CLOCK_TEXT_SIZE];
		clock_format(from + JAPAN_OFFSET_SECONDS, local[0]);
		clock_format(to + JAPAN_OFFSET_SECONDS, local[1]);
		buffer_printf(&text, " (JST %.5s – %.5s); ", local[0] + strlen("2026-01-31T"),
		    local[1] + strlen("2026-01-31T"));
		text_append_duration(&text, (uint64_t)(to - from));
	}
	facts_add(facts, "開始・終了", "Start, end", buffer_text(&text));
}

static void add_words(struct facts *facts, const char *japanese, const char *english, const json_t *words,
    const char *set, const char *separator)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		buffer_append_text(&text, i ? separator : "");
		words_append(&text, set, word ? word : "");
	}
	facts_add(facts, japanese, english, buffer_text(&text));
}

static void add_limits(struct facts *facts, const json_t *limits)
{
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const char *word = json_string_value(json_array_get(limits, i));
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		words_append(&text, "limit", word ? word : "");
		facts_add(facts, i ? "" : "限界", i ? "" : "Limits", buffer_text(&text));
	}
}

void page_draw_method(struct page *page)
{
	CLEANUP_FACTS struct facts facts = {0};
	const json_t *body = page->body;
	add_method(&facts, body);
	add_verification(&facts, body);
	add_capacity_check(&facts, body);
	add_duration(&facts, body);
	if (json_count(body, "resumed", 0)) {
		char times[32];
		(void)snprintf(times, sizeof times, "%" PRIu64, json_count(body, "resumed", 0));
		facts_add(&facts, "中断後の再開", "Times resumed", times);
	}
	add_words(&facts, "留保の理由", "Reasons", json_object_get(body, "reasons"), "reason", "; ");
	add_limits(&facts, json_object_get(body, "limits"));
	canvas_heading(&page->canvas, "消去と検証", "Erasure and verification", 60);
	canvas_facts(&page->canvas, &facts);
}
