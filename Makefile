# Builds, tests and installs zlsnap. Requires GNU make 4 or later. `make help` prints this comment.
#
#   make            build the programs in build/bin
#   make deps       install what building, running and `make demo` require (Debian/Ubuntu, Fedora, Alpine);
#                   `make deps check` also what the tests, `make lint` and `make deb` require
#   make demo       build, then snapshot and restore a directory of this machine, and compare the two
#   make check      build, then run all tests but those of check-faults and check-stores;
#                   T='tests/a.bats tests/unit/test_b.c' runs only those
#   make bench      compare with other tools and write doc/benchmarks.md, benchmarks-store.md and
#                   comparison.md; takes some hours, root and 24 GB. bench/run, bench/store and
#                   bench/comparison.sh measure parts of it.
#                   `make bench-deps` installs what it requires, `make bench-clean` removes its data
#   make check-faults   run tests/faults*.bats, in which each run of a program has one fault: a failed system
#                   call, allocation or other program, a signal, a power cut, or a directory exchanged
#   make check-stores   run the tests of stores, images, registries and of the examples, which start servers
#   make check-threads  run the tests that threads could affect with 1 thread, with 4 threads, and with
#                   ThreadSanitizer
#   make check-package  test the targets deb and dist, which build everything several times
#   make check-arm64    build for arm64 and run the unit tests under qemu-user. On Debian that requires
#                   `dpkg --add-architecture arm64`, gcc-aarch64-linux-gnu, libssl-dev:arm64,
#                   libzstd-dev:arm64, qemu-user-static
#   make fuzz       search for inputs that break the readers, with libFuzzer: MINUTES=20 for each target,
#                   F='header pax sparse mtree mtreediff reader tarunpack seek_table index contents chunk_map tarjoin'
#   make lint       run compilers, cppcheck, clang-tidy, shellcheck, mandoc and clang-format on the source
#   make format     format the C files according to .clang-format
#   make install    install programs, manuals, completions and documents below $(DESTDIR)$(PREFIX)
#   make uninstall  remove every file that install put there
#   make deb        build a package for this Debian or Ubuntu, build/zlsnap_VERSION_ARCHITECTURE.deb
#   make dist       write a source archive of the commit, build/zlsnap-VERSION.tar.gz
#   make clean      remove everything that was built
#   make help       print this
#
# Variables, on the command line or in the environment:
#   CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS   as usual; changing one rebuilds everything
#   WERROR=                 do not stop at warnings (for packagers with other compilers)
#   HARDEN_CFLAGS=, HARDEN_LDFLAGS=         build without hardening, or with the distribution's flags
#   SANITIZE=address,undefined  (or thread) build with sanitizers, in build/address-undefined
#   JOBS=N                  build programs that use N threads by default, for tests of threads, in
#                           build/jobs-N
#   BUILD=DIR               the directory for everything that is built
#   PREFIX, BINDIR, MANDIR, DATADIR, DOCDIR     the directories of install; PREFIX is /usr/local;
#                                           on the command line also prefix=DIR
#   BASHDIR, ZSHDIR, FISHDIR                    the directories of the completions
#   DESTDIR                 is put before all of these; the only one that may contain spaces
#   V=1                     print the commands
#
# A directory with a main.c is a program. Its sources, including those in its subdirectories, are linked
# with lib/libzlsnap.a, the code that programs share. Headers are searched in the directory of the source,
# in that of its program and in lib/. Everything generated is below $(BUILD).

VERSION := 0.1.0

# GNU's name of it. In the environment, it may be of another program.
ifeq ($(origin prefix),command line)
PREFIX := $(prefix)
endif
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR  ?= $(DATADIR)/man
# May contain any bytes: recipes read it from the environment. A comment after the value would add a space.
export DESTDIR ?=

CFLAGS ?= -O2 -g
WERROR ?= -Werror

comma := ,
COMMON := $(or $(BUILD),build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE))))
BUILD ?= $(COMMON)$(if $(JOBS),/jobs-$(JOBS))

