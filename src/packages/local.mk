noinst_LTLIBRARIES += libkwpackages.la
libkwpackages_la_SOURCES = \
	%D%/args.c \
	%D%/channel.c \
	%D%/core.c \
	%D%/embed.c \
	%D%/encode.c \
	%D%/encode.h \
	%D%/env.c \
	%D%/file.c \
	%D%/file.h \
	%D%/hints.c \
	%D%/hints.h \
	%D%/host.c \
	%D%/host.h \
	%D%/import.c \
	%D%/library.c \
	%D%/math.c \
	%D%/mutex.c \
	%D%/operand.h \
	%D%/packages.h \
	%D%/queue.c \
	%D%/queue.h \
	%D%/registry.c \
	%D%/signal.c \
	%D%/socket.c \
	%D%/string.c \
	%D%/task.c \
	%D%/time.c \
	%D%/udp.c
