#!/usr/bin/env bats
# kiyome wipe: what it erases, what it refuses, and what it says when the medium is bad, false, slow or gone.

load helper

setup_file() { open_file_home; }
teardown_file() { close_file_home; }
setup() { open_test; }
teardown() { close_test; }

methods() { kiyome wipe --list-methods --json | jq -r '.methods[].id'; }

# ── Erasing ──

@test "every method erases an image to its last byte and certifies it" {
	for method in $(methods); do
		image a.img 3M
		erase 0 --image "$image" --confirm a.img --method "$method"
		is '.result == "erased" and .level == "clear" and .report == null'
		is '[.passes[].bytes_written] | all(. == 3145728)'
		is '.verification.bytes_read == 3145728'
		is ".passes | length == $(kiyome wipe --list-methods --json |
			jq ".methods[] | select(.id == \"$method\").passes")"
		overwritten "$image"
		[ -s "$(jq -r .certificate.pdf <<<"$output")" ]
		[ -s "$(jq -r .certificate.signature <<<"$output")" ]
	done
}

@test "an image of any odd size is erased" {
	for size in 1 511 512 513 4095 4097 1048575 1048577 3145735; do
		image a.img "$size"
		erase 0 --image "$image" --confirm a.img --verify all
		is '.result == "erased"'
		[ "$(stat -c %s "$image")" = "$size" ]
		overwritten "$image"
		! holds "$image" "${MARKER:0:1}${MARKER:1:9}"
	done
}

@test "a loop device is erased" {
	need_root
	image a.img 24M
	attach "$image"
	erase 0 "$loop" --confirm a.img --method dod-3
	is '.result == "erased" and (.limits | index("loop-device"))'
	overwritten "$image"
}

@test "a device with sectors of 4096 bytes is erased" {
	need_root
	image a.img 24M
	attach "$image" --sector-size 4096
	erase 0 "$loop" --confirm a.img --method zero
	is '.result == "erased"'
	[ "$(jq .body.medium.logical_block_bytes "$(record)")" = 4096 ]
	overwritten "$image"
}

@test "two targets at once are erased, each with its certificate" {
	image a.img 8M
	image b.img 12M
	run -0 --separate-stderr wipe --image "$dir/a.img" "$dir/b.img" --confirm a.img --confirm b.img
	[ "${#lines[@]}" = 2 ]
	both=("${lines[@]}")
	for output in "${both[@]}"; do
		is '.result == "erased"'
		overwritten "$(jq -r .target <<<"$output")"
	done
	[ "$(jq -r .certificate.number <<<"${both[0]}")" != "$(jq -r .certificate.number <<<"${both[1]}")" ]
}

@test "the certificate of a wipe is verified by cert verify" {
	image a.img 2M
	erase 0 --image "$image" --confirm a.img --asset '資産-0001'
	run -0 kiyome cert verify "$(jq -r .certificate.pdf <<<"$output")"
}

# ── How it is verified ──

@test "without verification it is unverified, of no level, without a certificate" {
	image a.img 3M
	erase 0 --image "$image" --confirm a.img --verify none
	is '.result == "unverified" and .level == "none" and .certificate == null and .report.number'
	is '.verification.mode == "none" and .verification.bytes_read == 0'
	is '.reasons | index("not-verified")'
	overwritten "$image"
}

@test "a sample reads so many percent and says that it was one" {
	image a.img 64M
	erase 0 --image "$image" --confirm a.img --verify sample:10%
	is '.result == "erased" and .verification.mode == "sample" and .verification.percent == 10'
	is '.reasons | index("sampled")'
	is '.verification.bytes_read >= 6710886 and .verification.bytes_read < 8000000'
}

@test "what was read back is counted once, also below stamps and at the ends of a sample" {
	image a.img 3000001
	for method in zero nist-clear; do
		erase 0 --image "$image" --confirm a.img --method $method
		is '.verification.bytes_read == 3000001'
	done
	image a.img 4M
	erase 0 --image "$image" --confirm a.img --method zero --verify sample:100%
	is '.verification.bytes_read == 4194304'
}

@test "all passes are read back with --verify all" {
	image a.img 4M
	erase 0 --image "$image" --confirm a.img --method dod-3 --verify all
	is '.verification.bytes_read == 3 * 4194304'
}

