#!/usr/bin/env bats
# kiyome cert: whoever has the CA's certificate can tell a genuine certificate from any other file.

setup_file() {
	bats_require_minimum_version 1.5.0
	KIYOME=${KIYOME:-build/release/kiyome}
	export LC_ALL=C.UTF-8 LANGUAGE= KIYOME
	unset CREDENTIALS_DIRECTORY
	FILES=$(mktemp -d)
	export FILES
	make_home "$FILES/home" 'Kita 製作所' '山﨑 花子'
	make_home "$FILES/other" 'Kita 製作所' '山﨑 花子'
	wipe home disk.img --asset IT-0457
	wipe other disk.img
	certutil -N -d "sql:$FILES" --empty-password
	certutil -A -d "sql:$FILES" -n ca -t C,C,C -i "$FILES/home/ca.pem"
	NUMBER=$("$KIYOME" --home "$FILES/home" cert list --json | jq -r '.[0].number')
	export NUMBER
}

make_home() {
	printf 'Correct-Horse-9-Battery' >"$FILES/pass"
	"$KIYOME" --home "$1" setup --organisation "$2" --operator "$3" --passphrase-file "$FILES/pass" --yes >/dev/null
}

# wipe HOME IMAGE [OPTION…]
wipe() {
	truncate -s 8M "$FILES/$2"
	"$KIYOME" --home "$FILES/$1" wipe --image "$FILES/$2" --confirm "$2" --passphrase-file "$FILES/pass" \
		--progress none "${@:3}" >/dev/null
}

teardown_file() {
	rm -rf "$FILES"
}

setup() {
	dir=$(mktemp -d)
	good=$FILES/home/certificates/$NUMBER
	for ending in pdf json p7s; do cp "$good.$ending" "$dir/c.$ending"; done
	cp "$FILES/home/ca.pem" "$dir/ca.pem"
}

teardown() {
	rm -rf "$dir"
}

verify() { run --separate-stderr "$KIYOME" --home /nonexistent --json cert verify --ca "$dir/ca.pem" "$@"; }

valid() {
	verify "$@"
	[ "$status" -eq 0 ] && [ "$(jq .valid <<<"$output")" = true ]
}

# invalid REASON FILE: exit status 1, and a reason that says so.
invalid() {
	verify "$2"
	[ "$status" -eq 1 ] && [ "$(jq .valid <<<"$output")" = false ] && [[ $(jq -r '.reasons[]' <<<"$output") == *"$1"* ]]
}

# put FILE TEXT NEW: replaces the first occurrence by as many bytes.
put() {
	offset=$(grep -a -b -o -m1 -F -- "$2" "$1" | head -1 | cut -d: -f1)
	[ -n "$offset" ]
	printf %s "$3" | dd of="$1" bs=1 seek="$offset" conv=notrunc status=none
}

@test "list and show tell of the certificate and where it is" {
	run -0 "$KIYOME" --home "$FILES/home" cert list
	[[ $output == *"$NUMBER"*certificate*erased*clear*disk.img* ]]
	run -0 "$KIYOME" --home "$FILES/home" cert show "$NUMBER"
	[[ $output == *IT-0457* ]]
	[[ $output == *"$good.pdf"* ]]
	"$KIYOME" --home "$FILES/home" cert show "$NUMBER" --json | jq -Sce . >"$dir/shown"
	jq -Sce . "$good.json" | cmp - "$dir/shown"
	run -2 "$KIYOME" --home "$FILES/home" cert show NO-2026-000001
}

@test "a genuine certificate is valid with the CA's certificate alone" {
	valid "$dir/c.pdf"
	[ "$(jq -r '.signatures[0].role, .signatures[0].name, .signatures[0].valid' <<<"$output" | xargs)" = "operator 山﨑 花子 true" ]
	[ "$(jq -r .proof.valid <<<"$output")" = true ]
	[ "$(jq -c .notes <<<"$output")" = '[]' ]
	valid "$dir/c.json"
}