ifdef SANITIZE
# Without _FORTIFY_SOURCE: its replacement functions hide calls from the sanitizers, which check more.
HARDEN_CFLAGS  ?= -fPIE -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
                  $(if $(FUZZING),-fsanitize=fuzzer-no-link)
HARDEN_LDFLAGS ?= -pie -fsanitize=$(SANITIZE)
else
HARDEN_CFLAGS  ?= -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN_LDFLAGS ?= -pie -Wl,-z,relro,-z,now
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wcast-align \
            -Wwrite-strings -Wpointer-arith -Wimplicit-fallthrough

# Options that every compiler and checker gets. They do not affect code generation.
LANGUAGE := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DZLSNAP_VERSION='"$(VERSION)"' -Ilib

COMPILE = $(CC) $(LANGUAGE) $(WARNINGS) $(WERROR) $(HARDEN_CFLAGS) $(CPPFLAGS) $(CFLAGS) -pthread
LINK    = $(CC) $(CFLAGS) $(HARDEN_LDFLAGS) -pthread $(LDFLAGS) -Wl,--as-needed
LIBS    = -lcrypto -lzstd $(LDLIBS)

# --------------------------------------------------------------------------- files

PROGRAMS := $(patsubst %/main.c,%,$(wildcard */main.c))
DRIVER   := $(wildcard zlsnap.sh)
DRIVER_PARTS := $(wildcard driver/*/*.sh driver/*/*.awk)
TESTS    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
MANUALS  := $(wildcard */*.[17])

FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

C_SOURCES := $(wildcard lib/*.c $(PROGRAMS:%=%/*.c) $(PROGRAMS:%=%/*/*.c) tests/unit/*.c tests/fuzz/*.c tests/preload/*.c tests/s3/*.c)
C_HEADERS := $(wildcard lib/*.h $(PROGRAMS:%=%/*.h) $(PROGRAMS:%=%/*/*.h) tests/unit/*.h tests/fuzz/*.h tests/preload/*.h)
SHELL_SOURCES := $(wildcard .ci/* tests/run tests/fuzz/run tests/*.sh tests/*.bash tests/*.bats \
                   tests/package/*.bats doc/examples/*-without-zlsnap doc/examples/restore-drill doc/examples/sealed-store bench/run bench/*.sh completions/*.bash packaging/*.sh)

BIN    := $(BUILD)/bin
OBJ    := $(COMMON)/obj
FLAGS  := $(COMMON)/flags
UNIT   := $(BUILD)/unit
FUZZ   := $(BUILD)/fuzz
LIBRARY := $(BUILD)/lib/libzlsnap.a

# JOBS changes only these objects; all others are those of the build without it.
JOBS_OBJECTS := $(OBJ)/lib/cli_tar $(OBJ)/tarpack/options
VARIANT := $(if $(JOBS),.jobs-$(JOBS))
variant = $(foreach o,$(1),$(if $(filter $(JOBS_OBJECTS:=.o),$(o)),$(o:.o=$(VARIANT).o),$(o)))

program_objects = $(call variant,$(patsubst %.c,$(OBJ)/%.o,$(wildcard $(1)/*.c $(1)/*/*.c)))
LIBRARY_OBJECTS := $(call program_objects,lib)
# Code that the unit tests share: every source there that is not a test.
UNIT_OBJECTS := $(filter-out $(OBJ)/tests/unit/test_%,$(call program_objects,tests/unit))

# --------------------------------------------------------------------------- building

.PHONY: all deps demo check check-faults check-stores check-programs preloaded check-threads check-package check-arm64 fuzz \
        fuzz-programs bench bench-deps bench-clean lint lint-compilers lint-musl lint-cppcheck lint-tidy lint-shell \
        lint-manuals lint-format format install uninstall deb dist clean help FORCE
.DELETE_ON_ERROR:
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL: # the goals after deps need what it installs
endif
# Without a list, a header that was moved would count as intermediate, and what includes it as up to date.
.SECONDARY: $(patsubst %.c,$(OBJ)/%.o,$(C_SOURCES))
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

ifdef V
Q :=
say = @:
else
Q := @
say = @printf '  %-5s %s\n'
endif

all: $(PROGRAMS:%=$(BIN)/%) $(if $(DRIVER),$(BIN)/zlsnap.sh $(BIN)/zlsnap)

