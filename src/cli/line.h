/* line.h - a line from the terminal, edited and remembered where readline is built in.
 *
 * Place: cli.  Threads: the one of main(). */
#ifndef KC_LINE_H
#define KC_LINE_H

#include <stdbool.h>

typedef enum kc_line_end { KC_LINE, KC_LINE_INTERRUPTED, KC_LINE_EOF } kc_line_end;

/* Show `prompt` and read a line.  KC_LINE: *line is malloc'ed and lacks the line feed.  Else *line is NULL:
 * a signal came (its handler must be installed without SA_RESTART), or the input ended or failed. */
kc_line_end kc_line_read(const char *prompt, char **line);
/* From the handler of SIGINT: give up the line that is being read.  Async-signal-safe. */
void kc_line_interrupt(void);
/* Keep the line for the arrow keys. */
void kc_line_remember(const char *line);
/* Before the first line: load what was kept by earlier sessions from ~/.kiwi_history; and save it there
 * at the end.  Without HOME or without readline nothing is kept; a file that cannot be read or written is
 * passed over. */
void kc_line_load(void);
void kc_line_save(void);

#endif
