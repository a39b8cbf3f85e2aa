/* pack.h - formats of packed values, as in Python's struct: their items one after the other.
 *
 * Place: packages layer, without the interpreter.  Threads: any. */
#ifndef KP_PACK_H
#define KP_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct kp_pack_format {
    const char *at, *end; /* what is still to be read */
    bool big;             /* the most significant byte comes first */
    /* the item, after kp_pack_next(): */
    char letter;
    size_t size;  /* bytes of one, */
    size_t count; /* of so many; of `s` and `x` the bytes, with size 1 */
    bool is_signed;
} kp_pack_format;

typedef enum kp_pack_status { KP_PACK_ITEM, KP_PACK_END, KP_PACK_BAD } kp_pack_status;

void kp_pack_begin(kp_pack_format *f, const char *format, size_t size);
/* The next item.  KP_PACK_BAD: there is none at f->at. */
kp_pack_status kp_pack_next(kp_pack_format *f);
/* The bytes of all items that are left, SIZE_MAX if there are more.  false: the format is bad, at f->at. */
bool kp_pack_size(kp_pack_format f, size_t *size, const char **bad);
/* The lowest and the greatest integer of the item, which is a whole number; the greatest that 64 bits with a sign hold. */
void kp_pack_range(const kp_pack_format *f, int64_t *least, int64_t *most);
/* An item's bits, the lowest `size` bytes of them, as bytes, and back. */
void kp_pack_put(const kp_pack_format *f, uint64_t bits, unsigned char *out);
uint64_t kp_pack_get(const kp_pack_format *f, const unsigned char *in);

#endif
