# tests/bench: how fast the interpreter is.  `make bench` is for people: no part of make check.
#   make bench [BENCH="calls text"] [BENCH_ROUNDS=5]
EXTRA_PROGRAMS = %D%/measure
%C%_measure_SOURCES = %D%/measure.c
%C%_measure_LDADD = -lm
CLEANFILES += %D%/measure$(EXEEXT)

bench_programs = callbacks calls closures floats generators integers iterate lists objects text
BENCH = $(bench_programs)
BENCH_ROUNDS = 5
EXTRA_DIST += %D%/callbacks.kiwi %D%/callbacks.lua %D%/calls.kiwi %D%/calls.lua \
	%D%/closures.kiwi %D%/closures.lua %D%/floats.kiwi %D%/floats.lua \
	%D%/generators.kiwi %D%/generators.lua %D%/integers.kiwi %D%/integers.lua \
	%D%/iterate.kiwi %D%/iterate.lua %D%/lists.kiwi %D%/lists.lua %D%/objects.kiwi \
	%D%/objects.lua %D%/text.kiwi %D%/text.lua

bench: kiwi$(EXEEXT) %D%/measure$(EXEEXT)
	@lua=`command -v lua5.4 || :`; \
	%D%/measure $(BENCH_ROUNDS) ./kiwi$(EXEEXT) "$$lua" $(srcdir)/%D% $(BENCH)

.PHONY: bench
