"""Messages within handlers of signals."""

import os
from contextlib import suppress

STANDARD_ERROR = 2


def tell(text: str) -> None:
    """Write a text on standard error at once: printing here could break into other printing."""
    with suppress(OSError):
        os.write(STANDARD_ERROR, text.encode())
