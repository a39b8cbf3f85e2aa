# src/vm: values, memory, bytecode and the loop that runs it.
noinst_LTLIBRARIES += libkwvm.la
libkwvm_la_SOURCES = \
	%D%/arith.c %D%/buf.c %D%/bytes.c %D%/call.c %D%/chunk.c %D%/chunk.h %D%/class.c \
	%D%/collate.c %D%/copy.c %D%/display.c %D%/dump.c %D%/dump.h %D%/equal.c %D%/event.c %D%/fiber.c \
	%D%/fiber.h %D%/gc.c %D%/gc.h %D%/generator.c %D%/heap.c %D%/heap.h %D%/import.c \
	%D%/index.c %D%/interp.h %D%/levels.h %D%/list.c %D%/loop.c %D%/map.c %D%/names.c %D%/names.h \
	%D%/object.c %D%/object.h %D%/op.h %D%/operate.c %D%/operator.c %D%/sched.c %D%/slab.c \
	%D%/slab.h %D%/slow.c %D%/string.c %D%/text.c %D%/text.h %D%/throw.c %D%/unwind.c \
	%D%/value.h %D%/vm.c %D%/vm.h
