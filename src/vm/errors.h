/* errors.h - the errors that the program itself must be able to tell apart, in one table: those of syntax, and those of
 * running programs that come with advice.
 *
 * Whoever finds such an error names its row, and what follows from it - the advice below a report - goes by the row
 * (kw_error_info.id), never by the text.  An error that nobody asks for has its text where it is thrown.
 * Place: vm layer, since the errors come from all layers above.  No state. */
#ifndef KW_ERRORS_H
#define KW_ERRORS_H

/* Texts that are filled in where the error is found. */
#define KW_E_TEXT_STATEMENT_TOKEN "Unexpected token in statement: %s: `%.*s`"
#define KW_E_TEXT_UNCLOSED        "Unclosed '%.*s' block. Block opened at line %lu."
#define KW_E_TEXT_UNTERMINATED    "Unterminated %s. It was opened at line %lu, column %lu."
#define KW_E_TEXT_PARAMETER_TWICE "The parameter name %s%.80s%s is already used."
#define KW_E_TEXT_VARIABLE_TWICE  "The variable name `%.80s` is already declared."

/* X(ID, type, text): what the parser finds.  A lone % in the text is the token. */
#define KW_SYNTAX_ERRORS(X)                                                                                            \
    X(YIELD_IN_LAMBDA, "SyntaxError", "A lambda cannot contain 'yield'.")                                              \
    X(SLICE_COMPOUND, "SyntaxError", "Compound assignment operators are not supported on slice ranges.")               \
    X(CONSTANT_LETTERS, "SyntaxError",                                                                                 \
      "Constant identifiers should contain only uppercase characters and underscores.")                                \
    X(SUPER_PAREN, "SyntaxError", "Expected '(' after super method name.")                                             \
    X(CATCH_PAREN, "SyntaxError", "Expected ')' in catch parameter expression.")                                       \
    X(EVENT_PAREN, "SyntaxError", "Expected ')' in event registration.")                                               \
    X(CALL_PAREN, "SyntaxError", "Expected ')' or ',' in lambda call.")                                                \
    X(PAREN, "SyntaxError", "Expected ')'.")                                                                           \
    X(PARAMETERS_PAREN, "SyntaxError", "Expected ',' or ')' in parameter list.")                                       \
    X(VARIABLES_PAREN, "SyntaxError", "Expected ',' or ')' in variable declaration list.")                             \
    X(SUPER_DOT, "SyntaxError", "Expected '.' after 'super'.")                                                         \
    X(HASHMAP_COLON, "SyntaxError", "Expected ':' in hashmap literal")                                                 \
    X(TERNARY_COLON, "SyntaxError", "Expected ':' in ternary operation.")                                              \
    X(STATIC_ASSIGN, "SyntaxError", "Expected '=' in static variable declaration.")                                    \
    X(INDEX_BRACKET, "SyntaxError", "Expected ']' in indexer.")                                                        \
    X(LIST_BRACKET, "SyntaxError", "Expected ']' or ',' in list literal.")                                             \
    X(RANGE_BRACKET, "SyntaxError", "Expected ']' or '..' in range literal.")                                          \
    X(FOR_DO, "SyntaxError", "Expected 'do' in for-loop.")                                                             \
    X(LAMBDA_DO, "SyntaxError", "Expected 'do' in lambda expression.")                                                 \
    X(REPEAT_DO, "SyntaxError", "Expected 'do' in repeat-loop.")                                                       \
    X(WHILE_DO, "SyntaxError", "Expected 'do' in while-loop.")                                                         \
    X(DECORATED_FN, "SyntaxError", "Expected 'fn' after decorator(s).")                                                \
    X(STRUCT_FN, "SyntaxError", "Expected 'fn' in struct.")                                                            \
    X(FOR_IN, "SyntaxError", "Expected 'in' in for-loop.")                                                             \
    X(ABSTRACT_STRUCT, "SyntaxError", "Expected 'struct' after 'abstract'.")                                           \
    X(CASE_WHEN, "SyntaxError", "Expected 'when' or 'else' in 'case' statement.")                                      \
    X(HASHMAP_BRACE, "SyntaxError", "Expected '}' or ',' in hashmap literal")                                          \
    X(PACKAGE_TO_REQUIRE, "SyntaxError", "Expected a package name.")                                                   \
    X(EMIT_NAME, "SyntaxError", "Expected a string-literal for event name in 'emit'.")                                 \
    X(OFF_NAME, "SyntaxError", "Expected a string-literal for event name in 'off'.")                                   \
    X(ON_NAME, "SyntaxError", "Expected a string-literal for event name.")                                             \
    X(TYPE_NAME, "SyntaxError", "Expected a type name in parameter type hint.")                                        \
    X(VALUE_IN_PARENS, "SyntaxError", "Expected a value between '(' and ')'.")                                         \
    X(CONSTANT_ASSIGN, "SyntaxError", "Expected an assignment operator in constant assignment.")                       \
    X(EVENT_HANDLER, "SyntaxError", "Expected an event handler.")                                                      \
    X(EXPRESSION, "SyntaxError", "Expected an expression.")                                                            \
    X(CONSTANT_NAME, "SyntaxError", "Expected an identifier in const assignment.")                                     \
    X(IDENTIFIER, "SyntaxError", "Expected an identifier.")                                                            \
    X(EVENT_PRIORITY, "SyntaxError", "Expected an integer priority after ','.")                                        \
    X(WHEN_CLAUSE, "SyntaxError", "Expected at least one 'when' clause in 'case' statement.")                          \
    X(ELSIF_CONDITION, "SyntaxError", "Expected condition after 'elsif'.")                                             \
    X(WHEN_CONDITION, "SyntaxError", "Expected condition after 'when'.")                                               \
    X(IF_CONDITION, "SyntaxError", "Expected condition on the same line as 'if'.")                                     \
    X(WHEN_VALUE, "SyntaxError", "Expected condition or value for case-when.")                                         \
    X(ELSE_EXPRESSION, "SyntaxError", "Expected expression after 'else'.")                                             \
    X(FUNCTION_LINE, "SyntaxError", "Expected function name on the same line as 'fn'.")                                \
    X(MEMBER_NAME, "SyntaxError", "Expected identifier after '.' in member access.")                                   \
    X(QUALIFIED_NAME, "SyntaxError", "Expected identifier after '::'.")                                                \
    X(FUNCTION_NAME, "SyntaxError", "Expected identifier after 'fn'.")                                                 \
    X(BASE_NAME, "SyntaxError", "Expected identifier for base struct name.")                                           \
    X(ENUM_MEMBER, "SyntaxError", "Expected identifier for enum member name.")                                         \
    X(ENUM_NAME, "SyntaxError", "Expected identifier for enum name.")                                                  \
    X(INTERFACE_NAME, "SyntaxError", "Expected identifier for interface name.")                                        \
    X(PACKAGE_NAME, "SyntaxError", "Expected identifier for package name.")                                            \
    X(STRUCT_NAME, "SyntaxError", "Expected identifier for struct name.")                                              \
    X(CATCH_NAME, "SyntaxError", "Expected identifier in catch parameters.")                                           \
    X(REPEAT_NAME, "SyntaxError", "Expected identifier in repeat-loop value alias.")                                   \
    X(BLOCK_OPEN, "SyntaxError", "Expected if-statement or case-statement.")                                           \
    X(SUPER_NAME, "SyntaxError", "Expected method name after 'super.'.")                                               \
    X(VARIADIC_NAME, "SyntaxError", "Expected parameter name after '*'.")                                              \
    X(PARAMETER_NAME, "SyntaxError", "Expected parameter name.")                                                       \
    X(INCLUDE_PATH, "SyntaxError", "Expected path after 'include'.")                                                   \
    X(ELSE_STATEMENT, "SyntaxError", "Expected statement after 'else'.")                                               \
    X(STATIC_TYPE, "SyntaxError", "Expected type name after ':'.")                                                     \
    X(EVAL_VALUE, "SyntaxError", "Expected value after 'eval'.")                                                       \
    X(EXPORT_VALUE, "SyntaxError", "Expected value after 'export'.")                                                   \
    X(IMPORT_VALUE, "SyntaxError", "Expected value after 'import'.")                                                   \
    X(VARIABLE_OR_PAREN, "SyntaxError", "Expected variable name or '(' after 'var'.")                                  \
    X(VARIABLE_NAME, "SyntaxError", "Expected variable name.")                                                         \
    X(GLOBAL_OPERATOR, "SyntaxError", "Global operator overloading is not supported.")                                 \
    X(BYTES_ESCAPE, "SyntaxError", "Invalid escape sequence in byte literal.")                                         \
    X(HASHMAP_KEY, "SyntaxError", "Invalid expression for hashmap key.")                                               \
    X(INDEX_VALUE, "SyntaxError", "Invalid index value in indexer.")                                                   \
    X(NESTING, "SyntaxError", "Nesting too deep.")                                                                     \
    X(SPLAT_AND_NAMES, "SyntaxError", "Splat (*) and named arguments cannot be combined in the same call.")            \
    X(TEXT_TOO_LONG, "SyntaxError", "The text is too long.")                                                           \
    X(TEXT_END, "UnexpectedEndOfFileError", "Unexpected end of file.")                                                 \
    X(VARIADIC_LAST, "SyntaxError", "Variadic parameter '*' must be the last parameter.")                              \
    X(PRINTXY_COUNT, "SyntaxError", "Wrong number of parameters for printxy.")                                         \
    X(TOKEN, "SyntaxError", "Unexpected token `%`.")                                                                   \
    X(KEYWORD, "SyntaxError", "Unexpected keyword '%'.")                                                               \
    X(UNREADABLE, "SyntaxError", "Unexpected token '%'.")                                                              \
    X(STATEMENT_TOKEN, "TokenStreamError", KW_E_TEXT_STATEMENT_TOKEN)                                                  \
    X(UNCLOSED, "UnexpectedEndOfFileError", KW_E_TEXT_UNCLOSED)                                                        \
    X(UNTERMINATED, "SyntaxError", KW_E_TEXT_UNTERMINATED)                                                             \
    X(PARAMETER_TWICE, "SyntaxError", KW_E_TEXT_PARAMETER_TWICE)                                                       \
    X(VARIABLE_TWICE, "SyntaxError", KW_E_TEXT_VARIABLE_TWICE)

