# tests/fuzz: libFuzzer targets, built with ./configure --enable-fuzzing CC=clang.  `make fuzz` gives each of
# them FUZZ_SECONDS (60); what it finds new stays in tests/fuzz/found of the build folder.
# The seeds of fuzz_NAME are in corpus-NAME, those of whole programs in corpus.
# `make shapes` runs SHAPES (1000) random programs from number SHAPES_FROM (1) on, with any build; the suite
# runs the first of them.
# `make calls` runs CALLS (1000) programs of random calls, from number CALLS_FROM (1) on, likewise.
# `make json-against-python` gives JSON_TEXTS (100000) random texts from number JSON_FROM (1) on to both readers.
EXTRA_DIST += %D%/corpus %D%/corpus-csv %D%/corpus-fmt %D%/corpus-header %D%/corpus-json %D%/corpus-protobuf %D%/corpus-xml \
	%D%/corpus-yaml %D%/corpus-zip %D%/kiwi.dict %D%/calls.py %D%/programs.py %D%/shapes.py %D%/json_against_python.py

shapes: kiwi$(EXEEXT)
	@python3 -B $(srcdir)/%D%/shapes.py $${SHAPES_FROM:-1} $${SHAPES:-1000} $(abs_builddir)/kiwi$(EXEEXT)

calls: kiwi$(EXEEXT)
	@python3 -B $(srcdir)/%D%/calls.py $${CALLS_FROM:-1} $${CALLS:-1000} $(abs_builddir)/kiwi$(EXEEXT)

json-against-python: kiwi$(EXEEXT)
	@python3 $(srcdir)/%D%/json_against_python.py $${JSON_FROM:-1} $${JSON_TEXTS:-100000} $(abs_builddir)/kiwi$(EXEEXT)

if FUZZING
noinst_PROGRAMS += %D%/fuzz_compile %D%/fuzz_csv %D%/fuzz_fmt %D%/fuzz_header %D%/fuzz_json %D%/fuzz_protobuf %D%/fuzz_run %D%/fuzz_zip
fuzz_data = %D%/data.c %D%/data.h
%C%_fuzz_compile_SOURCES = %D%/fuzz_compile.c
%C%_fuzz_compile_LDADD = libkiwi.la
%C%_fuzz_compile_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_csv_SOURCES = %D%/fuzz_csv.c $(fuzz_data)
%C%_fuzz_csv_LDADD = libkiwi.la
%C%_fuzz_csv_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fmt_SOURCES = %D%/fuzz_fmt.c $(fuzz_data)
%C%_fuzz_fmt_LDADD = libkiwi.la
%C%_fuzz_fmt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_header_SOURCES = %D%/fuzz_header.c
%C%_fuzz_header_LDADD = $(kiwi_layers) $(kiwi_layers_libs)
%C%_fuzz_header_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_json_SOURCES = %D%/fuzz_json.c $(fuzz_data)
%C%_fuzz_json_LDADD = libkiwi.la
%C%_fuzz_json_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_protobuf_SOURCES = %D%/fuzz_protobuf.c $(fuzz_data)
%C%_fuzz_protobuf_LDADD = libkiwi.la
%C%_fuzz_protobuf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_run_SOURCES = %D%/fuzz_run.c
%C%_fuzz_run_LDADD = libkiwi.la
%C%_fuzz_run_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_zip_SOURCES = %D%/fuzz_zip.c
%C%_fuzz_zip_LDADD = $(kiwi_layers) $(kiwi_layers_libs)
%C%_fuzz_zip_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
if HAVE_EXPAT
noinst_PROGRAMS += %D%/fuzz_xml
%C%_fuzz_xml_SOURCES = %D%/fuzz_xml.c $(fuzz_data)
%C%_fuzz_xml_LDADD = libkiwi.la
%C%_fuzz_xml_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
if HAVE_LIBYAML
noinst_PROGRAMS += %D%/fuzz_yaml
%C%_fuzz_yaml_SOURCES = %D%/fuzz_yaml.c $(fuzz_data)
%C%_fuzz_yaml_LDADD = libkiwi.la
%C%_fuzz_yaml_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

fuzz: $(noinst_PROGRAMS)
	@for target in $(noinst_PROGRAMS); do \
		found=%D%/found/$${target##*/}; seeds=$(srcdir)/%D%/corpus-$${target##*/fuzz_}; \
		[ -d $$seeds ] || seeds=$(srcdir)/%D%/corpus; mkdir -p $$found && \
		ASAN_OPTIONS=detect_leaks=1 $$target -max_total_time=$${FUZZ_SECONDS:-60} -max_len=4096 -timeout=10 \
			-rss_limit_mb=2048 -close_fd_mask=3 -print_final_stats=1 -artifact_prefix=%D%/found/ \
			-dict=$(srcdir)/%D%/kiwi.dict $$found $$seeds || exit 1; \
	done
else
fuzz:
	@echo 'make fuzz needs ./configure --enable-fuzzing CC=clang' >&2; exit 1
endif
clean-fuzz:
	rm -rf %D%/found
.PHONY: calls fuzz clean-fuzz shapes json-against-python
