"""Types of option values; every value is checked before any work is done."""

import ast
import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import click

SEED = click.IntRange(0, 2**32 - 1)  # seeds that numpy accepts


class ExistingPath(click.Path):
    """Path of a file or folder that exists, after the writing of its files is completed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from hftopic._sets import complete

        complete(Path(os.path.realpath(value)).parent)
        return super().convert(value, param, ctx)


existing_path = ExistingPath(exists=True, path_type=Path)
existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_path = click.Path(path_type=Path)


class Share(click.ParamType):  # type: ignore[type-arg]
    """A count (int) or a fraction (float), distinguished by type as in scikit-learn."""

    name = "n|fraction"

    def __init__(self, lowest: int = 1) -> None:
        self.lowest = lowest  # minimum of a count; a fraction is from 0 to 1

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        number = value if isinstance(value, int | float) else self._number(value)
        if number is None:
            self.fail(f"{value!r} is neither a count, such as 5, nor a fraction, such as 0.5", param, ctx)
        if not (number >= self.lowest if isinstance(number, int) else 0 <= number <= 1):
            self.fail(
                f"{value} is neither an integer >= {self.lowest} nor a fraction from 0.0 to 1.0",
                param,
                ctx,
            )
        return number

    @staticmethod
    def _number(value: str) -> int | float | None:
        try:
            return int(value) if value.strip().lstrip("+-").isdigit() else float(value)
        except ValueError:
            return None


class Frequency(click.ParamType):  # type: ignore[type-arg]
    """A count or a fraction of documents, or auto."""

    name = "n|fraction|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float | str:
        return "auto" if value == "auto" else Share().convert(value, param, ctx)


class Lengths(click.ParamType):  # type: ignore[type-arg]
    """Lengths of n-grams: the largest number of words, or the smallest and the largest."""

    name = "n|n,n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        sizes: tuple[int, ...] = Integers().convert(value, param, ctx)
        if len(sizes) > 2 or sizes != tuple(sorted(sizes)):
            self.fail(
                f"{value!r} is neither a number of words, such as 2, nor a range, such as 2,3", param, ctx
            )
        return (1 if len(sizes) == 1 else sizes[0], sizes[-1])


class Cleaning(click.ParamType):  # type: ignore[type-arg]
    """Names of what is removed from texts, separated by commas; none is nothing."""

    name = "email|none|STEP,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from hftopic.data.cleaning import as_steps

        if isinstance(value, tuple):
            return value
        try:
            return as_steps(() if value == "none" else tuple(name.strip() for name in value.split(",")))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class BatchSize(click.ParamType):  # type: ignore[type-arg]
    """A number of documents, at least 2, or auto."""

    name = "n|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == "auto":
            return "auto"
        number: int = click.IntRange(2).convert(value, param, ctx)
        return number


class Finite(click.FloatRange):
    """A finite number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Shrinkage(click.ParamType):  # type: ignore[type-arg]
    """A number that is not negative, or auto."""

    name = "number|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        return "auto" if value == "auto" else Finite(0).convert(value, param, ctx)


class Integers(click.ParamType):  # type: ignore[type-arg]
    """Positive integers separated by commas."""

    name = "n,n,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or min(numbers) < 1:
            self.fail(
                f"{value!r} is not a comma-separated list of positive integers, such as 25,25", param, ctx
            )
        return numbers


class Written(click.ParamType):  # type: ignore[type-arg]
    """A value of the package as a Python expression, such as BetaTCVAE(beta=4.0); no code is executed."""

    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return _written(ast.parse(value.strip(), mode="eval").body)
        except (SyntaxError, ValueError, TypeError) as error:
            self.fail(f"{value!r} cannot be read: {error}", param, ctx)


class Objective(Written):
    """hfvae, vae, or an objective as a Python expression."""

    name = "hfvae|vae|VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        plain = value.lower() if isinstance(value, str) else value
        return plain if plain in ("hfvae", "vae") else super().convert(value, param, ctx)


class SeedWords(click.Path):
    """File of seed words, read when the option is."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from hftopic.data.formats.lines import FormatError
        from hftopic.models.seed_files import read_seed_words

        try:
            return read_seed_words(Path(os.fsdecode(super().convert(value, param, ctx))))
        except FormatError as error:
            self.fail(str(error), param, ctx)


class Groups(Integers):
    """Positive integers separated by commas, or groups as a Python expression: (25, Concrete(20))."""

    name = "n,n,…|VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and "(" in value:
            return Written().convert(value, param, ctx)
        return super().convert(value, param, ctx)


def _written(node: ast.expr) -> Any:
    """Value of a literal, a tuple, or a call of one of the package's value classes."""
    from hftopic.models.registry import VALUES

    match node:
        case ast.Tuple(elts) | ast.List(elts):
            return tuple(map(_written, elts))
        case ast.Call(ast.Name(name), arguments, keywords):
            if name not in VALUES:
                raise ValueError(f"unknown name {name}; choose from {', '.join(sorted(VALUES))}")
            named = {str(keyword.arg): _written(keyword.value) for keyword in keywords}
            return VALUES[name](*map(_written, arguments), **named)
        case _:
            return ast.literal_eval(node)


def text_encoding(
    ctx: click.Context,  # noqa: ARG001
    parameter: click.Parameter,  # noqa: ARG001
    value: str | None,
) -> str | None:
    """Check the name of a text encoding."""
    if value is None:
        return None
    try:
        b"a".decode(value)
    except UnicodeDecodeError:
        return value  # for example utf-16: a text encoding, which is all that is checked here
    except LookupError:
        raise click.BadParameter(
            f"unknown text encoding {value!r}; common encodings are utf-8, latin-1, cp1252 and utf-16"
        ) from None
    return value


def one_character(
    ctx: click.Context,  # noqa: ARG001
    parameter: click.Parameter,  # noqa: ARG001
    value: str | None,
) -> str | None:
    """Check a separator of columns; a shell passes a tab more easily by its name."""
    value = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(value or "", value)
    if value is not None and len(value) != 1:
        raise click.BadParameter(f"{value!r} is not a single character, such as ';' or tab")
    return value


class Function(click.ParamType):  # type: ignore[type-arg]
    """A function of a module, which may be in the working folder."""

    name = "module:function"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if callable(value):
            return value
        from hftopic.cli.program import import_modules

        module, _, names = str(value).partition(":")
        if not module or not names:
            self.fail(f"{value!r} has not the form MODULE:FUNCTION, such as jieba:lcut", param, ctx)
        import_modules([module], "--tokenizer")
        found: Any = sys.modules[module]
        for name in names.split("."):
            found = getattr(found, name, None)
        if not callable(found):
            self.fail(f"the module {module} has no function {names}", param, ctx)
        return found


def word_pattern(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    """Check a regular expression, which can have at most one capturing group."""
    try:
        groups = re.compile(value or "").groups
    except re.error as error:
        raise click.BadParameter(f"{value!r} is not a valid regular expression: {error}") from None
    if groups > 1:
        raise click.BadParameter(f"{value!r} has {groups} capturing groups; at most one is allowed")
    return value
