# tests/packages: the interpreter as a program embeds it.
check_PROGRAMS += %D%/check_memory
%C%_check_memory_SOURCES = %D%/check_memory.c tests/net/faults.c
%C%_check_memory_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
if HAVE_LINK_WRAP
%C%_check_memory_LDFLAGS += -Wl,--wrap=posix_memalign
endif
