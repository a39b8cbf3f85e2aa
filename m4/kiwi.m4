# kiwi.m4 - our own configure macros.

# KIWI_CC_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each of FLAGS that the compiler accepts without a warning.
AC_DEFUN([KIWI_CC_FLAGS], [
  kiwi_save_cflags=$CFLAGS
  for kiwi_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC accepts $kiwi_flag])
    CFLAGS="$kiwi_save_cflags -Werror $kiwi_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $kiwi_flag"], [AC_MSG_RESULT([no])])
  done
  CFLAGS=$kiwi_save_cflags
])

# KIWI_EXACT_DOUBLES
# A double must be one in registers, too: the x87 keeps more digits, and 0.1 + 0.2 is another number then.
AC_DEFUN([KIWI_EXACT_DOUBLES], [
  kiwi_save_cflags=$CFLAGS
  AC_MSG_CHECKING([for flags that make doubles exact])
  for kiwi_flag in "" "-msse2 -mfpmath=sse" no; do
    CFLAGS="$kiwi_save_cflags $kiwi_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <float.h>
      #if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 1
      #error more than double
      #endif]], [])], [break])
  done
  CFLAGS=$kiwi_save_cflags
  AC_MSG_RESULT([${kiwi_flag:-none needed}])
  AS_IF([test "x$kiwi_flag" = xno],
    [AC_MSG_WARN([this machine computes with more digits than a double has: some results will differ])],
    [KIWI_CFLAGS="$KIWI_CFLAGS $kiwi_flag"])
])

# KIWI_ARG_WERROR
# --enable-werror: warnings are errors. For development; never by default.
AC_DEFUN([KIWI_ARG_WERROR], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])])
  AS_IF([test "x$enable_werror" = xyes], [KIWI_CFLAGS="$KIWI_CFLAGS -Werror"])
])

# KIWI_ARG_SANITIZERS
# --enable-sanitizers[=LIST]: build with -fsanitize=LIST. KIWI_SANITIZERS holds the list for the tests.
AC_DEFUN([KIWI_ARG_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
      [build with sanitizers: address,undefined (default) or thread])],
    [], [enable_sanitizers=no])
  AS_IF([test "x$enable_sanitizers" = xyes], [enable_sanitizers=address,undefined])
  KIWI_SANITIZERS=
  AS_IF([test "x$enable_sanitizers" != xno], [
    KIWI_SANITIZERS=$enable_sanitizers
    kiwi_sanitize=-fsanitize=$enable_sanitizers
    kiwi_save_cflags=$CFLAGS
    CFLAGS="$CFLAGS $kiwi_sanitize"
    AC_MSG_CHECKING([whether $CC links with $kiwi_sanitize])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no]); AC_MSG_ERROR([$CC does not link with $kiwi_sanitize])])
    CFLAGS=$kiwi_save_cflags
    KIWI_CFLAGS="$KIWI_CFLAGS $kiwi_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"
    KIWI_LDFLAGS="$KIWI_LDFLAGS $kiwi_sanitize"
  ])
])

# KIWI_ARG_FUZZING
# --enable-fuzzing: instrument for libFuzzer, with the address and undefined-behaviour sanitizers.
AC_DEFUN([KIWI_ARG_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [build libFuzzer targets for make fuzz (CC=clang)])])
  AS_IF([test "x$enable_fuzzing" = xyes], [
    kiwi_fuzz=-fsanitize=fuzzer-no-link,address,undefined
    kiwi_save_cflags=$CFLAGS
    CFLAGS="$CFLAGS $kiwi_fuzz"
    AC_MSG_CHECKING([whether $CC links with $kiwi_fuzz])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no]); AC_MSG_ERROR([--enable-fuzzing needs clang and its libFuzzer: configure with CC=clang])])
    CFLAGS=$kiwi_save_cflags
    KIWI_CFLAGS="$KIWI_CFLAGS $kiwi_fuzz -fno-sanitize-recover=all -fno-omit-frame-pointer"
    KIWI_LDFLAGS="$KIWI_LDFLAGS $kiwi_fuzz"
  ])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])

