# src/net: the networking runtime (see include/kiwi/net.h).
noinst_LTLIBRARIES += libkwnet.la
libkwnet_la_SOURCES = \
	%D%/await.c \
	%D%/bind.c \
	%D%/cert.c %D%/cert.h \
	%D%/connect.c \
	%D%/fault.c \
	%D%/fd.c \
	%D%/gnutls.c %D%/gnutls.h \
	%D%/io.c \
	%D%/join.c \
	%D%/lead.c \
	%D%/listen.c \
	%D%/net.c \
	%D%/op.c \
	%D%/pool.c \
	%D%/resolve.c %D%/resolve.h \
	%D%/room.h \
	%D%/sock.c \
	%D%/state.h \
	%D%/step.c %D%/step.h \
	%D%/table.c \
	%D%/ticket.c %D%/ticket.h \
	%D%/tls.c %D%/tls.h \
	%D%/tls_open.c %D%/tls_session.h \
	%D%/tls_peer.c \
	%D%/tls_wire.c %D%/tls_wire.h \
	%D%/trust.c %D%/trust.h \
	%D%/udp.c \
	%D%/waiting_epoll.c \
	%D%/waiting_poll.c
dist_man3_MANS += %D%/kiwi-net.3
