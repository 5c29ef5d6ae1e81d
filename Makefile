# ddcrash: libcrashinfo, the tools and the collector. `make help` lists the targets.

BUILD  ?= build
# One spelling of a folder below this one: what objects depend on is written down with it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
PREFIX ?= /usr/local
DESTDIR ?=
# Compile with this sanitizer list, e.g. SANITIZE=address,undefined; use another BUILD for it.
SANITIZE ?=

VERSION := $(shell sed -n 's/^\#define DDCRASH_VERSION "\(.*\)"/\1/p' libcrashinfo/base/version.h)

# make has a CC of its own, which ?= would leave
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG    ?= clang
AR       ?= ar
CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wswitch-enum -Wundef -Wno-missing-field-initializers
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
PACKAGES := libdw libelf libcjson libcurl libarchive libidn2 libpcre2-8 libcrypto liblzma zlib libzstd libisal

# Evaluated when a recipe needs them: pkg-config may be installed by `make deps` just before.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -liberty $(if $(SANITIZE),$(LIBDW_AT_START))
# LeakSanitizer ends with a fault when a library with thread-local variables was loaded late.
LIBDW_AT_START := -Wl,--push-state,--no-as-needed -ldw -Wl,--pop-state

BASE_FLAGS := -std=gnu11 -D_GNU_SOURCE -Ilibcrashinfo -Ilibcrashinfo/include -MMD -MP
ALL_CFLAGS = $(BASE_FLAGS) $(WARNINGS) $(HARDEN) $(SANFLAGS) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,--as-needed -Wl,-z,relro,-z,now -pthread $(SANFLAGS) $(LDFLAGS)

# Short lines by default; V=1 shows the commands.
V ?=
Q := $(if $(V),,@)
comma := ,
say = $(if $(V),:,printf '  %-5s %s\n' $1 $2)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help deps demo check check-run asan fuzz bench install uninstall headers-check \
	layer-check clean FORCE

all: tools collector host

help:
	@echo 'all            build everything into $(BUILD)/; V=1 shows the commands'
	@echo 'demo           install what is missing, build, crash a program and follow its report'
	@echo 'check          install what is missing, build, run all tests'
	@echo 'asan           the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'fuzz           run each fuzz target for FUZZ_SECONDS (60)'
	@echo 'bench          timings beside other tools'
	@echo 'headers-check  public headers compile alone, in C and C++'
	@echo 'layer-check    folders include only what they may'
	@echo 'completions    write completions/ anew from the option tables'
	@echo 'install        into $$DESTDIR$$PREFIX; uninstall removes the same files'

deps:
	@.ci/install

demo: deps
	@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' tools/demo.sh

# --- rebuild when the flags change ---------------------------------------------------------------

FLAGS_FILE := $(BUILD)/flags
$(FLAGS_FILE): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ALL_CFLAGS) | $(ALL_LDFLAGS)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/obj/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(HOST_FLAGS) -c -o $@ $<

# --- libcrashinfo ---------------------------------------------------------------------------------

