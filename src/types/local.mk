# src/types
# All sources of the folder, in alphabetical order.
noinst_LTLIBRARIES += libkwtypes.la
libkwtypes_la_SOURCES = \
	%D%/any.c \
	%D%/bytes.c \
	%D%/check.c \
	%D%/convert.c \
	%D%/date.c \
	%D%/date_exact.c \
	%D%/date_format.c \
	%D%/date_parse.c \
	%D%/date_pattern.c \
	%D%/date_text.h \
	%D%/globals.c \
	%D%/lambda.c \
	%D%/list.c \
	%D%/map.c \
	%D%/number.c \
	%D%/object.c \
	%D%/search.c \
	%D%/select.c \
	%D%/sort.c \
	%D%/string.c \
	%D%/types.h \
	%D%/unicode.c \
	%D%/unicode.h

if HAVE_PCRE2
libkwtypes_la_SOURCES += \
	%D%/regex.c \
	%D%/regex.h \
	%D%/regex_behind.c \
	%D%/regex_behind.h \
	%D%/regex_blocks.c \
	%D%/regex_class.c \
	%D%/regex_groups.c \
	%D%/regex_methods.c \
	%D%/regex_pattern.c \
	%D%/regex_reader.h \
	%D%/regex_scan.h \
	%D%/regex_turn.c
else
libkwtypes_la_SOURCES += %D%/regex_none.c
endif
