# src/base: status, errors, locks, clock, lists, maps.
noinst_LTLIBRARIES += libkwbase.la
libkwbase_la_SOURCES = \
	%D%/clock.c %D%/clock.h \
	%D%/error.c %D%/error.h \
	%D%/list.h \
	%D%/locks.c %D%/locks.h \
	%D%/map.c %D%/map.h \
	%D%/must.c %D%/must.h \
	%D%/status.h
