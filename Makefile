# zlsnap: building, testing, installing. GNU make 4 or later; this comment is the manual.
#
#   make            build the programs into build/bin
#   make deps       install what is needed to build, run and test (Debian/Ubuntu, Fedora, Alpine)
#   make demo       build, then snapshot and restore a tree of this machine and prove both equal
#   make check      build, then run the tests; T='tests/a.bats tests/unit/test_b.c' runs only those
#   make bench      compare with other tools and write doc/benchmarks.md, benchmarks-sync.md and
#                   comparison.md; one or two hours, root and 16 GB; bench/run, bench/sync.sh and
#                   bench/comparison.sh measure parts of it.
#                   `make bench-deps` installs what it needs, `make bench-clean` removes its data
#   make check-threads  those of the tests that threads could change, with 1, with 4, and with
#                   ThreadSanitizer
#   make check-package  the tests of the goals deb and dist, which build all several times
#   make check-arm64    a build for arm64 and its unit tests under qemu-user; on Debian that takes
#                   `dpkg --add-architecture arm64`, gcc-aarch64-linux-gnu, libssl-dev:arm64,
#                   libzstd-dev:arm64, qemu-user-static
#   make fuzz       look for inputs that break the readers, with libFuzzer: MINUTES=20 for each target,
#                   F='header pax sparse reader tarunpack'
#   make lint       compilers' warnings, cppcheck, clang-tidy, shellcheck, mandoc, clang-format
#   make format     rewrite the C files the way .clang-format says
#   make install    programs, manuals, completions and documents below $(DESTDIR)$(PREFIX)
#   make uninstall  remove every file that install put there
#   make deb        a package for this Debian or Ubuntu, build/zlsnap_VERSION_ARCHITECTURE.deb
#   make dist       what is committed as a source archive, build/zlsnap-VERSION.tar.gz
#   make clean      remove all that was built
#   make help       print this
#
# Variables, on the command line or in the environment:
#   CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS   as usual; a change of any of them rebuilds everything
#   WERROR=                 warnings do not stop the build (for packagers with other compilers)
#   HARDEN_CFLAGS=, HARDEN_LDFLAGS=         without hardening, or with the distribution's own
#   SANITIZE=address,undefined  (or thread) a build with sanitizers, below build/address-undefined
#   JOBS=N                  a build whose programs use N threads unless told otherwise, for tests of
#                           that, below build/jobs-N
#   BUILD=DIR               where all that is built goes
#   PREFIX, BINDIR, MANDIR, DATADIR, DOCDIR     where install puts it; PREFIX is /usr/local
#   BASHDIR, ZSHDIR, FISHDIR                    and the completions
#   DESTDIR                 goes in front of all of these, and alone may have spaces in it
#   V=1                     print the commands
#
# A program is a folder with a main.c. Its sources, also those one folder deeper, are linked with
# lib/libzlsnap.a, which holds what programs share. Headers are found in the file's own folder, in its
# program's folder and in lib/. What is generated is below $(BUILD) and nowhere else.

VERSION := 0.1.0

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR  ?= $(DATADIR)/man
# A path of any bytes: recipes read it from the environment. A comment behind the value would add a space.
export DESTDIR ?=

CFLAGS ?= -O2 -g
WERROR ?= -Werror

comma := ,
BUILD ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))$(if $(JOBS),/jobs-$(JOBS))

ifdef SANITIZE
# The sanitizers check what _FORTIFY_SOURCE would, and its replacements hide the calls from them.
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

# What every compiler and checker is told about the language, and nothing about code generation.
LANGUAGE := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DZLSNAP_VERSION='"$(VERSION)"' -Ilib \
            $(if $(JOBS),-DJOBS_DEFAULT=$(JOBS))

COMPILE = $(CC) $(LANGUAGE) $(WARNINGS) $(WERROR) $(HARDEN_CFLAGS) $(CPPFLAGS) $(CFLAGS) -pthread
LINK    = $(CC) $(CFLAGS) $(HARDEN_LDFLAGS) -pthread $(LDFLAGS) -Wl,--as-needed
LIBS    = -lcrypto -lzstd $(LDLIBS)

