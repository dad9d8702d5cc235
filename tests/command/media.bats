#!/usr/bin/env bats
# kiyome media: on recorded trees, and on live loop devices where the caller is root.

setup() {
	bats_require_minimum_version 1.5.0
	KIYOME=${KIYOME:-build/release/kiyome}
	TREES=tests/vectors/trees
	export LC_ALL=C.UTF-8 LANGUAGE=
	dir=$(mktemp -d)
	loops=
}

teardown() {
	if [ -n "${watcher:-}" ]; then kill "$watcher" 2>/dev/null || true; fi
	if [ -e "$dir/swap-on" ]; then swapoff "$(cat "$dir/swap-on")" || true; fi
	mountpoint -q "$dir/mnt" && umount "$dir/mnt"
	for loop in $loops; do losetup -d "$loop" 2>/dev/null || true; done
	rm -rf "$dir"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "loop devices need root"
	losetup -f >/dev/null 2>&1 || skip "this machine has no loop devices"
}

# attach FILE [losetup's options…]: puts the device into $loop.
attach() {
	file=$1
	shift
	loop=$(losetup -f --show "$@" "$file")
	loops="$loop $loops"
}

image() { truncate -s "${2:-32M}" "$dir/$1"; }

# obstacles DEVICE: "use device where" lines.
obstacles() { "$KIYOME" media show --json "$1" | jq -r '.obstacles[] | "\(.use) \(.device) \(.where)"'; }

# Width of a line as a terminal shows it.
widths() {
	python3 -c '
import sys, unicodedata
for line in sys.stdin.read().splitlines():
    column = line.index(sys.argv[1]) if sys.argv[1] in line else None
    if column is not None:
        print(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line[:column]))' "$1"
}

@test "list shows the media of a recorded tree, without devices made of others" {
	run -0 "$KIYOME" media list --json --root $TREES/hdd-lvm
	[ "$(jq -r '[.media[].name] | join(" ")' <<<"$output")" = "sdc" ]
	run -0 "$KIYOME" media list --json --all --root $TREES/hdd-lvm
	[ "$(jq -r '[.media[].name] | join(" ")' <<<"$output")" = "dm-0 dm-1 sdc" ]
}

@test "show --json has every documented member" {
	run -0 "$KIYOME" media show --json --root $TREES/usb-stick /dev/sdb
	keys=$(jq -r 'keys | join("\n")' <<<"$output")
	documented=$(sed -n '/^## Media JSON/,/^## /p' docs/formats.md | sed -n 's/^| `\([a-z_]*\)`.*/\1/p' | LC_ALL=C sort)
	[ -n "$documented" ]
	[ "$keys" = "$documented" ]
	[ "$(jq -r '.confirm' <<<"$output")" = AA04012700012345 ]
	[ "$(jq -r '.erasable' <<<"$output")" = false ]
	[ "$(jq -r '.obstacles[0].explanation' <<<"$output")" = "/dev/sdb1 is mounted at /media/hanako/写真 USB" ]
}

@test "the table stays aligned around Japanese labels" {
	run -0 "$KIYOME" media list --root $TREES/crypt
	grep -q '"金庫"' <<<"$output"
	title=$(widths 'MAY BE ERASED' <<<"$output")
	answer=$(widths 'no: /dev/sdb3' <<<"$output")
	[ -n "$title" ]
	[ "$title" = "$answer" ]
}

@test "show says what to type to confirm" {
	run -0 "$KIYOME" media show --root $TREES/crypt /dev/sdb
	grep -Eq 'to confirm, type +SSD20260013$' <<<"$output"
	grep -Eq '/dev/sdb1 is held by dm-2' <<<"$output"
}

@test "show says which members could not be determined without udev" {
	run -0 "$KIYOME" media show --root $TREES/usb-uas-no-udev /dev/sda
	grep -Eq 'stable name +could not be determined here' <<<"$output"
	grep -Eq 'holds +could not be determined here' <<<"$output"
}

@test "what is not there or not understood is misuse" {
	run -2 "$KIYOME" media show /dev/does-not-exist
	run -2 "$KIYOME" media show --root $TREES/nvme /dev/sdq
	run -2 "$KIYOME" media list --root "$dir"
	run -2 "$KIYOME" media
	run -2 "$KIYOME" media frobnicate
	run -2 "$KIYOME" media list --frobnicate
	run -2 "$KIYOME" media show
	run -2 "$KIYOME" media show /dev/null
}

@test "a partitioned loop device is shown with its partitions and what they hold" {
	need_root
	image disk.img 64M
	printf 'label: gpt\nstart=2048,size=40960\nstart=43008,size=40960\n' | sfdisk -q "$dir/disk.img"
	attach "$dir/disk.img" -P
	# A kernel without partition tables of its own takes partitions from others.
	[ -b "${loop}p2" ] || { addpart "$loop" 1 2048 40960 && addpart "$loop" 2 43008 40960; } ||
		skip "this kernel makes no partitions on loop devices"
	mkfs.ext4 -q -L '給与データ' "${loop}p1"
	mkfs.vfat -n BACKUP "${loop}p2" >/dev/null
	run -0 "$KIYOME" media show --json "$loop"
	[ "$(jq -r '.partitions | length' <<<"$output")" = 2 ]
	[ "$(jq -r '.partitions[1].start_bytes' <<<"$output")" = $((43008 * 512)) ]
	[ "$(jq -r '[.contents[] | "\(.type) \(.label)"] | sort | join(",")' <<<"$output")" = \
		"ext4 給与データ,gpt null,vfat BACKUP" ]
	[ "$(jq -r .erasable <<<"$output")" = true ]
	[ "$(jq -r '[.bus, .kind] | join(" ")' <<<"$output")" = "loop loop" ]
	[ "$(jq -r .backing_file <<<"$output")" = "$dir/disk.img" ]
	mkdir "$dir/mnt"
	mount "${loop}p1" "$dir/mnt"
	[ "$(obstacles "$loop")" = "mounted ${loop#/dev/}p1 $dir/mnt" ]
	# A sibling's mount does not concern the other partition.
	[ "$(obstacles "${loop}p2")" = "partition ${loop#/dev/}p2 $loop" ]
}

