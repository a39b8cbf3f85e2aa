/* struct.c - structs whose methods are natives, and the memory behind their objects.  See package.h. */
#include "config.h"

#include "packages/library.h"

#include "packages/package.h"
#include <assert.h>

static kw_class *new_class(kw_vm *vm, const kp_struct *s)
{
    kw_class *c = kw_class_new(vm, kw_intern_c(vm, s->name));
    for (const kw_native_def *def = s->methods; def->signature != NULL; def++) {
        kw_value method = kw_native_method_new(vm, KW_OBJECT, def);
        kw_native *native = (kw_native *)method.as.obj;
        native->owner = s->package;
        kw_class_add(vm, c, native->name, method, false, false);
    }
    c->header.flags |= KW_CLASS_LIBRARY;
    return c;
}

static int64_t key_of(const kp_struct *s)
{
    return (int64_t)(intptr_t)s;
}

kw_class *kp_struct_class(kw_vm *vm, const kp_struct *s)
{
    kp_host *host = kp_host_of(vm);
    kw_class *c = kb_map_get(&host->classes, key_of(s));
    if (c != NULL)
        return c;
    c = new_class(vm, s);
    kw_vm_pin(vm, kw_of_class(c));
    (void)kb_map_put(&host->classes, key_of(s), c); /* without memory it is made anew */
    return c;
}

/* The declaration of a class that was made here; NULL: none. */
static const kp_struct *declaration_of(kw_vm *vm, const kw_class *c)
{
    size_t at = 0;
    int64_t key = 0;
    for (const kw_class *made; (made = kb_map_next(&kp_host_of(vm)->classes, &at, &key)) != NULL;)
        if (made == c)
            return (const kp_struct *)(intptr_t)key;
    return NULL;
}

kw_value kp_struct_each(kw_vm *vm, const kw_object *object)
{
    const kp_struct *s = declaration_of(vm, object->klass);
    if (s == NULL || s->each == NULL)
        return kw_undef();
    return kp_library_function(vm, s->package->name, s->each);
}

kw_value kp_struct_pointer(kw_vm *vm, const kp_struct *s, void *handle)
{
    assert(handle != NULL); /* NULL says: it is none of the struct's */
    return kw_pointer_new(vm, s->noun, handle, s->mark, s->free);
}

void kp_struct_give_handle(kw_vm *vm, kw_object *object, const kp_struct *s, void *handle)
{
    kw_object_set(vm, object, kw_intern_c(vm, s->field), kp_struct_pointer(vm, s, handle));
}

void *kp_struct_handle_at(kw_value v, const kp_struct *s)
{
    return kw_is(v, KW_POINTER) && v.as.pointer->type == s->noun ? v.as.pointer->data : NULL;
}

void *kp_struct_handle(kw_vm *vm, const kw_call *call, const kp_struct *s)
{
    void *handle = NULL;
    if (kw_is(call->self, KW_OBJECT))
        handle = kp_struct_handle_at(kw_object_get(call->self.as.object, kw_intern_c(vm, s->field)), s);
    if (handle == NULL)
        (void)kw_throw(vm, "InvalidOperationError", "Not a %s.", s->noun);
    return handle;
}