/* X(ID, type, text, arguments): about `subject`, the name that the error is about; `owner` is what has or lacks it. */
#define KW_RUNNING_ERRORS(X)                                                                                           \
    X(UNDECLARED, "VariableUndefinedError", "The variable has not been declared: '%s'", subject)                       \
    X(NO_METHOD, "FunctionUndefinedError", "Function `%s` is undefined.", subject)                                     \
    X(NULL_CALLED, "FunctionUndefinedError", "Function `%s` is undefined.", subject)                                   \
    X(UNIMPLEMENTED, "UnimplementedMethodError", "Struct `%s` has an unimplemented method `%s`", owner, subject)       \
    X(NO_PARAMETER, "RuntimeError", "'%s': no parameter named '%s'.", owner, subject)                                  \
    X(NO_MEMBER, "InvalidOperationError", "Cannot access member '%s' on this type.", subject)                          \
    X(IMPORT_NAME, "InvalidOperationError", "Expected the name of a package to import.")

typedef enum kw_error_id {
    KW_E_NONE, /* an error of no row */
#define KW_ERROR_ENUM(id, ...) KW_E_##id,
    KW_SYNTAX_ERRORS(KW_ERROR_ENUM) KW_RUNNING_ERRORS(KW_ERROR_ENUM)
#undef KW_ERROR_ENUM
} kw_error_id;

typedef struct kw_error_row {
    const char *type, *text;
} kw_error_row;
/* The row of an error of syntax. */
const kw_error_row *kw_errors_row(kw_error_id id);

#endif
