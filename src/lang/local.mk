# src/lang: text to syntax tree.
noinst_LTLIBRARIES += libkwlang.la
libkwlang_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/ast.c %D%/ast.h \
	%D%/diag.c %D%/diag.h \
	%D%/hint.c %D%/hint.h %D%/hint_syntax.c \
	%D%/lex.c %D%/lex.h \
	%D%/parse.c %D%/parse.h %D%/parse_internal.h \
	%D%/parse_expr.c %D%/parse_text.c %D%/parse_lambda.c \
	%D%/parse_stmt.c %D%/parse_decorate.c %D%/parse_define.c \
	%D%/tokens.c \
	%D%/tokens.h \
	%D%/data.c %D%/data.h %D%/walk.c %D%/walk.h %D%/bind.c %D%/bind.h \
	%D%/generate.c %D%/generate.h %D%/gen_internal.h %D%/gen_emit.c \
	%D%/gen_name.c %D%/gen_expr.c %D%/gen_call.c %D%/gen_assign.c \
	%D%/gen_stmt.c %D%/gen_try.c %D%/gen_def.c

nobase_dist_doc_DATA += %D%/LANGUAGE.md
