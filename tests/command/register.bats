#!/usr/bin/env bats
# kiyome register: what was recorded can be read, and by whom ever it was changed, that shows.

setup() {
	bats_require_minimum_version 1.5.0
	KIYOME=${KIYOME:-build/release/kiyome}
	export LC_ALL=C.UTF-8 LANGUAGE=
	dir=$(mktemp -d)
	home=$dir/home
	db=$home/register.db
	printf 'Correct-Horse-9-Battery' >"$dir/pass"
	"$KIYOME" --home "$home" setup --organisation "Kita Works" --operator "Yamada Hanako" \
		--passphrase-file "$dir/pass" --yes >"$dir/setup" 2>&1
}

teardown() {
	rm -rf "$dir"
}

kiyome() { "$KIYOME" --home "$home" "$@"; }

unhex() { printf %s "${1^^}" | basenc --base16 -d; }

# wipe FILE [OPTION…]: erases a disk image, which appends an intent, an outcome and a certificate.
wipe() {
	truncate -s 4M "$dir/$1"
	kiyome wipe --image --confirm "$1" --passphrase-file "$dir/pass" --progress none "${@:2}" "$dir/$1"
}

# tamper SQL: past the guards, which are put back.
tamper() {
	guards=$(sqlite3 "$db" "SELECT group_concat(sql, ';') || ';' FROM sqlite_schema WHERE type = 'trigger'")
	sqlite3 "$db" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'" | sqlite3 "$db"
	sqlite3 "$db" "$1; $guards"
}

@test "setup's entries are listed as a table" {
	run -0 kiyome register list
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[0]} == "SEQ TIME "*KIND*WHO*SUBJECT*RESULT* ]]
	[[ ${lines[1]} =~ ^\ *0\ 20[0-9-]+T[0-9:]+Z\ register.created\ .*\.kiyome ]]
	[[ ${lines[2]} == *key.added* ]]
}

@test "list --json is one document with an object for each entry" {
	run -0 kiyome register list --json
	[ "$(jq -r '[.entries[].seq] | join(" ")' <<<"$output")" = "0 1 2" ]
	[ "$(jq -r '.entries[0].kind' <<<"$output")" = register.created ]
	[ "$(jq -r '.entries[0].actor.uid' <<<"$output")" = "$(id -u)" ]
}

@test "list keeps to the kind and the date that was asked" {
	run -0 kiyome register list --json --kind key.added
	[ "$(jq -r '[.entries[].seq] | join(" ")' <<<"$output")" = "1 2" ]
	run -0 kiyome register list --json --since "$(date -u +%F)"
	[ "$(jq '.entries | length' <<<"$output")" -eq 3 ]
	run -0 kiyome register list --json --since "$(date -u -d tomorrow +%F)"
	[ "$(jq '.entries | length' <<<"$output")" -eq 0 ]
	run -0 kiyome register list --json --since 2020-01-31T00:00:00Z --kind register.created
	[ "$(jq '.entries | length' <<<"$output")" -eq 1 ]
}

@test "show gives the entry's bytes, and a proof that openssl and jq can check" {
	run -0 kiyome register show 1 --json
	jq -cS .entry <<<"$output" | tr -d '\n' >"$dir/entry"
	[ "$(cat "$dir/entry")" = "$(sqlite3 "$db" 'SELECT canonical FROM entry WHERE seq = 1')" ]
	{ printf '\0'; cat "$dir/entry"; } >"$dir/leaf"
	leaf=$(openssl dgst -sha256 -r "$dir/leaf" | cut -d' ' -f1)
	[ "$(jq -r .leaf_hash <<<"$output")" = "$leaf" ]
	jq -r .proof <<<"$output" >"$dir/proof"

	# Three leaves: the root is H(1, H(1, leaf 0, leaf 1), leaf 2).
	{ printf '\1'; sed -n 3p "$dir/proof" | base64 -d; unhex "$leaf"; } >"$dir/pair"
	{ printf '\1'; openssl dgst -sha256 -binary "$dir/pair"; sed -n 4p "$dir/proof" | base64 -d; } >"$dir/node"
	[ "$(sed -n 8p "$dir/proof")" = "$(openssl dgst -sha256 -binary "$dir/node" | base64)" ]

	# The public key stands in entry 0 behind the second "+": one byte of type, 32 of key.
	key=$(sqlite3 "$db" "SELECT json_extract(canonical, '$.body.public_key') FROM entry WHERE seq = 0")
	{ unhex 302a300506032b6570032100; base64 -d <<<"${key#*+*+}" | tail -c 32; } >"$dir/key.der"
	sed -n 6,8p "$dir/proof" >"$dir/text"
	sed -n 10p "$dir/proof" | cut -d' ' -f3 | base64 -d | tail -c 64 >"$dir/signature"
	openssl pkeyutl -verify -pubin -inkey "$dir/key.der" -keyform DER -rawin -in "$dir/text" -sigfile "$dir/signature"
}

@test "show for people prints entry, hash and proof" {
	run -0 kiyome register show 2
	[[ $output == *'"kind": "key.added"'* ]]
	[[ $output == *"c2sp.org/tlog-proof@v1"* ]]
	[[ $output == *"index 2"* ]]
}

@test "a sound register verifies" {
	run -0 kiyome register verify
	[[ $output == *"3 entries, 3 signed checkpoints, root "* ]]
	[[ $output == *"The register is sound."* ]]
	run -0 kiyome register verify --json
	[ "$(jq -c '[.sound, .entries, .findings, .unfinished]' <<<"$output")" = '[true,3,[],[]]' ]
}