# ── Refusing: nothing is touched ──

# refused WORD…: exit 2, $image is as it was, and the register got nothing.
refused() {
	local before after
	before=$(sum "$image") after=$(entries wipe.planned)
	erase 2 "$@"
	is '.error'
	[ -n "$stderr" ]
	[ "$(sum "$image")" = "$before" ]
	[ "$(entries wipe.planned)" = "$after" ]
}

@test "without confirmation nothing is touched" {
	image a.img 1M
	refused --image "$image" </dev/null
}

@test "a wrong confirmation touches nothing" {
	image a.img 1M
	for word in '' b.img A.IMG a.im 'a.img ' yes; do
		refused --image "$image" --confirm "$word"
	done
}

@test "a confirmation of one target does not confirm the other" {
	image a.img 1M
	image b.img 1M
	refused --image "$dir/a.img" "$dir/b.img" --confirm a.img
	holds "$dir/a.img" "$MARKER"
}

# while_asked TARGET CONFIRMATION COMMAND…: the command runs between the confirmation and the passphrase.
while_asked() {
	local target=$1 confirmation=$2
	shift 2
	rm -f "$dir/asked"
	mkfifo "$dir/asked"
	exec 8<>"$dir/asked"
	"$KIYOME" --home "$HOME_DIR" wipe "${options[@]}" "$target" --confirm "$confirmation" --passphrase-file "$dir/asked" \
		>"$dir/out" 2>&1 3>&- 8>&- &
	for _ in $(seq 100); do
		[ -z "$(find "/proc/$!/fd" -lname "$dir/asked" 2>/dev/null)" ] || break
		sleep 0.05
	done
	"$@"
	cat "$HOME_DIR.pass" >"$dir/asked"
	exec 8>&-
	status=0
	wait $! || status=$?
	cat "$dir/out"
}

@test "an image that became another file after it was confirmed is not touched" {
	image a.img 1M
	image other.img 1M
	options=(--image)
	while_asked "$dir/a.img" a.img mv "$dir/other.img" "$dir/a.img"
	[ "$status" = 2 ]
	grep -q 'not the same medium' "$dir/out"
	holds "$dir/a.img" "$MARKER"
}

@test "a device whose medium was changed after it was confirmed is not touched" {
	need_root
	image a.img 1M
	attach "$image"
	image other.img 1M
	change() { losetup -d "$loop" && losetup "$loop" "$dir/other.img"; }
	options=()
	while_asked "$loop" "${loop#/dev/}" change
	[ "$status" = 2 ]
	grep -q 'not the same medium' "$dir/out"
	holds "$dir/other.img" "$MARKER"
}

@test "a dry run touches nothing and writes nothing down" {
	image a.img 1M
	before=$(sum "$image") planned=$(entries wipe.planned)
	erase 0 --image "$image" --dry-run --method dod-3
	is '.confirm == "a.img" and (.passes | length) == 3 and .verification.mode == "last"'
	[ "$(sum "$image")" = "$before" ]
	[ "$(entries wipe.planned)" = "$planned" ]
}

@test "a wrong passphrase touches nothing" {
	image a.img 1M
	before=$(sum "$image") planned=$(entries wipe.planned)
	echo 'Wrong-Horse-7-Battery' >"$dir/wrong"
	run -2 --separate-stderr kiyome wipe --json --image "$image" --confirm a.img --passphrase-file "$dir/wrong"
	[ "$(sum "$image")" = "$before" ]
	[ "$(entries wipe.planned)" = "$planned" ]
}

@test "a method or verification that does not exist touches nothing" {
	image a.img 1M
	refused --image "$image" --confirm a.img --method dod-9
	refused --image "$image" --confirm a.img --verify most
	refused --image "$image" --confirm a.img --verify sample:0%
	refused --image "$image" --confirm a.img --no-such-option
}

@test "an image without --image is refused" {
	image a.img 1M
	refused "$image" --confirm a.img
}

