"""What a notebook shows of objects: well-formed, short, escaped, and the numbers of their tables."""

import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn import set_config
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from hftopic import NVDM, Concrete, Corpus, ProdLDA, TopicPipeline, corpus_from_texts, make_correlated_topics
from hftopic._html import Html, bar, element, line, number, panel, squares, table
from hftopic._wording import counted, shortened
from hftopic.analysis import compare, decompose, topic_correlation

MADE = make_correlated_topics(200, groups=(2, 2), n_words=60, random_state=0).corpus
HOSTILE = "<script>alert('{}')</script>&\"'"
CORPUS = Corpus(
    MADE.counts,
    [HOSTILE.format(word) for word in MADE.vocabulary],
    labels=[HOSTILE.format(i % 3) for i in range(200)],
    names=[HOSTILE.format(i) for i in range(200)],
    splits=["train", "test"] * 100,
    texts=[HOSTILE.format("text")] * 200,
    dates=[str(1990 + i % 4) for i in range(200)],
    metadata={HOSTILE.format("column"): range(200)},
)
VOID = {"rect", "polyline"}
LONGEST = 60_000  # characters; the output of a cell stays with the notebook


class Elements(HTMLParser):
    """Elements and text of a page; an unbalanced one is an error."""

    def __init__(self, page):
        super().__init__()
        self.open, self.names, self.text, self.attributes = [], [], "", []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def model():
    return ProdLDA(groups=(2, 2), hidden=(8,), max_iter=60, random_state=0).fit(CORPUS)


@pytest.fixture(scope="module")
def shown(model):
    """HTML of one object of each kind."""
    small = ProdLDA(groups=(2, 2), hidden=(8,), max_iter=2)
    settings = {HOSTILE.format("a"): small, "b": clone(small).set_params(gamma=1.0)}
    objects = {
        "corpus": CORPUS,
        "model": model,
        "classes": ProdLDA(groups=(2, Concrete(2)), hidden=(8,), max_iter=30, random_state=0).fit(CORPUS),
        "signed": NVDM(groups=(2, 2), hidden=(8,), max_iter=10, random_state=0).fit(CORPUS),
        "untrained": clone(small).set_params(max_iter=1).fit(np.ones((20, 5))),
        "correlation": topic_correlation(model, CORPUS, active=range(4), n_permutations=9),
        "prior": topic_correlation(model, CORPUS, active=range(2), of="prior"),
        "comparison": compare(
            settings, train=CORPUS, validation=CORPUS[:50], seeds=[0, 1], coherence="u_mass"
        ),
        "decomposition": decompose(model, CORPUS),
    }
    return {name: value._repr_html_() for name, value in objects.items()}


