# tests/base: see the comments of the files.
check_PROGRAMS += %D%/check_map
check_PROGRAMS += %D%/check_error %D%/check_clock
