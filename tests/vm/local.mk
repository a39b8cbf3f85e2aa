# tests/vm
# All sources of the folder, in alphabetical order.
check_PROGRAMS += %D%/check_loop
%C%_check_loop_SOURCES = %D%/check_loop.c
