# src/net: the networking runtime (see include/kiwi/net.h).
noinst_LTLIBRARIES += libkwnet.la
libkwnet_la_SOURCES = \
	%D%/accept.c %D%/accept.h \
	%D%/addr.c %D%/addr.h \
	%D%/ahead.c %D%/ahead.h \
	%D%/aside.c %D%/aside.h \
	%D%/asked.c %D%/asked.h \
	%D%/bind.c %D%/bind.h \
	%D%/child.c \
	%D%/close.c %D%/close.h \
	%D%/connect.c \
	%D%/digest.h \
	%D%/equip.c %D%/equip.h \
	%D%/errand.c %D%/errand.h \
	%D%/fault.c %D%/fault.h \
	%D%/fd.c %D%/fd.h \
	%D%/handed.c %D%/handed.h \
	%D%/handshake.c %D%/handshake.h \
	%D%/help.c %D%/help.h \
	%D%/header.c %D%/header.h \
	%D%/inherit.c %D%/inherit.h \
	%D%/job.c %D%/job.h \
	%D%/join.c %D%/join.h \
	%D%/lead.c %D%/lead.h \
	%D%/line.c %D%/line.h \
	%D%/linger.c %D%/linger.h \
	%D%/listen.c \
	%D%/lookup.c %D%/lookup.h \
	%D%/mark.c %D%/mark.h \
	%D%/move.h \
	%D%/message.c \
	%D%/net.c \
	%D%/net_wait.c \
	%D%/op.c %D%/op.h \
	%D%/option.c %D%/option.h \
	%D%/notice.c %D%/notice.h \
	%D%/network.c %D%/network.h \
	%D%/notify.c \
	%D%/park.c %D%/park.h \
	%D%/pool.c %D%/pool.h \
	%D%/proxy.c %D%/proxy.h \
	%D%/recv.c %D%/recv.h \
	%D%/resolve.c %D%/resolve.h \
	%D%/resolve_names.c \
	%D%/room.h \
	%D%/run.c %D%/run.h \
	%D%/send.c %D%/send.h \
	%D%/shake.c %D%/shake.h \
	%D%/sock.c %D%/sock.h \
	%D%/socket_info.c \
	%D%/socket_pair.c \
	%D%/socket_shutdown.c \
	%D%/state.h \
	%D%/step.h \
	%D%/task.c %D%/task.h \
	%D%/task_await.c \
	%D%/task_cancel.c \
	%D%/timer.c %D%/timer.h \
	%D%/tls.h \
	%D%/tls_examine.c \
	%D%/tls_look.c \
	%D%/tls_reload.c \
	%D%/tls_upgrade.c \
	%D%/tls_idna.h \
	%D%/tls_settings.c %D%/tls_settings.h \
	%D%/udp.c \
	%D%/udp_group.c \
	%D%/unix.c %D%/unix.h \
	%D%/until.c \
	%D%/unseen.c %D%/unseen.h \
	%D%/waiting_epoll.c \
	%D%/waiting_poll.c \
	%D%/whole.c %D%/whole.h \
	%D%/worker.c %D%/worker.h \
	%D%/wake.c %D%/wake.h

if HAVE_GNUTLS
libkwnet_la_SOURCES += \
	%D%/cert.c %D%/cert.h \
	%D%/digest_gnutls.c \
	%D%/gnutls.c %D%/gnutls.h \
	%D%/ticket.c %D%/ticket.h \
	%D%/tls.c \
	%D%/tls_binding.c \
	%D%/tls_certificate.c \
	%D%/tls_context.c %D%/tls_context.h \
	%D%/tls_file.c %D%/tls_file.h \
	%D%/tls_idna.c \
	%D%/tls_keypair.c %D%/tls_keypair.h \
	%D%/tls_open.c \
	%D%/tls_peer.c \
	%D%/tls_session.h \
	%D%/tls_sni.c %D%/tls_sni.h \
	%D%/tls_trust.c %D%/tls_trust.h \
	%D%/tls_wire.c %D%/tls_wire.h
else
libkwnet_la_SOURCES += %D%/digest_none.c %D%/tls_none.c
endif

dist_man3_MANS += %D%/kiwi-net.3
nobase_dist_doc_DATA += %D%/README.md
