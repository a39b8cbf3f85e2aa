# tests/peers: a library, preloaded into kiwi, that sends fixed addresses of the scripts to the loopback.
if HAVE_SHARED_PRELOAD
check_LTLIBRARIES += libredirect.la
libredirect_la_SOURCES = tests/support/redirect.c
libredirect_la_CFLAGS = -std=c11 -pthread
libredirect_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
libredirect_la_LIBADD = $(REDIRECT_LIBS)
endif
