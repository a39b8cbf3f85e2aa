# src/lang: text to syntax tree.
noinst_LTLIBRARIES += libkwlang.la
libkwlang_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/ast.c %D%/ast.h \
	%D%/diag.c %D%/diag.h \
	%D%/lex.c %D%/lex.h \
	%D%/parse.c %D%/parse.h %D%/parse_internal.h \
	%D%/parse_expr.c %D%/parse_text.c %D%/parse_lambda.c \
	%D%/parse_stmt.c %D%/parse_decorate.c %D%/parse_define.c