@test "what is no disk is refused" {
	image a.img 1M
	mkfifo "$dir/fifo"
	mkdir "$dir/directory"
	ln -s "$image" "$dir/link"
	: >"$dir/empty"
	for target in fifo directory link empty missing; do
		refused --image "$dir/$target" --confirm "$target"
		refused "$dir/$target" --confirm "$target"
	done
	refused /dev/null --confirm null
	refused --image /dev/null --confirm null
}

@test "a target named twice is refused" {
	image a.img 1M
	refused --image "$image" "$image" --confirm a.img
	ln "$image" "$dir/same.img"
	refused --image "$image" "$dir/same.img" --confirm a.img --confirm same.img
}

@test "a mounted device is refused" {
	need_root
	image a.img 16M
	mke2fs -q -F "$image"
	attach "$image"
	mkdir "$dir/mnt"
	mount "$loop" "$dir/mnt"
	mounts=$dir/mnt
	run -2 wipe "$loop" --confirm a.img
	[[ "$output" == *"$dir/mnt"* ]]
	umount "$dir/mnt"
	[ "$(dumpe2fs -h "$image" 2>/dev/null | grep -c 'Filesystem magic number')" = 1 ]
	erase 0 "$loop" --confirm a.img
}

@test "a device that swaps is refused" {
	need_root
	image a.img 16M
	mkswap -q "$image"
	attach "$image"
	swapon "$loop" 2>/dev/null || skip 'this machine does not swap to a loop device'
	run -2 wipe "$loop" --confirm a.img
	swapoff "$loop"
	[ "$(blkid -p -o value -s TYPE "$image")" = swap ]
}

@test "a partition is refused unless it is asked for, and then nothing outside it is touched" {
	need_root
	image a.img 32M
	echo 'start=2048, size=16384' | sfdisk -q --label gpt "$image"
	attach "$image" --partscan
	[ -b "${loop}p1" ] || skip 'this kernel makes no partitions of loop devices'
	outside() { { head -c 1048576 "$image"; tail -c +$((1048576 + 8388608 + 1)) "$image"; } | sha256sum; }
	before=$(outside)
	refused "${loop}p1" --confirm "$(basename "${loop}p1")"
	name=$(wipe "${loop}p1" --partition --dry-run | jq -r .confirm)
	erase 0 "${loop}p1" --partition --confirm "$name"
	is '.result == "erased" and (.limits | index("partition-only"))'
	[ "$(outside)" = "$before" ]
	! { tail -c +1048577 "$image" | head -c 8388608 | grep -q -a -F "$MARKER"; }
}

@test "an image that another program has open is refused" {
	image a.img 1M
	exec 9<"$image"
	refused --image "$image" --confirm a.img
	exec 9<&-
	erase 0 --image "$image" --confirm a.img
}

# ── Bad places ──

@test "one bad place of 4096 bytes is the only one not overwritten" {
	rig a 24M 'bad-write 5242880 4096'
	erase 1 --image "$disk" --confirm disk
	is '.result == "erased-with-exceptions" and .level == "none"'
	is '.exceptions[0] == {"offset_bytes": 5242880, "length_bytes": 4096, "what": "write-error"}'
	is '(.exceptions | length) == 1 and .passes[0].errors == 1'
	is '.passes[0].bytes_written == 25165824 - 4096'
	is '.reasons == ["write-errors"]'
	[ "$(differences "$back" "$(record)")" = '5242880 4096' ]
}

@test "a single bad sector of a loop device is the only one not overwritten" {
	need_root
	rig a 24M 'bad-write 13001216 512'
	attach "$disk"
	erase 1 "$loop" --confirm disk
	is '.exceptions == [{"offset_bytes": 13001216, "length_bytes": 512, "what": "write-error"}]'
	[ "$(differences "$back" "$(record)")" = '13001216 512' ]
}

@test "the first and the last sector may be the bad ones" {
	rig a 24M 'bad-write 0 512' 'bad-write 25165312 512'
	erase 1 --image "$disk" --confirm disk --method zero
	is '[.exceptions[] | select(.what == "write-error") | [.offset_bytes, .length_bytes]] == [[0, 512], [25165312, 512]]'
	[ "$(differences "$back" "$(record)")" = $'0 512\n25165312 512' ]
}

