# tests/peers: libraries that are preloaded into kiwi. This one sends fixed addresses of the scripts to the loopback.
if HAVE_SHARED_PRELOAD
check_LTLIBRARIES += libredirect.la
libredirect_la_SOURCES = tests/support/redirect.c
libredirect_la_CFLAGS = -std=c11 -pthread
libredirect_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
libredirect_la_LIBADD = $(REDIRECT_LIBS)

# The same for scripts that have to end when a call fails.
check_LTLIBRARIES += libfailing.la
libfailing_la_SOURCES = tests/support/failing.c
libfailing_la_CFLAGS = -std=c11 -pthread
libfailing_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
libfailing_la_LIBADD = $(REDIRECT_LIBS)
endif
