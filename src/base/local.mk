# src/base: status, errors, locks, clock, lists, maps.
noinst_LTLIBRARIES += libkwbase.la
libkwbase_la_SOURCES = \
	%D%/clock.c %D%/clock.h \
	%D%/error.c %D%/error.h \
	%D%/library.c %D%/library.h \
	%D%/list.h \
	%D%/locks.c %D%/locks.h \
	%D%/machine.c %D%/machine.h \
	%D%/map.c %D%/map.h \
	%D%/must.c %D%/must.h \
	%D%/nap.c %D%/nap.h \
	%D%/random.c %D%/random.h \
	%D%/relief.c %D%/relief.h \
	%D%/size.c %D%/size.h \
	%D%/status.h \
	%D%/turns.c %D%/turns.h