$(PROGRAMS:%=$(BIN)/%): $(LIBRARY)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBS)

$(foreach p,$(PROGRAMS),$(eval $(BIN)/$(p): $(call program_objects,$(p))))
$(foreach p,$(PROGRAMS),$(eval $(OBJ)/$(p)/%.o: INCLUDES := -I$(p)))

# The driver runs directly from the source tree; the tests need only $(BIN) on their PATH.
$(BIN)/zlsnap.sh $(BIN)/zlsnap: zlsnap.sh
	$(Q)mkdir -p $(@D)
	$(Q)ln -sf $(CURDIR)/zlsnap.sh $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	$(say) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OBJ)/%.o: %.c $(FLAGS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(INCLUDES) -MMD -MP -c -o $@ $<

ifdef JOBS
$(OBJ)/%$(VARIANT).o: %.c $(FLAGS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -DJOBS_DEFAULT=$(JOBS) $(INCLUDES) -MMD -MP -c -o $@ $<
endif

-include $(patsubst %.c,$(OBJ)/%.d,$(C_SOURCES)) $(if $(JOBS),$(JOBS_OBJECTS:=$(VARIANT).d))

# Rewritten only if a command line has changed; then it is newer than every object.
$(FLAGS): export COMMANDS = $(COMPILE) | $(LINK) $(LIBS)
$(FLAGS): FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' "$$COMMANDS" >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Together with a goal for checks or for a package, also what those require.
deps:
	@.ci/deps $(if $(filter check% lint% deb%,$(MAKECMDGOALS)),check)

# --------------------------------------------------------------------------- tests

# A unit test is one program. It is linked with the library, and with the modules of a program that are
# listed here, one line for each test.
$(UNIT)/test_reader $(UNIT)/test_reader_limits: \
    $(call program_objects,tarunpack/archive)
$(UNIT)/test_flusher: $(OBJ)/tarunpack/tree/flusher.o
$(UNIT)/test_source: $(addprefix $(OBJ)/tarunpack/archive/,source.o hasher.o)
$(UNIT)/test_dirtree: $(OBJ)/tarunpack/tree/dirtree.o
$(UNIT)/test_links: $(OBJ)/tarpack/tree/links.o
$(UNIT)/test_ahead: $(addprefix $(OBJ)/tarpack/tree/,ahead.o walk.o)
$(UNIT)/test_table: $(OBJ)/tarpack/cache/table.o
$(UNIT)/test_placing: $(OBJ)/tarpack/cache/placing.o
$(UNIT)/test_chunker: $(OBJ)/tarpack/content/chunker.o
$(UNIT)/test_seen: $(OBJ)/tarpack/content/seen.o
$(UNIT)/test_hasher: $(addprefix $(OBJ)/tarpack/content/,hasher.o batch.o source.o records.o known.o seen.o)
$(UNIT)/test_exclude: $(OBJ)/tarpack/exclude.o

$(OBJ)/tests/unit/%.o: INCLUDES := $(PROGRAMS:%=-I%)

$(UNIT)/%: $(OBJ)/tests/unit/%.o $(UNIT_OBJECTS) $(LIBRARY)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBS)

# A fuzz target is one program, too. It is called by libFuzzer, or by replay.c, which replays files.
$(FUZZ)/fuzz_reader: \
    $(call program_objects,tarunpack/archive)
$(FUZZ)/fuzz_mtreediff: $(filter-out %/main.o,$(call program_objects,mtreediff))
$(FUZZ)/fuzz_tarjoin: $(filter-out %/main.o %/options.o,$(call program_objects,tarjoin))
$(FUZZ)/fuzz_tarunpack: $(filter-out %/main.o,$(call program_objects,tarunpack))
ifdef FUZZING
$(FUZZ)/fuzz_reader $(FUZZ)/fuzz_tarunpack: $(OBJ)/tests/fuzz/mutate.o
endif

$(OBJ)/tests/fuzz/%.o: INCLUDES := $(PROGRAMS:%=-I%)

$(FUZZ)/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/fuzz.o \
           $(if $(FUZZING),,$(OBJ)/tests/fuzz/replay.o) $(LIBRARY)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) $(if $(FUZZING),-fsanitize=fuzzer) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBS)

