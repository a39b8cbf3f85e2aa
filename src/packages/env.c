/* env.c - package env: the program's arguments and the environment (PACKAGES.md, "env"). */
#define _XOPEN_SOURCE 700 /* setenv() beside the rest of POSIX */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packages/file.h"
#include "packages/package.h"

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
        bool ok = true;
        if (key == arg)
            ok = put(vm, map, arg, strlen(arg), arg);
        else if (key[0] == '\0') /* the prefix alone says nothing */
            continue;
        else if (equals != NULL && equals[1] != '\0')
            ok = put(vm, map, key, (size_t)(equals - key), equals + 1);
        else if (i + 1 < vm->argc && is_value(vm->argv[i + 1]))
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

static bool is_c_text(const kw_string *s) /* has no NUL in it */
{
    return strlen(s->text) == s->size;
}

static kw_result env_get(kw_vm *vm, kw_call *call)
{
    const kw_string *name = call->args[0].as.string;
    const char *value = is_c_text(name) ? getenv(name->text) : NULL;
    return kw_return(call, kw_string_c(vm, value != NULL ? value : ""));
}

static kw_result env_set(kw_vm *vm, kw_call *call)
{
    const kw_string *variable = call->args[0].as.string, *value = call->args[1].as.string;
    if (!is_c_text(variable) || variable->size == 0 || strchr(variable->text, '=') != NULL)
        return kw_throw(vm, "InvalidOperationError", "Invalid name of an environment variable: '%s'.", variable->text);
    if (!is_c_text(value))
        return kw_throw(vm, "InvalidOperationError",
                        "The value of the environment variable '%s' must not contain a NUL character.", variable->text);
    if (setenv(variable->text, value->text, 1) != 0)
        return kw_throw_memory(vm, variable->size + value->size);
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

/* ---- The installation ------------------------------------------ */

/* The first file `name` in the folders of PATH, as a malloc'ed absolute path; NULL: there is none. */
static char *find_program(kw_vm *vm, const char *name)
{
    const char *path = getenv("PATH");
    kw_port_flush(vm); /* a folder may lie where the system has to wait for it */
    for (const char *at = path, *end; at != NULL; at = *end == ':' ? end + 1 : NULL) {
        end = at + strcspn(at, ":");
        kw_string *full = kw_string_format(vm, "%.*s/%s", (int)(end - at), at, name);
        if (full != NULL && access(full->text, X_OK) == 0)
            return kp_file_real_path(vm, full->text);
    }
    return NULL;
}

/* The path of the running program: as the system tells it, else by how it was called.  NULL: thrown. */
static kw_string *program_path(kw_vm *vm)
{
    char real[4096];
    ssize_t size = readlink("/proc/self/exe", real, sizeof(real));
    if (size > 0 && size < (ssize_t)sizeof(real))
        return kw_string_new(vm, real, (size_t)size);
    const char *command = vm->command->text;
    char *path = strchr(command, '/') != NULL ? kp_file_real_path(vm, command) : find_program(vm, command);
    const char *known = path != NULL ? path : command;
    kw_string *s = kw_string_new(vm, known, strlen(known));
    free(path);
    return s;
}

static kw_result env_bin(kw_vm *vm, kw_call *call)
{
    kw_string *path = program_path(vm);
    return path != NULL ? kw_return(call, kw_of_string(path)) : KW_THROWN;
}

/* The folder of the library: the one that was asked for, else ../lib as seen from the program's. */
static kw_result env_lib(kw_vm *vm, kw_call *call)
{
    if (vm->stdlib_path != NULL)
        return kw_return(call, kw_of_string(vm->stdlib_path));
    kw_string *program = program_path(vm);
    if (program == NULL)
        return KW_THROWN;
    size_t size = program->size;
    for (int up = 0; up < 2 && size > 0; up++) /* bin/kiwi goes */
        do
            size--;
        while (size > 0 && program->text[size] != '/');
    kw_string *path = kw_string_format(vm, "%.*s/lib", (int)size, program->text);
    return path != NULL ? kw_return(call, kw_of_string(path)) : KW_THROWN;
}

/* ---- Registration ------------------------------------------ */

/* clang-format off */
static const kw_native_def functions[] = {
    {"args(): list", env_args, "The arguments behind the script, in order.", "println env::args()  # => []"},
    {"argv(): hashmap", env_argv, "The arguments as a hashmap of options: `--key=value`, `--key value`, `--key`.",
     "println env::argv()  # => {}", "__env_argv__/0"},
    {"opt(key: string): string", env_opt, "The value of an option; an empty string where it is missing.",
     "println env::opt(\"port\").size()  # => 0", "__env_xarg__/1"},
    {"get(name: string): string", env_get, "An environment variable; an empty string where it is missing.",
     "println env::get(\"NO_SUCH_VARIABLE\").size()  # => 0", "__env_getenv__/1"},
    {"set(name: string, value: string): boolean", env_set, "Set an environment variable of this process; true.",
     "env::set(\"MODE\", \"test\")\nprintln env::get(\"MODE\")  # => test", "__env_setenv__/2", KW_CHECK_ALL,
     "env::set"},
    {"all(): hashmap", env_all, "The whole environment.", "println typeof(env::all())  # => hashmap",
     "__env_getall__/0"},
    {"bin(): string", env_bin, "The path of the interpreter.", "println env::bin().size() > 0  # => true",
     "__env_bin__/0"},
    {"lib(): string", env_lib, "The folder of the standard library.", "println env::lib().ends_with(\"lib\")",
     "__env_lib__/0"},
    {NULL},
};
/* clang-format on */

const kp_package kp_env = {
    .name = "env",
    .about = "Arguments of the script, and its environment.",
    .functions = functions,
};
