# What the command tests share: a home, media with faults, and looking at bytes past the program.
# shellcheck shell=bash

export LC_ALL=C.UTF-8 LANGUAGE=
KIYOME=$(realpath "${KIYOME:-build/release/kiyome}")
RIGS=$(realpath "${RIGS:-build/release/tests/rigs}" 2>/dev/null || true)
PASSPHRASE='Correct-Horse-7-Battery'

# ── A home: made once a file ──

# make_home DIRECTORY: a set-up home there, its passphrase beside it.
make_home() {
	printf '%s\n' "$PASSPHRASE" >"$1.pass"
	"$KIYOME" --home "$1" setup --organisation 'Test Works' --operator 'Hanako Test' \
		--passphrase-file "$1.pass" --yes >/dev/null
}

# In setup_file: one home for all tests of the file.
open_file_home() {
	FILE_DIR=$(mktemp -d)
	HOME_DIR=$FILE_DIR/home
	export FILE_DIR HOME_DIR
	make_home "$HOME_DIR"
}

# In teardown_file: whatever the tests did, the register is sound and every certificate holds.
close_file_home() {
	"$KIYOME" --home "$HOME_DIR" register verify >&2 || return 1
	rm -rf "$FILE_DIR"
}

# In setup and teardown: a directory of the test, and everything that was attached or mounted undone.
open_test() {
	bats_require_minimum_version 1.5.0
	dir=$(mktemp -d)
	loops=
	mounts=
}

close_test() {
	for point in $mounts; do umount "$point" 2>/dev/null || true; done
	for loop_ in $loops; do losetup -d "$loop_" 2>/dev/null || true; done
	for point in "$dir"/rig*; do
		[ -d "$point" ] || continue
		echo heal 2>/dev/null >"$point/control" || true
		fusermount3 -q -u "$point" || fusermount3 -q -u -z "$point" || true
	done
	rm -rf "$dir"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip 'loop devices need root'
	losetup -f >/dev/null 2>&1 || skip 'this machine has no loop devices'
}

need_fuse() {
	[ -x "$RIGS/faulty" ] || skip 'the rig tests/rigs/faulty is not built'
	[ -w /dev/fuse ] || skip 'this machine lets nobody mount FUSE here'
}

# ── Media ──

# attach FILE [losetup's options…]: puts the device into $loop.
attach() {
	local file=$1
	shift
	loop=$(losetup -f --show "$@" "$file")
	loops="$loop $loops"
}

# image NAME SIZE: a file full of a marker text, its path in $image.
image() {
	image=$dir/$1
	fill "$image" "$2"
}

MARKER='KIYOME-TEST-MARKER-7f3a'

fill() {
	{ yes "$MARKER" || true; } | head -c "$(numfmt --from=iec "$2")" >"$1"
}

# rig NAME SIZE [COMMAND…]: a medium with faults at $disk, its bytes in $back, full of the marker.
rig() {
	need_fuse
	point=$dir/rig-$1
	back=$dir/$1.back
	disk=$point/disk
	local size
	size=$(numfmt --from=iec "$2")
	mkdir "$point"
	fill "$back" "$size"
	shift 2
	"$RIGS/faulty" "$size" "$point" --back "$back" "$@"
}

# tell COMMAND…: to the rig made last, one command a word.
tell() { printf '%s\n' "$@" >"$point/control"; }

# count_journal REGEX: how many lines of the rig's journal match.
count_journal() { grep -c -E "$1" "$point/journal" || true; }

# ── The program ──

kiyome() { "$KIYOME" --home "$HOME_DIR" "$@"; }

# wipe WORD…: with the passphrase, as JSON.
wipe() { kiyome wipe --json --passphrase-file "$HOME_DIR.pass" "$@"; }

# erase STATUS WORD…: runs wipe, wants that exit status; the last line of its output is in $output.
erase() {
	local status_=$1
	shift
	run "-$status_" --separate-stderr wipe "$@"
}

# is JQ-EXPRESSION: whether it holds for $output; says what $output is when not.
is() {
	jq -e "$1" <<<"$output" >/dev/null || {
		echo "not so: $1"
		jq . <<<"$output" || printf '%s\n' "$output"
		return 1
	} >&2
}

# The certificate's or report's record of the run in $output.
record() { jq -r '(.certificate // .report).json' <<<"$output"; }

# entries KIND: that many are in the register.
entries() { kiyome --json register list --kind "$1" | jq '.entries | length'; }

# ── Bytes ──

sum() { sha256sum "$1" | cut -d' ' -f1; }

# expected RECORD: what its last pass put on the whole medium, from the record and openssl alone.
expected() {
	local key pattern size
	key=$(jq -r '.body.passes[-1].key // ""' "$1")
	pattern=$(jq -r '.body.passes[-1].pattern' "$1")
	size=$(jq -r '.body.medium.size_bytes' "$1")
	if [ -n "$key" ]; then
		{ openssl enc -aes-256-ctr -K "$key" -iv 00000000000000000000000000000000 </dev/zero 2>/dev/null || true; } |
			head -c "$size"
	else
		python3 -c '
import sys
pattern, size = bytes.fromhex(sys.argv[1]), int(sys.argv[2])
sys.stdout.buffer.write((pattern * (size // len(pattern) + 1))[:size])' "$pattern" "$size"
	fi
}

# differences FILE RECORD: "OFFSET LENGTH" of what is not that, in 512-byte blocks, merged.
differences() {
	expected "$2" >"$dir/expected"
	python3 - "$1" "$dir/expected" <<'PYTHON'
import sys
with open(sys.argv[1], "rb") as found, open(sys.argv[2], "rb") as wanted:
    found, wanted = found.read(), wanted.read()
if len(found) != len(wanted):
    print("length", len(found), len(wanted))
ranges = []
for at in range(0, len(wanted), 512):
    if found[at:at + 512] != wanted[at:at + 512]:
        if ranges and ranges[-1][0] + ranges[-1][1] == at:
            ranges[-1][1] += 512
        else:
            ranges.append([at, 512])
for start, length in ranges:
    print(start, length)
PYTHON
}

# overwritten FILE: every byte is the last pass of the run in $output.
overwritten() {
	local found
	found=$(differences "$1" "$(record)")
	[ -z "$found" ] || { echo "not overwritten: $found" >&2; return 1; }
}

# holds FILE TEXT: whether the raw bytes hold it.
holds() { LC_ALL=C grep -q -a -F -e "$2" "$1"; }
