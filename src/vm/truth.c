/* truth.c - what counts as true. */
#include "config.h"

#include "vm/object.h"

bool kw_truth_of(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_INT:
    case KW_DATE: return v.as.i != 0;
    case KW_FLOAT: return v.as.f != 0.0;
    case KW_BOOL: return v.as.i != 0;
    case KW_STRING: return v.as.string->size != 0;
    case KW_LIST: return v.as.list->count != 0;
    case KW_MAP: return v.as.map->count != 0;
    case KW_BYTES: return v.as.bytes->size != 0;
    case KW_OBJECT:
    case KW_LAMBDA: return true;
    default: return false;
    }
}

bool kw_truth_not(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_STRUCT:
    case KW_POINTER:
    case KW_GENERATOR:
    case KW_PACKAGE: return false;
    default: return !kw_truth_of(v);
    }
}
