# src/types
# All sources of the folder, in alphabetical order.
noinst_LTLIBRARIES += libkwtypes.la
libkwtypes_la_SOURCES = \
	%D%/any_methods.c \
	%D%/bytes_methods.c \
	%D%/bytes_methods.h \
	%D%/bytes_search.c \
	%D%/complaint.c \
	%D%/complaint.h \
	%D%/convert.c \
	%D%/date.c \
	%D%/date.h \
	%D%/date_exact.c \
	%D%/date_format.c \
	%D%/date_methods.c \
	%D%/date_parse.c \
	%D%/date_pattern.c \
	%D%/date_text.h \
	%D%/enum_methods.c \
	%D%/filling.c \
	%D%/filling.h \
	%D%/give.c \
	%D%/give.h \
	%D%/globals.c \
	%D%/lambda_methods.c \
	%D%/list_flatten.c \
	%D%/list_lambda.c \
	%D%/list_methods.c \
	%D%/list_methods.h \
	%D%/list_search.c \
	%D%/list_sort.c \
	%D%/map_methods.c \
	%D%/number_methods.c \
	%D%/number_methods.h \
	%D%/object_methods.c \
	%D%/regex_rows.h \
	%D%/slice.c \
	%D%/slice.h \
	%D%/string_methods.c \
	%D%/string_methods.h \
	%D%/string_search.c \
	%D%/types.c \
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

nobase_dist_doc_DATA += %D%/TYPES.md
