#!/usr/bin/env bats
# kiyome setup: a home is made whole, once, and its passphrase is never on a command line.

setup() {
	bats_require_minimum_version 1.5.0
	KIYOME=${KIYOME:-build/release/kiyome}
	export LC_ALL=C.UTF-8 LANGUAGE=
	unset CREDENTIALS_DIRECTORY
	umask 022
	dir=$(mktemp -d)
	home=$dir/home
	printf 'Correct-Horse-9-Battery\n' >"$dir/pass"
}

teardown() {
	chmod -R u+w "$dir"
	rm -rf "$dir"
}

set_up() {
	"$KIYOME" --home "$home" setup --organisation 'Kita 製作所' --operator '山﨑 花子' --yes \
		--passphrase-file "$dir/pass" "$@"
}

opens_with() { openssl pkey -in "$home/keys/operator.key" -passin "pass:$1" -noout; }

@test "one command makes keys, settings and register, for nobody else to read" {
	run -0 --separate-stderr set_up
	[ -z "$stderr" ]
	[ -z "$(find "$home" \( -type f ! -perm 600 \) -o \( -type d ! -perm 700 \))" ]
	[ ! -e "$home.setup" ]
	for file in ca.pem kiyome.conf register.db keys/ca.key keys/operator.key keys/operator.pem keys/log.key; do
		[ -s "$home/$file" ]
	done
	openssl verify -x509_strict -CAfile "$home/ca.pem" "$home/keys/operator.pem"
	opens_with Correct-Horse-9-Battery
	"$KIYOME" --home "$home" register verify
}

@test "drop-ins are read in the order of their names, whatever the home is called" {
	home="$dir/[home] *"
	set_up
	mkdir "$home/kiyome.conf.d"
	printf '[wipe]\nmethod = dod-7\nverify = all\n' >"$home/kiyome.conf.d/a.conf"
	printf '[wipe]\nmethod = zero\n' >"$home/kiyome.conf.d/b.conf"
	printf 'nonsense\n' | tee "$home/kiyome.conf.d/.c.conf" >"$home/kiyome.conf.d/c.conf.old"
	truncate -s 1M "$dir/a.img"
	run -0 --separate-stderr "$KIYOME" --home "$home" wipe --image "$dir/a.img" --dry-run --json
	[ "$(jq -r '.method.id, .verification.mode' <<<"$output" | xargs)" = 'zero all' ]
	printf '[wipe]\nunknown = 1\n' >"$home/kiyome.conf.d/c.conf"
	run -2 "$KIYOME" --home "$home" wipe --image "$dir/a.img" --dry-run --json
}

@test "both keys are in the register with their fingerprints" {
	set_up >/dev/null
	want=$(openssl x509 -in "$home/keys/operator.pem" -outform DER | sha256sum | cut -d' ' -f1)
	got=$(sqlite3 "$home/register.db" \
		"select json_extract(canonical, '$.body.sha256') from entry where kind = 'key.added' and subject = '山﨑 花子'")
	[ "$got" = "$want" ]
	[ "$(sqlite3 "$home/register.db" "select count(*) from entry where kind = 'key.added'")" = 2 ]
}

@test "a home that is set up is refused and not touched" {
	set_up >/dev/null
	before=$(cd "$home" && find . -type f -exec sha256sum {} + | sort)
	run -2 --separate-stderr set_up
	[[ $stderr == *"is set up already; nothing was touched"* ]]
	[ "$(cd "$home" && find . -type f -exec sha256sum {} + | sort)" = "$before" ]
}

@test "a directory with something else in it is refused and not touched" {
	mkdir "$home"
	echo precious >"$home/file"
	run -2 --separate-stderr set_up
	[[ $stderr == *"is not empty (it holds file)"* ]]
	[ "$(ls "$home")" = file ]
	[ ! -e "$home.setup" ]
}

@test "an empty directory that is there already becomes the home" {
	mkdir -m 755 "$home"
	set_up >/dev/null
	[ "$(stat -c %a "$home")" = 700 ]
}

@test "a set-up that was killed at any moment can be run again" {
	for delay in 0.01 0.03 0.05 0.08 0.1 0.12 0.15 0.18 0.2 0.25; do
		rm -rf "$home"
		timeout -s KILL "$delay" "$KIYOME" --home "$home" setup --organisation X --operator Y --yes \
			--passphrase-file "$dir/pass" >/dev/null 2>&1 || true
		# Whole, or not there.
		if [ -e "$home" ]; then
			"$KIYOME" --home "$home" register verify
		else
			set_up
		fi
		opens_with Correct-Horse-9-Battery
		[ ! -e "$home.setup" ]
	done
}

@test "what an interrupted set-up left is replaced, also half a register" {
	mkdir -p "$home.setup/keys"
	head -c 5000 /dev/urandom >"$home.setup/register.db"
	echo rubbish >"$home.setup/keys/operator.key"
	echo rubbish >"$home.setup/keys/ca.key.new"
	set_up >/dev/null
	opens_with Correct-Horse-9-Battery
	"$KIYOME" --home "$home" register verify
	[ ! -e "$home/keys/ca.key.new" ]
}

@test "a file in the way of the home is said" {
	mkdir "$dir/ro"
	home=$dir/ro/none/home
	run -3 --separate-stderr set_up
	[[ $stderr == *"none/home.setup"*"No such file or directory"* ]]
}

@test "a weak passphrase is warned of and accepted" {
	printf 'weak' >"$dir/pass"
	run -0 --separate-stderr set_up
	[[ $stderr == *"passphrase is weak"* ]]
	opens_with weak
}

