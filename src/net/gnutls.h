/* gnutls.h - the functions of GnuTLS that are used here, loaded before the first of them is called.
 *
 * Place: net layer, below everything that speaks TLS and digest_gnutls.c; nobody else includes it.
 * Linked as usual, GnuTLS and the eight libraries under it cost the start of every script, with TLS or
 * without, 0.9 ms and 1.6 MB.  So it is opened (base/library.h) when the first context is made, or the first digest.  Where
 * configure finds that this does not work, or was told --disable-lazy-tls, the table holds the
 * addresses of the linked functions.
 * Threads: kn_gnutls_load() may be called by any; the table is constant once it has returned KB_OK. */
#ifndef KN_GNUTLS_H
#define KN_GNUTLS_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>

#include "base/library.h"

#if GNUTLS_VERSION_NUMBER >= 0x030704
#define KN_GNUTLS_CIPHER(X) X(ciphersuite_get)
#else
#define KN_GNUTLS_CIPHER(X) X(cipher_get) X(cipher_get_name)
#endif

/* gnutls_NAME of each; `free` is a variable with a function in it. */
/* clang-format off */
#define KN_GNUTLS_NAMES(X) \
    X(alert_get) \
    X(alert_get_name) \
    X(alert_send) \
    X(alert_send_appropriate) \
    X(alpn_get_selected_protocol) \
    X(alpn_set_protocols) \
    X(bye) \
    X(certificate_allocate_credentials) \
    X(certificate_free_credentials) \
    X(certificate_get_crt_raw) \
    X(certificate_get_peers) \
    X(certificate_get_trust_list) \
    X(certificate_server_set_request) \
    X(certificate_set_key) \
    X(certificate_set_ocsp_status_request_mem) \
    X(certificate_set_x509_key) \
    X(certificate_set_x509_system_trust) \
    X(certificate_set_x509_trust_mem) \
    X(certificate_verification_status_print) \
    X(certificate_verify_peers) \
    KN_GNUTLS_CIPHER(X) \
    X(credentials_set) \
    X(deinit) \
    X(error_is_fatal) \
    X(free) \
    X(global_init) \
    X(handshake) \
    X(handshake_set_hook_function) \
    X(handshake_set_post_client_hello_function) \
    X(handshake_set_timeout) \
    X(hash) \
    X(hash_copy) \
    X(hash_deinit) \
    X(hash_fast) \
    X(hash_get_len) \
    X(hash_init) \
    X(hmac_fast) \
    X(idna_map) \
    X(init) \
    X(memset) \
    X(ocsp_resp_deinit) \
    X(ocsp_resp_get_single) \
    X(ocsp_resp_import) \
    X(ocsp_resp_init) \
    X(pbkdf2) \
    X(pcert_deinit) \
    X(pcert_import_x509) \
    X(pem_base64_decode2) \
    X(priority_deinit) \
    X(priority_init) \
    X(priority_init2) \
    X(priority_set) \
    X(privkey_deinit) \
    X(privkey_import_x509) \
    X(privkey_init) \
    X(protocol_get_name) \
    X(protocol_get_version) \
    X(record_check_pending) \
    X(record_cork) \
    X(record_recv) \
    X(record_send) \
    X(record_uncork) \
    X(rnd) \
    X(server_name_get) \
    X(server_name_set) \
    X(session_channel_binding) \
    X(session_ext_master_secret_status) \
    X(session_get_data2) \
    X(session_get_flags) \
    X(session_get_ptr) \
    X(session_is_resumed) \
    X(session_set_data) \
    X(session_set_ptr) \
    X(session_set_verify_function) \
    X(session_ticket_enable_server) \
    X(session_ticket_key_generate) \
    X(sign_get_hash_algorithm) \
    X(sign_get_name) \
    X(strerror) \
    X(transport_set_ptr) \
    X(transport_set_pull_function) \
    X(transport_set_pull_timeout_function) \
    X(transport_set_vec_push_function) \
    X(x509_crt_deinit) \
    X(x509_crt_export2) \
    X(x509_crt_get_activation_time) \
    X(x509_crt_get_dn2) \
    X(x509_crt_get_expiration_time) \
    X(x509_crt_get_issuer_dn2) \
    X(x509_crt_get_key_id) \
    X(x509_crt_get_serial) \
    X(x509_crt_get_signature_algorithm) \
    X(x509_crt_get_subject_alt_name) \
    X(x509_crt_import) \
    X(x509_crt_init) \
    X(x509_crt_list_import2) \
    X(x509_crt_set_activation_time) \
    X(x509_crt_set_basic_constraints) \
    X(x509_crt_set_dn_by_oid) \
    X(x509_crt_set_expiration_time) \
    X(x509_crt_set_key) \
    X(x509_crt_set_key_purpose_oid) \
    X(x509_crt_set_key_usage) \
    X(x509_crt_set_serial) \
    X(x509_crt_set_subject_alt_name) \
    X(x509_crt_set_version) \
    X(x509_crt_sign2) \
    X(x509_privkey_deinit) \
    X(x509_privkey_export2) \
    X(x509_privkey_generate) \
    X(x509_privkey_get_key_id) \
    X(x509_privkey_import) \
    X(x509_privkey_import2) \
    X(x509_privkey_init) \
    X(x509_trust_list_add_cas) \
    X(x509_trust_list_verify_crt2)
/* clang-format on */

struct kn_gnutls {
#define KN_GNUTLS_FIELD(name) KB_LIBRARY_FIELD(name, gnutls_##name)
    KN_GNUTLS_NAMES(KN_GNUTLS_FIELD)
#undef KN_GNUTLS_FIELD
};

extern struct kn_gnutls kn_gnutls;

/* Load the library and fill the table, if that has not been done.  A failure is not remembered: the
 * next call tries again.  Errors: KB_ETLS (no such library, or too old a one; the text has the
 * loader's reason). */
kb_status kn_gnutls_load(kb_error *err);

#endif
