# tests/support: what the test programs share.
EXTRA_DIST += %D%/suite.h %D%/ca.h
