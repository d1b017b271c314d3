"""Formulas of metadata: which may be computed, and which columns they read."""

import ast
import math
import re
from collections.abc import Mapping
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
_POWER = re.compile(r"(?:\*\*|\^)[\s(\[]*(\d+)")
_SIZES = {"bs": ("df", "degree"), "cc": ("df",), "cr": ("df",), "cs": ("df",), "poly": ("degree",)}
MOST_TERMS = 100_000  # that interactions may have, which takes formulaic some seconds
MOST_COLUMNS = 5_000


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
    _check_interactions(formula)
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
    if not columns | categories:
        raise FormulaError(f"the formula {formula!r} has no columns, only a constant")
    return Parsed(terms, tuple(sorted(columns | categories)), tuple(sorted(categories - columns)))


def _without_calls(formula: str) -> str:
    """A formula without the arguments of functions and without quoted names."""
    kept, calls = list[str](), list[bool]()
    for part in re.split(r"([\w.]*\(|\))", _QUOTED.sub("x", formula)):
        opens = part.endswith("(")
        if opens:
            calls.append(len(part) > 1)
        if not any(calls):
            kept.append(part)
        elif opens and not any(calls[:-1]):
            kept.append(part[:-1])
        if part == ")" and calls:
            calls.pop()
    return "".join(kept)


def check_size(formula: str, terms: Any, n_categories: Mapping[str, int]) -> None:
    """Raise FormulaError if a design had more than MOST_COLUMNS columns.

    Parameters
    ----------
    formula : str
    terms : as :class:`Parsed` has them
    n_categories : dict
        Number of categories of each expression that has some.
    """
    widths = [
        math.prod(n_categories.get(str(factor.expr)) or _width(str(factor.expr)) for factor in term.factors)
        for term in terms
    ]
    if sum(widths) > MOST_COLUMNS:
        widest = str(list(terms)[widths.index(max(widths))])
        raise FormulaError(
            f"the formula {formula!r} has up to {sum(widths):,} columns, {max(widths):,} of them for "
            f"{widest!r}; a design has at most {MOST_COLUMNS:,}"
        )


def columns_of(expression: str) -> set[str]:
    """Columns that an expression of a parsed formula reads."""
    return _columns(expression, expression)


def _width(expression: str) -> int:
    """How many columns a spline or a polynomial can have; 1 for others."""
    named = re.match(r"(\w+)\(", expression)
    if named is None or named[1] not in _SIZES:
        return 1
    numbers = [node.value for node in ast.walk(_tree(expression)[0]) if isinstance(node, ast.Constant)]
    return 4 + max((number for number in numbers if type(number) is int and number < MOST_COLUMNS), default=0)


def _check_interactions(formula: str) -> None:
    """Raise FormulaError if interactions could be so many that formulaic takes forever to list them."""
    most, depth, part = 0.0, 0, ""
    for character in f"{_without_calls(formula)}+":
        depth += (character in "([") - (character in ")]")
        if depth or character not in "+-":
            part += character
            continue
        power = math.prod(min(int(found), MOST_TERMS) for found in _POWER.findall(part))
        crosses = 1 + len(re.findall(r"[:/]|%in%|(?<!\*)\*(?!\*)", part))
        names = len(re.findall(r"\w+", part))
        exponent = crosses * power if names > 1 else 1
        most += math.inf if exponent > 1_000 else (1 + names / crosses) ** min(exponent, 300)
        part = ""
    if most > MOST_TERMS:
        raise FormulaError(
            f"the formula {formula!r:.200} has too many interactions: write those of interest, such as a:b"
        )


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
        else:
            self._check_sizes(node)
        for given in (*node.args, *node.keywords):
            self.visit(given)

    def _check_sizes(self, node: ast.Call) -> None:
        """A number of columns is written as a number, and not a large one."""
        sizes = _SIZES.get(ast.unparse(node.func), ())
        named = [given.value for given in node.keywords if given.arg in sizes]
        placed = [given for given in node.args[1:] if not isinstance(given, ast.List | ast.Tuple)]
        for given in (*named, *placed) if sizes else ():
            value = getattr(given, "value", None)
            if not isinstance(given, ast.Constant) or (isinstance(value, int) and value >= MOST_COLUMNS):
                raise FormulaError(
                    f"{ast.unparse(node)!r} in the formula {self.formula!r} must have less than "
                    f"{MOST_COLUMNS:,} columns, and their number written as a number"
                )

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
    try:
        tree, named = _tree(expression)
    except SyntaxError as error:
        raise FormulaError(f"the formula {formula!r} cannot be read at {expression!r}") from error
    checked = _Checked(formula)
    checked.visit(tree)
    return {named.get(name, name) for name in checked.names}


def _tree(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    """An expression as Python, and the quoted names that its placeholders stand for."""
    quoted: dict[str, str] = {}

    def placeholder(found: re.Match[str]) -> str:
        name = f"_quoted_{len(quoted)}"
        quoted[name] = found[0].strip("`")
        return name

    return ast.parse(_QUOTED.sub(placeholder, expression).strip(), mode="eval"), quoted
