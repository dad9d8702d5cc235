#!/usr/bin/env bats
# What is written about the program is true of the program.

setup() {
	bats_require_minimum_version 1.5.0
	KIYOME=$(realpath "${KIYOME:-build/release/kiyome}")
	TOP=$PWD
	export LC_ALL=C.UTF-8 LANGUAGE=
	dir=$(mktemp -d)
	umask 077
	# The documents say `kiyome`.
	mkdir "$dir/bin"
	ln -s "$KIYOME" "$dir/bin/kiyome"
	export PATH=$dir/bin:$PATH
}

teardown() { rm -rf "$dir"; }

# options_in FILE: the long options that a text names, sorted.
options_in() { grep -o -- '--[a-z][a-z-]*' "$1" | LC_ALL=C sort -u; }

# page FILE: a man page as plain text, its words not broken.
page() { groff -man -Tutf8 -Kutf8 -rHY=0 -P-c -P-b -P-o -P-u <(sed '1s/$/\n.nh\n.ll 400/' "$1"); }

# described FILE: a page's synopsis and options; elsewhere other programs' options may stand.
described() { page "$1" | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p; /^OPTIONS/,/^[A-NP-Z]/p'; }

# blocks FILE FIRST LAST: the sh blocks between two headings (regular expressions), as a script.
blocks() { sed -n "/$2/,/$3/p" "$1" | sed -n '/^```sh$/,/^```$/{/^```/!p}'; }

@test "each command has a man page, and it names every option of the command's help" {
	commands=$("$KIYOME" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
	[ "$(wc -w <<<"$commands")" -ge 5 ]
	for command in $commands; do
		"$KIYOME" "$command" --help >"$dir/help"
		described "docs/kiyome-$command.1" >"$dir/page"
		options_in "$dir/help" >"$dir/of-help"
		options_in "$dir/page" >"$dir/of-page"
		missing=$(LC_ALL=C comm -23 "$dir/of-help" "$dir/of-page")
		[ -z "$missing" ] || { echo "kiyome-$command.1 lacks: $missing"; false; }
	done
}

@test "no man page names an option that the program does not have" {
	for command in setup media wipe cert register; do
		{ "$KIYOME" "$command" --help; echo "--home --json --help"; } >"$dir/help"
		described "docs/kiyome-$command.1" >"$dir/page"
		options_in "$dir/help" >"$dir/of-help"
		options_in "$dir/page" >"$dir/of-page"
		[ -s "$dir/of-page" ]
		surplus=$(LC_ALL=C comm -13 "$dir/of-help" "$dir/of-page")
		[ -z "$surplus" ] || { echo "kiyome-$command.1 invents: $surplus"; false; }
	done
}

@test "each verb that a command's help names is in its man page" {
	for command in media cert register; do
		verbs=$("$KIYOME" "$command" --help | sed -n 's/^  \([a-z]\{4,\}\) .*/\1/p')
		[ -n "$verbs" ]
		for verb in $verbs; do
			page "docs/kiyome-$command.1" | grep -q "kiyome.* $command $verb" || { echo "kiyome-$command.1 lacks $verb"; false; }
		done
	done
}

@test "the Japanese page of wipe describes the same options as the English one" {
	described docs/kiyome-wipe.1 | sed '/^SYNOPSIS/,/^DESCRIPTION/d' >"$dir/english"
	page docs/ja/kiyome-wipe.1 | sed -n '/^オプション/,/^シグナル/p' >"$dir/japanese"
	[ -n "$(options_in "$dir/japanese")" ]
	diff <(options_in "$dir/english") <(options_in "$dir/japanese")
}

@test "the completion offers every option and verb of every command" {
	complete_words() { # WORDS…: what is offered for the last one
		bash -c 'source data/completions/kiyome; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kiyome; printf "%s\n" "${COMPREPLY[@]}"' \
			bash "$@"
	}
	for command in setup media wipe cert register; do
		{ "$KIYOME" "$command" --help; echo "--home --json --help"; } >"$dir/help"
		missing=$(LC_ALL=C comm -23 <(options_in "$dir/help") <(complete_words kiyome "$command" -- | LC_ALL=C sort -u))
		[ -z "$missing" ] || { echo "completion of $command lacks: $missing"; false; }
		for verb in $("$KIYOME" "$command" --help | sed -n 's/^  \([a-z]\{4,\}\) .*/\1/p'); do
			complete_words kiyome "$command" "" | grep -qx "$verb" || { echo "completion of $command lacks $verb"; false; }
		done
	done
	complete_words kiyome "" | grep -qx wipe
	complete_words kiyome wipe --method dod | grep -qx dod-7
}

@test "man pages are free of groff's warnings" {
	for file in docs/*.1 docs/*.5 docs/ja/*.1; do
		warnings=$(groff -man -ww -Tutf8 -Kutf8 "$file" 2>&1 >/dev/null)
		[ -z "$warnings" ] || { echo "$file: $warnings"; false; }
		grep -q '^\.SH' "$file"
	done
}

@test "kiyome.conf(5) tells every setting, and its example is accepted" {
	"$KIYOME" setup --print-settings >"$dir/fresh"
	keys=$(sed -n 's/^#\{0,1\}\([a-z-]*\) = .*/\1/p' "$dir/fresh")
	[ "$(wc -w <<<"$keys")" -ge 9 ]
	page docs/kiyome.conf.5 >"$dir/page"
	for key in $keys; do
		grep -q "^ *$key\b" "$dir/page" || { echo "kiyome.conf.5 lacks $key"; false; }
	done
	mkdir "$dir/home"
	sed -n '/^EXAMPLES/,/^SEE/p' "$dir/page" | sed -n 's/^ *\(\[.*\]\|[a-z-]* = .*\)$/\1/p' >"$dir/home/kiyome.conf"
	grep -q '^method = dod-3' "$dir/home/kiyome.conf"
	truncate -s 1M "$dir/x.img"
	run -2 "$KIYOME" --home "$dir/home" wipe --image "$dir/x.img" --dry-run
	[[ $output == *"asset"* ]]
	run -0 "$KIYOME" --home "$dir/home" wipe --image "$dir/x.img" --asset A1 --dry-run
	[[ $output == *"DoD 5220.22-M"* ]]
}

@test "the README's page of use runs as written" {
	blocks README.md '^## One page of use' '^## Beside' >"$dir/use.sh"
	[ "$(grep -c kiyome "$dir/use.sh")" -ge 8 ]
	cd "$dir"
	run -0 bash -eu use.sh
	[[ $output == *"stick.img: Erased"* ]]
	[[ $output == *": VALID"* ]]
	[[ $output == *"The register is sound."* ]]
}

@test "README.ja.md's page of use runs as written, and answers in Japanese" {
	blocks README.ja.md '^## 使い方' '^## 他の' >"$dir/use.sh"
	[ "$(grep -c kiyome "$dir/use.sh")" -ge 8 ]
	# The catalogue lies beside a program that was built.
	mkdir -p "$dir/locale/ja/LC_MESSAGES"
	cp "$KIYOME" "$dir/bin/kiyome.real" && mv -f "$dir/bin/kiyome.real" "$dir/bin/kiyome"
	msgfmt -o "$dir/locale/ja/LC_MESSAGES/kiyome.mo" po/ja.po
	cd "$dir"
	run -0 bash -eu use.sh
	[[ $output == *"stick.img: 消去完了"* ]]
	[[ $output == *": 有効"* ]]
	[[ $output == *"記録簿は健全です。"* ]]
}

@test "the commands of docs/verify.md check a certificate and its medium, and find a changed one" {
	for program in qpdf pdfsig certutil jq; do command -v $program >/dev/null || skip "$program is not installed"; done
	cd "$dir"
	printf 'Test-passphrase-2026!\n' >passphrase
	kiyome --home home setup --organisation Test --operator Tester --passphrase-file passphrase --yes
	truncate -s 5M stick.img
	kiyome --home home wipe --image stick.img --confirm stick.img --passphrase-file passphrase
	mkdir stranger
	cp home/certificates/*.pdf home/certificates/*.json home/certificates/*.p7s home/ca.pem stick.img stranger/
	kiyome --home home register show 0 --json | jq -r .entry.body.public_key >stranger/log.key.txt
	blocks "$TOP/docs/verify.md" '^# ' '^## What this proves' >verify.sh
	cp -r stranger changed-record && cp -r stranger changed-proof && cp -r stranger changed-medium
	rm "$dir/bin/kiyome"
	cd "$dir/stranger"
	run -0 bash -eu -o pipefail -c "set +o pipefail; $(cat ../verify.sh)"
	[[ $output == *"CMS Verification successful"* ]]
	[[ $output == *"the same record"* ]]
	[[ $output == *"Signature is Valid"* && $output == *"Certificate is Trusted"* ]]
	[[ $output == *"is in the register of"* ]]
	[[ $output == *"Signature Verified Successfully"* ]]
	[[ $output == *"all 5242880 bytes are as certified"* ]]

	cd "$dir/changed-record"
	sed -i 's/"mismatches":0/"mismatches":1/' ./*.json
	run ! bash -eu ../verify.sh
	cd "$dir/changed-medium"
	printf X | dd of=stick.img bs=1 seek=4000000 conv=notrunc status=none
	run bash -eu ../verify.sh
	[[ $output == *"stick.img differ: byte 4000001"* ]]
	[[ $output != *"as certified"* ]]
	cd "$dir/changed-proof"
	run -0 bash -eu -c "$(sed 's/^index=.*/index=1/' ../verify.sh) true"
	[[ $output != *"is in the register of"* ]]
}

@test "every message of the source is translated" {
	run -0 scripts/check-po
}

@test "check-po finds an untranslated, a fuzzy, a missing and a left-over message" {
	msgattrib --output-file="$dir/whole.po" po/ja.po
	awk '/^msgid "out of memory"/ {print; getline; print "msgstr \"\""; next} {print}' "$dir/whole.po" >"$dir/empty.po"
	run -1 scripts/check-po "$dir/empty.po"
	[[ $output == *"not translated"* && $output == *"out of memory"* ]]
	awk '/^msgid "out of memory"/ {print "#, fuzzy"} {print}' "$dir/whole.po" >"$dir/fuzzy.po"
	run -1 scripts/check-po "$dir/fuzzy.po"
	[[ $output == *"fuzzy"* ]]
	awk '/^msgid "out of memory"/ {getline; next} {print}' "$dir/whole.po" >"$dir/missing.po"
	run -1 scripts/check-po "$dir/missing.po"
	[[ $output == *"out of memory"* ]]
	{ cat "$dir/whole.po"; printf '\nmsgid "nobody says this"\nmsgstr "x"\n'; } >"$dir/surplus.po"
	run -1 scripts/check-po "$dir/surplus.po"
	[[ $output == *"no longer in the source"* ]]
}

@test "the exit statuses that the man page names are those that come" {
	cd "$dir"
	run -2 "$KIYOME"
	run -2 "$KIYOME" wipe
	run -2 "$KIYOME" --home "$dir/none" register list
	run -0 "$KIYOME" --version
	[ "$output" = "$(sed -n 's/^\.TH KIYOME 1 [0-9-]* "Kiyome \([0-9.]*\)".*/kiyome \1/p' "$TOP/docs/kiyome.1")" ]
}

# ── The floors ──

@test "an include from a neighbour or from above fails, however it is written" {
	tree=$(mktemp -d)
	mkdir -p "$tree/scripts" "$tree/src/media" "$tree/wipe"
	cp scripts/floors "$tree/scripts/"
	printf '#include <stdio.h>\n#include "src/base/error.h"\n' >"$tree/wipe/run.c"
	run -0 "$tree/scripts/floors"
	for line in '#include "src/register/register.h"' '#include <src/register/register.h>' \
		' #  include "src/cli/command.h"' '#include "../wipe/plan.h"'; do
		printf '%s\n' "$line" >"$tree/src/media/scan.c"
		run -1 "$tree/scripts/floors"
		[[ $output == *src/media/scan.c:1* ]]
	done
	rm -rf "$tree"
}
