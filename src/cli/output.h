/* output.h - what the command itself prints on standard output: help, documentation, prompts.
 *
 * Place: cli.  Threads: the one of main(). */
#ifndef KC_OUTPUT_H
#define KC_OUTPUT_H

/* Print `text`, all of it: a descriptor that is full and does not block is waited for, as what scripts print does.
 * After a failure nothing more is written. */
void kc_output(const char *text);
/* The errno of the failure; 0: all was written. */
int kc_output_error(void);

#endif