@test "it is valid with the CA's fingerprint, and by default with the home's CA" {
	fingerprint=$(openssl x509 -in "$dir/ca.pem" -outform DER | sha256sum | cut -d' ' -f1)
	run -0 "$KIYOME" --home /nonexistent cert verify --ca-fingerprint "$fingerprint" "$dir/c.pdf"
	run -0 "$KIYOME" --home "$FILES/home" cert verify "$dir/c.pdf"
	[[ $output == *": VALID"* ]]
	run -1 "$KIYOME" --home /nonexistent cert verify --ca-fingerprint "${fingerprint//[0-7]/9}" "$dir/c.pdf"
	run -3 "$KIYOME" --home /nonexistent cert verify "$dir/c.pdf"
	run -2 "$KIYOME" cert verify --ca-fingerprint 12ab "$dir/c.pdf"
}

@test "the log's key checks the register's checkpoint, another log's does not" {
	key=$(sqlite3 "$FILES/home/register.db" "select json_extract(canonical, '$.body.public_key') from entry where seq = 0")
	other=$(sqlite3 "$FILES/other/register.db" "select json_extract(canonical, '$.body.public_key') from entry where seq = 0")
	valid --log-key "$key" "$dir/c.pdf"
	[ "$(jq .proof.signature_checked <<<"$output")" = true ]
	verify --log-key "$other" "$dir/c.pdf"
	[ "$status" -eq 1 ]
}

@test "poppler, mupdf, qpdf and openssl agree on the genuine one" {
	run -0 pdfsig -nssdir "sql:$FILES" "$dir/c.pdf"
	[[ $output == *"Signature is Valid"* ]]
	[[ $output == *"Certificate is Trusted"* ]]
	[[ $output == *"Total document signed"* ]]
	run -0 mutool sign -v "$dir/c.pdf"
	[[ $output == *"unchanged since signing"* ]]
	qpdf --check "$dir/c.pdf"
	openssl cms -verify -cades -binary -inform DER -in "$dir/c.p7s" -content "$dir/c.json" -CAfile "$dir/ca.pem" -out /dev/null
	pdfdetach -savefile entry.json -o "$dir/entry.json" "$dir/c.pdf"
	cmp "$dir/entry.json" "$dir/c.json"
}

@test "a changed attachment is noticed by all of them" {
	put "$dir/c.pdf" '"result":"erased"' '"result":"erasee"'
	invalid 'does not match' "$dir/c.pdf"
	run pdfsig -nssdir "sql:$FILES" "$dir/c.pdf"
	[[ $output == *"Digest Mismatch"* ]]
	run mutool sign -v "$dir/c.pdf"
	[[ $output != *"unchanged since signing"* ]]
}

@test "a changed page is noticed" {
	cp "$dir/c.pdf" "$dir/d.pdf"
	printf '\xff' | dd of="$dir/d.pdf" bs=1 seek=500 conv=notrunc status=none
	invalid 'does not match' "$dir/d.pdf"
}

@test "a changed time of signing is noticed" {
	put "$dir/c.pdf" '/M (D:2' '/M (D:1'
	verify "$dir/c.pdf"
	[ "$status" -eq 1 ]
}

