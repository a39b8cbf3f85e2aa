# make coverage, after configure --enable-coverage: run everything, then list the lines executed by file.
if COVERAGE
coverage:
	$(MAKE) $(AM_MAKEFLAGS) check
	@find src -name '*.gcda' | while read -r data; do \
	    gcov -n -o "$$(dirname "$$data")" "$$data" 2>/dev/null; \
	done | $(AWK) -F "[':% ]+" \
	    '/^File/ { file = $$2 } \
	     /^Lines executed/ && file ~ /\.[ch]$$/ && file ~ /src\// { \
	         printf "%6.2f%% of %5d  %s\n", $$3, $$5, file; hit += $$3 * $$5 / 100; all += $$5; file = "" } \
	     END { if (all) printf "%6.2f%% of %5d  total\n", 100 * hit / all, all }'
else
coverage:
	@echo 'configure with --enable-coverage first' >&2; exit 1
endif

clean-coverage:
	-find . \( -name '*.gcda' -o -name '*.gcno' -o -name '*.gcov' \) -exec rm -f {} +

.PHONY: coverage clean-coverage
