"""Formulas of metadata: which may be computed, and which columns they read."""

import ast
import re
from typing import Any

FUNCTIONS = frozenset(
    [
        "C",
        "I",
        "bs",
        "cc",
        "center",
        "cr",
        "cs",
        "exp",
        "exp10",
        "exp2",
        "log",
        "log10",
        "log2",
        "poly",
        "scale",
        "sqrt",
        "standardize",
        "abs",
    ]
)
"""Functions that a formula may call, besides the contrasts of ``C``: ``contr.sum`` and its like."""

_ALLOWED = (
    ast.Expression,
    ast.Call,
    ast.keyword,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.operator,
    ast.unaryop,
    ast.Compare,
    ast.cmpop,
    ast.List,
    ast.Tuple,
)
_QUOTED = re.compile(r"`[^`]*`")


class FormulaError(ValueError):
    """A formula cannot be read, or asks for something else than functions of columns."""


def parsed(formula: Any) -> tuple[Any, tuple[str, ...]]:
    """The terms of a formula, as formulaic has them, and the columns that they read, in order of their names.

    A formula is Python to formulaic. One that came with the file of a model must not run code, so that only
    columns, numbers, strings, arithmetic, comparisons and :data:`FUNCTIONS` are let through.

    Raises
    ------
    FormulaError
    ImportError
        formulaic is not installed.
    """
    if not isinstance(formula, str) or not formula.strip():
        raise FormulaError(f"a formula is a string such as 'party + bs(year, df=4)'; got {formula!r}")
    try:
        from formulaic import Formula, SimpleFormula
        from formulaic.errors import FormulaicError
    except ImportError as error:
        raise ImportError("formulas need formulaic: pip install 'hftopic[effects]'") from error
    try:
        terms = Formula(formula)
    except (FormulaicError, SyntaxError, ValueError) as error:
        told = str(error).partition("\n")[0]
        raise FormulaError(f"the formula {formula!r} cannot be read: {told}") from error
    if not isinstance(terms, SimpleFormula):
        raise FormulaError(f"the formula {formula!r} has several parts: pass only what is right of the ~")
    factors = {str(factor.expr) for term in terms for factor in term.factors}
    return terms, tuple(sorted(set().union(*(_columns(expression, formula) for expression in factors))))


class _Checked(ast.NodeVisitor):
    """Finds the names of columns, and raises FormulaError at what is not let through."""

    def __init__(self, formula: str) -> None:
        self.formula, self.names = formula, set[str]()

    def visit_Name(self, node: ast.Name) -> None:
        self.names.add(node.id)

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, _ALLOWED):
            raise self.error(node)
        super().generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
            self.visit_Attribute(node.func)
        for given in (*node.args, *node.keywords):
            self.visit(given)

    def visit_Attribute(self, node: ast.AST) -> None:
        """A contrast, such as contr.sum."""
        of_contrasts = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "contr"
        if not of_contrasts or not ast.unparse(node).removeprefix("contr.").isalpha():
            raise self.error(node)

    def error(self, node: ast.AST) -> FormulaError:
        return FormulaError(
            f"{ast.unparse(node)!r} in the formula {self.formula!r} is not known: formulas have columns, "
            f"numbers, strings, arithmetic, and {', '.join(sorted(FUNCTIONS))}"
        )


def _columns(expression: str, formula: str) -> set[str]:
    """Columns that an expression reads; it raises FormulaError unless it is made of what is let through."""
    quoted: list[str] = []

    def placeholder(found: re.Match[str]) -> str:
        quoted.append(found[0].strip("`"))
        return f"_quoted_{len(quoted) - 1}"

    try:
        tree = ast.parse(_QUOTED.sub(placeholder, expression).strip(), mode="eval")
    except SyntaxError as error:
        raise FormulaError(f"the formula {formula!r} cannot be read at {expression!r}") from error
    checked = _Checked(formula)
    checked.visit(tree)
    named = {f"_quoted_{place}": name for place, name in enumerate(quoted)}
    return {named.get(name, name) for name in checked.names}
