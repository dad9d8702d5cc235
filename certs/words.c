#include "certs/words.h"

#include <string.h>

static const struct {
	const char *set;
	const char *word;
	struct words words;
} table[] = {
    {"kind", "hdd", {"磁気ディスク", "hard disk"}},
    {"kind", "ssd", {"SSD", "solid-state drive"}},
    {"kind", "usb-flash", {"USB メモリ", "USB flash drive"}},
    {"kind", "sd", {"SD カード", "SD card"}},
    {"kind", "optical", {"光ディスク", "optical disc"}},
    {"kind", "loop", {"ループデバイス", "loop device"}},
    {"kind", "virtual", {"仮想デバイス", "virtual device"}},
    {"kind", "image", {"ディスクイメージ", "disk image file"}},
    {"kind", "unknown", {"種類不明", "kind unknown"}},
    {"bus", "usb", {"USB", ""}},
    {"bus", "ata", {"ATA", ""}},
    {"bus", "scsi", {"SCSI", ""}},
    {"bus", "nvme", {"NVMe", ""}},
    {"bus", "mmc", {"MMC", ""}},
    {"bus", "virtio", {"virtio", ""}},
    {"bus", "loop", {"loop", ""}},
    {"bus", "virtual", {"", ""}},
    {"bus", "file", {"", ""}},
    {"bus", "unknown", {"接続不明", "bus unknown"}},
    {"mode", "last", {"最終パスの全域を読み戻して照合", "whole last pass read back and compared"}},
    {"mode", "all", {"全パスの全域を読み戻して照合", "every pass read back whole and compared"}},
    {"mode", "sample", {"無作為抽出して読み戻し照合", "random sample read back and compared"}},
    {"mode", "none", {"検証せず", "not verified"}},
    {"through", "medium", {"媒体から直接", "directly"}},
    {"through", "cache-dropped", {"キャッシュ破棄後", "after dropping the page cache"}},
    {"capacity", "stream", {"読み戻しデータの位置照合", "addresses checked in the data read back"}},
    {"capacity", "stamps", {"位置標の書込みと読み戻し", "address stamps written and read back"}},
    {"capacity", "none", {"検査せず", "not checked"}},
    {"what", "write-error", {"書込み不能", "could not be written"}},
    {"what", "read-error", {"読取り不能", "could not be read back"}},
    {"what", "mismatch", {"不一致", "read back differently"}},
    {"reason", "write-errors", {"書き込めない範囲があった", "some ranges could not be written"}},
    {"reason", "read-errors", {"読み戻せない範囲があった", "some ranges could not be read back"}},
    {"reason", "mismatches",
	{"読み戻しが書込みと異なった", "what was read back differed from what was written"}},
    {"reason", "false-capacity", {"表示容量が実容量と異なる", "the medium is smaller than it claims"}},
    {"reason", "not-verified", {"読み戻し検証を行っていない", "nothing was read back"}},
    {"reason", "sampled", {"検証は抜取りである", "only a sample was read back"}},
    {"reason", "signal", {"作業者が中断した", "it was stopped by a person or the system"}},
    {"reason", "medium-gone", {"媒体が取り外された", "the medium went away"}},
    {"reason", "no-space",
	{"イメージを置くファイルシステムが満杯", "the file system that holds the image was full"}},
    {"reason", "identity-changed", {"媒体が入れ替わった", "the medium was no longer the same"}},
    {"reason", "write-failed", {"書込みが失敗した", "writing failed"}},
    {"reason", "crashed", {"作業プロセスが途絶えた", "the process that did the work ended early"}},
    {"limit", "overwrite-step-only",
	{"方式のうち上書きの工程のみを実施した。", "Only the overwrite step of the method was carried out."}},
    {"limit", "flash-hidden-areas",
	{"フラッシュメモリの予備領域・代替済み領域には上書きが届かない。",
	    "An overwrite does not reach the spare and remapped blocks of flash memory."}},
    {"limit", "hidden-areas-not-examined",
	{"HPA・DCO などの隠し領域は検査していない。", "Hidden areas (HPA, DCO) were not examined."}},
    {"limit", "image-file",
	{"対象はイメージファイルであり、その保存媒体に残る旧データには及ばない。",
	    "The target is an image file: earlier copies on the disk that holds it are not reached."}},
    {"limit", "loop-device",
	{"対象はループデバイスであり、背後のファイルの保存媒体には及ばない。",
	    "The target is a loop device: the disk behind its file is not reached."}},
    {"limit", "page-cache",
	{"読み戻しは OS のキャッシュを破棄して行った。",
	    "The read-back dropped the page cache but could not go around it."}},
    {"limit", "partition-only",
	{"対象は区画のみであり、媒体の他の部分は消去していない。",
	    "Only the partition was erased, not the rest of the medium."}},
};

static const struct paper papers[] = {
    {"erased", {"消去証明書", "Certificate of Erasure"}, {"消去完了", "ERASED"},
	{"下記の対象について、アドレス指定できる全領域を上書きし、読み戻して一致を確認したことを証明します。",
	    "This certifies that every addressable block of the target below was overwritten, read back and "
	    "found "
	    "equal."},
	27, 94, 63, true, false},
    {"erased-with-exceptions", {"消去記録書", "Erasure Record"},
	{"例外あり — 消去は完全ではありません", "EXCEPTIONS — NOT A COMPLETE ERASURE"},
	{"下記の対象を上書きしましたが、一覧に示す範囲は上書きまたは照合ができませんでした。そこには元のデー"
	 "タが残っている"
	 "可能性があります。",
	    "The target below was overwritten, but not in the ranges listed: what was there may still be "
	    "there."},
	158, 92, 0, false, false},
    {"unverified", {"実施報告書", "Report of an unsuccessful run"}, {"未検証", "UNVERIFIED"},
	{"下記の対象を上書きしましたが、読み戻し検証を終えていません。データが消えた証拠はありません。",
	    "The target below was written over, but not read back: nothing shows that the data are gone."},
	142, 27, 27, false, true},
    {"interrupted", {"実施報告書", "Report of an unsuccessful run"}, {"中断", "INTERRUPTED"},
	{"下記の対象への作業は途中で止まりました。データが残っているものとして扱ってください。",
	    "The run on the target below stopped before its end. Treat the medium as still holding its "
	    "data."},
	142, 27, 27, false, true},
    {"not-erased", {"実施報告書", "Report of an unsuccessful run"}, {"未消去", "NOT ERASED"},
	{"下記の対象は消去できませんでした。データが残っているものとして扱ってください。",
	    "The target below could not be erased. Treat it as still holding its data."},
	142, 27, 27, false, true},
};

struct words words_find(const char *set, const char *word)
{
	for (size_t i = 0; i < LENGTH_OF(table); i++)
		if (strcmp(table[i].set, set) == 0 && strcmp(table[i].word, word) == 0)
			return table[i].words;
	return (struct words){word, ""};
}

void words_append(struct buffer *out, const char *set, const char *word)
{
	struct words words = words_find(set, word);
	buffer_printf(
	    out, "%s%s%s", words.japanese, words.japanese[0] && words.english[0] ? " " : "", words.english);
}

const struct paper *words_paper(const char *result)
{
	for (size_t i = 0; i < LENGTH_OF(papers); i++)
		if (strcmp(papers[i].result, result) == 0)
			return &papers[i];
	return NULL;
}