@test "a changed entry is named, and the exit status is 1" {
	tamper "UPDATE entry SET canonical = replace(canonical, 'Hanako', 'Ichiro') WHERE seq = 2"
	run -1 kiyome register verify
	[[ $output == *"entry 2 was changed"* ]]
	[[ $output != *"sound."* ]]
	run -1 kiyome register verify --json
	[ "$(jq -c '.sound' <<<"$output")" = false ]
	run -1 kiyome register show 2
	[[ $output == *"entry 2 of the register was changed"* ]]
	run -1 --separate-stderr kiyome register list
	[ "${#lines[@]}" -eq 3 ]
	[[ $stderr == *"entry 2 of the register was changed"* ]]
}

@test "entries cut off the end are named" {
	tamper "DELETE FROM entry WHERE seq = 2"
	run -1 kiyome register verify
	[[ $output == *"a checkpoint was signed over 3 entries, but the register has 2"* ]]
}

@test "sqlite3 alone does not get past the guards by a slip" {
	run -19 sqlite3 "$db" "DELETE FROM entry"
	[[ $output == *"entries are never deleted"* ]]
	run -0 kiyome register verify
}

@test "a wipe is an intent and an outcome, and the auditor's view joins them" {
	wipe disk.img
	run -0 kiyome register list --json
	intent=$(jq '.entries[] | select(.kind == "wipe.planned") | .seq' <<<"$output")
	outcome=$(jq '.entries[] | select(.kind == "wipe.finished") | .seq' <<<"$output")
	[ "$(jq -r ".entries[$intent] | [.state, .outcome] | @csv" <<<"$output")" = "\"finished\",$outcome" ]
	[ "$(jq -r ".entries[$outcome].result" <<<"$output")" = erased ]
	[ "$(sqlite3 "$db" 'SELECT seq, medium, state, result FROM wipes')" = "$intent|disk.img|finished|erased" ]
	run -0 kiyome register verify --json
	[ "$(jq -c '[.sound, .unfinished]' <<<"$output")" = '[true,[]]' ]
}

@test "killed in the middle of a wipe, the register opens, verifies, and shows the wipe as interrupted" {
	truncate -s 2G "$dir/disk.img"
	# Not through a function: the process to kill is the program itself.
	"$KIYOME" --home "$home" wipe --image --confirm disk.img --passphrase-file "$dir/pass" --progress none \
		"$dir/disk.img" >"$dir/out" 2>&1 &
	wiping=$!
	for _ in $(seq 100); do
		[ -z "$(sqlite3 "$db" "SELECT 1 FROM entry WHERE kind = 'wipe.planned'")" ] || break
		sleep 0.05
	done
	kill -9 "$wiping"
	wait "$wiping" || true
	run -0 kiyome register verify --json
	[ "$(jq -c '[.sound, .unfinished]' <<<"$output")" = '[true,[3]]' ]
	run -0 kiyome register verify
	[[ $output == *"entry 3 has no outcome: interrupted or still running"* ]]
	run -0 kiyome register list --kind wipe.planned
	[[ ${lines[1]} == *"interrupted or still running"* ]]
	run -0 kiyome register list --kind wipe.planned --json
	[ "$(jq -r '.entries[0].state' <<<"$output")" = interrupted ]
}

@test "what the subject calls itself cannot write to the terminal" {
	wipe $'evil\e[31m.img'
	run -0 kiyome register list
	[[ $output != *$'\e'* ]]
	[[ $output == *'evil\'*'[31m.img'* ]]
}

@test "misuse is refused with status 2, before anything is opened" {
	run -2 kiyome register
	run -2 kiyome register frobnicate
	run -2 kiyome register list --colour
	run -2 kiyome register list more
	run -2 kiyome register list --since yesterday
	run -2 kiyome register list --since 2026-02-30
	run -2 kiyome register show
	run -2 kiyome register show -- -1
	run -2 kiyome register show 1x
	run -2 kiyome register show 99999999999999999999999
	run -2 kiyome register show 3
	[[ $output == *"no entry 3"* ]]
	run -2 kiyome register verify now
	run -2 "$KIYOME" --home "$dir/none" register list
	[[ $output == *"there is no register in $dir/none"* ]]
}

@test "a file that is no register is said to be none, with status 3" {
	echo "dear diary" >"$db"
	run -3 kiyome register verify
	[[ $output == *register.db* ]]
	: >"$db"
	run -3 kiyome register list
	[[ $output == *"is not a register of Kiyome"* ]]
}

@test "a register from a newer Kiyome is left alone, with status 3" {
	sqlite3 "$db" "PRAGMA user_version = 99"
	run -3 kiyome register list
	[[ $output == *"newer Kiyome"* ]]
}

@test "an output that cannot be written is told" {
	[ -c /dev/full ] || skip "no /dev/full"
	run -3 bash -c '"$1" --home "$2" register list >/dev/full' - "$KIYOME" "$home"
	run -3 bash -c '"$1" --home "$2" register list --json >/dev/full' - "$KIYOME" "$home"
	run -3 bash -c '"$1" --home "$2" register verify >/dev/full' - "$KIYOME" "$home"
}

@test "a register on a read-only file system is read" {
	[ "$(id -u)" -eq 0 ] || skip 'mounting needs root'
	wipe one.img
	mkdir "$dir/disc"
	mount -t tmpfs -o size=8M none "$dir/disc"
	cp -a "$home" "$dir/disc/home%1?"
	mount -o remount,ro "$dir/disc"
	run "$KIYOME" --home "$dir/disc/home%1?" register verify --json
	listed=$("$KIYOME" --home "$dir/disc/home%1?" register list | grep -c erased) || true
	umount "$dir/disc"
	[ "$status" -eq 0 ]
	[ "$(jq '.entries' <<<"$output")" -gt 5 ]
	[ "$listed" = 1 ]
}
