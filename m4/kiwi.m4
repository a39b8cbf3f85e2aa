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

# KIWI_LIBRARY(PREFIX, MODULES, INCLUDE, IF-THERE, IF-NOT)
# PKG_CHECK_MODULES, and a program with INCLUDE compiles and links: what pkg-config knows may be
# another C library's (CC=musl-gcc) or another machine's.
AC_DEFUN([KIWI_LIBRARY], [
  kiwi_links=no
  PKG_CHECK_MODULES([$1], [$2], [
    kiwi_save_cflags=$CFLAGS kiwi_save_libs=$LIBS
    CFLAGS="$CFLAGS $$1_CFLAGS" LIBS="$$1_LIBS $LIBS"
    AC_MSG_CHECKING([whether $CC compiles and links with it])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[$3]], [])], [kiwi_links=yes])
    AC_MSG_RESULT([$kiwi_links])
    CFLAGS=$kiwi_save_cflags LIBS=$kiwi_save_libs
  ], [:])
  AS_IF([test "x$kiwi_links" = xyes], [$4], [$1_CFLAGS= $1_LIBS=; $5])
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

# KIWI_ARG_DEBUG_LOCKS
# --enable-debug-locks: check the order of locks, and that they are held where they must be. On in builds with
# sanitizers. After KIWI_ARG_SANITIZERS.
AC_DEFUN([KIWI_ARG_DEBUG_LOCKS], [
  AC_ARG_ENABLE([debug-locks],
    [AS_HELP_STRING([--enable-debug-locks], [check the order of locks while the program runs])],
    [], [AS_IF([test "x$KIWI_SANITIZERS" != x], [enable_debug_locks=yes], [enable_debug_locks=no])])
  AS_IF([test "x$enable_debug_locks" = xyes],
    [AC_DEFINE([KIWI_DEBUG_LOCKS], [1], [Define to check the order of locks.])])
])

# KIWI_ARG_DEBUG_HEAP
# --enable-debug-heap: check the whole heap before and after every collection; on in builds with sanitizers, there at every
# 16th: each check takes about as long as a collection. The loop of vm/loop.c checks operands as well.
# After KIWI_ARG_SANITIZERS.
AC_DEFUN([KIWI_ARG_DEBUG_HEAP], [
  AC_ARG_ENABLE([debug-heap],
    [AS_HELP_STRING([--enable-debug-heap], [check the heap before and after every collection])],
    [], [AS_IF([test "x$KIWI_SANITIZERS" != x], [enable_debug_heap=16], [enable_debug_heap=no])])
  AS_IF([test "x$enable_debug_heap" = xyes], [enable_debug_heap=1])
  AS_IF([test "x$enable_debug_heap" != xno],
    [AC_DEFINE_UNQUOTED([KIWI_DEBUG_HEAP], [$enable_debug_heap],
      [Define to check the heap at every so many collections.])])
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

# KIWI_LIBRARY_FILE(VARIABLE, NAME, FILES, FUNCTION, [INCLUDES], [TEST])
# The first of FILES that dlopen() opens and that has FUNCTION into VARIABLE, else no. TEST, over its `address`, must
# hold, too: has the library the headers' version?
AC_DEFUN([KIWI_LIBRARY_FILE], [
  $1=no
  AC_MSG_CHECKING([for the file of $2 to load])
  for kiwi_file in $3; do
    AS_IF([test "x$ac_cv_func_dlopen" = xno], [break])
    AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <dlfcn.h>]
      [$5]], [[
      void *library = dlopen("$kiwi_file", RTLD_LAZY);
      void *address = library ? dlsym(library, "$4") : 0;
      return !(address && (]m4_default([$6], [1])[));]])],
      [$1=$kiwi_file; break], [], [break])
  done
  AC_MSG_RESULT([$$1])
])

# KIWI_OPENED_LIBRARY(NAME, WHAT, HEADER, FILES, FUNCTION)
# A library that is opened when WHAT is first used: HAVE_NAME, KIWI_NAME_LIBRARY and a conditional if HEADER and one
# of FILES with FUNCTION are there, unless --without-NAME says no; else NAME is among KIWI_LACKS.
AC_DEFUN([KIWI_OPENED_LIBRARY], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--without-$1], [leave out $2 (default: if the library is there)])],
    [], [with_$1=check])
  kiwi_file_of_$1=no
  AS_IF([test "x$with_$1" != xno],
    [AC_CHECK_HEADER([$3], [KIWI_LIBRARY_FILE([kiwi_file_of_$1], [$1], [$4], [$5])])
     AS_IF([test "x$with_$1:$kiwi_file_of_$1" = xyes:no],
       [AC_MSG_ERROR([--with-$1 was given, but there is no $1 with its header $3])])])
  AS_IF([test "x$kiwi_file_of_$1" = xno],
    [KIWI_LACKS="$KIWI_LACKS $1"],
    [AC_DEFINE([HAVE_]m4_toupper([$1]), [1], [Define for $2.])
     AC_DEFINE_UNQUOTED([KIWI_]m4_toupper([$1])[_LIBRARY], ["$kiwi_file_of_$1"], [The file of $1 for dlopen().])])
  AM_CONDITIONAL([HAVE_]m4_toupper([$1]), [test "x$kiwi_file_of_$1" != xno])
])

# KIWI_LIBRARY_AT_USE(WORD, NAME, HEADER, FILES, FUNCTION, LACK)
# A library that is opened when it is first needed: KIWI_WORD_LIBRARY is its file, where that and HEADER are there; else
# the build lacks LACK, for the tests.
AC_DEFUN([KIWI_LIBRARY_AT_USE], [
  kiwi_at_use=no
  AC_CHECK_HEADER([$3], [KIWI_LIBRARY_FILE([kiwi_at_use], [$2], [$4], [$5])])
  AS_IF([test "x$kiwi_at_use" = xno],
    [AC_MSG_WARN([no $2: the functions that need it will say so])
     KIWI_LACKS="$KIWI_LACKS $6"],
    [AC_DEFINE_UNQUOTED([KIWI_$1_LIBRARY], ["$kiwi_at_use"], [The file of $2 for dlopen().])])
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
    kiwi_save_cflags=$CFLAGS
    CFLAGS="$CFLAGS $GNUTLS_CFLAGS"
    KIWI_LIBRARY_FILE([kiwi_gnutls], [GnuTLS], [libgnutls.so.30 libgnutls.30.dylib libgnutls.so],
      [gnutls_check_version], [#include <gnutls/gnutls.h>],
      [((const char *(*)(const char *))address)(GNUTLS_VERSION) != 0])
    CFLAGS=$kiwi_save_cflags
  ])
  AS_IF([test "x$kiwi_gnutls" = xno],
    [TLS_LIBS=$GNUTLS_LIBS REQUIRES="gnutls >= 3.7"],
    [TLS_LIBS= REQUIRES=
     AC_DEFINE_UNQUOTED([KIWI_GNUTLS_LIBRARY], ["$kiwi_gnutls"], [The file of GnuTLS for dlopen().])])
])
