# tests/fuzz: libFuzzer targets, built with ./configure --enable-fuzzing CC=clang.  `make fuzz` gives each of
# them FUZZ_SECONDS (60); what it finds new stays in tests/fuzz/found of the build folder.
EXTRA_DIST += %D%/corpus %D%/kiwi.dict

if FUZZING
noinst_PROGRAMS += %D%/fuzz_compile %D%/fuzz_run
%C%_fuzz_compile_SOURCES = %D%/fuzz_compile.c
%C%_fuzz_compile_LDADD = libkiwi.la
%C%_fuzz_compile_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_run_SOURCES = %D%/fuzz_run.c
%C%_fuzz_run_LDADD = libkiwi.la
%C%_fuzz_run_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

fuzz: $(noinst_PROGRAMS)
	@for target in $(noinst_PROGRAMS); do \
		found=%D%/found/$${target##*/}; mkdir -p $$found && \
		ASAN_OPTIONS=detect_leaks=1 $$target -max_total_time=$${FUZZ_SECONDS:-60} -max_len=4096 -timeout=10 \
			-rss_limit_mb=2048 -close_fd_mask=3 -print_final_stats=1 -artifact_prefix=%D%/found/ \
			-dict=$(srcdir)/%D%/kiwi.dict $$found $(srcdir)/%D%/corpus || exit 1; \
	done
else
fuzz:
	@echo 'make fuzz needs ./configure --enable-fuzzing CC=clang' >&2; exit 1
endif
clean-fuzz:
	rm -rf %D%/found
.PHONY: fuzz clean-fuzz