KINDS = (
    *("corpus", "model", "classes", "signed", "untrained"),
    *("correlation", "prior", "comparison", "decomposition"),
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_well_formed_and_runs_nothing(shown, kind):
    found = Elements(shown[kind])
    assert not {"script", "style", "iframe", "link"} & set(found.names)
    assert not [name for name in found.attributes if name.startswith("on") or name == "href"]
    assert len(shown[kind]) < LONGEST
    assert len(found.text) < 4000


@pytest.mark.filterwarnings("ignore")
def test_words_are_shown_as_they_are(shown):
    assert "<script>alert('text')</script>" in Elements(shown["corpus"]).text
    assert "<script>alert('a')</script>" in Elements(shown["comparison"]).text


def test_a_corpus_tells_its_sizes(shown):
    text = Elements(shown["corpus"]).text
    assert f"200 documents, 60 words, {CORPUS.n_tokens:,} tokens" in text
    assert "67" in text  # documents of the first label
    assert "1990" in text
    assert "… and 197 more documents" in text
    assert f"Other columns, in .metadata: {HOSTILE.format('column')}" in text


@pytest.mark.parametrize(
    "corpus",
    [
        Corpus(np.zeros((0, 3)), ["a", "b", "c"]),
        Corpus(np.zeros((2, 1)), ["a"]),
        Corpus([[1.5]], ["a"], labels=["x"]),
        corpus_from_texts(["team ball goal"] * 10, keep_texts=False),
        corpus_from_texts(["team ball goal"] * 10, labels=[f"c{i}" for i in range(10)]),
    ],
    ids=["no documents", "no words", "fractions", "tokens", "many labels"],
)
def test_every_corpus_is_shown(corpus):
    text = Elements(corpus._repr_html_()).text
    assert counted(corpus.n_documents, "document") in text


def test_a_model_lists_the_topics_in_use_by_group(model, shown):
    text = Elements(shown["model"]).text
    summary = model.topic_summary_
    used = summary[summary["active"] & ~summary["duplicate"]]
    assert f"{len(used)} of 4 topics in use" in text
    for topic in used["topic"]:
        assert shortened(model.topic_names_[topic], 80) in text
    assert f"{int(used['documents'].max()):,}" in text
    assert repr(model) in text
    assert "%: share" in text


@pytest.mark.filterwarnings("ignore")
def test_signed_topics_have_no_shares(shown):
    text = Elements(shown["signed"]).text
    assert "documents that the topic leads" in text
    assert "share" not in text


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_has_learnt_nothing_says_so(shown):
    assert "no topic is in use: nothing was learnt yet" in Elements(shown["untrained"]).text


def test_the_strongest_pair_is_shown(model, shown):
    found = topic_correlation(model, CORPUS, active=range(4), n_permutations=9)
    first = found.pairs.iloc[0]
    text = Elements(shown["correlation"]).text
    assert f"{first['topic_a']}, {first['topic_b']}" in text
    assert f"{first['r']:+.2f}" in text
    assert shown["correlation"].count("<rect") == 17


def test_the_best_setting_is_bold():
    small = ProdLDA(groups=(2, 2), hidden=(8,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = compare(
            {"short": clone(small).set_params(max_iter=1), "long": clone(small).set_params(max_iter=40)},
            train=MADE, validation=MADE[:50], seeds=[0, 1], coherence="u_mass",
        )  # fmt: skip
    best = found.best("perplexity")
    assert re.search(
        rf"<b><span[^>]*><span[^>]*></span>{number(best['perplexity'])}</span></b>", found._repr_html_()
    )


def test_terms_have_their_errors(model, shown):
    found = decompose(model, CORPUS)
    value, error = found.terms.loc["kl"]
    assert f"{value:,.3f} ± {error:.2g}" in Elements(shown["decomposition"]).text


def test_unfitted_models_and_pipelines_have_the_diagram_of_scikit_learn(model):
    for estimator in (ProdLDA(), NVDM(), TopicPipeline(ProdLDA()), make_pipeline(ProdLDA())):
        assert "sk-top-container" in estimator._repr_html_()
        assert "sk-top-container" in estimator._repr_mimebundle_()["text/html"]
    assert "sk-top-container" in make_pipeline(model)._repr_html_()
    assert model._repr_mimebundle_() == {"text/plain": repr(model), "text/html": model._repr_html_()}


def test_the_display_of_scikit_learn_can_be_text(model):
    set_config(display="text")
    try:
        assert model._repr_mimebundle_() == {"text/plain": repr(model)}
        assert not hasattr(model, "_repr_html_")
    finally:
        set_config(display="diagram")


def test_a_fitted_pipeline_shows_the_topics_of_its_model():
    texts = ["team ball goal match", "god church faith bible"] * 20
    pipeline = TopicPipeline(ProdLDA(groups=2, hidden=(8,), max_iter=40, random_state=0)).fit(texts)
    assert pipeline._repr_html_() == pipeline.model_._repr_html_()


def test_markup_is_kept_and_text_is_escaped():
    assert element("b", "<i>", Html("<i></i>"), title='"') == '<b title="&quot;">&lt;i&gt;<i></i></b>'
    assert Elements(panel("<b>", "&")).text == "<b> &"
    assert Elements(table({"a": [1, 2.5], "<b>": ["<c>", "d"]})).text == "a<b>1<c>2.5d"
    with pytest.raises(ValueError, match="zip"):
        table({"a": [1], "b": [1, 2]})


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (1234.5, "1,234"), (0.12345, "0.123"), (float("nan"), "-"), (None, "-")],
)
def test_numbers_have_three_figures(value, text):
    assert number(value) == text


def test_a_bar_is_never_longer_than_the_longest():
    for value, largest, width in ((1, 2, 45), (5, 2, 90), (-1, 2, 45), (float("nan"), 2, 0), (1, 0, 0)):
        assert f"width:{width}px" in bar(value, largest)


def test_pictures_are_described():
    for picture in (line([1.0, 1.0], "a <curve>"), squares([[("red", 0.5, "r < 0")]], "a <curve>")):
        assert 'role="img" aria-label="a &lt;curve&gt;"' in picture
        Elements(picture)


def test_long_texts_are_cut_in_one_line():
    assert shortened("a\n  b\tc") == "a b c"
    assert shortened("x" * 500) == "x" * 89 + "…"


def test_what_has_arrays_is_written_in_one_line(model):
    made = make_correlated_topics(20, groups=(2, 2), random_state=0)
    results = [
        *(made, model.encode(CORPUS), model.posterior(CORPUS), decompose(model, CORPUS)),
        topic_correlation(model, CORPUS, active=range(4), n_permutations=9),
    ]
    for result in results:
        assert type(result).__name__ in repr(result)
        assert len(repr(result)) < 150
        assert "\n" not in repr(result)
