/* types.h - the methods of the built-in types, and the global functions.
 *
 * Place: types layer, on top of vm.  Each file registers a table of natives per receiver type.
 * Number and types of arguments are checked by their rows (vm/native.h), with the texts of TYPES.md
 * section 3; what has other texts is checked by the functions themselves.  Natives never call scripts:
 * methods that take lambdas hand over to a function of src/stdlib/prelude.kiwi with KW_CALL.
 * Threads: the interpreter thread only. */
#ifndef KW_TYPES_H
#define KW_TYPES_H

#include "vm/vm.h"

/* Define all methods and global functions of this layer; once per vm. */
void kw_types_register(kw_vm *vm);

/* Tables, one a file.  Each has the name of its file, but for those of globals.c and numbers. */
extern const kw_native_def kw_any_methods[], kw_bytes_methods[], kw_bytes_search_methods[], kw_convert_methods[],
    kw_date_methods[], kw_enum_methods[], kw_integer_methods[], kw_lambda_methods[], kw_list_methods[],
    kw_list_lambda_methods[], kw_list_search_methods[], kw_list_sort_methods[], kw_map_methods[], kw_number_methods[],
    kw_object_methods[], kw_regex_methods[], kw_string_methods[], kw_string_search_methods[];
extern const kw_native_def kw_global_functions[];

/* The methods of built-in types. */
typedef struct kw_types_table {
    uint32_t types;               /* a bit for each kw_type that has them */
    const kw_native_def *methods; /* NULL: the end of the tables */
} kw_types_table;
/* The first table that has a name wins: what a type defines itself comes before what all have. */
extern const kw_types_table kw_types_tables[];

#endif
