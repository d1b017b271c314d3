"""Documents: corpora, where they come from, and the mini-batches that a network reads."""
