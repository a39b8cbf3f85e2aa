# src/stdlib: packages written in Kiwi. A new .kiwi file is added here, and nowhere else.
stdlib_kiwi = \
	%D%/bench.kiwi \
	%D%/cli.kiwi \
	%D%/console.kiwi \
	%D%/crypto.kiwi \
	%D%/csv.kiwi \
	%D%/curl.kiwi \
	%D%/dotenv.kiwi \
	%D%/env.kiwi \
	%D%/error.kiwi \
	%D%/event.kiwi \
	%D%/faker.kiwi \
	%D%/fio.kiwi \
	%D%/fmt.kiwi \
	%D%/hashable.kiwi \
	%D%/heap.kiwi \
	%D%/ipc.kiwi \
	%D%/iter.kiwi \
	%D%/json.kiwi \
	%D%/list.kiwi \
	%D%/log.kiwi \
	%D%/path.kiwi \
	%D%/pipeline.kiwi \
	%D%/protobuf.kiwi \
	%D%/reflector.kiwi \
	%D%/prelude.kiwi \
	%D%/regex.kiwi \
	%D%/set.kiwi \
	%D%/signal.kiwi \
	%D%/socket.kiwi \
	%D%/sqlite.kiwi \
	%D%/stat.kiwi \
	%D%/std.kiwi \
	%D%/stdin.kiwi \
	%D%/stopwatch.kiwi \
	%D%/string.kiwi \
	%D%/sys.kiwi \
	%D%/table.kiwi \
	%D%/task.kiwi \
	%D%/template.kiwi \
	%D%/tester.kiwi \
	%D%/text.kiwi \
	%D%/time.kiwi \
	%D%/udp.kiwi \
	%D%/watch.kiwi \
	%D%/xml.kiwi \
	%D%/yaml.kiwi

noinst_LTLIBRARIES += libkwstdlib.la
libkwstdlib_la_SOURCES = %D%/sources.h
nodist_libkwstdlib_la_SOURCES = %D%/sources.c
EXTRA_DIST += %D%/embed.sh %D%/embed.awk $(stdlib_kiwi)
BUILT_SOURCES += %D%/sources.c
CLEANFILES += %D%/sources.c

%D%/sources.c: %D%/embed.sh %D%/embed.awk %D%/local.mk $(stdlib_kiwi)
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_GEN)cd $(srcdir) && AWK="$(AWK)" $(SHELL) %D%/embed.sh $(stdlib_kiwi) > $(abs_builddir)/$@.new
	$(AM_V_at)mv $@.new $@
