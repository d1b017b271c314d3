"""Packed data of the page: JSON, compressed, as text that no word of the corpus can leave."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

LENGTHS = (3000, 2000, 1500, 1000, 700, 500)  # maximum numbers of characters of an original text, in turn
MOST_BYTES = 6_000_000  # size above which the original texts are cut shorter


def packed(content: Any) -> str:
    """JSON of some content, compressed by zlib, in base 64; the page unpacks it with DecompressionStream."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def packed_within(content: Callable[[int], Any], most: int = MOST_BYTES) -> tuple[str, int]:
    """Packed data with texts as long as `most` bytes allow, and the length at which texts are cut."""
    for longest in LENGTHS:
        data = packed(content(longest))
        if len(data) <= most:
            break
    return data, longest