LIB_DIRS := base json report scrub stream schema module symbol unwind dump bundle upload diagnose render
LIB_SRC  := $(sort $(wildcard $(LIB_DIRS:%=libcrashinfo/%/*.c)))
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIB      := $(BUILD)/libcrashinfo.a

$(LIB): $(LIB_OBJ)
	@$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# --- tools ----------------------------------------------------------------------------------------

TOOL_SRC := $(sort $(wildcard tools/ddcrash-*.c))
# An archive, so that a tool takes of it what it uses.
TOOL_COMMON     := $(BUILD)/libtool.a
TOOL_COMMON_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tools/tool_*.c))

$(TOOL_COMMON): $(TOOL_COMMON_OBJ)
	@$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

TOOLS    := $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%)

.PHONY: tools completions
tools: $(TOOLS)

# ddcrash-NAME is tools/ddcrash-NAME.c and what belongs to it alone, tools/NAME_*.c.
.SECONDEXPANSION:
$(TOOLS): $(BUILD)/bin/ddcrash-%: $(BUILD)/obj/tools/ddcrash-%.o \
		$$(addprefix $(BUILD)/obj/,$$(addsuffix .o,$$(basename $$(wildcard tools/$$*_*.c)))) \
		$(TOOL_COMMON) $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Committed, so that they are there without a build; a test compares.
completions: $(TOOLS) $$(HOST_TOOLS)
	rm -rf completions/bash completions/zsh completions/fish
	completions/generate completions $(TOOLS) $(HOST_TOOLS)

# --- collector ------------------------------------------------------------------------------------

# What runs in a crashing process: no libc call in the handler, so nothing that the compiler adds
# calls for, as for atomics on aarch64, and never a sanitizer. The objects become one, in which hidden
# names are local, so that neither the archive nor the shared library can clash with a program's own
# names. For other C libraries and machines: make CC=musl-gcc BUILD=build/musl collector.
COLLECTOR_FLAGS := -std=gnu11 -D_GNU_SOURCE -Ilibcrashinfo -Icollector -MMD -MP -O2 -g -fPIC \
	-ffreestanding -fvisibility=hidden -fno-stack-protector -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0 \
	-fno-sanitize=all -DDDCRASH_VERSION='"$(VERSION)"' \
	$(if $(filter aarch64%,$(shell $(CC) -dumpmachine)),-mno-outline-atomics)
COLLECTOR_MAINS := collector/preload.c collector/demo.c
COLLECTOR_SRC   := $(filter-out $(COLLECTOR_MAINS),$(sort $(wildcard collector/*.c))) \
	$(sort $(wildcard libcrashinfo/unwind/*.c))
COLLECTOR_OBJ   := $(COLLECTOR_SRC:%.c=$(BUILD)/obj/in-process/%.o)
COLLECTOR_SO    := libddcrash.so.0
COLLECTOR_LIBS  := $(BUILD)/lib/libddcrash.a $(BUILD)/lib/$(COLLECTOR_SO) $(BUILD)/lib/libddcrash.so \
	$(BUILD)/lib/libddcrash_preload.so
SHARED_LDFLAGS  := -shared -nostartfiles -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,--build-id

.PHONY: collector host
collector: $(COLLECTOR_LIBS) $(BUILD)/demo/ddcrash-demo
host: $$(HOST_TOOLS)

$(BUILD)/obj/in-process/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(CC) $(COLLECTOR_FLAGS) $(WARNINGS) -c -o $@ $<

$(BUILD)/obj/in-process/all.o: $(COLLECTOR_OBJ)
	@$(call say,LD,$@)
	$(Q)$$($(CC) -print-prog-name=ld) -r -o $@ $^
	$(Q)$$($(CC) -print-prog-name=objcopy) --localize-hidden $@

$(BUILD)/lib/libddcrash.a: $(BUILD)/obj/in-process/all.o
	@mkdir -p $(@D)
	@$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$$($(CC) -print-prog-name=ar) rcs $@ $<

$(BUILD)/lib/$(COLLECTOR_SO): $(BUILD)/obj/in-process/all.o collector/libddcrash.map
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(SHARED_LDFLAGS) -Wl,--version-script=collector/libddcrash.map \
		-Wl,-soname,$(@F) -o $@ $<

$(BUILD)/lib/libddcrash.so: $(BUILD)/lib/$(COLLECTOR_SO)
	$(Q)ln -sf $(<F) $@

# The objects themselves: it uses names that are local in the whole.
$(BUILD)/lib/libddcrash_preload.so: $(COLLECTOR_OBJ) $(BUILD)/obj/in-process/collector/preload.o \
		collector/libddcrash_preload.map
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(SHARED_LDFLAGS) -Wl,--version-script=collector/libddcrash_preload.map \
		-Wl,-soname,$(@F) -o $@ $(filter %.o,$^)

# Optimized and with debug information as programs are, whatever CFLAGS are for the rest.
$(BUILD)/demo/ddcrash-demo: collector/demo.c collector/ddcrash.h $(BUILD)/lib/libddcrash.a
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g $(WARNINGS) -Icollector -o $@ $< $(BUILD)/lib/libddcrash.a

# --- what looks at a process from outside ---------------------------------------------------------

# Ordinary programs, unlike the collector beside them. -iquote: "memory.h" is not <memory.h>.
$(BUILD)/obj/collector/%.o: HOST_FLAGS := -iquote collector -iquote tools

PROCESS_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard collector/process/*.c)))
PROCESS_LIB := $(BUILD)/libprocess.a

$(PROCESS_LIB): $(PROCESS_OBJ)
	@$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# --- host -----------------------------------------------------------------------------------------

# Tools that look at processes of this machine: collector/host/ddcrash-NAME.c, what belongs to it
# alone in NAME_*.c, and what they share.
HOST_SRC   := $(sort $(wildcard collector/host/ddcrash-*.c))
HOST_TOOLS := $(HOST_SRC:collector/host/%.c=$(BUILD)/bin/%)
HOST_OBJ   := $(patsubst %,$(BUILD)/obj/collector/host/%.o,live near proc protocol store)

$(HOST_TOOLS): $(BUILD)/bin/ddcrash-%: $(BUILD)/obj/collector/host/ddcrash-%.o \
		$$(addprefix $(BUILD)/obj/,$$(addsuffix .o,$$(basename $$(wildcard collector/host/$$*_*.c)))) \
		$(HOST_OBJ) $(TOOL_COMMON) $(PROCESS_LIB) $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# --- receiver -------------------------------------------------------------------------------------

# A process waits for it to begin, so it is static, has no third-party libraries, and uses musl where
# that is installed: glibc asks the processor for its features first, which takes as long as all else
# in a virtual machine. Not position-independent, as relocating itself takes a fifth of that time.
# With sanitizers it is built as the other tools are.
RECEIVER     := $(BUILD)/bin/ddcrash-receiver
RECEIVER_SRC := $(sort $(wildcard collector/receiver/*.c collector/process/*.c) \
	$(patsubst %,tools/tool_%.c,help message options output) \
	$(wildcard $(patsubst %,libcrashinfo/%/*.c,base json unwind)) libcrashinfo/report/os_info.c)
# Memory is watched by sanitizers, which bring their own.
ifneq ($(SANITIZE),)
RECEIVER_SRC := $(filter-out collector/receiver/allocate.c,$(RECEIVER_SRC))
endif
RECEIVER_OBJ := $(RECEIVER_SRC:%.c=$(BUILD)/obj/$(if $(SANITIZE),,receiver/)%.o)
RECEIVER_CC   = $(shell command -v musl-gcc || echo $(CC))

$(BUILD)/obj/receiver/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(RECEIVER_CC) $(BASE_FLAGS) -iquote collector -iquote tools $(WARNINGS) \
		-fstack-protector-strong -fno-pie -ffunction-sections -fdata-sections $(CFLAGS) -c -o $@ $<

$(RECEIVER): $(RECEIVER_OBJ)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(if $(SANITIZE),$(CC) $(ALL_LDFLAGS),$(RECEIVER_CC) -static -no-pie -pthread \
		-Wl$(comma)--gc-sections) -o $@ $^

HOST_TOOLS += $(RECEIVER)

# --- tests ----------------------------------------------------------------------------------------

TEST_SRC := $(sort $(wildcard libcrashinfo/tests/test_*.c))
TEST_COMMON_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(filter-out $(TEST_SRC) %/reader_compare.c,$(wildcard libcrashinfo/tests/*.c)))
TESTS    := $(TEST_SRC:libcrashinfo/tests/%.c=$(BUILD)/tests/%)
CHECK_LIBS = $(shell pkg-config --libs check)
# Allocations that tests can let fail, see libcrashinfo/tests/alloc.h.
TEST_WRAPS := malloc calloc realloc reallocarray strdup strndup asprintf vasprintf \
	__asprintf_chk __vasprintf_chk

$(TESTS): $(BUILD)/tests/%: $(BUILD)/obj/libcrashinfo/tests/%.o $(TEST_COMMON_OBJ) $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(CHECK_LIBS) $(TEST_WRAPS:%=-Wl,--wrap=%)

# A tool that prints its command line: the tests of what all tools share.
SAMPLE_TOOL := $(BUILD)/tests/ddcrash-sample
$(SAMPLE_TOOL): $(BUILD)/obj/tools/tests/sample_tool.o $(TOOL_COMMON) $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Prints the threads of a process with their stacks: the test of collector/process/.
PROCESS_DUMP := $(BUILD)/tests/process-dump
$(PROCESS_DUMP): $(BUILD)/obj/collector/tests/process_dump.o $(PROCESS_LIB) $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Compares our DWARF reader with libdw: the test of libcrashinfo/symbol/reader_*.c.
READER_COMPARE := $(BUILD)/tests/reader-compare
$(READER_COMPARE): $(BUILD)/obj/libcrashinfo/tests/reader_compare.o $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

FUZZ_SRC    := $(sort $(wildcard libcrashinfo/fuzz/fuzz_*.c))
FUZZ_REPLAY := $(FUZZ_SRC:libcrashinfo/fuzz/%.c=$(BUILD)/tests/replay_%)
FUZZERS     := $(FUZZ_SRC:libcrashinfo/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_SECONDS ?= 60

# The same target with a plain main that feeds it the files of its corpus.
$(FUZZ_REPLAY): $(BUILD)/tests/replay_%: $(BUILD)/obj/libcrashinfo/fuzz/%.o \
		$(BUILD)/obj/libcrashinfo/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The library once for all of them.
FUZZ_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJ   := $(LIB_SRC:%.c=$(BUILD)/fuzz/obj/%.o)

$(BUILD)/fuzz/obj/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	@$(call say,FUZZ,$<)
	$(Q)$(CLANG) $(BASE_FLAGS) $(PKG_CFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/libcrashinfo/fuzz/%.o $(FUZZ_OBJ)
	@$(call say,LD,$@)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

fuzz: $(FUZZERS)
	@for f in $(FUZZERS); do \
		name=$${f##*/fuzz_}; mkdir -p $(BUILD)/corpus/$$name testdata/corpus/$$name; \
		echo "== $$name"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
			$(BUILD)/corpus/$$name testdata/corpus/$$name || exit 1; \
	done

# One program or script each, in the order of their names; they print what they measured.
BENCH_SRC := $(sort $(wildcard bench/*.c))
BENCHES   := $(BENCH_SRC:bench/%.c=$(BUILD)/bench/%) $(sort $(wildcard bench/*.sh))

$(BENCH_SRC:bench/%.c=$(BUILD)/bench/%): $(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(LIB)
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

bench: all $(BENCHES)
	@for b in $(BENCHES); do BUILD='$(BUILD)' "$$b" || exit 1; done

SCRIPT_TESTS := $(sort $(wildcard tools/tests/*.test collector/tests/*.test))

check: deps
	@$(MAKE) --no-print-directory check-run

check-run: all $(TESTS) $(SAMPLE_TOOL) $(PROCESS_DUMP) $(READER_COMPARE) \
		$(FUZZ_REPLAY) headers-check layer-check
	@BUILD='$(BUILD)' CC='$(CC)' SANITIZE='$(SANITIZE)' tools/tests/run \
		$(TESTS) $(FUZZ_REPLAY) $(SCRIPT_TESTS)

asan:
	@$(MAKE) --no-print-directory check BUILD=$(BUILD)/asan SANITIZE=address,undefined CFLAGS='-O1 -g'

headers-check: deps
	@for h in libcrashinfo/include/crashinfo/*.h; do \
		echo "#include <crashinfo/$${h##*/}>" | $(CC) -std=c11 -Wall -Wextra -Wpedantic -Werror \
			-Ilibcrashinfo/include -fsyntax-only -x c - && \
		echo "#include <crashinfo/$${h##*/}>" | $(CXX) -std=c++11 -Wall -Wextra -Wpedantic -Werror \
			-Ilibcrashinfo/include -fsyntax-only -x c++ - || exit 1; \
	done

layer-check:
	@.ci/layer-check

# --- install --------------------------------------------------------------------------------------

# What is installed, said once: HOW:SOURCE:DESTINATION, where HOW is the mode, `link` to SOURCE, or
# `fill` for a template. The destination is below $(DESTDIR).
manifest_rows = $(foreach f,$2,$1:$f:$3/$(notdir $f))
SHARE := $(PREFIX)/share
MAN_PAGES := $(sort $(wildcard tools/man/*.[1-8] collector/man/*.[1-8]))
MANIFEST := \
	$(call manifest_rows,755,$(TOOLS) $(HOST_TOOLS),$(PREFIX)/bin) \
	$(call manifest_rows,644,$(LIB) $(BUILD)/lib/libddcrash.a,$(PREFIX)/lib) \
	$(call manifest_rows,755,$(BUILD)/lib/$(COLLECTOR_SO) $(BUILD)/lib/libddcrash_preload.so,$(PREFIX)/lib) \
	link:$(COLLECTOR_SO):$(PREFIX)/lib/libddcrash.so \
	fill:libcrashinfo/libcrashinfo.pc.in:$(PREFIX)/lib/pkgconfig/libcrashinfo.pc \
	fill:collector/libddcrash.pc.in:$(PREFIX)/lib/pkgconfig/libddcrash.pc \
	$(call manifest_rows,644,$(sort $(wildcard libcrashinfo/include/crashinfo/*.h)),$(PREFIX)/include/crashinfo) \
	644:collector/ddcrash.h:$(PREFIX)/include/ddcrash.h \
	fill:collector/host/ddcrash-usercrashd.service.in:$(PREFIX)/lib/systemd/system/ddcrash-usercrashd.service \
	fill:collector/host/ddcrash-usercrashd.socket.in:$(PREFIX)/lib/systemd/system/ddcrash-usercrashd.socket \
	$(foreach f,$(MAN_PAGES),644:$f:$(SHARE)/man/man$(patsubst .%,%,$(suffix $f))/$(notdir $f)) \
	$(call manifest_rows,644,$(sort $(wildcard completions/bash/*)),$(SHARE)/bash-completion/completions) \
	$(call manifest_rows,644,$(sort $(wildcard completions/zsh/*)),$(SHARE)/zsh/site-functions) \
	$(call manifest_rows,644,$(sort $(wildcard completions/fish/*)),$(SHARE)/fish/vendor_completions.d)

install: all
	@for row in $(MANIFEST); do \
		how=$${row%%:*} rest=$${row#*:}; source=$${rest%%:*} to='$(DESTDIR)'$${rest#*:}; \
		$(call say,INST,"$$to"); \
		mkdir -p "$${to%/*}" || exit 1; \
		case $$how in \
		link) ln -sf "$$source" "$$to" ;; \
		fill) sed -e 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@PACKAGES@|$(PACKAGES)|' \
			"$$source" >"$$to" && chmod 644 "$$to" ;; \
		*) install -m "$$how" "$$source" "$$to" ;; \
		esac || exit 1; \
	done

# The folder of the headers is ours; the others belong to the system.
uninstall:
	@for row in $(MANIFEST); do \
		to='$(DESTDIR)'$${row##*:}; \
		$(call say,RM,"$$to"); \
		rm -f "$$to" || exit 1; \
	done
	@rmdir '$(DESTDIR)$(PREFIX)/include/crashinfo' 2>/dev/null || :

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
