"""The SHA-256 of counts and their vocabulary, of a corpus in memory and of one in files."""

import hashlib
from collections.abc import Callable, Iterable

import numpy as np
import scipy.sparse as sp


def sha256_of_counts(
    blocks: "Callable[[], Iterable[sp.csr_array[np.float32]]]", vocabulary: Iterable[str]
) -> str:
    """Hash of counts and words, the same on every machine and for every division into blocks.

    Parameters
    ----------
    blocks : callable
        Returns the counts of consecutive documents, as canonical CSR; it is called three times.
    vocabulary : iterable of str
    """
    digest = hashlib.sha256(np.zeros(1, dtype="<i8").tobytes())
    n_entries = 0
    for counts in blocks():
        digest.update((n_entries + counts.indptr[1:].astype("<i8")).tobytes())
        n_entries += counts.nnz
    for what, kind in (("indices", "<i8"), ("data", "<f4")):
        for counts in blocks():
            digest.update(getattr(counts, what).astype(kind).tobytes())
    for word in vocabulary:
        digest.update(str(word).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