@test "changed JSON, or the signature of another, is noticed by us and by openssl" {
	put "$dir/c.json" disk.img disk.imh
	invalid 'does not match' "$dir/c.json"
	run ! openssl cms -verify -cades -binary -inform DER -in "$dir/c.p7s" -content "$dir/c.json" -CAfile "$dir/ca.pem" -out /dev/null
	cp "$good.json" "$dir/c.json"
	wipe home second.img
	second=$(ls "$FILES"/home/certificates/*.p7s | grep -v "$NUMBER" | head -1)
	cp "$second" "$dir/c.p7s"
	invalid 'does not match' "$dir/c.json"
}

@test "a JSON without its signature says where it should be" {
	rm "$dir/c.p7s"
	verify "$dir/c.json"
	[ "$status" -eq 3 ]
	[[ $stderr == *c.p7s* ]]
}

@test "a cut file, and bytes behind the end, are noticed" {
	head -c -100 "$good.pdf" >"$dir/c.pdf"
	invalid 'end' "$dir/c.pdf"
	cp "$good.pdf" "$dir/c.pdf"
	echo '% harmless?' >>"$dir/c.pdf"
	invalid 'end' "$dir/c.pdf"
	: >"$dir/empty.json"
	: >"$dir/empty.p7s"
	verify "$dir/empty.json"
	[ "$status" -eq 1 ]
}

@test "an update behind the signature, which poppler still calls valid, is noticed" {
	# A comment of a stranger in due form: catalogue as it is, a new cross-reference table, a new trailer.
	python3 - "$dir/c.pdf" <<-'END'
		import re, sys
		path = sys.argv[1]
		data = open(path, "rb").read()
		previous = int(re.findall(rb"startxref\n(\d+)", data)[-1])
		size = int(re.findall(rb"/Size (\d+)", data)[-1])
		root = re.findall(rb"/Root (\d+) 0 R", data)[-1].decode()
		new = data + b"%d 0 obj\n<< /Kiyome (forged) >>\nendobj\n" % size
		start = len(new)
		new += b"xref\n%d 1\n%010d 00000 n \ntrailer\n" % (size, len(data))
		new += b"<< /Size %d /Root %s 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size + 1, root.encode(), previous, start)
		open(path, "wb").write(new)
	END
	run pdfsig -nssdir "sql:$FILES" "$dir/c.pdf"
	[[ $output == *"Signature is Valid"* ]]
	invalid 'changed after it was signed' "$dir/c.pdf"
}

@test "a certificate of another authority of the same name is not believed" {
	cp "$FILES"/other/certificates/*.pdf "$dir/c.pdf"
	verify "$dir/c.pdf"
	[ "$status" -eq 1 ]
	[ "$(jq -r '.signatures[0].valid' <<<"$output")" = false ]
	cp "$FILES/other/ca.pem" "$dir/ca.pem"
	valid "$dir/c.pdf"
}

@test "without the fonts everything but the page is checked, and that is said" {
	[ "$(id -u)" -eq 0 ] || skip 'hiding the fonts needs root'
	mkdir "$dir/empty"
	without_fonts() {
		# shellcheck disable=SC2016
		run "-$1" --separate-stderr unshare -m sh -c 'empty=$1; shift
			for font in gothic mincho; do mount --bind "$empty" "/usr/share/fonts/opentype/ipaexfont-$font" || exit 9; done
			exec "$@"' - "$dir/empty" "$KIYOME" --home /nonexistent cert verify --ca "$dir/ca.pem" "${@:2}"
	}
	without_fonts 1 --json "$dir/c.pdf"
	jq -e '.page == "not-compared" and (.reasons | length) == 1' <<<"$output"
	jq -e '.signatures[0].valid and .proof.valid' <<<"$output"
	without_fonts 1 "$dir/c.pdf"
	[[ $output == *': NOT FULLY CHECKED'* ]]
	without_fonts 0 "$dir/c.json"
}

@test "what is no certificate at all is a finding and not a crash" {
	for kind in urandom zero; do
		head -c 200000 /dev/$kind >"$dir/junk.json"
		head -c 2000 /dev/$kind >"$dir/junk.p7s"
		verify "$dir/junk.json"
		[ "$status" -eq 1 ]
		(printf '%%PDF-1.5\n' && cat "$dir/junk.json") >"$dir/junk.pdf"
		verify "$dir/junk.pdf"
		[ "$status" -eq 1 ]
	done
}

@test "a PDF whose first byte was changed, or that is empty, is a finding" {
	{ printf 'x' && tail -c +2 "$dir/c.pdf"; } >"$dir/first.pdf"
	: >"$dir/empty.pdf"
	for kind in first empty; do
		verify "$dir/$kind.pdf"
		[ "$status" -eq 1 ]
		jq -e '.valid == false and (.reasons | length > 0)' <<<"$output"
	done
}

@test "a run without verification gets a report, never called a certificate" {
	wipe home third.img --verify none || true
	report=$(ls "$FILES"/home/reports/*.pdf | tail -1)
	valid "$report"
	pdftotext -layout "$report" "$dir/text"
	grep -q '未検証' "$dir/text"
	grep -q 'UNVERIFIED' "$dir/text"
	grep -q '達成レベル なし' "$dir/text"
	run ! grep -qi 'certificate\|証明\|消去完了' "$dir/text"
	"$KIYOME" --home "$FILES/home" cert list --json | jq -e '.[] | select(.kind == "report") | .result == "unverified"'
}

@test "misuse is exit status 2" {
	run -2 "$KIYOME" cert
	run -2 "$KIYOME" cert nonsense
	run -2 "$KIYOME" cert verify
	run -2 "$KIYOME" cert verify --nonsense "$dir/c.pdf"
	run -0 "$KIYOME" cert --help
}
