# tests/lang: lexer, parser, diagnostics.
check_PROGRAMS += %D%/check_lex %D%/check_parse
%C%_check_lex_SOURCES = %D%/check_lex.c
%C%_check_parse_SOURCES = %D%/check_parse.c
