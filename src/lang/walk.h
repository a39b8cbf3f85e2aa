/* walk.h - visiting the children of a node of the syntax tree. */
#ifndef KW_WALK_H
#define KW_WALK_H

#include "lang/ast.h"

typedef void (*kw_visit)(void *context, const kw_node *node);

/* Call `visit` for each child, in the order of evaluation.  Bodies and parameters of functions and
 * lambdas are not children: they are scopes of their own. */
void kw_walk_children(const kw_node *node, kw_visit visit, void *context);

#endif
