# tests/lang: lexer, parser, diagnostics, compiler.
check_PROGRAMS += %D%/check_compile %D%/check_lex %D%/check_parse
%C%_check_compile_SOURCES = %D%/check_compile.c
%C%_check_lex_SOURCES = %D%/check_lex.c
%C%_check_parse_SOURCES = %D%/check_parse.c
