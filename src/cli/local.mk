# src/cli: the kiwi command. Linked with the convenience libraries, so that ./kiwi starts as it is.
bin_PROGRAMS += kiwi
kiwi_SOURCES = %D%/main.c
kiwi_LDADD = $(kiwi_layers) $(kiwi_layers_libs)
dist_man1_MANS += %D%/kiwi.1
