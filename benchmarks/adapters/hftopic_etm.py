"""ETM of this package with its defaults and fixed GloVe vectors."""

from typing import Any

from adapters.glove import vectors_of
from adapters.hftopic_models import TwoGroups
from hftopic import ETM, Corpus


class MixtureOfVectors(TwoGroups):
    def build(self) -> ETM:
        vectors = vectors_of(self.vocabulary)
        return ETM(groups=self.halves(), word_vectors=vectors, **self.options())

    def convert(self, counts: Any) -> Any:
        return Corpus(counts, self.vocabulary)
