"""Attribution of a document's words to topics, as a model offers it to the analysis."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Attribution(Protocol):
    """Contribution of each topic to words of documents, in nats."""

    def __call__(self, proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contribution of each topic to (document, word) pairs, shape (pairs, n_topics).

        Parameters
        ----------
        proportions : ndarray, shape (pairs, n_topics)
            Output of ``transform`` for the document of each pair.
        columns : ndarray of int, shape (pairs,)
            Column of the word of each pair.
        """