# --------------------------------------------------------------------------- what there is

PROGRAMS := $(patsubst %/main.c,%,$(wildcard */main.c))
DRIVER   := $(wildcard zlsnap.sh)
TESTS    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
MANUALS  := $(wildcard */*.[17])

FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

C_SOURCES := $(wildcard lib/*.c $(PROGRAMS:%=%/*.c) $(PROGRAMS:%=%/*/*.c) tests/unit/*.c tests/fuzz/*.c tests/preload/*.c)
C_HEADERS := $(wildcard lib/*.h $(PROGRAMS:%=%/*.h) $(PROGRAMS:%=%/*/*.h) tests/unit/*.h tests/fuzz/*.h)
SHELL_SOURCES := $(wildcard zlsnap.sh .ci/* tests/run tests/fuzz/run tests/*.sh tests/*.bash tests/*.bats \
                   tests/package/*.bats bench/run bench/*.sh completions/*.bash packaging/*.sh)

BIN    := $(BUILD)/bin
OBJ    := $(BUILD)/obj
UNIT   := $(BUILD)/unit
FUZZ   := $(BUILD)/fuzz
LIBRARY := $(BUILD)/lib/libzlsnap.a

program_objects = $(patsubst %.c,$(OBJ)/%.o,$(wildcard $(1)/*.c $(1)/*/*.c))
LIBRARY_OBJECTS := $(call program_objects,lib)
# What the unit tests share among themselves: everything there that is no test.
UNIT_OBJECTS := $(filter-out $(OBJ)/tests/unit/test_%,$(call program_objects,tests/unit))

# --------------------------------------------------------------------------- building

.PHONY: all deps demo check check-programs check-threads check-package check-arm64 fuzz \
        fuzz-programs bench bench-deps bench-clean lint lint-compilers lint-musl lint-cppcheck lint-tidy lint-shell \
        lint-manuals lint-format format install uninstall deb dist clean help FORCE
.DELETE_ON_ERROR:
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL: # what deps installs is needed by the goals after it
endif
.SECONDARY:
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

# The driver is run as it stands in the source tree; the tests need only $(BIN) on their PATH.
$(BIN)/zlsnap.sh $(BIN)/zlsnap: zlsnap.sh
	$(Q)mkdir -p $(@D)
	$(Q)ln -sf $(CURDIR)/zlsnap.sh $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	$(say) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OBJ)/%.o: %.c $(BUILD)/flags
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(INCLUDES) -MMD -MP -c -o $@ $<

-include $(patsubst %.c,$(OBJ)/%.d,$(C_SOURCES))

# Rewritten, and so newer than every object, only when a command line has changed.
$(BUILD)/flags: export COMMANDS = $(COMPILE) | $(LINK) $(LIBS)
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' "$$COMMANDS" >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

deps:
	@.ci/deps

# --------------------------------------------------------------------------- tests

# A unit test is one program. It has the library; which of a program's modules it has too is said
# here, one line a test.
$(UNIT)/test_reader $(UNIT)/test_reader_limits: \
    $(call program_objects,tarunpack/archive)
$(UNIT)/test_flusher: $(OBJ)/tarunpack/tree/flusher.o
$(UNIT)/test_source: $(addprefix $(OBJ)/tarunpack/archive/,source.o hasher.o)
$(UNIT)/test_dirtree: $(OBJ)/tarunpack/tree/dirtree.o
$(UNIT)/test_links: $(OBJ)/tarpack/links.o
$(UNIT)/test_globs: $(OBJ)/tarpack/globs.o
$(UNIT)/test_exclude: $(OBJ)/tarpack/exclude.o

$(OBJ)/tests/unit/%.o: INCLUDES := $(PROGRAMS:%=-I%)

