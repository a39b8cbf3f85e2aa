/* env.c - package env: the program's arguments and the environment (packages.md, "env"). */
#define _XOPEN_SOURCE 700 /* setenv() beside the rest of POSIX */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "packages/host.h"
#include "packages/packages.h"

extern char **environ;

static kw_result env_args(kw_vm *vm, kw_call *call)
{
    kw_list *list = kw_list_new(vm, (size_t)vm->argc);
    for (int i = 0; list != NULL && i < vm->argc; i++)
        if (!kw_list_push(vm, list, kw_string_c(vm, vm->argv[i])))
            return KW_THROWN;
    return list == NULL ? KW_THROWN : kw_return(call, kw_of_list(list));
}

/* The argument without its prefix --, - or /; the argument itself if it has none. */
static const char *without_prefix(const char *arg)
{
    if (strncmp(arg, "--", 2) == 0)
        return arg + 2;
    return arg[0] == '-' || arg[0] == '/' ? arg + 1 : arg;
}

/* May this argument be the value of the option before it? */
static bool is_value(const char *arg)
{
    return arg[0] != '-' && strncmp(arg, "http://", 7) != 0 && strncmp(arg, "https://", 8) != 0;
}

static bool put(kw_vm *vm, kw_map *map, const char *key, size_t key_size, const char *value)
{
    kw_string *k = kw_string_new(vm, key, key_size);
    return k != NULL && kw_map_set(vm, map, kw_of_string(k), kw_string_c(vm, value));
}

/* The arguments as a hashmap; false: thrown. */
static bool parse_arguments(kw_vm *vm, kw_map *map)
{
    for (int i = 0; i < vm->argc; i++) {
        const char *arg = vm->argv[i], *key = without_prefix(arg);
        const char *equals = strchr(key, '=');
        bool ok;
        if (key != arg && equals != NULL && equals[1] != '\0')
            ok = put(vm, map, key, (size_t)(equals - key), equals + 1);
        else if (key == arg)
            ok = put(vm, map, arg, strlen(arg), arg);
        else if (equals == NULL && i + 1 < vm->argc && is_value(vm->argv[i + 1]))
            ok = put(vm, map, key, strlen(key), vm->argv[++i]);
        else
            ok = put(vm, map, key, strlen(key), "true");
        if (!ok)
            return false;
    }
    return true;
}

static kw_result env_argv(kw_vm *vm, kw_call *call)
{
    kw_map *map = kw_map_new(vm, 0);
    return parse_arguments(vm, map) ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}

static kw_result env_opt(kw_vm *vm, kw_call *call)
{
    kw_map *map = kw_map_new(vm, 0);
    if (!parse_arguments(vm, map))
        return KW_THROWN;
    kw_value *v = kw_map_find(map, kw_arg(call, 0));
    return kw_return(call, v != NULL ? *v : kw_string_c(vm, ""));
}

static kw_result env_get(kw_vm *vm, kw_call *call)
{
    if (!kp_is_type(vm, call, 0, KW_STRING, "__env_getenv__"))
        return KW_THROWN;
    const char *value = getenv(call->args[0].as.string->text);
    return kw_return(call, kw_string_c(vm, value != NULL ? value : ""));
}

static kw_result env_set(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__env_setenv__";
    if (!kp_is_type(vm, call, 0, KW_STRING, name) || !kp_is_type(vm, call, 1, KW_STRING, name))
        return KW_THROWN;
    const char *variable = call->args[0].as.string->text;
    if (setenv(variable, call->args[1].as.string->text, 1) != 0)
        return kw_throw(vm, "SystemError", "Cannot set the environment variable '%s'.", variable);
    return kw_return(call, kw_bool(true));
}

static kw_result env_all(kw_vm *vm, kw_call *call)
{
    kw_map *map = kw_map_new(vm, 0);
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        const char *equals = strchr(*at, '=');
        if (equals != NULL && !put(vm, map, *at, (size_t)(equals - *at), equals + 1))
            return KW_THROWN;
    }
    return kw_return(call, kw_of_map(map));
}

void kp_env_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"args", env_args, 0, 0, "args(): the arguments behind the script, in order"},
        {"argv", env_argv, 0, 0, "argv(): the arguments as a hashmap of options"},
        {"opt", env_opt, 1, 1, "opt(key): argv()[key], or an empty string"},
        {"get", env_get, 1, 1, "get(name): an environment variable, or an empty string"},
        {"set", env_set, 2, 2, "set(name, value): set an environment variable; true"},
        {"all", env_all, 0, 0, "all(): the environment as a hashmap"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "env", functions);
}
