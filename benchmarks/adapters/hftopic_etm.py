"""ETM of this package with GloVe vectors: those that training changes, and fixed ones."""

from typing import Any

from adapters.glove import vectors_of
from adapters.hftopic_models import TwoGroups
from hftopic import ETM, Corpus


class MixtureOfVectors(TwoGroups):
    train = True

    def build(self) -> ETM:
        vectors = vectors_of(self.vocabulary)
        return ETM(groups=self.halves(), word_vectors=vectors, train_vectors=self.train, **self.options())

    def convert(self, counts: Any) -> Any:
        return Corpus(counts, self.vocabulary)


class MixtureOfFixedVectors(MixtureOfVectors):
    train = False