$(UNIT)/%: $(OBJ)/tests/unit/%.o $(UNIT_OBJECTS) $(LIBRARY)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBS)

# A fuzz target is one program, too; what calls it is libFuzzer, or replay.c, which tries files.
$(FUZZ)/fuzz_reader: \
    $(call program_objects,tarunpack/archive)
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

# What the tests preload into the programs; never with sanitizers, which bring an allocator.
PRELOAD := $(BUILD)/preload

$(PRELOAD)/%.so: tests/preload/%.c $(BUILD)/flags
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(WERROR) -O2 -g -fPIC -shared -pthread -o $@ $< -ldl

check-programs: $(TESTS:%=$(UNIT)/%) fuzz-programs \
    $(patsubst tests/%.c,$(BUILD)/%.so,$(wildcard tests/preload/*.c))

check: all check-programs
	@ZLSNAP_BIN='$(abspath $(BIN))' ZLSNAP_UNIT='$(abspath $(UNIT))' \
	    ZLSNAP_FUZZ='$(abspath $(FUZZ))' ZLSNAP_PRELOAD='$(abspath $(PRELOAD))' tests/run $(T)

# The objects are libFuzzer's alone, and go where no other build's do.
FUZZING_BUILD := CC=clang SANITIZE=address,undefined FUZZING=1 BUILD=$(BUILD)/fuzzing
MINUTES ?= 20

fuzz:
	$(Q)$(MAKE) $(FUZZING_BUILD) fuzz-programs
	$(Q)ZLSNAP_FUZZ='$(abspath $(BUILD)/fuzzing/fuzz)' tests/fuzz/run $(MINUTES) $(F)

# What threads could change, with one and with four of them, and four under ThreadSanitizer.
THREADED := $(patsubst %,tests/%.bats,jobs gate hostile live merge replace roundtrip whiteouts)
RACING   := $(patsubst %,tests/%.bats,jobs gate hostile live)

check-threads:
	$(Q)$(MAKE) check JOBS=1 T='$(THREADED)'
	$(Q)$(MAKE) check JOBS=4 T='$(THREADED)'
	$(Q)$(MAKE) check JOBS=4 SANITIZE=thread T='$(RACING)'

check-package:
	$(Q)$(MAKE) check T=tests/package/package.bats

# qemu-user has openat2 since 9.1 and no Landlock; the unit tests need neither.
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
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/sync.sh >doc/benchmarks-sync.md
	$(Q)ZLSNAP_BIN='$(abspath $(BIN))' bench/comparison.sh >doc/comparison.md

bench-deps:
	@.ci/deps bench

bench-clean:
	$(Q)bench/run clean

# --------------------------------------------------------------------------- checking the source

# Never more than two processes at a time; each part can be called on its own.
lint: lint-compilers lint-musl lint-cppcheck lint-tidy lint-shell lint-manuals lint-format

LINT_INCLUDES := $(PROGRAMS:%=-I%)
in_pairs = printf '%s\0' $(1) | xargs -0 -P 2 -n 4

# gcc 12 and clang 14 both see what -fsyntax-only can see; what needs optimisation is seen when
# the programs are built, with -Werror.
lint-compilers:
	$(say) LINT 'gcc and clang'
	$(Q)$(call in_pairs,$(C_SOURCES)) \
	    gcc $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only
	$(Q)$(call in_pairs,$(C_SOURCES)) \
	    clang $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only

# The other libraries' headers are those of glibc's system, which come after musl's own.
lint-musl:
	$(say) LINT "musl$$(command -v musl-gcc >/dev/null || echo ': no musl-gcc here, left out')"
	$(Q)! command -v musl-gcc >/dev/null || $(call in_pairs,$(C_SOURCES)) \
	    musl-gcc $(LANGUAGE) $(LINT_INCLUDES) $(WARNINGS) -Werror -pthread -fsyntax-only \
	    -idirafter /usr/include -idirafter /usr/include/$$(gcc -dumpmachine)

lint-cppcheck:
	$(say) LINT cppcheck
	$(Q)cppcheck --quiet -j 2 --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,style,performance,portability --suppress=missingIncludeSystem \
	    -D_GNU_SOURCE -DZLSNAP_VERSION='"$(VERSION)"' -Ilib $(LINT_INCLUDES) $(C_SOURCES)

lint-tidy:
	$(say) LINT clang-tidy
	$(Q)printf '%s\0' $(C_SOURCES) | xargs -0 -P 2 -I {} \
	    clang-tidy --quiet {} -- $(LANGUAGE) $(LINT_INCLUDES) -pthread 2>/dev/null

# The parts of the driver are looked at where zlsnap.sh sources them.
lint-shell:
	$(say) LINT shellcheck
	$(Q)$(if $(SHELL_SOURCES),shellcheck -x -a $(SHELL_SOURCES))

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

# Where zlsnap.sh looks for its parts: beside the bin that it is in.
PARTS := $(patsubst %/,%,$(dir $(BINDIR)))/lib/zlsnap

# SOURCE=TARGET of everything that is installed.
INSTALLED_PROGRAMS := \
    $(foreach f,$(PROGRAMS),$(BIN)/$(f)=$(BINDIR)/$(f)) \
    $(foreach f,$(DRIVER),$(f)=$(BINDIR)/$(basename $(f)))
INSTALLED_DATA := \
    $(foreach f,$(wildcard driver/*.sh driver/*.awk driver/*.jq),$(f)=$(PARTS)/$(notdir $(f))) \
    $(foreach f,$(MANUALS),$(f)=$(MANDIR)/man$(patsubst .%,%,$(suffix $(f)))/$(notdir $(f))) \
    $(foreach f,$(wildcard completions/*.bash),$(f)=$(BASHDIR)/$(basename $(notdir $(f)))) \
    $(foreach f,$(wildcard completions/_*),$(f)=$(ZSHDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard completions/*.fish),$(f)=$(FISHDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard README.md NEWS.md LICENSE doc/*.md doc/*.svg),$(f)=$(DOCDIR)/$(notdir $(f))) \
    $(foreach f,$(wildcard doc/examples/*),$(f)=$(DOCDIR)/examples/$(notdir $(f)))

# bash and fish look for a file named as the program; the one that knows all of them is zlsnap's.
# TARGET=LINK.
INSTALLED_LINKS := \
    $(if $(wildcard completions/zlsnap.bash),$(foreach p,$(PROGRAMS),zlsnap=$(BASHDIR)/$(p))) \
    $(if $(wildcard completions/zlsnap.fish),$(foreach p,$(PROGRAMS),zlsnap.fish=$(FISHDIR)/$(p).fish))

install: all
	$(Q)for pair in $(INSTALLED_PROGRAMS); do \
	    install -D -m 755 "$${pair%%=*}" "$$DESTDIR$${pair#*=}" || exit 1; done
	$(Q)for pair in $(INSTALLED_DATA); do \
	    install -D -m 644 "$${pair%%=*}" "$$DESTDIR$${pair#*=}" || exit 1; done
	$(Q)for pair in $(INSTALLED_LINKS); do \
	    ln -sf "$${pair%%=*}" "$$DESTDIR$${pair#*=}" || exit 1; done

# Directories stay, except those that are ours alone: those of a prefix are not ours to remove.
uninstall:
	$(Q)for pair in $(INSTALLED_PROGRAMS) $(INSTALLED_DATA) $(INSTALLED_LINKS); do \
	    rm -f "$$DESTDIR$${pair#*=}" || exit 1; done
	$(Q)for dir in $(PARTS) $(DOCDIR)/examples $(DOCDIR); do \
	    if [ -d "$$DESTDIR$$dir" ]; then \
	        rmdir --ignore-fail-on-non-empty "$$DESTDIR$$dir" || exit 1; fi; done

# --------------------------------------------------------------------------- packages

# The package has a build of its own, with the flags of the distribution.
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