# KIWI_ARG_COVERAGE
# --enable-coverage: count executed lines; `make coverage` reports them.
AC_DEFUN([KIWI_ARG_COVERAGE], [
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [measure test coverage (gcov)])])
  AS_IF([test "x$enable_coverage" = xyes], [
    KIWI_CFLAGS="$KIWI_CFLAGS --coverage -O0"
    KIWI_LDFLAGS="$KIWI_LDFLAGS --coverage"
  ])
  AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" = xyes])
])

# KIWI_ARG_GC_STRESS
# --enable-gc-stress: collect garbage at each allocation. Slow; finds values that are not rooted.
AC_DEFUN([KIWI_ARG_GC_STRESS], [
  AC_ARG_ENABLE([gc-stress],
    [AS_HELP_STRING([--enable-gc-stress], [collect garbage at every allocation])])
  AS_IF([test "x$enable_gc_stress" = xyes],
    [AC_DEFINE([KW_GC_STRESS], [1], [Define to collect garbage at every allocation.])
     KIWI_LACKS="$KIWI_LACKS speed" # scripts with much data take minutes
    ])
])

# KIWI_LINK_WRAP
# Does the linker send calls of NAME to __wrap_NAME with --wrap=NAME, and those of __real_NAME to NAME?
AC_DEFUN([KIWI_LINK_WRAP], [
  AC_CACHE_CHECK([whether the linker has --wrap], [kiwi_cv_link_wrap], [
    kiwi_save_ldflags=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--wrap=getpid"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <unistd.h>
      pid_t __real_getpid(void);
      pid_t __wrap_getpid(void);
      pid_t __wrap_getpid(void) { return __real_getpid(); }]], [[return getpid() == 0;]])],
      [kiwi_cv_link_wrap=yes], [kiwi_cv_link_wrap=no])
    LDFLAGS=$kiwi_save_ldflags
  ])
  AS_IF([test "x$kiwi_cv_link_wrap" = xyes],
    [AC_DEFINE([HAVE_LINK_WRAP], [1], [Define if the linker has --wrap.])])
  AM_CONDITIONAL([HAVE_LINK_WRAP], [test "x$kiwi_cv_link_wrap" = xyes])
])

# KIWI_LAZY_TLS
# Is GnuTLS linked (TLS_LIBS, REQUIRES), or opened by dlopen() when TLS is first used (KIWI_GNUTLS_LIBRARY)?
# The second makes every start faster, and needs that the library is found and has the headers' version.
AC_DEFUN([KIWI_LAZY_TLS], [
  AC_ARG_ENABLE([lazy-tls],
    [AS_HELP_STRING([--disable-lazy-tls], [link GnuTLS, instead of loading it when TLS is first used])],
    [], [enable_lazy_tls=yes])
  kiwi_gnutls=no
  AS_IF([test "x$enable_lazy_tls" = xyes], [
    AC_SEARCH_LIBS([dlopen], [dl])
    AC_MSG_CHECKING([for the file of GnuTLS to load])
    kiwi_save_cflags=$CFLAGS
    CFLAGS="$CFLAGS $GNUTLS_CFLAGS"
    for kiwi_file in libgnutls.so.30 libgnutls.30.dylib libgnutls.so; do
      AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <dlfcn.h>
        #include <gnutls/gnutls.h>]], [[
        void *library = dlopen("$kiwi_file", RTLD_LAZY);
        void *address = library ? dlsym(library, "gnutls_check_version") : 0;
        const char *(*check)(const char *);
        if (!address)
          return 1;
        *(void **)&check = address;
        return check(GNUTLS_VERSION) == 0;]])],
        [kiwi_gnutls=$kiwi_file; break], [], [break])
    done
    CFLAGS=$kiwi_save_cflags
    AC_MSG_RESULT([$kiwi_gnutls])
  ])
  AS_IF([test "x$kiwi_gnutls" = xno],
    [TLS_LIBS=$GNUTLS_LIBS REQUIRES="gnutls >= 3.7"],
    [TLS_LIBS= REQUIRES=
     AC_DEFINE_UNQUOTED([KIWI_GNUTLS_LIBRARY], ["$kiwi_gnutls"], [The file of GnuTLS for dlopen().])])
  AC_SUBST([TLS_LIBS])
])
