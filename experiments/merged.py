"""Documents with two known factors, each the sum of two labelled documents."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

# Two sets of labels of 20 Newsgroups, by their numbers in labels.txt; a merged document has one of each.
LEISURE_AND_SCIENCE = {"autos": 7, "hockey": 10, "medicine": 13, "space": 14}
SOCIETY = {"graphics": 1, "christian": 15, "guns": 16, "mideast": 17}


@dataclass(frozen=True)
class MergedDocuments:
    """Counts (n_documents, n_words) and both labels of each document."""

    counts: sp.csr_array
    factors: pd.DataFrame


def merged(counts: Any, labels: Any, times: int, seed: int) -> MergedDocuments:
    """Documents of the first four labels, each added to `times` random documents of the other four.

    The columns ``first`` and ``second`` of the factors are the names of the labels. The two are independent
    by design.
    """
    generator = np.random.default_rng(seed)
    numbers = np.asarray(labels).astype(int)
    rows, names = [], []
    for chosen in (LEISURE_AND_SCIENCE, SOCIETY):
        name_of = {number: name for name, number in chosen.items()}
        of_group = np.flatnonzero(np.isin(numbers, list(name_of)))
        rows.append(of_group)
        names.append(np.array([name_of[number] for number in numbers[of_group]]))
    first = np.repeat(np.arange(len(rows[0])), times)
    second = generator.integers(len(rows[1]), size=len(first))
    matrix = sp.csr_array(counts)
    return MergedDocuments(
        sp.csr_array(matrix[rows[0][first]] + matrix[rows[1][second]]),
        pd.DataFrame({"first": names[0][first], "second": names[1][second]}),
    )
