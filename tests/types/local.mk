# tests/types: the built-in types.
if HAVE_PCRE2
check_PROGRAMS += %D%/check_regex
%C%_check_regex_SOURCES = %D%/check_regex.c
else
check_PROGRAMS += %D%/check_regex_none
%C%_check_regex_none_SOURCES = %D%/check_regex_none.c
endif
