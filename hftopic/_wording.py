"""Numbers with their nouns, and texts in a line, for every kind of output."""

LONGEST_TEXT = 90


def counted(n: float, noun: str) -> str:
    """A number with its noun in the singular or plural: "1 group", "2 classes"."""
    return f"{n:,} {noun}{'' if n == 1 else 'es' if noun.endswith('s') else 's'}"


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text in one line, cut after `longest` characters."""
    one_line = " ".join(text[: 4 * longest].split())
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"
