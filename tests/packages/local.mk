# tests/packages: the interpreter as a program embeds it.
check_PROGRAMS += %D%/check_glob %D%/check_index %D%/check_input %D%/check_interrupt %D%/check_keys %D%/check_memory %D%/check_null \
	%D%/check_patience
%C%_check_glob_SOURCES = %D%/check_glob.c
%C%_check_index_SOURCES = %D%/check_index.c
%C%_check_input_SOURCES = %D%/check_input.c tests/net/faults.c
%C%_check_input_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
%C%_check_interrupt_SOURCES = %D%/check_interrupt.c
%C%_check_keys_SOURCES = %D%/check_keys.c
%C%_check_memory_SOURCES = %D%/check_memory.c %D%/slabs_fail.c tests/net/faults.c
%C%_check_memory_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
%C%_check_patience_SOURCES = %D%/check_patience.c %D%/slabs_fail.c tests/net/faults.c
%C%_check_patience_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
if HAVE_LINK_WRAP
%C%_check_memory_LDFLAGS += -Wl,--wrap=posix_memalign
%C%_check_patience_LDFLAGS += -Wl,--wrap=posix_memalign
endif
if HAVE_GNUTLS
check_PROGRAMS += %D%/check_begun
%C%_check_begun_SOURCES = %D%/check_begun.c
endif
