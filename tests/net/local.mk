# tests/net: the runtime through its public interface, and its inner modules.
check_PROGRAMS += \
	%D%/check_cert \
	%D%/check_close \
	%D%/check_net \
	%D%/check_pool \
	%D%/check_resolve \
	%D%/check_secure \
	%D%/check_table \
	%D%/check_ticket \
	%D%/check_tls \
	%D%/check_trust
EXTRA_DIST += %D%/net_test.h %D%/tls_pair.h
%C%_check_cert_SOURCES = %D%/check_cert.c tests/support/ca.c
%C%_check_ticket_SOURCES = %D%/check_ticket.c tests/support/ca.c
%C%_check_tls_SOURCES = %D%/check_tls.c tests/support/ca.c
%C%_check_trust_SOURCES = %D%/check_trust.c tests/support/ca.c
