# src/cli: the kiwi command. Linked with the convenience libraries, so that ./kiwi starts as it is.
bin_PROGRAMS += kiwi
kiwi_SOURCES = %D%/main.c %D%/allocator.c %D%/allocator.h %D%/interact.c %D%/interact.h %D%/line.c %D%/line.h \
	%D%/output.c %D%/output.h %D%/workers.c %D%/workers.h
kiwi_LDADD = $(kiwi_layers) $(kiwi_layers_libs) $(READLINE_LIBS)
dist_man1_MANS += %D%/kiwi.1
