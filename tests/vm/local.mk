# tests/vm: values, memory, bytecode.
check_PROGRAMS += %D%/check_hash %D%/check_heap %D%/check_loop %D%/check_map %D%/check_native %D%/check_search %D%/check_slab \
	%D%/check_string %D%/check_value %D%/check_weigh
EXTRA_DIST += %D%/vm_test.h
%C%_check_hash_SOURCES = %D%/check_hash.c
%C%_check_heap_SOURCES = %D%/check_heap.c
%C%_check_loop_SOURCES = %D%/check_loop.c
%C%_check_map_SOURCES = %D%/check_map.c
%C%_check_native_SOURCES = %D%/check_native.c
%C%_check_search_SOURCES = %D%/check_search.c
%C%_check_slab_SOURCES = %D%/check_slab.c
%C%_check_string_SOURCES = %D%/check_string.c
%C%_check_value_SOURCES = %D%/check_value.c
%C%_check_weigh_SOURCES = %D%/check_weigh.c
