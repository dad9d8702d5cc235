#!/usr/bin/env bats
# After a wipe nothing of what was there is found by a raw search, nor any trace of its file system.

load helper

setup_file() { open_file_home; }
teardown_file() { close_file_home; }
setup() { open_test; }
teardown() { close_test; }

# photograph NAME: a JPEG header, the marker, and bytes that do not compress.
photograph() {
	{
		printf '\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00'
		for _ in $(seq 40); do
			printf '%s %s\n' "$MARKER" "$1"
			head -c 2048 /dev/urandom
		done
		printf '\xff\xd9'
	} >"$dir/$1"
}

# finds TEXT-OR-BYTES(hex with prefix 0x) [OFFSET]: whether the raw image holds it, anywhere or at that place.
finds() {
	python3 - "$image" "$1" "${2:-}" <<'PYTHON'
import sys
path, what, place = sys.argv[1:]
what = bytes.fromhex(what[2:]) if what.startswith("0x") else what.encode()
data = open(path, "rb").read()
if place:
    found = data[int(place):int(place) + len(what)] == what
else:
    found = what in data or what.decode("latin-1").encode("utf-16-le") in data
sys.exit(not found)
PYTHON
}

# wiped TRACE…: each is found before, and none after; a TRACE is TEXT or 0xHEX, with @OFFSET for magic numbers too
# short to be searched for everywhere.
wiped() {
	for trace in "$MARKER" "$@"; do
		finds "${trace%@*}" "$(sed -n 's/.*@//p' <<<"$trace")" || {
			echo "not there before: $trace" >&2
			return 1
		}
	done
	erase 0 --image "$image" --confirm "$(basename "$image")" "${method[@]}"
	is '.result == "erased"'
	for trace in "$MARKER" "$@"; do
		! finds "${trace%@*}" "$(sed -n 's/.*@//p' <<<"$trace")" || {
			echo "still there: $trace" >&2
			return 1
		}
	done
	[ -z "$(blkid -p -o value -s TYPE "$image" || true)" ]
	[ -z "$(blkid -p -o value -s PTTYPE "$image" || true)" ]
}

@test "nothing is left of a FAT stick with photographs" {
	for method in zero nist-clear; do
		image=$dir/stick.img
		rm -f "$image"
		truncate -s 48M "$image"
		mkfs.vfat -F 32 -s 1 -n PHOTOS "$image" >/dev/null
		for i in 1 2 3 4; do
			photograph "IMG_000$i.JPG"
			mcopy -i "$image" "$dir/IMG_000$i.JPG" ::/
		done
		method=(--method "$method")
		wiped 0x4a46494600010100 FAT32 PHOTOS 'IMG_0003JPG' 0x52526141@512
	done
}

@test "nothing is left of an ext4 disk" {
	image=$dir/ext4.img
	mkdir "$dir/tree"
	for i in 1 2 3; do photograph "tree/letter-$i.jpg"; done
	truncate -s 48M "$image"
	mke2fs -q -t ext4 -L STAFF-RECORDS -d "$dir/tree" "$image"
	method=(--method dod-3)
	wiped STAFF-RECORDS letter-2.jpg 0x4a46494600010100 0x53ef@1080
}

@test "nothing is left of an NTFS disk" {
	image=$dir/ntfs.img
	truncate -s 32M "$image"
	mkntfs -F -q -L PAYROLL "$image" >/dev/null
	photograph salaries.jpg
	ntfscp -q "$image" "$dir/salaries.jpg" salaries.jpg
	method=(--method zero)
	wiped 0x4a46494600010100 FILE0 PAYROLL salaries.jpg 'NTFS    @3'
}

@test "nothing is left of a GPT disk with a LUKS partition" {
	image=$dir/luks.img
	truncate -s 64M "$image"
	printf 'start=2048, size=65536, name=vault\nstart=67584, size=16384, name=plain\n' |
		sfdisk -q --label gpt "$image"
	truncate -s 32M "$dir/vault"
	printf 'some passphrase' | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		--label VAULT-LABEL "$dir/vault" -
	dd if="$dir/vault" of="$image" bs=1M seek=1 conv=notrunc status=none
	photograph plain.jpg
	dd if="$dir/plain.jpg" of="$image" bs=512 seek=67584 conv=notrunc status=none
	[ "$(blkid -p -o value -s PTTYPE "$image")" = gpt ]
	method=(--method nist-clear)
	wiped 'EFI PART' vault VAULT-LABEL 0x4c554b53babe@1048576 0x534b554cbabe 0x55aa@510
}
