"""The expression language of Azure's templates, without a cloud and without a document around it.

Follows the pages "Template syntax" and "Template functions" of Microsoft's reference.

- `core/errors.py`: `TemplateError`, and the sentences that Azure has for it;
- `core/values.py`: `Json`, and what Azure calls the kinds of values;
- `core/expressions.py`: what a parsed expression consists of, and how it is written;
- `core/scope.py`: `Scope` and `Resources`, which whoever deploys a template gives to the language,
  and `Place`, which says where in a template an expression stands;
- `parser.py`: `parse(text)`, `is_expression(text)`;
- `evaluating.py`: `evaluate(document, scope)`, for one string as for a whole document;
- `dependencies.py`: `dependencies(document, scope)`;
- `names.py`: `check_names(document, scope)`;
- `functions/`: the functions, one module a subject.

Everything is synchronous and pure. What a `Resources` raises comes out of `evaluate` unchanged: an
engine that has to ask a cloud raises an exception of its own, asks, and evaluates once more.
A `TemplateError` has the path of the expression in the document that was evaluated, and the column.
"""
