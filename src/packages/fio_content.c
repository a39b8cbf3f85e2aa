/* fio_content.c - package fio: whole files read and written. */
#include "config.h"

#include "packages/fio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages/fio_job.h"

/* ---- What was read --------------------------------------------------------------------------- */

/* Text without a byte-order mark. */
static const char *text_of(const kp_fio_job *j, size_t *size)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const char *text = (const char *)j->bytes.data;
    bool marked = j->bytes.size >= 3 && memcmp(text, mark, 3) == 0;
    *size = j->bytes.size - (marked ? 3 : 0);
    return *size == 0 ? "" : text + (marked ? 3 : 0);
}

static bool give_text(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    size_t size;
    const char *text = text_of(j, &size);
    kw_string *s = kw_string_new(vm, text, size);
    if (s != NULL)
        *value = kw_of_string(s);
    return s != NULL;
}

static bool give_bytes(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    kp_disk_bytes *bytes = &((kp_fio_job *)j)->bytes; /* taken over */
    unsigned char *data = bytes->data;
    if (bytes->size == 0)
        free(data);
    else if (bytes->room > bytes->size + KP_FIO_SMALL && (data = realloc(data, bytes->size)) == NULL)
        data = bytes->data;
    *value = kw_of_bytes(kw_bytes_adopt(vm, bytes->size == 0 ? NULL : data, bytes->size));
    *bytes = (kp_disk_bytes){.claim = NULL}; /* which is settled */
    return true;
}

static bool give_lines(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    size_t left;
    const char *at = text_of(j, &left);
    kw_list *list = kw_list_new(vm, 0);
    *value = kw_of_list(list);
    while (left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t size = end != NULL ? (size_t)(end - at) : left;
        if (!kp_fio_job_push_text(vm, list, at, size > 0 && at[size - 1] == '\r' ? size - 1 : size))
            return false;
        size += end != NULL;
        at += size;
        left -= size;
    }
    return true;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int do_read(kp_fio_job *j)
{
    return kp_disk_read(j->path, j->offset, j->most > 0 ? (size_t)j->most : SIZE_MAX, &j->bytes);
}

static int do_size(kp_fio_job *j)
{
    if (stat(j->path, &j->stat) != 0)
        return errno;
    j->number = (int64_t)j->stat.st_size;
    return S_ISDIR(j->stat.st_mode) ? EISDIR : 0;
}

#define READ_ERROR "FileReadError", "Failed to read file: '", "'"
static const kp_fio_op op_read = {do_read, give_text, kp_fio_job_reads_little, READ_ERROR};
static const kp_fio_op op_lines = {do_read, give_lines, kp_fio_job_reads_little, READ_ERROR};
static const kp_fio_op op_bytes = {do_read, give_bytes, kp_fio_job_reads_little, READ_ERROR};
static const kp_fio_op op_size = {do_size, kp_fio_job_give_number, kp_fio_job_at_once, READ_ERROR};

kw_result kp_fio_content_read(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_read);
}

kw_result kp_fio_content_readlines(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_lines);
}

kw_result kp_fio_content_readbytes(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_bytes);
}

kw_result kp_fio_content_filesize(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_size);
}

