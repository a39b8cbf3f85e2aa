# The packages of natives, a file each. A new one is added here, and nowhere else.
kiwi_packages = \
	%D%/bytes.c \
	%D%/compress.c \
	%D%/console.c \
	%D%/crypto.c \
	%D%/csv.c \
	%D%/encode.c \
	%D%/env.c \
	%D%/error.c \
	%D%/fio.c \
	%D%/fmt.c \
	%D%/ipc.c \
	%D%/json.c \
	%D%/math.c \
	%D%/protobuf.c \
	%D%/reflector.c \
	%D%/signal.c \
	%D%/socket.c \
	%D%/socket_options.c %D%/socket_options.h \
	%D%/sqlite.c \
	%D%/stdin.c \
	%D%/string.c \
	%D%/sys.c \
	%D%/task.c \
	%D%/time.c \
	%D%/udp.c \
	%D%/xml.c \
	%D%/yaml.c

noinst_LTLIBRARIES += libkwpackages.la
libkwpackages_la_SOURCES = $(kiwi_packages) \
	%D%/account.c \
	%D%/account.h \
	%D%/args.c \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/channel.c \
	%D%/codec.c \
	%D%/codec.h \
	%D%/codec_brotli.c \
	%D%/codec_zlib.c \
	%D%/codec_zstd.c \
	%D%/core.c \
	%D%/disk.c \
	%D%/disk.h \
	%D%/document.c \
	%D%/embed.c \
	%D%/encode.h \
	%D%/file.c \
	%D%/file.h \
	%D%/fio.h \
	%D%/fio_content.c \
	%D%/fio_file.c \
	%D%/fio_folder.c \
	%D%/fio_left.c %D%/fio_left.h \
	%D%/fio_info.c \
	%D%/fio_job.c \
	%D%/fio_job.h \
	%D%/glob.c \
	%D%/glob.h \
	%D%/hints.c \
	%D%/hints.h \
	%D%/host.c \
	%D%/host.h \
	%D%/import.c \
	%D%/index.c \
	%D%/index.h \
	%D%/input.c \
	%D%/input.h \
	%D%/job.c \
	%D%/job.h \
	%D%/json_read.c \
	%D%/json_read.h \
	%D%/json_write.c \
	%D%/json_write.h \
	%D%/keys.c \
	%D%/keys.h \
	%D%/leftovers.c \
	%D%/leftovers.h \
	%D%/library.c \
	%D%/library.h \
	%D%/library_source.c \
	%D%/math_parts.h \
	%D%/math_primes.c \
	%D%/math_random.c \
	%D%/math_special.c \
	%D%/memory.c \
	%D%/mutex.c \
	%D%/needs.c \
	%D%/notice.c \
	%D%/notice.h \
	%D%/pack.c \
	%D%/pack.h \
	%D%/package.c \
	%D%/package.h \
	%D%/packages.h \
	%D%/pathname.c \
	%D%/pathname.h \
	%D%/piece.h \
	%D%/process.c \
	%D%/process.h \
	%D%/protobuf.h \
	%D%/protobuf_read.c \
	%D%/protobuf_write.c \
	%D%/queue.c \
	%D%/queue.h \
	%D%/registry.c \
	%D%/report.c \
	%D%/report.h \
	%D%/rows.c \
	%D%/rows.h \
	%D%/sqlite_db.h \
	%D%/sqlite_value.c \
	%D%/state.c \
	%D%/stream.c \
	%D%/stream.h \
	%D%/struct.c \
	%D%/task.h \
	%D%/terminal.c \
	%D%/terminal.h \
	%D%/tree.c \
	%D%/tree.h \
	%D%/zip.c \
	%D%/zip.h \
	%D%/writing.c \
	%D%/writing.h \
	%D%/xml.h \
	%D%/xml_write.c \
	%D%/yaml.h \
	%D%/yaml_write.c

if HAVE_SQLITE3
libkwpackages_la_SOURCES += %D%/sqlite_db.c
else
libkwpackages_la_SOURCES += %D%/sqlite_none.c
endif

if HAVE_EXPAT
libkwpackages_la_SOURCES += %D%/xml_read.c
else
libkwpackages_la_SOURCES += %D%/xml_none.c
endif

if HAVE_LIBYAML
libkwpackages_la_SOURCES += %D%/yaml_read.c
else
libkwpackages_la_SOURCES += %D%/yaml_none.c
endif

nodist_libkwpackages_la_SOURCES = %D%/table.c
EXTRA_DIST += %D%/table.sh
BUILT_SOURCES += %D%/table.c
CLEANFILES += %D%/table.c

%D%/table.c: %D%/table.sh %D%/local.mk $(kiwi_packages)
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_GEN)cd $(srcdir) && $(SHELL) %D%/table.sh $(kiwi_packages) > $(abs_builddir)/$@.new
	$(AM_V_at)mv $@.new $@

nobase_dist_doc_DATA += %D%/FUNCTIONS.md %D%/NETWORK.md %D%/PACKAGES.md

# FUNCTIONS.md is kept in git, so that it can be read there. After a change of a function: make functions-page
functions-page: kiwi$(EXEEXT)
	$(AM_V_GEN)$(abs_builddir)/kiwi$(EXEEXT) --doc=markdown > $(srcdir)/%D%/FUNCTIONS.md.new
	$(AM_V_at)mv $(srcdir)/%D%/FUNCTIONS.md.new $(srcdir)/%D%/FUNCTIONS.md

.PHONY: functions-page
