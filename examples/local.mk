# examples: the C programs are built by make check and linked with the library as it is installed.
check_PROGRAMS += %D%/echo_server %D%/many_clients %D%/tls_client
%C%_echo_server_SOURCES = %D%/echo_server.c
%C%_echo_server_LDADD = libkiwi.la
%C%_many_clients_SOURCES = %D%/many_clients.c
%C%_many_clients_LDADD = libkiwi.la
%C%_tls_client_SOURCES = %D%/tls_client.c
%C%_tls_client_LDADD = libkiwi.la
nobase_dist_doc_DATA += %D%/guide.md
EXTRA_DIST += \
	%D%/channels.kiwi \
	%D%/chat_server.kiwi \
	%D%/deploy/echo.kiwi \
	%D%/deploy/echo.service \
	%D%/deploy/echo.socket \
	%D%/deploy/haproxy.cfg \
	%D%/deploy/nginx.conf \
	%D%/echo_server.kiwi \
	%D%/http_probe.kiwi \
	%D%/https_get.kiwi \
	%D%/port_scanner.kiwi \
	%D%/tcp_client.kiwi \
	%D%/tcp_proxy.kiwi \
	%D%/tls_echo_server.kiwi \
	%D%/tour.kiwi \
	%D%/udp_echo.kiwi
