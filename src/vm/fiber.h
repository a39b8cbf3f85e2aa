/* fiber.h - fibers: the stacks on which bytecode runs.
 *
 * Place: vm layer.  A fiber is a task of the script (task::spawn), the main program, or the body of
 * a generator.  Calls between script functions push frames here, never onto the C stack, so a fiber
 * can be suspended at any depth and costs a few hundred bytes. */
#ifndef KW_FIBER_H
#define KW_FIBER_H

#include "vm/chunk.h"
#include "vm/vm.h"

/* What becomes of the value that a frame returns. */
typedef enum kw_return_kind {
    KW_RET_REG,  /* stored into the caller's register `dest` */
    KW_RET_DROP, /* dropped */
    KW_RET_JUMP, /* the caller's pending compare-and-jump is decided by its truth; `dest` is the sense */
    KW_RET_NEW,  /* dropped: the constructor's object (the frame's self) goes to `dest` */
    KW_RET_END,  /* the fiber ends with it */
} kw_return_kind;

typedef struct kw_frame {
    kw_closure *closure;
    const kw_instr *pc; /* saved while the frame does not run: the next instruction */
    uint32_t base;      /* stack index of R[0] */
    uint8_t dest;       /* see kw_return_kind */
    uint8_t ret;        /* kw_return_kind */
    uint16_t spare;
    kw_value self;  /* @: KW_UNDEF outside methods */
    kw_class *home; /* struct that defines the running method: super and @@ */
} kw_frame;

typedef enum kw_fiber_state {
    KW_FIBER_NEW,   /* never ran */
    KW_FIBER_READY, /* in the run queue */
    KW_FIBER_RUNNING,
    KW_FIBER_PARKED,  /* waits for a kw_fiber_wake() */
    KW_FIBER_YIELDED, /* generator: waits for the next request */
    KW_FIBER_ENDED,
} kw_fiber_state;

struct kw_fiber {
    kw_obj header;
    kw_fiber *queue_next; /* run queue */
    kw_value *stack;
    uint32_t stack_cap;
    kw_frame *frames;
    uint32_t frame_count, frame_cap;
    uint8_t state; /* kw_fiber_state */
    bool woken;    /* wake_value or wake_type is to be delivered into wake_at */
    bool is_generator;
    bool cancelled;   /* of a task: its next wait is to end with CancelledError */
    uint32_t wake_at; /* stack index that receives the wake-up value; UINT32_MAX: nowhere */
    kw_value wake_value;
    kw_string *wake_type, *wake_message;   /* an error instead of a value */
    uint32_t timer_at;                     /* place in the timer heap + 1; 0: no timer */
    const char *why;                       /* what it waits for, while parked */
    int64_t awaits;                        /* while parked: the task that it awaits; 0: it waits for something else */
    uint64_t serial;                       /* how many waits it has ended */
    kw_fiber *consumer;                    /* generator: the fiber that waits for its next value */
    uint32_t nesting;                      /* generator: how many fibers wait for it, directly or not; else 0 */
    kw_fiber *producer;                    /* the generator that this fiber waits for */
    int64_t id;                            /* task id; 0: main program or generator */
    kw_value result;                       /* of an ended fiber; KW_UNDEF: failed, */
    kw_string *error_type, *error_message; /* with this error */
    kw_string *start_file;                 /* of a task: where it was started; NULL: by no code of the user's */
    uint32_t start_line;
    kw_string *name;               /* of what a task was started with; NULL: no function of the user's */
    kw_fiber *all_next, *all_prev; /* list of the fibers that have not ended (for roots and reports) */
};

/* The file of the user's whose code runs in `fiber`: text that eval runs belongs to the file that
 * runs it.  NULL: none. */
kw_string *kw_unwind_user_file(const kw_fiber *fiber);

void kw_fiber_trace(kw_vm *vm, kw_fiber *fiber);   /* collector: mark what it holds */
void kw_fiber_release(kw_vm *vm, kw_fiber *fiber); /* collector: free its memory */

/* Mark everything that is reachable from the vm itself: vm.c. */
void kw_vm_mark_roots(kw_vm *vm);

#endif
