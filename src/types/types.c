/* types.c - all tables of the layer, and their registration. */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/unicode.h"

/* Methods that the loop does itself. */
static void mark_fast(kw_vm *vm)
{
    static const struct {
        kw_type type;
        kw_fast fast;
        const char *name;
    } rows[] = {
        {KW_LIST, KW_FAST_LIST_PUSH, "push"},       {KW_LIST, KW_FAST_LIST_PUSH, "append"},
        {KW_LIST, KW_FAST_LIST_GET, "get"},         {KW_LIST, KW_FAST_LIST_SIZE, "size"},
        {KW_LIST, KW_FAST_LIST_SIZE, "length"},     {KW_MAP, KW_FAST_MAP_SIZE, "size"},
        {KW_MAP, KW_FAST_MAP_SIZE, "length"},       {KW_STRING, KW_FAST_STRING_SIZE, "size"},
        {KW_STRING, KW_FAST_STRING_SIZE, "length"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        kw_native_mark_fast(vm, rows[i].type, rows[i].name, rows[i].fast);
}

#define EVERY_TYPE (((1U << (KW_GENERATOR + 1)) - 1) & ~(1U << KW_STRUCT))

const kw_types_table kw_types_tables[] = {
    {1U << KW_INT | 1U << KW_FLOAT, kw_number_methods},
    {1U << KW_INT, kw_integer_methods},
    {1U << KW_STRING, kw_string_methods},
    {1U << KW_STRING, kw_string_search_methods},
    {1U << KW_STRING, kw_regex_methods},
    {1U << KW_LIST, kw_list_methods},
    {1U << KW_LIST, kw_list_search_methods},
    {1U << KW_LIST, kw_list_lambda_methods},
    {1U << KW_LIST, kw_list_sort_methods},
    {1U << KW_MAP, kw_map_methods},
    {1U << KW_BYTES, kw_bytes_methods},
    {1U << KW_BYTES, kw_bytes_search_methods},
    {1U << KW_OBJECT, kw_object_methods},
    {1U << KW_STRUCT, kw_enum_methods},
    {1U << KW_LAMBDA, kw_lambda_methods},
    {1U << KW_DATE, kw_date_methods},
    {EVERY_TYPE, kw_convert_methods},
    {EVERY_TYPE, kw_any_methods},
    {0, NULL},
};

void kw_types_register(kw_vm *vm)
{
    assert(kw_unicode_is_sorted());
    for (const kw_types_table *t = kw_types_tables; t->methods != NULL; t++) {
        assert(t->types != 0 && t->types >> (KW_GENERATOR + 1) == 0); /* methods of another type would be lost */
        for (unsigned type = KW_INT; type <= KW_GENERATOR; type++)
            if (t->types & 1U << type)
                kw_native_define_methods(vm, (kw_type)type, t->methods);
    }
    kw_native_define_functions(vm, NULL, kw_global_functions, NULL);
    mark_fast(vm);
}