@test "between two bad places everything is overwritten" {
	rig a 32M 'bad-write 1048576 8192' 'bad-write 24117248 4096'
	erase 1 --image "$disk" --confirm disk --method dod-3 --verify all
	is '.result == "erased-with-exceptions"'
	is '[.exceptions[] | [.offset_bytes, .length_bytes]] == [[1048576, 8192], [24117248, 4096]]'
	is '[.passes[].errors] == [2, 2, 2]'
	[ "$(differences "$back" "$(record)")" = $'1048576 8192\n24117248 4096' ]
}

@test "a place that takes a write the second time is no exception" {
	rig a 3145735 'bad-write-once 3145728 7' 'bad-write-once 0 512' 'bad-write-once 2097152 1048576'
	erase 0 --image "$disk" --confirm disk
	is '.result == "erased" and .exceptions == []'
	[ "$(count_journal '^W')" -ge 3 ]
	overwritten "$back"
}

@test "two hundred bad sectors are each in the record" {
	places=()
	for i in $(seq 200); do places+=("bad-write $((i * 81920 + 512)) 512"); done
	rig a 24M "${places[@]}"
	erase 1 --image "$disk" --confirm disk
	is '(.exceptions | length) == 200 and .passes[0].errors == 200'
	is '.exceptions[199].offset_bytes == 200 * 81920 + 512'
	[ "$(differences "$back" "$(record)" | wc -l)" = 200 ]
}

@test "a drive that takes nothing any more is told in moments, with its exact range" {
	rig a 64M 'bad-write 4194816 50331648'
	erase 1 --image "$disk" --confirm disk
	is '.result == "erased-with-exceptions" and .passes[0].errors == 1'
	is '.exceptions == [{"offset_bytes": 4194816, "length_bytes": 50331648, "what": "write-error"}]'
	is '.passes[0].bytes_written == 67108864 - 50331648'
	# 8 MiB block by block, three times each; not all 48.
	[ "$(count_journal '^W')" -lt 100000 ]
	[ "$(differences "$back" "$(record)")" = "4194816 50331648" ]
}

@test "bad places are a finding even where nobody looks" {
	rig a 24M 'bad-write 5242880 4096'
	erase 1 --image "$disk" --confirm disk --verify none
	is '.result == "unverified" and .certificate == null and (.exceptions | length) == 1'
	is '.reasons | index("write-errors")'
}

@test "what cannot be read back is an exception" {
	for method in random zero; do
		rig "$method" 24M 'bad-once-written 9437184 12288'
		erase 1 --image "$disk" --confirm disk --method "$method"
		is '.result == "erased-with-exceptions" and .reasons == ["read-errors"]'
		is '.exceptions == [{"offset_bytes": 9437184, "length_bytes": 12288, "what": "read-error"}]'
		is '.verification.bytes_read == 25165824 - 12288'
		[ "$(differences "$back" "$(record)")" = '' ]
	done
}

@test "a bad place beside one that cannot be read does not look like a lost medium" {
	rig a 24M 'bad-write 5242880 4096' 'bad-read 3145728 2097152'
	erase 1 --image "$disk" --confirm disk
	is '.result == "erased-with-exceptions"'
	is '[.exceptions[] | [.offset_bytes, .length_bytes, .what]] ==
		[[3145728, 2097152, "read-error"], [5242880, 4096, "write-error"]]'
}

@test "a medium that keeps its old content somewhere is not erased" {
	for method in nist-clear zero dod-3; do
		rig "$method" 24M 'stuck 17826816 1024'
		erase 1 --image "$disk" --confirm disk --method "$method"
		is '.result == "not-erased" and .level == "none" and .certificate == null'
		is '.verification.mismatches == 2'
		is '.exceptions == [{"offset_bytes": 17826816, "length_bytes": 1024, "what": "mismatch"}]'
		holds "$back" "$MARKER"
	done
}

@test "a medium that takes nothing is not erased" {
	rig a 8M 'stuck 0 8388608'
	erase 1 --image "$disk" --confirm disk --verify sample:1%
	is '.result == "not-erased" and .certificate == null'
}

@test "a medium that fails every write is not erased" {
	rig a 2M 'bad-write 0 2097152'
	erase 1 --image "$disk" --confirm disk
	is '(.result == "not-erased" or .result == "interrupted") and .certificate == null'
	holds "$back" "$MARKER"
}

