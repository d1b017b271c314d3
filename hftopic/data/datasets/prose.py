"""The prose of a docstring, without code, types, headings and legal text.

About half of a docstring is notation. This module removes what the three common conventions (numpydoc, Google
style and Sphinx fields) mark as something other than sentences: headings, declarations of parameters with
their types, examples in code, mathematics, bibliographies, lists of related functions, notes on the version
that added, changed or deprecated something, and names in backquotes. It also removes lines that only name an
author or a date, and paragraphs of copyright notices and licences.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

_DECLARING = (
    "parameters|other parameters|returns?|yields?|receives|raises?|warns|attributes|args|arguments|"
    "keyword args|keyword arguments|kwargs|inputs?|outputs?|shape|fields"
)
_LEFT_OUT = "references?|see also|methods|bibliography|authors?|copyright|license"
_PLAIN = "notes?|warnings?|description|summary|details|examples?|usage"
_SPOKEN = "note|warning|caution|important|tip|hint|attention|admonition|topic"

_UNDERLINE = re.compile(r"\s*([-=~^*#\"'+.])\1{2,}\s*")
_GOOGLE_HEADING = re.compile(r"\s*[A-Z][A-Za-z]*( [A-Za-z]+)?\s*:{1,2}\s*")
_DIRECTIVE = re.compile(r"(?P<indent>\s*)\.\. (?P<name>[\w:-]+)::(?P<rest>.*)")
_COMMENT = re.compile(r"\s*\.\.(\s|$)")
_PROMPT = re.compile(r"\s*(>>>|In \[\d+\]:|sage:|\$ )")
_FENCE = re.compile(r"\s*(```|~~~)")
_GOOGLE_FIELD = re.compile(r"\s*[-*]?\s*[*`]*\w[\w., *`]*(\(.*\)+|\[.*\])?\s*:(\s+|$)")
_TYPED = re.compile(r"\s*[-*]?\s*\*{0,2}\w[\w., *]*\s+:(\s.*|$)")
_SPHINX_TYPE = re.compile(r"\s*:(r?type|raises|meta)\b[^:]*:.*")
_SPHINX_FIELD = re.compile(r"\s*:\w+[^:`]*:\s*")
_CREDITED = "authors?|contributors?|maintainers?|copyright|licen[cs]e|created|date|last (changed?|modified)"
_CREDIT = re.compile(rf"\W*({_CREDITED})\s*:.*", re.IGNORECASE)
_ITEM = re.compile(r"\s*([-*+\u2022]|\(?\w[.)])\s")
_CODE = re.compile(r"``.+?``|:[\w:+-]+:`[^`]*`")
_LINK = re.compile(r"`([^`<]*)<[^`>]*>`_{0,2}")
_INLINE = re.compile(
    r"""`[^`\n]+`_{0,2}                            # names, references
    | \|[\w ]+\|                                # substitutions
    | \$\$?[^$]+\$\$?                           # mathematics
    | \[[\w*\#, -]+\]_                          # footnotes
    | (?:https?|ftp)://\S+ | <\S+>              # addresses
    | \b\w+(?:\.\w+)+\b(?:\(\))? | \w+\(.*?\)   # dotted names, calls
    | @\w+ | \\[a-zA-Z]+ | --?[\w-]+=\S* | %\(\w+\)s | \{\w*\}
    """,
    re.VERBOSE,
)
# What a paragraph of the BSD, MIT, Apache, GNU and older licences says, and prose about software does not.
_LEGAL = re.compile(
    r"""copyright\s*(?:\(c\)|\u00a9|\d{4}|notice|holder) | \(c\)\s*copyright | (?:\(c\)|\u00a9)\s*\d{4}
    | all\ rights\ reserved | permission\ is\ hereby\ | permission\ to\ use,
    | redistributions?\ (?:and\ use|of\ source|in\ binary) | redistribute\ it\ and/or
    | unlimited\ redistribution | endorse\ or\ promote | the\ above\ copyright | merchantability
    | provided\ ["']*as[ -]is | ["']as[ -]is["']\ basis | \bno\ warranty | without\ (?:any\ )?warrant
    | be\ liable\ for | ^\W*licen[cs]ed\ under | under\ the\ terms\ of\ the\ .{,40}licen[cs]e
    | a\ copy\ of\ the\ licen[cs]e | spdx-license-identifier""",
    re.VERBOSE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")


def sentences_of(docstring: str) -> list[str]:
    """Sentences of a docstring. None of them continues in another paragraph or description of a parameter.

    Parameters
    ----------
    docstring : str
        Docstring without indentation, such as the result of `inspect.cleandoc`.

    Examples
    --------
    >>> sentences_of('''Fit a line.
    ...
    ... Parameters
    ... ----------
    ... x : ndarray of shape (n,), optional
    ...     Where to fit, see :func:`numpy.linspace`.
    ...
    ... Examples
    ... --------
    ... >>> fit([1, 2])
    ...
    ... Copyright (c) 1999 Euclid. All rights reserved.
    ... ''')
    ['Fit a line.', 'Where to fit, see .']
    """
    lines = _prose_lines(docstring.expandtabs().split("\n"))
    paragraphs = (_words("\n".join(group)) for spoken, group in groupby(lines, bool) if spoken)
    return [
        sentence
        for paragraph in paragraphs
        if paragraph and not _LEGAL.search(paragraph.lower())
        for sentence in _SENTENCE_END.split(paragraph)
    ]


def _words(paragraph: str) -> str:
    """A paragraph as one line, without code, mathematics, names and addresses."""
    return " ".join(_INLINE.sub(" ", _LINK.sub(r"\1", _CODE.sub(" ", paragraph))).split())


def _prose_lines(lines: list[str]) -> Iterator[str]:
    """Lines that contain sentences, without the names and types that they declare; "" between paragraphs."""
    section = _Section()
    lines = list(_outside_blocks(_outside_examples(_outside_fences(lines))))
    for line, following in zip(lines, [*lines, ""][1:], strict=True):
        if not line.strip() or _UNDERLINE.fullmatch(line):
            yield ""
            continue
        indent = _indent(line)
        name = _heading(line, following)
        if name is not None:
            section = _Section(name, indent, bool(_UNDERLINE.fullmatch(following)))
            yield ""
            continue
        if not section.underlined and indent <= section.indent:
            section = _Section()  # a section in Google style ends with its indentation
        if not re.fullmatch(_LEFT_OUT, section.name):
            prose = section.without_declaration(line)
            if prose != line or _ITEM.match(line):
                yield ""
            yield prose


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _outside_fences(lines: Iterable[str]) -> Iterator[str]:
    fenced = False
    for line in lines:
        fence = _FENCE.match(line)
        if not fence and not fenced:
            yield line
        fenced = fenced != bool(fence)


def _outside_examples(lines: Iterable[str]) -> Iterator[str]:
    """Lines without interactive examples, which last from a prompt to the next blank line."""
    example = False
    for line in lines:
        example = bool(line.strip()) and (example or bool(_PROMPT.match(line)))
        if not example:
            yield line


def _outside_blocks(lines: Iterable[str]) -> Iterator[str]:
    """Lines without directives and literal blocks, which last as long as the lines are indented further."""
    left_out: int | None = None
    for line in lines:
        if left_out is not None and (not line.strip() or _indent(line) > left_out):
            continue
        left_out = None
        directive = _DIRECTIVE.fullmatch(line)
        if directive and re.fullmatch(_SPOKEN, directive["name"].lower()):
            yield directive["indent"] + directive["rest"]
            continue
        if line.rstrip().endswith("::") or _COMMENT.match(line):
            left_out = _indent(line)
        if not _COMMENT.match(line):
            yield line


def _heading(line: str, following: str) -> str | None:
    """Name of the section that starts at a line, in lower case; None if no section starts there."""
    name = line.strip().rstrip(":").lower()
    if _UNDERLINE.fullmatch(following):
        return name
    known = re.fullmatch(f"{_DECLARING}|{_LEFT_OUT}|{_PLAIN}", name)
    return name if known and _GOOGLE_HEADING.fullmatch(line) else None


@dataclass(frozen=True)
class _Section:
    """Section of a docstring that a line belongs to."""

    name: str = ""
    indent: int = -1
    underlined: bool = True

    def without_declaration(self, line: str) -> str:
        """A line without the names and types that it declares."""
        if _SPHINX_TYPE.fullmatch(line):
            return ""
        field = _SPHINX_FIELD.match(line)
        declaring = re.fullmatch(_DECLARING, self.name)
        if declaring and self.underlined:
            return line if _indent(line) > self.indent else ""
        if declaring:
            field = field or _GOOGLE_FIELD.match(line)
        elif _TYPED.fullmatch(line) or _CREDIT.fullmatch(line):
            return ""
        return line[field.end() :] if field else line