@test "an encrypted container is recognised" {
	need_root
	image luks.img 32M
	printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --label 金庫 \
		"$dir/luks.img" - || skip "cryptsetup does not work here"
	attach "$dir/luks.img"
	run -0 "$KIYOME" media show --json "$loop"
	[ "$(jq -r '.contents[0] | "\(.type) \(.usage) \(.label) \(.version)"' <<<"$output")" = "crypto_LUKS crypto 金庫 2" ]
}

@test "a hostile label reaches the terminal as text" {
	need_root
	image evil.img
	mkfs.ext4 -q "$dir/evil.img"
	tune2fs -L "$(printf 'a\033[2J\007\233b')" "$dir/evil.img" >/dev/null 2>&1
	attach "$dir/evil.img"
	run -0 "$KIYOME" media show "$loop"
	grep -qF 'a\u{001b}[2J\u{0007}' <<<"$output"
	run -0 "$KIYOME" media list
	grep -qF 'a\u{001b}[2J\u{0007}' <<<"$output"
	for view in "media list" "media show $loop" "media list --json"; do
		# shellcheck disable=SC2086 # the view is made of words
		[ "$("$KIYOME" $view | LC_ALL=C tr -d '\n\040-\176\200-\377' | wc -c)" -eq 0 ]
	done
}

@test "swap in use is named" {
	need_root
	image swap.img 16M
	attach "$dir/swap.img"
	mkswap "$loop" >/dev/null
	swapon "$loop" 2>/dev/null || skip "no swap can be switched on here"
	echo "$loop" > "$dir/swap-on"
	obstacles "$loop" | grep -qx "swap ${loop#/dev/} $loop"
}

@test "a loop device over a loop device holds it" {
	need_root
	image lower.img
	attach "$dir/lower.img"
	lower=$loop
	attach "$lower"
	[ "$(obstacles "$lower")" = "holder ${lower#/dev/} ${loop#/dev/}" ]
	[ -z "$(obstacles "$loop")" ]
}

@test "a read-only device is not to be erased" {
	need_root
	image ro.img
	attach "$dir/ro.img" -r
	[ "$(obstacles "$loop")" = "read-only ${loop#/dev/} null" ]
	[ "$("$KIYOME" media show --json "$loop" | jq .read_only)" = true ]
}

@test "blocks of 4096 bytes are shown" {
	need_root
	image 4kn.img
	attach "$dir/4kn.img" -b 4096
	[ "$("$KIYOME" media show --json "$loop" | jq -c '[.logical_block_bytes, .size_bytes]')" = "[4096,33554432]" ]
}

@test "a program that has it open is named with its process" {
	need_root
	image open.img
	attach "$dir/open.img"
	sleep 30 < "$loop" 3>&- &
	opener=$!
	found=$(obstacles "$loop")
	kill "$opener"
	[ "$found" = "opened ${loop#/dev/} sleep (pid $opener)" ]
}

@test "what record-tree records is shown as the machine shows it" {
	need_root
	image seen.img
	attach "$dir/seen.img"
	attach "$loop"
	lower=$(cat "/sys/block/${loop#/dev/}/loop/backing_file")
	scripts/record-tree "$dir/tree" "${lower#/dev/}" "${loop#/dev/}"
	wanted='del(.contents, .missing) | .obstacles |= map(select(.use != "opened"))'
	for device in "$lower" "$loop"; do
		[ "$("$KIYOME" media show --json --root "$dir/tree" "$device" | jq -S "$wanted")" = \
			"$("$KIYOME" media show --json "$device" | jq -S "$wanted")" ]
	done
	[ "$(jq -r '.obstacles[0].use' <<<"$("$KIYOME" media show --json --root "$dir/tree" "$lower")")" = holder ]
}

@test "an image is shown and confirmed by its name" {
	image card.img
	mkfs.vfat -n CARD "$dir/card.img" >/dev/null
	run -0 "$KIYOME" media show --json --image "$dir/card.img"
	[ "$(jq -r '[.kind, .bus, .confirm, .erasable, .contents[0].type, .contents[0].label] | map(tostring) | join(" ")' \
		<<<"$output")" = "image file card.img true vfat CARD" ]
	ln -s card.img "$dir/link.img"
	run -2 "$KIYOME" media show --image "$dir/link.img"
	run -2 "$KIYOME" media show "$dir/card.img"
}

# wait_for FILTER: until a line of the watch's output passes jq's filter.
wait_for() {
	for _ in $(seq 100); do
		jq -e "select($1)" "$dir/events" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	cat "$dir/events"
	return 1
}

@test "watch tells what comes and goes, and ends cleanly on SIGTERM" {
	need_root
	"$KIYOME" media watch --json > "$dir/events" 3>&- &
	watcher=$!
	wait_for '.event == "watching"'
	image come.img
	attach "$dir/come.img"
	wait_for ".event == \"appeared\" and .medium.path == \"$loop\" and .medium.size_bytes == 33554432"
	losetup -d "$loop"
	wait_for ".event == \"gone\" and .medium.path == \"$loop\" and .medium.size_bytes == 33554432"
	kill -TERM "$watcher"
	status=0
	wait "$watcher" || status=$?
	watcher=
	[ "$status" -eq 0 ]
}