# ── False capacity ──

# false_capacity METHOD VERIFY SIZE COMMAND REAL: never erased, never a certificate.
false_capacity() {
	rig "$1" "$3" "$4"
	erase 1 --image "$disk" --confirm disk --method "$1" --verify "$2"
	is '.result == "not-erased" and .level == "none" and .certificate == null and .report.number'
	is '.reasons | index("mismatches")'
	if [ -n "$5" ]; then
		is '.reasons | index("false-capacity")'
		is ".capacity_check.real_bytes == $5 and .capacity_check.aliased_blocks > 0"
	fi
	fusermount3 -u "$point"
	rm -rf "$point" "$back"
}

@test "a stick of 16 MiB that claims 64 and wraps is not erased, by any method" {
	for method in $(methods); do
		false_capacity "$method" last 64M 'wrap 16777216' 16777216
	done
}

@test "a stick of 16 MiB that claims 64 and drops the rest is not erased, by any method" {
	for method in $(methods); do
		false_capacity "$method" last 64M 'drop 16777216' ''
	done
}

@test "a stick that drops writes and reads as what was written last is not erased" {
	false_capacity zero last 64M 'drop 16777216 0' ''
	false_capacity one last 64M 'drop 16777216 255' ''
	false_capacity vsitr last 64M 'drop 16777216 170' ''
}

@test "a stick that wraps at an odd size is not erased" {
	for method in nist-clear zero vsitr navso-rll gost; do
		false_capacity "$method" last 64M "wrap $((16777216 + 3 * 4096))" $((16777216 + 3 * 4096))
		false_capacity "$method" all 64M "wrap $((16777216 + 7 * 512))" $((16777216 + 7 * 512))
	done
}

@test "a sample finds a false capacity too" {
	for method in nist-clear zero one vsitr; do
		false_capacity "$method" sample:10% 64M 'wrap 16777216' 16777216
		false_capacity "$method" sample:10% 64M 'drop 16777216' ''
		false_capacity "$method" sample:1% 64M "wrap $((16777216 + 3 * 4096))" $((16777216 + 3 * 4096))
	done
}

@test "a stick that hides only its last sectors is not erased" {
	for method in nist-clear zero; do
		false_capacity "$method" last 64M "wrap $((64 * 1048576 - 4096))" $((64 * 1048576 - 4096))
		false_capacity "$method" sample:1% 64M "drop $((64 * 1048576 - 512)) 0" ''
	done
}

@test "a loop device of a false capacity is not erased" {
	need_root
	rig a 64M 'wrap 16777216'
	attach "$disk"
	erase 1 "$loop" --confirm disk --method zero
	is '.result == "not-erased" and .certificate == null and .capacity_check.real_bytes == 16777216'
}

# ── A medium that goes away ──

# gone_and_back COMMAND TARGET: interrupted, then healed and resumed to the end.
gone_and_back() {
	local verify=${3:-last}
	erase 1 "$2" --image --confirm disk --method dod-3 --verify "$verify"
	is '.result == "interrupted" and .level == "none" and .certificate == null'
	is '.reasons | index("medium-gone")'
	is '(.exceptions | length) == 0'
	[ "$(count_journal '^[WR]')" -lt 200 ]
	tell heal
	erase 0 "$2" --image --confirm disk --resume
	is '.result == "erased" and (.exceptions | length) == 0'
	is '[.passes[].bytes_written] | all(. == 25165824)'
	[ "$(jq .body.resumed "$(record)")" = 1 ]
	overwritten "$back"
}

@test "a medium that dies in any pass is interrupted, and resumed when it is back" {
	for after in 0 1048576 10000000 30000000 70000000; do
		rig "$after" 24M "dead-after $after"
		gone_and_back - "$disk"
	done
}

@test "a medium that dies at a flush is interrupted, and resumed when it is back" {
	rig a 24M dead-on-flush
	gone_and_back - "$disk"
}

@test "a medium that dies while a bad place is worked around has no bad place recorded" {
	for failures in 1 2 5 20; do
		rig "$failures" 24M 'bad-write 20971520 65536' "dead-after-failures $failures"
		gone_and_back - "$disk"
	done
}