fuzz-programs: $(FUZZERS:%=$(FUZZ)/%)

# Libraries that the tests preload into the programs; never with sanitizers, which have their own allocator.
PRELOAD := $(COMMON)/preload

$(PRELOAD)/%.so: tests/preload/%.c $(wildcard tests/preload/*.h) $(FLAGS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(WERROR) -O2 -g -fPIC -shared -pthread -o $@ $< -ldl

# A program for the tests alone.
$(PRELOAD)/s3cmd: tests/s3/s3cmd.c $(FLAGS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(WERROR) -O2 -g -o $@ $<

preloaded: $(PRELOAD)/s3cmd $(patsubst tests/preload/%.c,$(PRELOAD)/%.so,$(wildcard tests/preload/*.c))

check-programs: $(TESTS:%=$(UNIT)/%) fuzz-programs preloaded

FAULTY := $(wildcard tests/faults*.bats)
STORES := $(wildcard $(patsubst %,tests/%.bats,check clean-driver copy* examples* forget gc* oci* property push-s3 registry seal status store-s3 sync* \
            targets-* views*))
CHECKED = $(or $(T),$(filter-out $(FAULTY) $(STORES),$(wildcard tests/unit/test_*.c tests/*.bats)))

run_tests = ZLSNAP_BIN='$(abspath $(BIN))' ZLSNAP_UNIT='$(abspath $(UNIT))' \
    ZLSNAP_FUZZ='$(abspath $(FUZZ))' ZLSNAP_PRELOAD='$(abspath $(PRELOAD))' tests/run

# With T, only the programs that these tests need.
check: all preloaded $(patsubst tests/unit/%.c,$(UNIT)/%,$(filter tests/unit/%.c,$(CHECKED))) \
    $(if $(filter tests/fuzz.bats,$(CHECKED)),fuzz-programs)
	@$(run_tests) $(CHECKED)

check-faults: all preloaded
	@$(run_tests) $(FAULTY)

check-stores: all preloaded
	@$(run_tests) $(STORES)

# Objects for libFuzzer are built in their own directory.
FUZZING_BUILD := CC=clang SANITIZE=address,undefined FUZZING=1 BUILD=$(BUILD)/fuzzing
MINUTES ?= 20

fuzz:
	$(Q)$(MAKE) $(FUZZING_BUILD) fuzz-programs
	$(Q)ZLSNAP_FUZZ='$(abspath $(BUILD)/fuzzing/fuzz)' tests/fuzz/run $(MINUTES) $(F)

# Tests that threads could affect: with one thread, with four, and with four under ThreadSanitizer. RACING run with
# four only under it. jobs.bats sets the number of threads itself.
THREADED := $(patsubst %,tests/%.bats,merge replace roundtrip tarstore-preload whiteouts)
RACING   := $(patsubst %,tests/%.bats,gate hostile live select tarjoin tarstore)

check-threads:
	$(Q)$(MAKE) check JOBS=1 T='$(RACING) $(THREADED)'
	$(Q)$(MAKE) check JOBS=4 T='$(THREADED)'
	$(Q)$(MAKE) check JOBS=4 SANITIZE=thread T='tests/jobs.bats $(RACING)'

check-package:
	$(Q)$(MAKE) check T=tests/package/package.bats

# qemu-user supports openat2 since 9.1, and no Landlock. The unit tests need neither.
ARM64 := $(BUILD)/arm64

check-arm64:
	$(Q)$(MAKE) CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar BUILD='$(ARM64)' all check-programs
	$(Q)mkdir -p $(ARM64)/emulated && for test in $(TESTS); do \
	    printf '#!/bin/sh\nexec qemu-aarch64-static "%s"\n' '$(abspath $(ARM64))'/unit/$$test \
	        >$(ARM64)/emulated/$$test && chmod +x $(ARM64)/emulated/$$test || exit 1; done
	@ZLSNAP_UNIT='$(abspath $(ARM64)/emulated)' tests/run $(TESTS:%=tests/unit/%.c)

demo: all
	@ZLSNAP_BIN='$(abspath $(BIN))' tests/demo.sh

# --------------------------------------------------------------------------- comparing

bench: all
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/run >/dev/null
	$(Q)bench/run report doc
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/store --fresh >/dev/null
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/store --store s3 >/dev/null
	$(Q)bench/store report doc
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/comparison.sh >doc/comparison.md

bench-deps:
	@.ci/deps bench

bench-clean:
	$(Q)bench/run clean

# --------------------------------------------------------------------------- checking the source

# At most two processes run at a time. Each part can be called on its own.
lint: lint-compilers lint-musl lint-cppcheck lint-tidy lint-shell lint-manuals lint-format

LINT_INCLUDES := $(PROGRAMS:%=-I%)
in_pairs = printf '%s\0' $(1) | xargs -0 -P 2 -n 4

# Warnings of gcc and clang that need no optimisation. The others appear when the programs are built, with
# -Werror.
lint-compilers:
	$(say) LINT 'gcc and clang'
	$(Q)$(call in_pairs,$(C_SOURCES)) \
	    gcc $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only
	$(Q)$(call in_pairs,$(C_SOURCES)) \
	    clang $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only

# The headers of other libraries are those of the glibc system; they are searched after those of musl.
lint-musl:
	$(say) LINT "musl$$(command -v musl-gcc >/dev/null || echo ': musl-gcc is not installed, left out')"
	$(Q)! command -v musl-gcc >/dev/null || $(call in_pairs,$(C_SOURCES)) \
	    musl-gcc $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only \
	    -idirafter /usr/include -idirafter /usr/include/$$(gcc -dumpmachine)

lint-cppcheck:
	$(say) LINT cppcheck
	$(Q)cppcheck --quiet -j 2 --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,style,performance,portability --suppress=missingIncludeSystem \
	    -D_GNU_SOURCE -DZLSNAP_VERSION='"$(VERSION)"' -Ilib $(LINT_INCLUDES) $(C_SOURCES)

# The static analyzer takes nine tenths of the time. The tests run their own code, with sanitizers, too.
tidy = printf '%s\0' $(2) | xargs -0 -P 2 -I {} clang-tidy --quiet $(1) {} -- $(LANGUAGE) $(LINT_INCLUDES) -pthread 2>/dev/null

lint-tidy:
	$(say) LINT clang-tidy
	$(Q)$(call tidy,,$(filter-out tests/%,$(C_SOURCES)))
	$(Q)$(call tidy,--checks='-clang-analyzer-*',$(filter tests/%,$(C_SOURCES)))

# The driver's parts are checked as one script: they use each other's functions and variables.
lint-shell:
	$(say) LINT shellcheck
	$(Q)$(if $(DRIVER),printf '%s\n' '#!/bin/bash -p' $(patsubst %,'source %',$(filter %.sh,$(DRIVER_PARTS)) $(DRIVER)) | \
	    shellcheck -x -a -)
	$(Q)printf '%s\0' $(SHELL_SOURCES) | xargs -0 -P 2 -n 8 shellcheck -x -a

lint-manuals:
	$(say) LINT mandoc
	$(Q)$(if $(MANUALS),mandoc -T lint -W warning $(MANUALS))

lint-format:
	$(say) LINT clang-format
	$(Q)clang-format --dry-run -Werror $(C_SOURCES) $(C_HEADERS)

format:
	$(Q)clang-format -i $(C_SOURCES) $(C_HEADERS)

# --------------------------------------------------------------------------- installing

BASHDIR ?= $(DATADIR)/bash-completion/completions
ZSHDIR  ?= $(DATADIR)/zsh/site-functions
FISHDIR ?= $(DATADIR)/fish/vendor_completions.d
DOCDIR  ?= $(DATADIR)/doc/zlsnap

# Where zlsnap.sh looks for its parts: in lib beside its bin directory.
PARTS := $(abspath $(BINDIR)/../lib/zlsnap)

# Every installed file as SOURCE=TARGET.
INSTALLED_PROGRAMS := \
    $(foreach f,$(PROGRAMS),$(BIN)/$(f)=$(BINDIR)/$(f)) \
    $(foreach f,$(DRIVER),$(f)=$(BINDIR)/$(basename $(f)))
INSTALLED_DATA := \
    $(foreach f,$(DRIVER_PARTS),$(f)=$(PARTS)/$(f:driver/%=%)) \
    $(foreach f,$(MANUALS),$(f)=$(MANDIR)/man$(patsubst .%,%,$(suffix $(f)))/$(notdir $(f))) \
    $(foreach f,$(wildcard completions/*.bash),$(f)=$(BASHDIR)/$(basename $(notdir $(f)))) \
    $(foreach f,$(wildcard completions/_*),$(f)=$(ZSHDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard completions/*.fish),$(f)=$(FISHDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard README.md NEWS.md LICENSE doc/*.md doc/*.svg),$(f)=$(DOCDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard doc/examples/*),$(f)=$(DOCDIR)/examples/$(notdir $(f)))

# bash and fish look for a file with the name of the program. The completions of zlsnap cover all programs;
# these are links to them, as TARGET=LINK.
INSTALLED_LINKS := \
    $(if $(wildcard completions/zlsnap.bash),$(foreach p,$(PROGRAMS),zlsnap=$(BASHDIR)/$(p))) \
    $(if $(wildcard completions/zlsnap.fish),$(foreach p,$(PROGRAMS),zlsnap.fish=$(FISHDIR)/$(p).fish))

# Installs SOURCE=TARGET pairs with a mode; those that follow each other into one directory, without another name,
# in one process.
define install_pairs
	$(Q)install_all() { [ $$# -eq 0 ] || { install -d "$$DESTDIR$$dir" && install -m $(1) "$$@" "$$DESTDIR$$dir"; }; }; \
	dir= && set -- && for pair in $(2); do \
	    from=$${pair%%=*} to=$${pair#*=}; \
	    if [ "$${to%/*}" != "$$dir" ]; then install_all "$$@" || exit 1; dir=$${to%/*}; set --; fi; \
	    if [ "$${from##*/}" = "$${to##*/}" ]; then set -- "$$@" "$$from"; \
	    else install -D -m $(1) "$$from" "$$DESTDIR$$to" || exit 1; fi; done; \
	install_all "$$@"
endef

install: all
	$(call install_pairs,755,$(INSTALLED_PROGRAMS))
	$(call install_pairs,644,$(INSTALLED_DATA))
	$(Q)for pair in $(INSTALLED_LINKS); do \
	    ln -sf "$${pair%%=*}" "$$DESTDIR$${pair#*=}" || exit 1; done

# Removes only directories that belong to zlsnap alone; those of a prefix belong to others.
uninstall:
	$(Q)set -- && for pair in $(INSTALLED_PROGRAMS) $(INSTALLED_DATA) $(INSTALLED_LINKS); do \
	    set -- "$$@" "$$DESTDIR$${pair#*=}"; done; rm -f "$$@"
	$(Q)for dir in $(sort $(patsubst driver/%/,$(PARTS)/%,$(dir $(DRIVER_PARTS)))) $(PARTS) $(DOCDIR)/examples $(DOCDIR); do \
	    if [ -d "$$DESTDIR$$dir" ]; then \
	        rmdir --ignore-fail-on-non-empty "$$DESTDIR$$dir" || exit 1; fi; done

# --------------------------------------------------------------------------- packages

# The package is built separately, with the flags of the distribution.
deb:
	+$(Q)package=$$(packaging/deb.sh $(VERSION) $(BUILD)/deb) && \
	    mv "$$package" $(BUILD) && echo "$(BUILD)/$${package##*/}"

dist:
	$(Q)packaging/dist.sh $(VERSION) $(BUILD)/zlsnap-$(VERSION).tar.gz
	@echo '$(BUILD)/zlsnap-$(VERSION).tar.gz'

clean:
	$(Q)rm -rf build $(addprefix $(BUILD)/,bin lib obj unit fuzz fuzzing preload flags deb arm64) \
	    $(wildcard $(BUILD)/zlsnap[_-]$(VERSION)*)

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile
