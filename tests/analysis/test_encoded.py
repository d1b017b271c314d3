"""Documents encoded once: the same answers as from the documents themselves, and no further pass."""

import copy
import inspect
import pickle
from dataclasses import asdict, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, Corpus, ProdLDA, analysis, load, make_correlated_topics
from hftopic.networks.encoder import Encoder
from hftopic.report import write_report

N_DOCUMENTS = 90
MODELS = {
    "prodlda": ProdLDA(groups=(2, 2), hidden=(16,), max_iter=4, random_state=0),
    "classes": ProdLDA(groups=(3, Concrete(3)), hidden=(16,), max_iter=4, random_state=0),
    "nvdm": NVDM(groups=(2, 2), hidden=(16,), max_iter=4, random_state=0),
}
SETTINGS = {
    "topic_correlation": {"active": [0, 1], "n_permutations": 9, "random_state": 0},
    "group_dependence": {"active": [0, 1], "n_permutations": 9},
    "word_contributions": {"document": 3},
    "similar_documents": {"query": 3},
    "topics_over_time": {"dates": np.arange(N_DOCUMENTS) // 10, "topics": "all"},
    "words_over_time": {"dates": np.arange(N_DOCUMENTS) // 10, "topics": "all", "n_permutations": 9},
    "estimate_effects": {"formula": "label", "topics": "all", "n_draws": 2},
    "trends": {"dates": np.arange(N_DOCUMENTS) // 10, "topics": "all"},
    "topics_by_label": {"topics": "all"},
    "label_topics": {"topics": "all"},
    "topic_coherence": {"measure": "u_mass"},
    "get_topic_info": {"topics": "all"},
    "to_pyldavis": {"topics": "all"},
    "coherence_score": {"measure": "u_mass", "threshold": 0.0},
}


FUNCTIONS = [
    name
    for name in analysis.__all__
    if name[0].islower()
    and list(inspect.signature(getattr(analysis, name)).parameters)[1:2] in (["X"], ["corpus"])
    and name not in ("recurring_pairs", "compare")  # of several models, each of which would encode
    and name != "write_document_topics"  # to a file: documents/test_stream.py
]
ONLY_SHARES = {"get_topic_info", "to_pyldavis", "document_coverage", "effective_topics", "suggest_merges"}


@pytest.fixture(scope="module")
def corpus():
    """With labels, and with one document without words."""
    counts = make_correlated_topics(
        N_DOCUMENTS, groups=(2, 2), n_words=50, random_state=0
    ).corpus.counts.copy()
    counts.data[counts.indptr[5] : counts.indptr[6]] = 0
    labels = [f"label {row % 3}" for row in range(N_DOCUMENTS)]
    return Corpus(counts, [f"w{column}" for column in range(50)], labels=labels)


@pytest.fixture(scope="module", params=MODELS)
def fitted(request, corpus):
    with pytest.warns(UserWarning, match="1 of 90 documents have no words"):
        return MODELS[request.param].fit(corpus)


@pytest.fixture
def encoded_documents(monkeypatch):
    """Number of documents that encoders have read, added up in a list."""
    read = []
    forward = Encoder.forward

    def counted(self, batch, generator=None):
        read.append(len(batch))
        return forward(self, batch, generator)

    monkeypatch.setattr(Encoder, "forward", counted)
    return read


def plain(value):
    """A result as plain lists, for comparison."""
    if is_dataclass(value):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, pd.Series):
        return plain(value.to_frame("value"))
    if isinstance(value, pd.DataFrame):
        return value.astype(object).where(value.notna(), None).reset_index().to_dict("list")
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def test_most_functions_are_tried():
    assert {"decompose", "topic_summary", "contributions", "topics_by_label"} <= set(FUNCTIONS)
    assert SETTINGS.keys() <= set(FUNCTIONS)
    assert len(FUNCTIONS) >= 19


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore:.*no words")
def test_every_function_encodes_documents_once_and_takes_encoded_ones(
    name, fitted, corpus, encoded_documents
):
    function, settings = getattr(analysis, name), SETTINGS.get(name, {})
    if name in ONLY_SHARES and fitted.signed_topics_:
        pytest.skip("topics of NVDM take no share of a document")
    expected = function(fitted, corpus, **settings)
    assert sum(encoded_documents) in (0, N_DOCUMENTS)  # once, if at all
    encoded = fitted.encode(corpus)
    encoded_documents.clear()
    found = function(fitted, encoded, **settings)
    assert encoded_documents == []
    assert plain(found) == plain(expected)


@pytest.mark.filterwarnings("ignore:.*no words")
def test_the_model_itself_takes_encoded_documents(fitted, corpus, encoded_documents):
    encoded = fitted.encode(corpus)
    assert fitted.encode(encoded) is encoded
    assert sum(encoded_documents) == N_DOCUMENTS
    encoded_documents.clear()
    for answer in ("transform", "transform_latent", "score_samples", "word_probabilities"):
        np.testing.assert_array_equal(getattr(fitted, answer)(encoded), getattr(fitted, answer)(corpus))
    assert fitted.perplexity(encoded) == fitted.perplexity(corpus)
    assert sum(encoded_documents) == 5 * N_DOCUMENTS  # those of the corpus alone


@pytest.mark.filterwarnings("ignore:.*no words")
def test_what_another_model_encoded_is_refused(corpus):
    first, second = (
        ProdLDA(groups=(2, 2), hidden=(8,), max_iter=1, random_state=s).fit(corpus) for s in (0, 1)
    )
    encoded = first.encode(corpus)
    with pytest.raises(ValueError, match="encoded by another model"):
        second.transform(encoded)
    first.partial_fit(corpus)
    with pytest.raises(ValueError, match="call its encode method again"):
        analysis.topic_summary(first, encoded)


@pytest.mark.filterwarnings("ignore:.*no words")
def test_it_is_known_again_after_pickling_and_saving(fitted, corpus, tmp_path):
    """The weights tell models apart, so a copy of the model knows what the model encoded."""
    encoded = pickle.loads(pickle.dumps(fitted.encode(corpus)))
    fitted.save(tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), load(tmp_path / "model")):
        np.testing.assert_array_equal(again.transform(encoded), fitted.transform(corpus))


@pytest.mark.filterwarnings("ignore:.*no words")
def test_answers_can_be_changed_without_changing_it(fitted, corpus):
    encoded = fitted.encode(corpus)
    before = fitted.transform(encoded)
    fitted.transform(encoded)[:] = 0
    fitted.posterior(encoded).mean[:] = 0
    np.testing.assert_array_equal(fitted.transform(encoded), before)
    assert fitted.posterior(encoded).mean.any()


def test_fit_needs_the_documents_themselves(corpus):
    model = ProdLDA(groups=2, hidden=(8,), max_iter=1, random_state=0).fit(corpus[6:])
    with pytest.raises(TypeError, match="not the result of encode"):
        model.fit(model.encode(corpus[6:]))


@pytest.mark.parametrize(
    "method",
    ["transform", "posterior", "encode", "perplexity", "score", "score_samples", "word_probabilities"],
)
def test_a_warning_names_the_line_of_the_user(fitted, corpus, method):
    with pytest.warns(UserWarning, match="no words") as caught:
        getattr(fitted, method)(corpus)
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name]


