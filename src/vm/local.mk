# src/vm: values, memory, bytecode and the loop that runs it.
noinst_LTLIBRARIES += libkwvm.la
libkwvm_la_SOURCES = \
	%D%/arith.c %D%/buf.c %D%/bytes.c %D%/bytes_store.c %D%/bytes_store.h %D%/call.c %D%/chunk.c %D%/chunk.h \
	%D%/class.c %D%/collate.c %D%/compare.c %D%/compare.h %D%/copy.c %D%/display.c %D%/dump.c %D%/dump.h \
	%D%/equal.c %D%/errors.c %D%/errors.h %D%/event.c %D%/fault.c %D%/fiber.c %D%/fiber.h %D%/gc.c %D%/gc.h %D%/generator.c %D%/global.c %D%/hash.c \
	%D%/hash.h %D%/hash_value.c %D%/heap.c %D%/heap.h %D%/heap_check.c %D%/import.c %D%/index.c %D%/interp.h %D%/iterate.c \
	%D%/levels.h %D%/list.c %D%/loop.c %D%/map.c %D%/member.c %D%/names.c %D%/names.h %D%/native.c %D%/native.h \
	%D%/object.c %D%/object.h %D%/op.h %D%/order.c %D%/origin.c %D%/out.c %D%/overload.c %D%/print.c %D%/sched.c \
	%D%/search.c %D%/search.h %D%/signature.c %D%/signature.h %D%/slab.c %D%/slab.h %D%/string.c %D%/text.c \
	%D%/text.h %D%/throw.c %D%/truth.c %D%/unwind.c %D%/value.h %D%/vm.c %D%/vm.h %D%/weigh.c