@test "a loop device whose medium dies is interrupted, without thousands of bad sectors" {
	need_root
	rig a 24M 'dead-after 30000000'
	attach "$disk"
	erase 1 "$loop" --confirm disk --method dod-3
	is '.result == "interrupted" and .certificate == null and (.exceptions | length) == 0'
	tell heal
	erase 0 "$loop" --confirm disk --resume
	is '.result == "erased"'
	overwritten "$back"
}

# ── Stopping and going on ──

# start WORD…: wipe in the background; its process is $process, its output $dir/out.
# What a shell puts into the background ignores SIGINT, and so would the program.
start() {
	env --default-signal=INT "$KIYOME" --home "$HOME_DIR" wipe --json --passphrase-file "$HOME_DIR.pass" "$@" >"$dir/out" 2>"$dir/err" 3>&- &
	process=$!
}

# await COUNT: until the rig saw that many writes.
await() {
	for _ in $(seq 400); do
		[ "$(sed -n 's/^writes //p' "$point/control")" -lt "$1" ] || return 0
		sleep 0.02
	done
	cat "$dir/err" >&2
	return 1
}

# stop SIGNAL: sends it; the exit status is in $status, the seconds it took in $took, the output in $output.
stop() {
	local begun=$EPOCHREALTIME
	kill -s "$1" "$process"
	(sleep 20 && kill -9 "$process") 3>&- &
	local watchdog=$!
	status=0
	wait "$process" || status=$?
	took=$(awk "BEGIN { print $EPOCHREALTIME - $begun }")
	pkill -P "$watchdog" 2>/dev/null || true
	kill "$watchdog" 2>/dev/null || true
	wait "$watchdog" 2>/dev/null || true
	[ "$status" = 1 ] || { echo "status $status" && cat "$dir/out" "$dir/err"; } >&2
	output=$(cat "$dir/out")
}

# prompt: the stop took at most two seconds more than a wipe of next to nothing takes here and now, which signs its
# document too.
prompt() {
	local begun=$EPOCHREALTIME
	image tiny.img 4096
	wipe --image "$image" --confirm tiny.img >/dev/null
	awk "BEGIN { exit !($took < 2 + $EPOCHREALTIME - $begun) }"
}

@test "SIGINT and SIGTERM interrupt within moments, on a slow medium too, and it can be resumed" {
	for signal in INT TERM; do
		for delay in 100000 400000; do
			rig "$signal$delay" 24M "delay $delay"
			start --image "$disk" --confirm disk
			await 3
			stop "$signal"
			echo "SIG$signal, $delay µs a call: $took s" >&3
			[ "$status" = 1 ]
			prompt
			is '.result == "interrupted" and .certificate == null and .report.number and (.reasons | index("signal"))'
			tell heal
			erase 0 --image "$disk" --confirm disk --resume
			is '.result == "erased"'
			overwritten "$back"
		done
	done
}

@test "SIGTERM is obeyed while the medium hangs" {
	rig a 24M 'delay 20000'
	start --image "$disk" --confirm disk
	await 3
	tell hang
	sleep 0.5
	stop TERM
	echo "SIGTERM while it hangs: $took s" >&3
	[ "$status" = 1 ]
	prompt
	is '.result == "interrupted"'
	tell heal
	erase 0 --image "$disk" --confirm disk --resume
	is '.result == "erased"'
	overwritten "$back"
}

@test "after kill -9 it is resumed to the last byte" {
	for writes in 2 30 60; do
		rig "$writes" 24M 'delay 20000'
		start --image "$disk" --confirm disk --method dod-3 --verify all
		await "$writes"
		kill -9 "$process"
		wait "$process" || true
		[ ! -s "$dir/out" ]
		tell heal
		erase 0 --image "$disk" --confirm disk --resume
		is '.result == "erased" and (.passes | length) == 3 and .verification.mode == "all"'
		[ "$(jq .body.resumed "$(record)")" = 1 ]
		overwritten "$back"
	done
}

