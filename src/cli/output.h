/* output.h - what the command itself prints on standard output: help, documentation, prompts.
 *
 * Place: cli.  Threads: the one of main(). */
#ifndef KC_OUTPUT_H
#define KC_OUTPUT_H

#include <stddef.h>

/* Write to a descriptor, waiting for room where it does not block: 0, or the errno of the failure. */
int kc_output_to(int fd, const char *bytes, size_t size);

/* Print `text`, all of it: a descriptor that is full and does not block is waited for, as what scripts print does.
 * After a failure nothing more is written. */
void kc_output(const char *text);
/* The errno of the failure; 0: all was written. */
int kc_output_error(void);

#endif
