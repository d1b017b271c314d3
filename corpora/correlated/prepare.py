"""Write a generated corpus with planted correlations, and its ground truth, next to this script."""

import argparse
from pathlib import Path

import numpy as np

from hftopic import make_correlated_topics, write_corpus

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    made = make_correlated_topics(5000, (5, 5), correlation=0.6, random_state=parser.parse_args().seed)
    write_corpus(made.corpus, Path(__file__).with_name("data"), format="folder")
    np.savez_compressed(
        Path(__file__).with_name("truth.npz"),
        topic_word=made.topic_word,
        proportions=made.proportions,
        latent=made.latent,
        topic_groups=made.topic_groups,
        correlation=made.correlation,
    )
    print(made.corpus)