@test "a process that was ahead of the register when it was killed spoils no resumed wipe" {
	for method in dod-3 zero; do
		rig "$method" 24M 'delay 20000'
		start --image "$disk" --confirm disk --method "$method" --verify all
		for _ in $(seq 400); do
			# The first pass is in the register, its read-back under way.
			[ "$(count_journal '^r')" -lt 8 ] || break
			sleep 0.02
		done
		kill -STOP "$process"
		written=$(sed -n 's/^writes //p' "$point/control")
		sleep 2.5
		echo "$method: $(($(sed -n 's/^writes //p' "$point/control") - written)) writes while the register slept" >&3
		kill -9 "$process"
		wait "$process" || true
		tell heal
		erase 0 --image "$disk" --confirm disk --resume
		is '.result == "erased" and .verification.mismatches == 0'
		overwritten "$back"
	done
}

# Everything was read back, and the stamps are being taken off again.
unstamping() {
	awk '/^w .* 512$/ { stamped = 1; if (back) n++ } /^r/ && stamped { back = 1 } END { exit n < 3 }' "$point/journal"
}

@test "what is written to a medium while its wipe is interrupted does not stay, or is found" {
	for verify in last all sample:10%; do
		rig "$verify" 24M 'delay 10000'
		start --image "$disk" --confirm disk --method zero --verify "$verify"
		for _ in $(seq 1000); do
			! unstamping || break
			sleep 0.02
		done
		kill -9 "$process"
		wait "$process" || true
		unstamping
		tell heal
		printf '%s' "$MARKER" | dd of="$back" bs=1 seek=70000 conv=notrunc status=none
		run --separate-stderr wipe --image "$disk" --confirm disk --resume
		if holds "$back" "$MARKER"; then
			[ "$status" = 1 ]
			is '.result == "not-erased" and .verification.mismatches == 1'
		else
			[ "$status" = 0 ]
			is '.result == "erased" and .passes[0].bytes_written == 25165824'
		fi
	done
}

@test "a wipe that nobody interrupted is not resumed" {
	image a.img 1M
	refused --image "$image" --confirm a.img --resume
	erase 0 --image "$image" --confirm a.img
	before=$(sum "$image")
	erase 2 --image "$image" --confirm a.img --resume
	[ "$(sum "$image")" = "$before" ]
}

@test "another medium is not resumed" {
	rig a 24M 'dead-after 30000000'
	erase 1 --image "$disk" --confirm disk --method dod-3
	is '.result == "interrupted"'
	# The same name and size, another file.
	mkdir "$dir/other"
	image other/disk 24M
	refused --image "$image" --confirm disk --resume
}

@test "another loop device of the same name and size is not resumed" {
	need_root
	rig a 24M 'dead-after 30000000'
	attach "$disk"
	first=$loop
	erase 1 "$loop" --confirm disk --method dod-3
	is '.result == "interrupted"'
	losetup -d "$first"
	image disk 24M
	losetup "$first" "$image"
	refused "$first" --confirm disk --resume
	holds "$image" "$MARKER"
}

@test "a resumed wipe keeps its method" {
	image a.img 1M
	refused --image "$image" --confirm a.img --resume --method zero
	refused --image "$image" --confirm a.img --resume --verify none
}

# ── What it needs, and what it keeps to itself ──

@test "the passphrase is in no command line, no register, no output" {
	rig a 24M 'delay 20000'
	start --image "$disk" --confirm disk
	await 3
	for directory in /proc/"$process" $(pgrep -P "$process" | sed 's,^,/proc/,'); do
		! tr '\0' '\n' <"$directory/cmdline" | grep -q -F "$PASSPHRASE"
		! tr '\0' '\n' <"$directory/environ" | grep -q -F "$PASSPHRASE"
	done
	stop TERM
	! grep -q -a -r -F "$PASSPHRASE" "$HOME_DIR" "$dir/out" "$dir/err"
}

@test "hostile names reach neither the terminal nor the JSON as they are" {
	name=$'a\e[31m\nb.img'
	fill "$dir/$name" 1M
	run -2 --separate-stderr kiyome wipe --image "$dir/$name" --confirm no --passphrase-file "$HOME_DIR.pass"
	[[ "$stderr" != *$'\e'* ]]
	erase 0 --image "$dir/$name" --confirm "$name"
	is '.result == "erased"'
	[[ "$output" != *$'\e'* ]]
}
