"""The models on real text: better than word frequencies on held-out documents, and coherent topics."""

import numpy as np
import pytest

from hftopic import NVDM, ProdLDA, read_corpus
from hftopic.analysis import topic_coherence, topic_information
from hftopic.objective import VAE


def unigram_perplexity(train, test):
    """exp(cross-entropy per token) with the word frequencies of the training set (1 added to each count)."""
    frequencies = np.asarray(train.counts.sum(0)).ravel() + 1
    log_p = np.log(frequencies / frequencies.sum())
    return np.exp(-(test.counts @ log_p).sum() / test.counts.sum())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*have no words:UserWarning")
@pytest.mark.parametrize(("name", "n_documents"), [("20ng_avitm1995", 4000), ("agnews", 10_000)])
@pytest.mark.parametrize(
    "model",
    [
        ProdLDA(groups=20, objective=VAE(), max_iter=12, random_state=0),
        ProdLDA(groups=(10, 10), max_iter=12, random_state=0),
        NVDM(groups=20, objective=VAE(), max_iter=12, random_state=0),
    ],
    ids=["ProdLDA-VAE", "ProdLDA-HFVAE", "NVDM-VAE"],
)
def test_held_out_documents_are_predicted_better_than_by_word_frequency(
    shared_corpus, name, n_documents, model
):
    train, test = (read_corpus(shared_corpus(name), split=split) for split in ("train", "test"))
    train = train[:n_documents]
    model.fit(train)
    assert model.perplexity(test) < unigram_perplexity(train, test)


@pytest.mark.filterwarnings("ignore:.*have no words:UserWarning")
def test_topics_of_newsgroups_cohere(shared_corpus):
    """NPMI in documents is above 0.1; random words of this corpus have about 0, inactive topics less."""
    train = read_corpus(shared_corpus("20ng_avitm1995"), split="train")
    model = ProdLDA(groups=20, objective=VAE(), max_iter=10, random_state=0).fit(train)
    active = topic_information(model, train)["active"].to_numpy()
    assert active.sum() >= 10
    assert topic_coherence(model, train, measure="c_npmi")["c_npmi"][active].mean() > 0.1
