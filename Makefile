# make          builds build/release/kiyome
# make demo     installs what is missing, builds, erases a disk image, shows the certificate
# make check    installs what is missing, builds, runs every test
# Also: asan, fuzz, bench, lint, floors, format, install, clean

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
VARIANT ?= release
# make V=1 shows the whole commands
QUIET = $(if $(V),,@echo "  $(1)  $(2)";)
BUILD := build/$(VARIANT)

LIBRARIES := libudev blkid mount smartcols libcrypto liburing sqlite3 jansson cairo cairo-pdf \
  freetype2 libqrencode libseccomp zlib
# Asked once, at the first compilation, so that `make demo` may install the packages before.
library_cflags = $(eval library_cflags := $(shell pkg-config --cflags $(LIBRARIES)))$(library_cflags)
library_libs = $(eval library_libs := $(shell pkg-config --libs $(LIBRARIES)) -linih -lcap-ng -lm \
  $(if $(wildcard /usr/include/intel-ipsec-mb.h),-lIPSec_MB))$(library_libs)

OPTIMISE_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fcf-protection
OPTIMISE_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LINK_release := -pie -Wl,-z,relro,-z,now
OPTIMISE_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fPIE -Wno-unknown-warning-option -Wno-missing-field-initializers
LINK_asan := -pie -fsanitize=address,undefined
LINK_fuzz := -pie -fsanitize=fuzzer,address,undefined

CFLAGS_ALL = -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -Wall -Wextra -Werror \
  -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla -Wformat=2 -Wno-format-nonliteral -Wno-format-y2k \
  $(OPTIMISE_$(VARIANT)) -DKIYOME_VERSION='"$(VERSION)"' -DKIYOME_LOCALE_DIR='"$(PREFIX)/share/locale"' \
  -MMD -MP $(library_cflags) $(CFLAGS)

SOURCES := $(wildcard src/*/*.c wipe/*.c takeout/*.c backup/*.c certs/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
ROOM_OBJECTS := $(filter-out $(BUILD)/src/cli/main.o,$(OBJECTS))
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
RIG_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/rigs/*.c))
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))
CATALOGUES := $(patsubst po/%.po,build/locale/%/LC_MESSAGES/kiyome.mo,$(wildcard po/*.po))
ALL_C := $(wildcard src/*/*.[ch] wipe/*.[ch] takeout/*.[ch] backup/*.[ch] certs/*.[ch] tests/*/*.[ch])

.PHONY: all program tests fuzzers fuzz demo check asan bench lint floors format install clean pot print-libraries
all: program $(CATALOGUES)

program: $(BUILD)/kiyome

$(BUILD)/kiyome: $(OBJECTS)
	$(call QUIET,LINK,$@)$(CC) $(LINK_$(VARIANT)) -o $@ $^ $(library_libs) $(LDFLAGS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call QUIET,CC  ,$<)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/libkiyome.a: $(ROOM_OBJECTS)
	@rm -f $@
	$(call QUIET,AR  ,$@)ar rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libkiyome.a
	$(call QUIET,LINK,$@)$(CC) $(LINK_$(VARIANT)) -o $@ $^ $(library_libs) -lcmocka $(LDFLAGS)

$(BUILD)/tests/rigs/%: tests/rigs/%.c Makefile
	@mkdir -p $(@D)
	$(call QUIET,CC  ,$<)$(CC) -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O2 -g -Wall -Wextra -Werror -MMD -MP \
	  $(shell pkg-config --cflags fuse3) -o $@ $< $(shell pkg-config --libs fuse3)

build/locale/%/LC_MESSAGES/kiyome.mo: po/%.po
	@mkdir -p $(@D)
	$(call QUIET,MO  ,$<)msgfmt --check --output-file=$@ $<

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libkiyome.a
	$(call QUIET,LINK,$@)$(CC) $(LINK_$(VARIANT)) -o $@ $^ $(library_libs) $(LDFLAGS)

tests: $(UNIT_PROGRAMS) $(RIG_PROGRAMS)

fuzzers: $(FUZZ_PROGRAMS)

asan:
	$(MAKE) VARIANT=asan program

demo:
	scripts/setup build
	$(MAKE) all
	scripts/demo

check:
	scripts/setup check
	scripts/check

fuzz:
	scripts/setup check
	scripts/fuzz 60

bench:
	scripts/setup bench
	$(MAKE) all
	scripts/bench

floors:
	scripts/floors

lint:
	scripts/lint

format:
	clang-format -i $(ALL_C)

# What a person reads, for translators.
pot:
	xgettext --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ --add-comments=TRANSLATORS \
	  --package-name=kiyome --package-version=$(VERSION) --sort-by-file --output=po/kiyome.pot $(SOURCES)

install: all
	install -D -m 0755 $(BUILD)/kiyome $(DESTDIR)$(PREFIX)/sbin/kiyome
	for page in docs/*.1 docs/*.5; do \
	  install -D -m 0644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}"; \
	done
	for page in docs/ja/*.1; do \
	  install -D -m 0644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/ja/man1/$${page##*/}"; \
	done
	for catalogue in $(CATALOGUES:build/locale/%=%); do \
	  install -D -m 0644 "build/locale/$$catalogue" "$(DESTDIR)$(PREFIX)/share/locale/$$catalogue"; \
	done
	install -D -m 0644 data/completions/kiyome "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/kiyome"

print-libraries:
	@echo $(LIBRARIES)

clean:
	rm -rf build

.SECONDARY:
-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:%=%.d)
