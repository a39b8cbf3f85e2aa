/* measure.c - CPU time of the benchmark programs of this folder, start-up included.
 *
 *   measure ROUNDS KIWI LUA FOLDER NAME...
 *
 * Runs FOLDER/NAME.kiwi and, if LUA is not empty, FOLDER/NAME.lua by turns, ROUNDS times, and prints
 * the least CPU time (user and system) of each and their ratio.  Both must print the same.
 * Exit code 1: something failed. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096, PATH_SIZE = 4096 };

typedef struct side {
    const char *program, *suffix;
    double best;             /* CPU seconds; negative: not run yet */
    char output[OUTPUT_MAX]; /* what it printed last, cut off */
} side;

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static double children_time(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_CHILDREN, &usage) != 0 ? 0 : seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/* Read all of `fd`, keep the first part in `text`, which gets a NUL. */
static void read_all(int fd, char text[OUTPUT_MAX])
{
    char rest[OUTPUT_MAX];
    size_t size = 0;
    for (;;) {
        bool room = size < OUTPUT_MAX - 1;
        ssize_t n = read(fd, room ? text + size : rest, room ? OUTPUT_MAX - 1 - size : sizeof(rest));
        if (n <= 0)
            break;
        size += room ? (size_t)n : 0;
    }
    text[size] = '\0';
}

/* One run; false: it could not be started or failed. */
static bool run(side *s, const char *script)
{
    int ends[2], status;
    double before = children_time();
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execlp(s->program, s->program, script, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    read_all(ends[0], s->output);
    (void)close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return false;
    double time = children_time() - before;
    s->best = s->best < 0 || time < s->best ? time : s->best;
    return true;
}

/* All rounds of one program: adds the logarithm of the ratio to *sum. */
static bool measure(const char *folder, const char *name, int rounds, side sides[2], double *sum)
{
    int count = *sides[1].program != '\0' ? 2 : 1;
    sides[0].best = sides[1].best = -1;
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            char script[PATH_SIZE];
            int size = snprintf(script, sizeof(script), "%s/%s%s", folder, name, sides[i].suffix);
            if (size >= (int)sizeof(script) || !run(&sides[i], script)) {
                printf("%-12s %s failed\n", name, sides[i].program);
                return false;
            }
        }
    printf("%-12s %8.3f", name, sides[0].best);
    if (count == 2) {
        double ratio = sides[0].best / sides[1].best;
        *sum += log(ratio);
        printf(" %8.3f %8.2f", sides[1].best, ratio);
    }
    puts("");
    if (count == 2 && strcmp(sides[0].output, sides[1].output) != 0) {
        printf("%-12s the results differ: %s", name, sides[0].output);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: measure ROUNDS KIWI LUA FOLDER NAME...\n");
        return 2;
    }
    side sides[2] = {{.program = argv[2], .suffix = ".kiwi"}, {.program = argv[3], .suffix = ".lua"}};
    int rounds = (int)strtol(argv[1], NULL, 10);
    bool ok = rounds > 0, compared = *argv[3] != '\0';
    double sum = 0;
    printf("%-12s %8s%s\n", "program", "CPU s", compared ? "      Lua    ratio" : "");
    for (int i = 5; i < argc && rounds > 0; i++) {
        (void)fflush(stdout);
        ok = measure(argv[4], argv[i], rounds, sides, &sum) && ok;
    }
    if (ok && compared)
        printf("%-12s %26.2f\n", "mean", exp(sum / (argc - 5)));
    return ok ? 0 : 1;
}