@test "eleven characters, or twelve of three kinds, are weak; twelve of four are not" {
	for word in 'Abcdefgh1-' 'Abcdefghi1-' 'abcdefghij1-' 'ABCDEFGHIJ1-' 'Abcdefghijk-' 'Abcdefghijk1'; do
		rm -rf "$home"
		printf %s "$word" >"$dir/pass"
		run -0 --separate-stderr set_up
		[[ $stderr == *weak* ]]
	done
	rm -rf "$home"
	printf 'Abcdefghij1-' >"$dir/pass"
	run -0 --separate-stderr set_up
	[ -z "$stderr" ]
}

@test "the passphrase comes from a descriptor or a systemd credential" {
	rm "$dir/pass"
	"$KIYOME" --home "$home" setup --organisation X --operator Y --yes --passphrase-fd 7 7<<<'From-Descriptor-1' >/dev/null
	opens_with From-Descriptor-1
	rm -rf "$home"
	mkdir "$dir/credentials"
	printf 'From-Credential-1' >"$dir/credentials/kiyome-passphrase"
	CREDENTIALS_DIRECTORY=$dir/credentials "$KIYOME" --home "$home" setup --organisation X --operator Y --yes >/dev/null
	opens_with From-Credential-1
}

@test "no passphrase is taken from the words of the command" {
	run -2 "$KIYOME" --home "$home" setup --organisation X --operator Y --yes --passphrase Secret-Word-12
	[ ! -e "$home" ]
}

@test "an empty passphrase, or one of two lines, is refused" {
	: >"$dir/pass"
	run -2 set_up
	printf 'one\ntwo\n' >"$dir/pass"
	run -2 set_up
	[ ! -e "$home" ]
}

@test "without a terminal and without all the words nothing is made" {
	run -2 --separate-stderr "$KIYOME" --home "$home" setup --organisation X </dev/null
	[[ $stderr == *"--operator"* ]]
	[ ! -e "$home" ]
	[ ! -e "$home.setup" ]
}

@test "at a terminal it asks, hides the passphrase and wants it twice" {
	cat >"$dir/dialogue" <<-END
		set timeout 20
		spawn $KIYOME --home $home setup
		expect "Organisation*:" { send "Kita Works\r" }
		expect "Department*:" { send "Sales\r" }
		expect "Operator*:" { send "Yamada Hanako\r" }
		expect "title*:" { send "\r" }
		expect "Passphrase:" { send "Typed-Secret-12\r" }
		expect "again:" { send "Typed-Secret-12\r" }
		expect "Type yes*:" { send "yes\r" }
		expect eof
		lassign [wait] pid spawn os status
		exit \$status
	END
	run -0 expect "$dir/dialogue"
	[[ $output != *Typed-Secret* ]]
	opens_with Typed-Secret-12
	grep -qx 'department = Sales' "$home/kiyome.conf"
	openssl x509 -in "$home/keys/operator.pem" -noout -subject | grep -q 'System administrator'
}

@test "two passphrases that differ make nothing" {
	cat >"$dir/dialogue" <<-END
		set timeout 20
		spawn $KIYOME --home $home setup --organisation X --operator Y --yes
		expect "Passphrase:" { send "Typed-Secret-12\r" }
		expect "again:" { send "Typed-Secret-13\r" }
		expect eof
		lassign [wait] pid spawn os status
		exit \$status
	END
	run -2 expect "$dir/dialogue"
	[[ $output == *"the two passphrases differ"* ]]
	[ ! -e "$home" ]
}

@test "an interrupt at the passphrase gives the terminal its echo back" {
	cat >"$dir/dialogue" <<-END
		set timeout 20
		spawn sh -c "$KIYOME --home $home setup --organisation X --operator Y --yes; stty -a"
		trap {} SIGINT
		expect "Passphrase:" { sleep 0.3; send "\x03" }
		expect {
			-re { echo[ ;]} { exit 0 }
			-re -- {-echo[ ;]} { exit 9 }
			eof { exit 8 }
		}
	END
	sed -i "s|spawn sh -c \"|spawn sh -c \"trap : INT; |" "$dir/dialogue"
	run -0 expect "$dir/dialogue"
	[ ! -e "$home" ]
}

@test "the settings name organisation and department, and are read without complaint" {
	set_up --department '情報システム部' --title '課長' >/dev/null
	grep -qx 'name = Kita 製作所' "$home/kiyome.conf"
	grep -qx 'department = 情報システム部' "$home/kiyome.conf"
	grep -q '^#method = nist-clear' "$home/kiyome.conf"
}

@test "a name that settings or certificates cannot hold makes nothing" {
	for name in "a;b" "$(printf 'x%.0s' {1..65})" "$(printf 'a\tb')" ''; do
		run -2 "$KIYOME" --home "$home" setup --organisation "$name" --operator Y --yes --passphrase-file "$dir/pass"
		[ ! -e "$home" ]
		[ ! -e "$home.setup" ]
	done
}

@test "--print-settings prints a kiyome.conf and makes nothing" {
	run -0 "$KIYOME" --home "$home" setup --print-settings
	[[ $output == *'[wipe]'* ]]
	[ ! -e "$home" ]
}

@test "--json tells station and fingerprints" {
	run -0 --separate-stderr set_up --json
	[[ $(jq -r .station <<<"$output") =~ ^k[0-9a-f]{6}$ ]]
	[ "$(jq -r .ca.sha256 <<<"$output")" = "$(openssl x509 -in "$home/ca.pem" -outform DER | sha256sum | cut -d' ' -f1)" ]
	[ "$(jq -r .operator.name <<<"$output")" = '山﨑 花子' ]
}