@pytest.mark.filterwarnings("ignore:.*no words", "ignore:.*no pair to correlate")
def test_a_report_of_encoded_documents_is_that_of_the_documents(fitted, corpus, encoded_documents, tmp_path):
    """The encoder reads nothing more, and labels and words of the corpus are there."""
    encoded, pages = fitted.encode(corpus), (tmp_path / "a.html", tmp_path / "b.html")
    encoded_documents.clear()
    for documents, page in zip((encoded, corpus), pages, strict=True):
        write_report(fitted, documents, page, measures="u_mass", n_permutations=9)
    assert sum(encoded_documents) == N_DOCUMENTS
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.filterwarnings("ignore:.*no words", "ignore:.*no pair to correlate")
@pytest.mark.parametrize("with_texts", [False, True])
def test_a_report_encodes_its_corpus_once(fitted, corpus, encoded_documents, tmp_path, with_texts):
    """One pass of the encoder over the documents, with and without texts."""
    texts = [f"text {row}" for row in range(N_DOCUMENTS)] if with_texts else None
    dates = np.arange(N_DOCUMENTS) // 10
    write_report(
        fitted, corpus, tmp_path / "r.html", measures="u_mass", n_permutations=9, texts=texts, dates=dates
    )
    assert sum(encoded_documents) == N_DOCUMENTS
