#!/usr/bin/env bats
# kill -9 at any moment of a wipe: the register opens and is sound, no certificate lies, nothing writes on.
# KILLS=N sets how many (200), SEED=N the moments.

load helper

setup_file() { open_file_home; }
teardown_file() { close_file_home; }
setup() { open_test; }
teardown() { close_test; }

@test "kill -9 at 200 moments of a wipe leaves a sound register, true certificates, no orphan, and a run to resume" {
	image a.img 24M
	KILLS=${KILLS:-200} run -0 python3 - "$KIYOME" "$HOME_DIR" "$image" <<'PYTHON'
import collections, glob, json, os, random, signal, sqlite3, subprocess, sys, time

program, home, image = sys.argv[1:]
kills, seed = int(os.environ["KILLS"]), int(os.environ.get("SEED", random.randrange(1 << 32)))
random.seed(seed)
print("seed", seed)
size = os.path.getsize(image)
words = ["--image", image, "--confirm", "a.img", "--json", "--passphrase-file", home + ".pass"]
method = ["--method", "dod-3", "--verify", "all"]


def kiyome(*rest):
    done = subprocess.run([program, "--home", home, *rest], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def start(*rest):
    return subprocess.Popen([program, "--home", home, "wipe", *words, *rest], start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def entries():
    register = sqlite3.connect(f"file:{home}/register.db?mode=ro", uri=True)
    try:
        return [json.loads(row[0]) for row in register.execute("SELECT canonical FROM entry ORDER BY seq")]
    finally:
        register.close()


def of_group(group):
    """The processes of this session that are not dead yet."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(path).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == group and fields[0] not in "ZX":
            found.append(path.split("/")[2])
    return found


def wait_until_quiet(group):
    deadline = time.monotonic() + 2
    while of_group(group):
        assert time.monotonic() < deadline, f"still running after kill -9: {of_group(group)}"
        time.sleep(0.005)


checked = set()


def check_documents(record):
    """Every file that has a document's name is whole, true, and of an entry of the register."""
    for path in sorted(glob.glob(home + "/certificates/*") + glob.glob(home + "/reports/*")):
        stem, kind = os.path.splitext(path)
        if path in checked or kind not in (".pdf", ".json", ".p7s"):
            continue
        seq = int(stem.rsplit("-", 1)[1])
        assert seq < len(record) and record[seq]["kind"] == "wipe.finished", f"{path} has no entry"
        certified = "certificates/" in path
        assert certified == record[seq]["body"]["result"].startswith("erased"), f"{path} is in the wrong place"
        if kind == ".json":
            assert json.load(open(path)) == record[seq], f"{path} is not its entry"
        if kind == ".pdf":
            status, told = kiyome("cert", "verify", path)
            assert status == 0, f"{path} does not verify: {told}"
        checked.add(path)


def phase(record, before):
    new = [entry["kind"] for entry in record[before:]]
    if "certificate.issued" in new:
        return "6 after the certificate"
    if "wipe.finished" in new:
        return "5 making the certificate"
    marks = [entry for entry in record[before:] if entry["kind"] == "wipe.marked"]
    if marks:
        return "3 between marks" if len(marks) < 6 else "4 behind the last mark"
    return "2 in the first pass" if "wipe.planned" in new else "1 before the intent"


def expected(record):
    key = record["body"]["passes"][-1]["key"]
    return subprocess.run(f"head -c {size} /dev/zero | openssl enc -aes-256-ctr -K {key} -iv {0:032x}", shell=True,
                          capture_output=True, check=True).stdout


def resume():
    """Goes on to the end, or says why there is nothing to go on with."""
    status, told = kiyome("wipe", *words, "--resume")
    if status == 2:
        assert "no interrupted wipe" in told, told
        return False
    assert status == 0, f"resumed: {told}"
    result = json.loads(told.splitlines()[0])
    assert result["result"] == "erased" and result["certificate"], told
    last = json.load(open(result["certificate"]["json"]))
    assert open(image, "rb").read() == expected(last), "resumed, and not every byte is the last pass"
    return True


begun, lengths = time.monotonic(), []
for _ in range(3):
    started = time.monotonic()
    assert start(*method).wait() == 0
    lengths.append(time.monotonic() - started)
length = min(lengths)
phases, interrupted, resumed = collections.Counter(), 0, 0
for number in range(kills):
    before = len(entries())
    process = start(*method)
    time.sleep(random.uniform(0, length * 1.05))
    if number % 2:
        os.killpg(process.pid, signal.SIGKILL)  # the whole group
    else:
        process.kill()  # the main process alone: its workers must die with it
    process.wait()
    wait_until_quiet(process.pid)
    status, told = kiyome("register", "verify")
    assert status == 0, f"kill {number}: {told}"
    record = entries()
    where = phase(record, before)
    phases[where] += 1
    check_documents(record)
    interrupted += where[0] in "234"
    if number % 20 == 19 or (where[0] in "234" and interrupted % 2):
        resumed += resume()
for name in sorted(phases):
    print(f"{phases[name]:4} killed {name[2:]}")
print(f"     resumed {resumed}; one wipe takes {length:.2f} s; {time.monotonic() - begun:.0f} s in all")
assert resumed or kills < 100, "no run was resumed"
status, told = kiyome("cert", "issue", "--passphrase-file", home + ".pass")
assert status == 0, told
record = entries()
check_documents(record)
issued = {entry["body"]["entry"] for entry in record if entry["kind"] == "certificate.issued"}
assert issued == {entry["seq"] for entry in record if entry["kind"] == "wipe.finished"}, "an outcome has no document"
PYTHON
	printf '# %s\n' "${lines[@]}" >&3
}
