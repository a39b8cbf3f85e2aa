# tests/net: the runtime through its public interface, and its inner modules.
check_PROGRAMS += \
	%D%/check_afford \
	%D%/check_cancel \
	%D%/check_child \
	%D%/check_close \
	%D%/check_handed \
	%D%/check_header \
	%D%/check_invariants \
	%D%/check_job \
	%D%/check_linger \
	%D%/check_net \
	%D%/check_null \
	%D%/check_option \
	%D%/check_pool \
	%D%/check_proxy \
	%D%/check_resolve \
	%D%/check_table \
	%D%/check_udp \
	%D%/check_unix \
	%D%/check_until \
	%D%/check_unseen
EXTRA_DIST += %D%/contexts.h %D%/faults.h %D%/net_test.h %D%/tls_pair.h

if HAVE_GNUTLS
check_PROGRAMS += \
	%D%/check_cert \
	%D%/check_faults \
	%D%/check_gnutls \
	%D%/check_secure \
	%D%/check_shortage \
	%D%/check_ticket \
	%D%/check_tls \
	%D%/check_tls_binding \
	%D%/check_tls_context \
	%D%/check_tls_sni \
	%D%/check_tls_trust \
	%D%/check_upgrade
%C%_check_cert_SOURCES = %D%/check_cert.c tests/support/ca.c
# Not linked with GnuTLS itself, so that there is something to load.
%C%_check_gnutls_LDADD = $(kiwi_layers) $(kiwi_layers_libs) $(CHECK_LIBS)
%C%_check_ticket_SOURCES = %D%/check_ticket.c tests/support/ca.c
%C%_check_tls_SOURCES = %D%/check_tls.c tests/support/ca.c
%C%_check_tls_trust_SOURCES = %D%/check_tls_trust.c tests/support/ca.c
%C%_check_tls_context_SOURCES = %D%/check_tls_context.c tests/support/ca.c
%C%_check_tls_binding_SOURCES = %D%/check_tls_binding.c tests/support/ca.c
%C%_check_tls_sni_SOURCES = %D%/check_tls_sni.c tests/support/ca.c
%C%_check_faults_SOURCES = %D%/check_faults.c %D%/faults.c tests/support/ca.c
%C%_check_secure_SOURCES = %D%/check_secure.c tests/support/ca.c
%C%_check_shortage_SOURCES = %D%/check_shortage.c %D%/faults.c tests/support/ca.c
%C%_check_faults_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
%C%_check_shortage_LDFLAGS = $(AM_LDFLAGS) $(fault_wraps)
else
check_PROGRAMS += %D%/check_tls_none
endif

# The functions that faults.c stands in front of.
fault_wraps =
if HAVE_LINK_WRAP
fault_wraps += \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=read,--wrap=write,--wrap=recv,--wrap=recvmsg,--wrap=send,--wrap=sendmsg \
	-Wl,--wrap=__read_chk,--wrap=__recv_chk,--wrap=__poll_chk \
	-Wl,--wrap=close,--wrap=connect,--wrap=fcntl,--wrap=open,--wrap=getaddrinfo \
	-Wl,--wrap=pthread_create,--wrap=pthread_mutex_init,--wrap=pthread_cond_init \
	-Wl,--wrap=accept,--wrap=accept4,--wrap=bind,--wrap=fstat,--wrap=fsync,--wrap=getpeername \
	-Wl,--wrap=getsockname,--wrap=getsockopt,--wrap=link,--wrap=listen,--wrap=mkdir \
	-Wl,--wrap=mkstemp,--wrap=pipe,--wrap=pipe2,--wrap=poll,--wrap=rename,--wrap=setsockopt \
	-Wl,--wrap=shutdown,--wrap=socket,--wrap=stat \
	-Wl,--wrap=epoll_create1,--wrap=epoll_ctl,--wrap=epoll_wait
endif
