/* check_index.c - everything a script can call is told: each entry of the index has a sentence and an example
 * that does what it says, and each signature can be parsed. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

#include "kiwi/kiwi.h"
#include "packages/index.h"
#include "packages/package.h"
#include "types/types.h"

enum { MOST = 4096, TEXT_SIZE = 1 << 14, WRONG = 41, LIMIT_S = 30 };

static kp_entry entries[MOST];
static size_t entry_count;

static void take(const kp_entry *e, void *context)
{
    (void)context;
    bool callable = e->kind == KP_FUNCTION_ENTRY || e->kind == KP_METHOD_ENTRY;
    if (callable && entry_count < MOST)
        entries[entry_count++] = *e;
}

static const char *title(const kp_entry *e)
{
    static char text[512];
    (void)snprintf(text, sizeof(text), "%s %s %s", e->place, e->owner != NULL ? e->owner : "", e->signature);
    return text;
}

/* ---- Examples ---------------------------------------------------------------------------------------- */

/* The lines that an example says it prints: what follows "# => ". */
static void promised(const char *example, char out[TEXT_SIZE])
{
    static const char mark[] = "# => ";
    size_t size = 0;
    for (const char *at = example; (at = strstr(at, mark)) != NULL;) {
        at += sizeof(mark) - 1;
        size_t line = strcspn(at, "\n");
        memcpy(out + size, at, line);
        size += line;
        out[size++] = '\n';
    }
    out[size] = '\0';
}

static _Noreturn void run_child(const kp_entry *e)
{
    char text[TEXT_SIZE];
    (void)snprintf(text, sizeof(text), "%s\n%s\n", e->setup != NULL ? e->setup : "", e->example);
    kiwi_vm *vm = NULL;
    if (kiwi_vm_new(NULL, &vm) != 0)
        _exit(WRONG);
    int code = kiwi_run_text(vm, "", text, strlen(text));
    kiwi_vm_free(vm);
    _exit(code);
}

static void read_all(int fd, char out[TEXT_SIZE])
{
    size_t size = 0;
    ssize_t n;
    while (size < TEXT_SIZE - 1 && (n = read(fd, out + size, TEXT_SIZE - 1 - size)) > 0)
        size += (size_t)n;
    out[size] = '\0';
    (void)close(fd);
}

/* Run it with what it prints, errors too, in `out`; standard input is empty.  Returns its exit code. */
static int run_example(const kp_entry *e, char out[TEXT_SIZE])
{
    int ends[2], status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0 || close(STDIN_FILENO) != 0 ||
            fopen("/dev/null", "r") == NULL)
            _exit(WRONG);
        (void)alarm(LIMIT_S);
        run_child(e);
    }
    (void)close(ends[1]);
    read_all(ends[0], out);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

START_TEST(an_entry_is_told_and_its_example_runs)
{
    static char out[TEXT_SIZE], want[TEXT_SIZE];
    const kp_entry *e = &entries[_i];
    if (e->example == NULL && e->about == NULL) /* of a package written in Kiwi, without a comment */
        return;
    ck_assert_msg(e->about != NULL && e->about[0] != '\0', "no sentence: %s", title(e));
    ck_assert_msg(e->example != NULL, "no example: %s", title(e));
    int code = run_example(e, out);
    if (strstr(out, "is not available: this build") != NULL || strstr(out, "this build has no") != NULL ||
        strstr(out, "NotAvailableError") != NULL)
        return; /* made without a library it needs */
    ck_assert_msg(code == 0, "exit code %d: %s\n%s\n%s", code, title(e), e->example, out);
    promised(e->example, want);
    ck_assert_msg(want[0] == '\0' || strcmp(out, want) == 0, "%s\n%s\nprinted:\n%s", title(e), e->example, out);
}
END_TEST

/* ---- Signatures -------------------------------------------------------------------------------------- */

static void parse_rows(const kw_native_def *rows)
{
    for (; rows != NULL && rows->signature != NULL; rows++) {
        kw_signature s;
        const char *at = NULL;
        bool parsed = kw_signature_parse(NULL, rows->signature, &s, &at);
        ck_assert_msg(parsed, "%s: at `%s`", rows->signature, at);
        kw_signature_free(&s);
    }
}

START_TEST(every_signature_can_be_parsed)
{
    parse_rows(kw_global_functions);
    for (const kw_types_table *t = kw_types_tables; t->methods != NULL; t++)
        parse_rows(t->methods);
    for (size_t i = 0; i < kp_package_count; i++) {
        const kp_package *p = kp_packages[i];
        parse_rows(p->functions);
        parse_rows(p->globals);
        for (const kp_struct *const *s = p->structs; s != NULL && *s != NULL; s++)
            parse_rows((*s)->methods);
    }
}
END_TEST

START_TEST(what_is_no_signature_is_refused)
{
    static const char *const texts[] = {"",      "f",      "f(",         "f(a", "f(a: wrong)", "f(a: integer = )",
                                        "f(a,)", "f(a) b", "f(a: task<)"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        kw_signature s;
        const char *at = NULL;
        ck_assert_msg(!kw_signature_parse(NULL, texts[i], &s, &at) && at != NULL, "%s", texts[i]);
    }
}
END_TEST

int main(void)
{
    kp_index_each(take, NULL);
    Suite *suite = suite_create("index");
    TCase *tcase = tcase_create("index");
    tcase_set_timeout(tcase, 2 * LIMIT_S);
    tcase_add_test(tcase, every_signature_can_be_parsed);
    tcase_add_test(tcase, what_is_no_signature_is_refused);
    tcase_add_loop_test(tcase, an_entry_is_told_and_its_example_runs, 0, (int)entry_count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
