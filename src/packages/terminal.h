/* terminal.h - have the terminal on standard input give keys at once, and not show them.
 *
 * Place: packages, without the vm.  Threads: any; the terminal belongs to the process. */
#ifndef KP_TERMINAL_H
#define KP_TERMINAL_H

/* From here on keys.  0, or an errno: then nothing has changed.  Signals that end the process give the terminal
 * its settings back first, unless somebody handles them. */
int kp_terminal_keys(void);
/* One who wanted keys does not any more; the last one gives the terminal its settings back. */
void kp_terminal_lines(void);

#endif
