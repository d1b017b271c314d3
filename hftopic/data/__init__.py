"""Data: corpora, file formats, datasets, and the mini-batches that a network reads."""