kw_result kp_fio_content_readslice(kw_vm *vm, kw_call *call)
{
    int64_t offset = kw_native_operand(call, 1).as.i, size = kw_native_operand(call, 2).as.i;
    if (offset < 0 || size <= 0)
        return kw_throw(vm, "IndexError", "Start must be non-negative and length must be positive.");
    kp_fio_job *j = kp_fio_job_begin(vm, call, &op_bytes);
    if (j == NULL)
        return KW_THROWN;
    j->offset = offset;
    j->most = size;
    return kp_fio_job_run(vm, call, j);
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Little, and to a file that cannot make it wait. */
static bool writes_little(const kp_fio_job *j)
{
    struct stat s;
    return j->size <= KP_FIO_SMALL && j->how != KP_DISK_ATOMIC && (stat(j->path, &s) != 0 || S_ISREG(s.st_mode));
}

static int do_write(kp_fio_job *j)
{
    j->number = (int64_t)j->size;
    return kp_disk_write(j->path, j->how, j->offset, j->data, j->size);
}

static bool give_slice_written(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    char why[96];
    *value = kw_int(j->number);
    if (j->error == 0)
        return true;
    (void)kw_throw(vm, "FileSystemError", "Failed to write slice to file '%s' at offset %lld: %s", j->shown,
                   (long long)j->offset, kb_error_errno_text(j->error, why, sizeof(why)));
    return false;
}

#define WRITE_ERROR "FileSystemError", "Could not write to file: ", ""
static const kp_fio_op op_write = {do_write, NULL, writes_little, WRITE_ERROR};
static const kp_fio_op op_write_count = {do_write, kp_fio_job_give_number, writes_little, WRITE_ERROR};
static const kp_fio_op op_write_slice = {do_write, give_slice_written, writes_little, NULL, NULL, NULL};
static const kp_fio_op op_create = {do_write, NULL, writes_little, "FileSystemError", "Could not create file: ", ""};

static kw_result write_data(kw_vm *vm, kw_call *call, const kp_fio_op *what, kp_disk_how how, int64_t offset,
                            const void *data, size_t size)
{
    kp_fio_job *j = kp_fio_job_begin(vm, call, what);
    if (j == NULL)
        return KW_THROWN;
    j->how = how;
    j->offset = offset;
    j->data = data;
    j->size = size;
    return kp_fio_job_run(vm, call, j);
}

/* The options of write, in argument 2: false: thrown. */
static bool write_options(kw_vm *vm, const kw_call *call, kp_disk_how *how)
{
    kw_value options = kw_native_operand(call, 2);
    uint32_t at = 0;
    *how = KP_DISK_REPLACE;
    if (!kw_is(options, KW_MAP)) /* a surplus argument */
        return true;
    for (kw_entry *e; (e = kw_map_next(options.as.map, &at)) != NULL;) {
        bool known = kw_is(e->key, KW_STRING) && strcmp(e->key.as.string->text, "atomic") == 0;
        if (!known || !kw_is(e->value, KW_BOOL)) {
            const kw_string *key = kw_display_text(vm, e->key);
            if (key != NULL)
                (void)kw_throw(vm, "InvalidOperationError",
                               known ? "Option '%s' must be true or false." : "Unknown option '%s'.", key->text);
            return false;
        }
        *how = e->value.as.i ? KP_DISK_ATOMIC : KP_DISK_REPLACE;
    }
    return true;
}

kw_result kp_fio_content_write(kw_vm *vm, kw_call *call)
{
    kp_disk_how how;
    const kw_string *text = kw_native_argument(call, 1).as.string;
    if (!write_options(vm, call, &how))
        return KW_THROWN;
    return write_data(vm, call, &op_write, how, 0, text->text, text->size);
}

kw_result kp_fio_content_append(kw_vm *vm, kw_call *call)
{
    const kw_string *text = kw_native_argument(call, 1).as.string;
    return write_data(vm, call, &op_write, KP_DISK_APPEND, 0, text->text, text->size);
}

kw_result kp_fio_content_touch(kw_vm *vm, kw_call *call)
{
    return write_data(vm, call, &op_write, KP_DISK_APPEND, 0, NULL, 0);
}

kw_result kp_fio_content_create(kw_vm *vm, kw_call *call)
{
    return write_data(vm, call, &op_create, KP_DISK_REPLACE, 0, NULL, 0);
}

/* A line for each value.  false: thrown. */
static bool put_lines(kw_vm *vm, kw_buf *buf, const kw_value *values, size_t count)
{
    for (size_t i = 0; i < count && kw_buf_go_on(vm, buf); i++) {
        kw_display(vm, buf, values[i]);
        kw_buf_putc(buf, '\n');
    }
    return vm->error.type == NULL;
}

kw_result kp_fio_content_writeln(kw_vm *vm, kw_call *call)
{
    kw_value what = kw_native_operand(call, 1);
    bool list = kw_is(what, KW_LIST);
    if (!list && !kw_is(what, KW_STRING))
        return kw_throw(vm, "InvalidOperationError", "Expected a string or a list.");
    kw_buf buf;
    kw_buf_init(&buf);
    bool ok = put_lines(vm, &buf, list ? what.as.list->items : &what, list ? what.as.list->count : 1);
    kw_string *text = ok ? kw_buf_string(vm, &buf) : NULL;
    if (text == NULL) {
        kw_buf_free(&buf);
        return KW_THROWN;
    }
    return write_data(vm, call, &op_write, KP_DISK_APPEND, 0, text->text, text->size);
}

kw_result kp_fio_content_writebytes(kw_vm *vm, kw_call *call)
{
    kw_value what = kw_native_operand(call, 1);
    if (kw_is(what, KW_BYTES))
        return write_data(vm, call, &op_write_count, KP_DISK_REPLACE, 0, what.as.bytes->data, what.as.bytes->size);
    if (!kw_is(what, KW_LIST))
        return kw_throw(vm, "InvalidOperationError", "Expected a list or bytes.");
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < what.as.list->count && kw_buf_go_on(vm, &buf); i++) {
        kw_value n = what.as.list->items[i];
        if (!kw_is(n, KW_INT)) {
            kw_buf_free(&buf);
            return kw_throw_expected(vm, "an integer", n);
        }
        kw_buf_putc(&buf, (char)(unsigned char)(n.as.i & 0xFF));
    }
    const kw_bytes *bytes = kw_buf_bytes(vm, &buf);
    if (bytes == NULL)
        return KW_THROWN;
    return write_data(vm, call, &op_write_count, KP_DISK_REPLACE, 0, bytes->data, bytes->size);
}

kw_result kp_fio_content_writeslice(kw_vm *vm, kw_call *call)
{
    int64_t offset = kw_native_operand(call, 1).as.i;
    const kw_bytes *bytes = kw_native_operand(call, 2).as.bytes;
    if (offset < 0)
        return kw_throw(vm, "FileSystemError", "Offset must be non-negative.");
    return write_data(vm, call, &op_write_slice, KP_DISK_AT, offset, bytes->data, bytes->size);
}
