/* import.c - import, include, export and require: packages of the library and files (PACKAGES.md
 * section 1). */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packages/file.h"
#include "packages/host.h"
#include "packages/packages.h"
#include "vm/chunk.h"

enum { IMPORT, INCLUDE, EXPORT, REQUIRE }; /* operand C of the instruction */

static const char *const extensions[] = {".min.kiwi", ".kiwi", ".min.\xF0\x9F\xA5\x9D", ".\xF0\x9F\xA5\x9D"};
enum { EXTENSIONS = sizeof(extensions) / sizeof(extensions[0]) };

/* ---- Files ----------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* `folder`/`name` (folder NULL or name absolute: name alone), with the first extension that makes
 * it a file. */
static kw_string *find_file(kw_vm *vm, const char *folder, const char *name, bool as_is)
{
    bool alone = folder == NULL || name[0] == '/';
    for (int i = as_is ? -1 : 0; i < EXTENSIONS; i++) {
        kw_string *path =
            kw_string_format(vm, "%s%s%s%s", alone ? "" : folder, alone ? "" : "/", name, i < 0 ? "" : extensions[i]);
        if (path != NULL && kp_file_is_file(vm, path->text))
            return path;
    }
    return NULL;
}

static kw_string *folder_of(kw_vm *vm, kw_string *file)
{
    const char *slash = strrchr(file->text, '/');
    return slash == NULL ? kw_intern_c(vm, ".") : kw_intern(vm, file->text, (size_t)(slash - file->text));
}

static bool is_relative(const char *name)
{
    return strncmp(name, "./", 2) == 0 || strncmp(name, "../", 3) == 0;
}

/* The system's calls would take such a name for the part before the NUL. */
static bool has_nul(const kw_string *name)
{
    return memchr(name->text, '\0', name->size) != NULL;
}

/* The name for an error text, with NUL bytes as they are written in a script. */
static const char *shown(kw_vm *vm, const kw_string *name)
{
    if (!has_nul(name))
        return name->text;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < name->size; i++) {
        if (name->text[i] == '\0')
            kw_buf_puts(&buf, "\\u0000");
        else
            kw_buf_putc(&buf, name->text[i]);
    }
    const kw_string *text = kw_buf_string(vm, &buf);
    return text != NULL ? text->text : name->text;
}

bool kp_import_has_extension(const char *name)
{
    return ends_with(name, ".kiwi") || ends_with(name, extensions[3]);
}

static kw_string *find_include(kw_vm *vm, const kw_string *what, kw_string *importer)
{
    if (has_nul(what))
        return NULL;
    const char *name = what->text;
    bool full = kp_import_has_extension(name);
    kw_string *folder = importer->size > 0 ? folder_of(vm, importer) : NULL;
    kw_string *path = NULL;
    if (!is_relative(name))
        path = find_file(vm, NULL, name, full);
    return path != NULL ? path : find_file(vm, folder != NULL ? folder->text : NULL, name, full);
}

static kw_string *find_import(kw_vm *vm, const char *name)
{
    if (kp_import_has_extension(name) && kp_file_is_file(vm, name))
        return kw_intern_c(vm, name);
    return find_file(vm, vm->script_dir != NULL ? vm->script_dir->text : NULL, name, kp_import_has_extension(name));
}

kw_proto *kp_import_load_file(kw_vm *vm, kw_string *path)
{
    char *real = kp_file_real_path(vm, path->text);
    kw_string *name = real != NULL ? kw_intern_c(vm, real) : path;
    free(real);
    if (kw_map_find_string(vm->included, name) != NULL)
        return NULL;
    char *text;
    size_t size;
    if (!kp_file_read(vm, name->text, &text, &size)) {
        char why[96];
        kw_throw(vm, "FileReadError", "Cannot read %s: %s", name->text, kb_error_errno_text(errno, why, sizeof(why)));
        return NULL;
    }
    kw_proto *p = vm->hooks.compile(vm, name, text, size, KW_TEXT_PROGRAM);
    free(text);
    /* only now, or a file with a syntax error would count as one that ran */
    if (p != NULL && !kw_map_set(vm, vm->included, kw_of_string(name), kw_bool(true)))
        return NULL;
    return p;
}

/* ---- Packages -------------------------------------------------------------------------------- */

static bool known_package(kw_vm *vm, kw_string *name, kw_value *value)
{
    kw_global *g = kw_names_global_at(vm, kw_intern(vm, name->text, name->size));
    if (!(g->means & KW_MEANS_PACKAGE))
        (void)kp_registry_load(vm, g->name, g->name);
    if (!(g->means & KW_MEANS_PACKAGE))
        return false;
    *value = g->package;
    return true;
}

static unsigned words_of(kw_opcode op)
{
    static const char *const formats[] = {
#define FORMAT(name, format, meaning) #format,
        KW_OPCODES(FORMAT)
#undef FORMAT
    };
    const char *extra = strchr(formats[op], 'W');
    return extra == NULL ? 1 : extra[1] == '2' ? 3 : 2;
}

/* A reference to the first package that the file's code defines, or null. */
static kw_value first_package(kw_vm *vm, const kw_proto *p)
{
    for (uint32_t i = 0; i < p->code_count; i += words_of(kw_i_op(p->code[i])))
        if (kw_i_op(p->code[i]) == OP_DEFPACKAGE)
            return kw_package_new(vm, p->globals[kw_i_bx(p->code[i])]->name);
    return kw_null();
}

static kw_proto *include(kw_vm *vm, kw_value what, kw_string *importer, kw_value *value)
{
    if (!kw_is(what, KW_STRING)) {
        kw_throw(vm, "InvalidOperationError", "Include path must be a string.");
        return NULL;
    }
    kw_string *path = find_include(vm, what.as.string, importer);
    if (path == NULL) {
        kw_throw(vm, "InvalidOperationError", "File not found: %s", shown(vm, what.as.string));
        return NULL;
    }
    kw_proto *p = kp_import_load_file(vm, path);
    if (p != NULL)
        *value = first_package(vm, p);
    return p;
}

kw_proto *kp_import(kw_vm *vm, int kind, kw_value what, kw_string *importer, kw_value *value)
{
    *value = kw_null();
    if (kind == INCLUDE)
        return include(vm, what, importer, value);
    if (!kw_is(what, KW_STRING)) {
        (void)kw_throw_known(vm, KW_E_IMPORT_NAME, NULL, NULL);
        return NULL;
    }
    kw_string *name = what.as.string;
    bool nul = has_nul(name);
    if (!nul && (known_package(vm, name, value) || vm->error.type != NULL))
        return NULL;
    kw_string *path = kind == REQUIRE || nul ? NULL : find_import(vm, name->text);
    if (path == NULL) {
        kw_throw(vm, "PackageUndefinedError", "The package is undefined: '%s'", shown(vm, name));
        return NULL;
    }
    *value = kw_package_new(vm, name);
    return kp_import_load_file(vm, path);
}
