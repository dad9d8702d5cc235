#!/usr/bin/env bats
# Memory does not grow with the medium. The sanitizers need memory of their own, so this is asked of the real program.
# variant: release

load helper

setup_file() { open_file_home; }
teardown_file() { close_file_home; }
setup() { open_test; }
teardown() { close_test; }

@test "four gigabytes are erased in less than 64 MiB of memory" {
	truncate -s 4G "$dir/a.img"
	run -0 --separate-stderr /usr/bin/env python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)' "$KIYOME" --home "$HOME_DIR" wipe --image "$dir/a.img" --confirm a.img --method zero --json \
		--passphrase-file "$HOME_DIR.pass"
	echo "peak of the largest process: $output KiB" >&3
	[ "$output" -lt 65536 ]
}
