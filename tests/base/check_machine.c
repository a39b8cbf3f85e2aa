/* check_machine.c - base/machine: the limits of control groups of both versions, wherever they are
 * told. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/machine.h"
#include "support/suite.h"

static char root[] = "/tmp/check_machine.XXXXXX";

/* Write a file below `root`, with the folders that it is in. */
static void put(const char *name, const char *text)
{
    char path[512];
    for (const char *slash = strchr(name + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(path, sizeof(path), "%s%.*s", root, (int)(slash - name), name);
        (void)mkdir(path, 0700);
    }
    (void)snprintf(path, sizeof(path), "%s%s", root, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_all(void)
{
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(without_groups_it_is_a_part_of_the_machine)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_eq(kb_machine_memory_allowed(root), all / 4 * 3);
    put("/proc/self/cgroup", "0::/a\n");
    put("/sys/fs/cgroup/a/memory.max", "max\n");
    ck_assert_uint_eq(kb_machine_memory_allowed(root), all / 4 * 3);
    remove_all();
}
END_TEST

START_TEST(the_least_limit_of_the_groups_around_counts)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    put("/proc/self/cgroup", "0::/outer/inner\n");
    put("/sys/fs/cgroup/outer/memory.max", "10000000\n");
    put("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
    ck_assert_uint_eq(kb_machine_memory_allowed(root), 8000000);
    put("/sys/fs/cgroup/outer/inner/memory.max", "5000000\n");
    ck_assert_uint_eq(kb_machine_memory_allowed(root), 4000000);
    remove_all();
}
END_TEST

START_TEST(groups_of_the_first_version_tell_theirs)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    put("/proc/self/cgroup", "5:cpu,cpuacct:/c\n4:hugetlb,memory:/not/seen/here\n0::/\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "20000000\n");
    put("/sys/fs/cgroup/cpu/memory.limit_in_bytes", "5\n");
    ck_assert_uint_eq(kb_machine_memory_allowed(root), 16000000);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_eq(kb_machine_memory_allowed(root), all / 4 * 3);
    remove_all();
}
END_TEST

START_TEST(memory_can_be_released_at_any_time)
{
    kb_machine_memory_release();
    void *block = malloc(1 << 20);
    kb_machine_memory_release();
    free(block);
    kb_machine_memory_release();
}
END_TEST

SUITE_MAIN("machine", 20, without_groups_it_is_a_part_of_the_machine, the_least_limit_of_the_groups_around_counts,
           groups_of_the_first_version_tell_theirs, memory_can_be_released_at_any_time)
