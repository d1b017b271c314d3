"""Formulas of metadata: which may be computed, and which columns they read."""

import ast
import re
from typing import Any, NamedTuple

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


class Parsed(NamedTuple):
    """A formula that may be computed."""

    terms: Any  # as formulaic has them
    columns: tuple[str, ...]  # that it reads, in order of their names
    categories: tuple[str, ...]  # those of them that are read by C(...) alone


def parsed(formula: Any) -> Parsed:
    """A formula, after a check of all that it computes.

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
    columns, categories = set[str](), set[str]()
    for factor in {factor for term in terms for factor in term.factors}:
        expression = str(factor.expr)
        if factor.eval_method.name == "LOOKUP":
            columns.add(expression)
        elif expression.startswith("C("):
            categories |= _columns(expression, formula)
        else:
            columns |= _columns(expression, formula)
    return Parsed(terms, tuple(sorted(columns | categories)), tuple(sorted(categories - columns)))


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

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """A power of constants can take forever to compute, as can a list or a text that is multiplied."""
        of_numbers = not any(isinstance(part, ast.List | ast.Tuple) for part in ast.walk(node))
        of_columns = any(isinstance(part, ast.Name) for part in ast.walk(node.left))
        if not of_numbers or (isinstance(node.op, ast.Pow | ast.LShift) and not of_columns):
            raise self.error(node)
        self.generic_visit(node)

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
