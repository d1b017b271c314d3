"""Colours that figures, reports and notebooks share; readable on light and on dark pages."""

# Colours of groups, from Okabe and Ito (2008): distinguishable with red-green colour blindness.
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# Colours of the sign of a correlation: violet and olive, distinguishable for everyone and used by no group.
POSITIVE, NEGATIVE = "#6a3d9a", "#8a7500"


def colour_number(group: int) -> int:
    """Index of a group's colour; the seventh group has the first colour again."""
    return group % len(GROUP_COLOURS)


def colour_of(group: int) -> str:
    """Colour of a group."""
    return GROUP_COLOURS[colour_number(group)]
