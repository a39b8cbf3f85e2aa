# src/stdlib: packages written in Kiwi. A new .kiwi file is added here, and nowhere else.
stdlib_kiwi = \
	%D%/error.kiwi \
	%D%/event.kiwi \
	%D%/heap.kiwi \
	%D%/iter.kiwi \
	%D%/list.kiwi \
	%D%/prelude.kiwi \
	%D%/regex.kiwi \
	%D%/set.kiwi \
	%D%/signal.kiwi \
	%D%/std.kiwi \
	%D%/string.kiwi \
	%D%/task.kiwi \
	%D%/time.kiwi \
	%D%/udp.kiwi

noinst_LTLIBRARIES += libkwstdlib.la
libkwstdlib_la_SOURCES = %D%/sources.h
nodist_libkwstdlib_la_SOURCES = %D%/sources.c
EXTRA_DIST += %D%/embed.sh $(stdlib_kiwi)
BUILT_SOURCES += %D%/sources.c
CLEANFILES += %D%/sources.c

%D%/sources.c: %D%/embed.sh %D%/local.mk $(stdlib_kiwi)
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_GEN)cd $(srcdir) && $(SHELL) %D%/embed.sh $(stdlib_kiwi) > $(abs_builddir)/$@.new
	$(AM_V_at)mv $@.new $@
