# tests/base: see the comments of the files.
check_PROGRAMS += %D%/check_map
