"""Counts as lists of tokens, and as a dense tensor."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


def token_lists(counts: Any, vocabulary: list[str]) -> list[list[str]]:
    """Each document as its words, each as often as it occurs."""
    words = np.array(vocabulary, dtype=object)[counts.indices]
    times = counts.data.astype(int)
    rows = zip(counts.indptr[:-1], counts.indptr[1:], strict=True)
    return [np.repeat(words[start:end], times[start:end]).tolist() for start, end in rows]


def dense(counts: Any) -> "Tensor":
    """Counts as a dense float tensor, shape (N, V)."""
    import torch  # only the models that take tensors need it

    return torch.from_numpy(counts.toarray()).float()
