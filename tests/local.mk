# tests: unit programs by folder (with check), then scripts, examples and peers. All print TAP; run_all
# adds up and says `N passed, N failed, N skipped` last.
#   make check SUITES="unit conformance"         some of: includes docs unit cli conformance endings card examples guide
#                                                library peers hostile
#   make check SUITES="unit/net conformance/network"      parts of two of them
LDADD = $(kiwi_layers) $(kiwi_layers_libs) $(GNUTLS_LIBS) $(CHECK_LIBS)

if HAVE_CHECK
include tests/support/local.mk
include tests/base/local.mk
include tests/net/local.mk
include tests/vm/local.mk
include tests/types/local.mk
include tests/lang/local.mk
include tests/packages/local.mk
endif
include tests/peers/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk

nobase_dist_doc_DATA += %D%/README.md
EXTRA_DIST += %D%/run_all %D%/fresh-machine %D%/check_includes %D%/check_blocking %D%/blocking.txt %D%/support/run_unit %D%/support/tap.sh \
	%D%/support/ends_all_the_same %D%/conformance %D%/examples %D%/guide %D%/endings %D%/card %D%/docs %D%/peers %D%/hostile \
	%D%/cli %D%/library

SUITES =

check-local:
	@KIWI=$(abs_builddir)/kiwi$(EXEEXT) SRCDIR='$(abs_srcdir)' BUILDDIR='$(abs_builddir)' \
	KIWI_LACKS='$(KIWI_LACKS)' SUITES='$(SUITES)' AWK='$(AWK)' CC='$(CC)' KIWI_SANITIZERS='$(KIWI_SANITIZERS)' \
	$(SHELL) $(srcdir)/%D%/run_all $(check_PROGRAMS)

# Clients come, misbehave and go: SOAK_SECONDS (120) of it, drawn from SOAK_SEED (printed).
soak: kiwi$(EXEEXT)
	@KIWI=$(abs_builddir)/kiwi$(EXEEXT) SRCDIR='$(abs_srcdir)' BUILDDIR='$(abs_builddir)' \
	KIWI_SANITIZERS='$(KIWI_SANITIZERS)' $(SHELL) $(srcdir)/%D%/hostile/run soak

# The programs are built before check-local runs.
check-am: kiwi$(EXEEXT)

clean-tests:
	-rm -rf %D%/logs

.PHONY: clean-tests soak
