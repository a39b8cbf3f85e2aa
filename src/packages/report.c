/* report.c - see report.h. */
#include "config.h"

#include "packages/report.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packages/host.h"

enum { AGE_US = 10000000, PURGE = 4096 };

void kp_report_init(kp_report *r)
{
    const char *wish = getenv("KIWI_TASK_WARNINGS");
    *r = (kp_report){.wanted = wish == NULL || strcmp(wish, "0") != 0, .purge_at = PURGE};
    kb_map_init(&r->sockets);
}

void kp_report_fini(kp_report *r)
{
    kb_map_fini(&r->sockets);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

/* A place as a person would name it who works in the folder of the script. */
static void put_place(FILE *to, const kw_vm *vm, const char *before, const kw_string *file, uint32_t line)
{
    if (file == NULL)
        return;
    const kw_string *dir = vm->script_dir;
    const char *name = file->text;
    if (dir != NULL && strncmp(name, dir->text, dir->size) == 0 && name[dir->size] == '/')
        name += dir->size + 1;
    fprintf(to, *name != '\0' ? "%s%s:%lu" : "%s%sline %lu", before, name, (unsigned long)line);
}

/* What failed, in brackets; nothing of a task of which nothing is known. */
static void put_what(FILE *to, const kw_vm *vm, const kiwi_unseen *u, const kw_origin *o)
{
    const char *before = " (";
    if (u->what != NULL) {
        fprintf(to, " (%s", u->what);
        if (u->socket != 0)
            fprintf(to, " on socket %lld", (long long)u->socket);
        before = ", ";
    }
    if (o != NULL && o->name != NULL) {
        fprintf(to, "%s%s", before, o->name->text);
        before = ", ";
    }
    if (o != NULL && o->start_file != NULL) {
        fputs(before, to);
        put_place(to, vm, "started ", o->start_file, o->start_line);
        before = ", ";
    }
    if (before[0] == ',')
        fputc(')', to);
}

static void put_error(FILE *to, const kw_vm *vm, const kw_string *message, const kw_origin *o)
{
    fprintf(to, "%s: ", o != NULL ? o->type->text : "SystemError");
    (void)fwrite(message->text, 1, message->size, to);
    if (o == NULL)
        return;
    put_place(to, vm, " at ", o->file, o->line);
    while ((o = kw_origin_of(vm, o->cause)) != NULL) { /* the tasks that it had awaited */
        fprintf(to, ", from task %lld: %s", (long long)o->task, o->type->text);
        put_place(to, vm, " at ", o->file, o->line);
    }
}

/* `how` it failed. */
static void tell(kp_host *host, const kiwi_unseen *u, const char *how, const char *peer)
{
    kw_vm *vm = host->vm;
    const kw_string *message = kp_leftovers_message(&host->leftovers, u->fault.id);
    const kw_origin *o = kw_origin_of(vm, message);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return;
    fprintf(to, "warning: task %lld", (long long)u->fault.id);
    put_what(to, vm, u, o);
    fprintf(to, " failed, %s%s: ", how, peer);
    if (message != NULL)
        put_error(to, vm, message, o);
    else
        fprintf(to, "SystemError: %s", u->fault.message);
    fputc('\n', to);
    if (fclose(to) == 0)
        (void)kw_out(vm, 2, text, size);
    free(text);
}

/* ---- Which ones ------------------------------------------------------------------------------ */

/* No operation of a closed socket can fail any more. */
static void purge(kp_report *r, kiwi_net *net)
{
    kb_map open;
    size_t at = 0;
    int64_t id;
    kb_map_init(&open);
    while (kb_map_next(&r->sockets, &at, &id) != NULL)
        if (kiwi_task_status(net, id) != KIWI_TASK_UNKNOWN)
            (void)kb_map_put(&open, id, r);
    kb_map_fini(&r->sockets);
    r->sockets = open;
    r->purge_at = 2 * open.count + PURGE;
}

/* Has nothing been told of the socket before? */
static bool is_first(kp_report *r, kiwi_net *net, kiwi_id socket)
{
    if (kb_map_get(&r->sockets, socket) != NULL)
        return false;
    if (r->sockets.count >= r->purge_at)
        purge(r, net);
    (void)kb_map_put(&r->sockets, socket, r); /* else it may be told again */
    return true;
}

static void tell_all(kp_report *r, kp_host *host, int64_t age_us)
{
    assert(host->net != NULL);
    kiwi_unseen u;
    while (kiwi_task_unseen(host->net, age_us, &u, NULL))
        if (u.socket == 0 || is_first(r, host->net, u.socket))
            tell(host, &u, age_us > 0 && !u.forgotten ? "not awaited yet" : "nobody awaited it", "");
}

int64_t kp_report_due_us(const kp_report *r, kiwi_net *net)
{
    int64_t due_us = -1;
    if (r->wanted)
        (void)kiwi_task_unseen(net, AGE_US, NULL, &due_us);
    return due_us;
}

void kp_report_due(kp_report *r, kp_host *host)
{
    if (r->wanted)
        tell_all(r, host, AGE_US);
}

void kp_report_served(kw_vm *vm, kiwi_id id, const char *peer)
{
    kp_host *host = kp_host_of(vm);
    kiwi_unseen u = {0};
    if (host->report.wanted && kiwi_task_peek(host->net, id, &u.fault) == 0 && u.fault.state == KIWI_TASK_FAULTED)
        tell(host, &u, "it served ", peer);
}

void kp_report_all(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    if (host->net != NULL && host->report.wanted)
        tell_all(&host->report, host, 0);
}
