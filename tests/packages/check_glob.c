/* check_glob.c - packages/glob and pathname: patterns and paths as texts. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "packages/glob.h"
#include "packages/pathname.h"
#include "support/suite.h"

START_TEST(patterns_match_names)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } rows[] = {
        {"*", "a", true},
        {"*", "a/b", false},
        {"*.txt", "a.txt", true},
        {"*.txt", ".txt", true},
        {"*.txt", "a.txt.bak", false},
        {"a*b*c", "a-b-c", true},
        {"a*b*c", "a-b-d", false},
        {"a*b*c", "abbbbc", true},
        {"**", "a", true},
        {"**", "a/b/c", true},
        {"**/*", "a", true},
        {"**/*.txt", "a.txt", true},
        {"**/*.txt", "x/y/a.txt", true},
        {"**/*.txt", "x/y/a.log", false},
        {"x/**", "x/y/a", true},
        {"x/**", "y/x", false},
        {"x/**/a", "x/a", true},
        {"x/**/a", "x/1/2/a", true},
        {"x/**/a", "x/1/2/b", false},
        {"**/b/*.c", "a/b/b/x.c", true},
        {"**/b/*/d", "a/b/b/b/d", true},
        {"*/b", "a/b", true},
        {"*/b", "b", false},
        {"./a", "a", true},
        {"/a", "a", true},
        {"a/", "a/b", true},
        {"a/", "a/b/c", true},
        {"a/", "a", false},
        {"", "a", false},
        {"a", "", false},
        {"A", "a", false},
        {"a**b", "a-b", true},
        {"a**b", "a/b", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(kp_glob_matches(rows[i].pattern, rows[i].name) == rows[i].matches, "%s: %s", rows[i].pattern,
                      rows[i].name);
}
END_TEST

/* A pattern that a backtracking matcher takes for ever on. */
START_TEST(many_stars_take_no_time)
{
    char name[4001];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert(!kp_glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
    for (size_t i = 1; i < sizeof(name) - 1; i += 2)
        name[i] = '/';
    ck_assert(!kp_glob_matches("**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b", name));
}
END_TEST

static void expect(char *path, const char *wanted)
{
    ck_assert_ptr_nonnull(path);
    ck_assert_str_eq(path, wanted);
    free(path);
}

START_TEST(paths_are_joined_and_made_absolute)
{
    expect(kp_pathname_join("a", "b"), "a/b");
    expect(kp_pathname_join("a/", "b"), "a/b");
    expect(kp_pathname_join("a", "/b"), "/b");
    expect(kp_pathname_join("", "b"), "b");
    expect(kp_pathname_join("a", ""), "a");
    expect(kp_pathname_join("", ""), "");
    expect(kp_pathname_absolute("/x", "y"), "/x/y");
    expect(kp_pathname_absolute("/x", "/a/../b/./c//d/"), "/b/c/d/");
    expect(kp_pathname_absolute("/x", "../../.."), "/");
    expect(kp_pathname_absolute("/x", "."), "/x");
    expect(kp_pathname_absolute("/", "."), "/");
    expect(kp_pathname_absolute("/x", "a/.."), "/x");
    expect(kp_pathname_absolute("/x", "a/../"), "/x/");
    expect(kp_pathname_absolute("/x", "..."), "/x/...");
    expect(kp_pathname_absolute("/x", ".a/..b"), "/x/.a/..b");
    expect(kp_pathname_absolute("/x", "//"), "/");
}
END_TEST

START_TEST(paths_have_parts)
{
    ck_assert_str_eq(kp_pathname_name("/a/b.c"), "b.c");
    ck_assert_str_eq(kp_pathname_name("/a/"), "");
    ck_assert_str_eq(kp_pathname_name("a"), "a");
    ck_assert_str_eq(kp_pathname_extension("a.b/c"), "");
    ck_assert_str_eq(kp_pathname_extension("a.tar.gz"), ".gz");
    ck_assert_str_eq(kp_pathname_extension(".bashrc"), ".bashrc");
    ck_assert_str_eq(kp_pathname_extension("a."), "");
    ck_assert_uint_eq(kp_pathname_parent("/"), 0);
    ck_assert_uint_eq(kp_pathname_parent("/a"), 1);
    ck_assert_uint_eq(kp_pathname_parent("/a/b"), 2);
    ck_assert_uint_eq(kp_pathname_parent("/a/b/"), 4);
}
END_TEST

SUITE_MAIN("glob", 10, patterns_match_names, many_stars_take_no_time, paths_are_joined_and_made_absolute,
           paths_have_parts)
