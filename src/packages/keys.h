/* keys.h - what a terminal sends for a key.
 *
 * Place: packages, without the vm.  Threads: any. */
#ifndef KP_KEYS_H
#define KP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kp_key {
    const char *name; /* "Enter", "UpArrow"; NULL: the character has none, see kp_keys_title() */
    char text[8];     /* the character in UTF-8, terminated; empty: the key has none */
    bool shift, control, alt;
} kp_key;

/* The first key in bytes that came from a terminal, at least one.  Returns how many of them it is. */
size_t kp_keys_decode(const char *bytes, size_t size, kp_key *key);

enum { KP_KEYS_TITLE = 8 };
/* The key's name: of letters, the upper case one; of digits, "D1"; else the character. */
const char *kp_keys_title(const kp_key *key, char buffer[KP_KEYS_TITLE]);

#endif
