# tests/base: see the comments of the files.
check_PROGRAMS += %D%/check_map
check_PROGRAMS += %D%/check_error %D%/check_clock %D%/check_machine %D%/check_nap %D%/check_random %D%/check_turns
check_PROGRAMS += %D%/check_library
