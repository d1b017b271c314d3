"""Texts to topics in one estimator: scikit-learn's rules, and the words of the model."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from hftopic import (
    NVDM,
    Concrete,
    CorpusError,
    ProdLDA,
    TextOptions,
    TopicPipeline,
    corpus_from_texts,
    load,
    plots,
)
from hftopic.analysis import (
    active_topics_score,
    coherence_score,
    similar_documents,
    topic_information,
    topic_summary,
    topics_over_time,
)

SPORT, FAITH = (
    ["team", "ball", "goal", "match", "league", "player"],
    ["god", "church", "faith", "prayer", "bible", "saint"],
)
TEXTS = [
    " ".join(np.random.default_rng(i).choice((SPORT, FAITH)[i % 2], 15)) + " the 2nd time" for i in range(60)
]
MODEL = ProdLDA(groups=(2, Concrete(2)), hidden=(8,), max_iter=4, random_state=0)
OPTIONS = TextOptions(min_df=2, max_df=1.0)
VECTORISERS = {
    "options": OPTIONS,
    "vectoriser": CountVectorizer(stop_words="english", token_pattern="[a-z]{3,}"),
}


@pytest.fixture(scope="module", params=VECTORISERS)
def pipeline(request):
    return TopicPipeline(MODEL, VECTORISERS[request.param]).fit(TEXTS)


def test_it_is_the_model_of_the_corpus_of_the_texts(pipeline):
    corpus = corpus_from_texts(TEXTS, options=OPTIONS)
    model = clone(MODEL).fit(corpus)
    np.testing.assert_array_equal(pipeline.transform(TEXTS), model.transform(corpus))
    np.testing.assert_array_equal(pipeline.predict(TEXTS), model.predict(corpus))
    assert pipeline.score(TEXTS) == model.score(corpus)
    assert pipeline.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()
    assert pipeline.model_.vocabulary_.tolist() == corpus.vocabulary.tolist()
    np.testing.assert_array_equal(TopicPipeline(MODEL, OPTIONS).fit_transform(TEXTS), model.transform(corpus))
    assert not hasattr(MODEL, "topic_groups_")


@pytest.mark.filterwarnings("ignore:.* documents have no words")
def test_new_texts_are_read_in_the_words_of_the_model(pipeline):
    corpus = pipeline.read(
        ["a GOD of unknown things", "of"], labels=["a", "b"], names=["x", "y"], dates=[1990, ""]
    )
    assert corpus.vocabulary.tolist() == pipeline.model_.vocabulary_.tolist()
    assert corpus.counts.sum() == 1
    assert corpus.texts.tolist() == ["a GOD of unknown things", "of"]
    assert (corpus.labels.tolist(), corpus.dates.tolist()) == (["a", "b"], ["1990", ""])
    assert topic_information(pipeline.model_, pipeline.read(TEXTS)).shape[0] == 4
    assert topics_over_time(pipeline.model_, pipeline.read(TEXTS), [1990, 1991] * 30).shape[0] == 2


@pytest.mark.parametrize(
    "given", [tuple(TEXTS), np.array(TEXTS), pd.Series(TEXTS), pd.Series(TEXTS[::-1])[::-1]]
)
def test_texts_come_in_any_sequence(pipeline, given):
    np.testing.assert_array_equal(pipeline.transform(given), pipeline.transform(TEXTS))


def test_its_output_can_be_a_data_frame():
    pipeline = TopicPipeline(MODEL, OPTIONS).set_output(transform="pandas")
    frame = pipeline.fit_transform(TEXTS)
    assert frame.columns.tolist() == [
        "prodlda0",
        "prodlda1",
        "prodlda_group1_class0",
        "prodlda_group1_class1",
    ]


def test_parameters_of_both_steps_are_searched():
    grid = {"model__gamma": [1.0, 3.0], "words__min_df": [1, 2]}
    search = GridSearchCV(
        TopicPipeline(MODEL, VECTORISERS["vectoriser"]), grid, scoring=coherence_score, cv=2
    )
    search.fit(TEXTS)
    assert len(search.cv_results_["params"]) == 4
    assert set(search.best_params_) == set(grid)
    assert search.best_estimator_.transform(TEXTS[:3]).shape == (3, 4)
    options = {"words": [TextOptions(min_df=1, max_df=1.0), OPTIONS]}
    assert (
        GridSearchCV(TopicPipeline(MODEL), options, cv=2).fit(TEXTS).best_params_["words"] in options["words"]
    )


def test_scorers_read_the_texts(pipeline):
    expected = active_topics_score(pipeline.model_, pipeline.read(TEXTS))
    assert active_topics_score(pipeline, TEXTS) == expected
    assert coherence_score(pipeline, TEXTS) == coherence_score(pipeline.model_, pipeline.read(TEXTS))


def test_it_is_a_step_of_a_longer_pipeline():
    longer = make_pipeline(TopicPipeline(MODEL, OPTIONS), LogisticRegression())
    labels = ["sport", "faith"] * 30
    assert longer.fit(TEXTS, labels).predict(TEXTS).shape == (60,)
    assert "TopicPipeline" in longer._repr_html_()


def test_copies_are_unfitted_and_pickles_are_fitted(pipeline):
    again = clone(pipeline)
    assert not hasattr(again, "model_")
    with pytest.raises(NotFittedError, match="this TopicPipeline is not fitted yet: call fit first"):
        again.transform(TEXTS)
    kept = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(kept.transform(TEXTS), pipeline.transform(TEXTS))
    changed = again.set_params(model__max_iter=1)
    assert changed.fit(TEXTS).model_.n_iter_ == 1


def test_a_saved_model_becomes_a_pipeline_again(tmp_path):
    pipeline = TopicPipeline(MODEL, OPTIONS).fit(TEXTS)
    pipeline.model_.save(tmp_path / "model")
    again = TopicPipeline.from_model(load(tmp_path / "model"))
    np.testing.assert_array_equal(again.transform(TEXTS), pipeline.transform(TEXTS))
    bare = clone(MODEL).fit(corpus_from_texts(TEXTS, options=OPTIONS).counts)
    with pytest.raises(ValueError, match=r"has no words, so texts cannot be counted for it: pass the fitted"):
        TopicPipeline.from_model(bare)


def test_texts_are_never_read_with_options_that_the_model_was_not_fitted_with(tmp_path):
    """A vectoriser is not saved with the model, and the default options would count other words."""
    vectorizer = CountVectorizer(ngram_range=(1, 2), lowercase=False, binary=True)
    pipeline = TopicPipeline(MODEL, vectorizer).fit(TEXTS)
    pipeline.model_.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    told = "unknown how texts became the word counts that the ProdLDA was fitted on: pass the "
    with pytest.raises(ValueError, match=f"{told}fitted vectoriser"):
        TopicPipeline.from_model(loaded)
    with pytest.raises(ValueError, match=f"{told}word counts"):
        similar_documents(loaded, pipeline.read(TEXTS), TEXTS[0])
    again = TopicPipeline.from_model(loaded, pipeline.vectorizer_)
    np.testing.assert_array_equal(again.transform(TEXTS), pipeline.transform(TEXTS))
    counts = pipeline.read(TEXTS[:1])
    assert similar_documents(loaded, pipeline.read(TEXTS), counts)["similarity"][0] == pytest.approx(1)


def test_the_words_of_a_fitted_pipeline_are_found():
    """The model of a plain Pipeline sees a matrix; its words are those of the vectoriser."""
    plain = make_pipeline(clone(VECTORISERS["vectoriser"]), clone(MODEL)).fit(TEXTS)
    assert plain[-1].topic_names_[0].replace(", ", "").isdecimal()
    topics = TopicPipeline.from_model(plain[-1], plain[:-1])
    np.testing.assert_array_equal(topics.transform(TEXTS), plain.transform(TEXTS))
    whole = TopicPipeline(MODEL, VECTORISERS["vectoriser"]).fit(TEXTS)
    assert topics.model_.topic_names_.tolist() == whole.model_.topic_names_.tolist()
    assert topics.model_.top_words(3).equals(whole.model_.top_words(3))
    assert not hasattr(plain[-1], "vocabulary_")
    with pytest.raises(ValueError, match="words"):
        TopicPipeline.from_model(plain[-1], CountVectorizer().fit(TEXTS[:2]))


@pytest.mark.parametrize("steps", [TopicPipeline, lambda model, words: make_pipeline(words, model)])
def test_weights_in_place_of_counts_are_told(steps):
    with pytest.warns(UserWarning, match="every row of X has the length 1, as tf-idf"):
        steps(clone(MODEL), TfidfVectorizer()).fit(TEXTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steps(clone(MODEL), CountVectorizer(binary=True)).fit(TEXTS)
        clone(MODEL).fit(CountVectorizer().fit_transform(TEXTS) * 0.75)  # fractions are allowed


@pytest.mark.parametrize(
    "options", [TextOptions(), TextOptions(min_df=2, ngram_range=(1, 2), stop_words=None)]
)
def test_options_are_shown_where_they_are_not_the_defaults(options):
    assert eval(repr(options)) == options
    assert repr(TextOptions(min_df=2)) == "TextOptions(min_df=2)"
    assert repr(TopicPipeline(words=TextOptions(min_df=2))) == "TopicPipeline(words=TextOptions(min_df=2))"


def test_callbacks_are_called():
    epochs = []
    TopicPipeline(MODEL, OPTIONS).fit(TEXTS, callbacks=[lambda record: epochs.append(record["epoch"])])
    assert epochs == [1, 2, 3, 4]


def test_only_models_with_classes_predict():
    assert hasattr(TopicPipeline(MODEL), "predict")
    assert not hasattr(TopicPipeline(NVDM(groups=2)), "predict")
    assert not hasattr(TopicPipeline(), "predict")


@pytest.mark.parametrize(
    ("parameters", "X", "told"),
    [
        ({"model": ProdLDA}, TEXTS, r"model must be ProdLDA\(\.\.\.\) or NVDM\(\.\.\.\), not the class"),
        ({"model": 3}, TEXTS, r"model must be ProdLDA\(\.\.\.\)"),
        ({"words": CountVectorizer}, TEXTS, r"words must be TextOptions\(\.\.\.\) or a vectoriser"),
        (
            {"words": HashingVectorizer()},
            TEXTS,
            r"a vectoriser that knows its words, such as CountVectorizer",
        ),
        ({}, TEXTS[0], "a single string|a single text"),
        ({"words": CountVectorizer()}, TEXTS[0], "X is a single text; pass a sequence of texts"),
        ({"words": CountVectorizer()}, [*TEXTS, None], "text 60 is of type NoneType, not a string"),
        ({}, [*TEXTS, 3], "text 60 is 3 of type int"),
        ({"words": CountVectorizer()}, pd.DataFrame({"text": TEXTS}), "pass one column"),
    ],
)
def test_other_things_are_told(parameters, X, told):
    pipeline = TopicPipeline(**{"model": MODEL, **parameters})
    with pytest.raises((TypeError, CorpusError), match=told):
        pipeline.fit(X)
    assert not hasattr(pipeline, "model_")


def test_a_model_that_is_given_texts_names_the_pipeline():
    for fit in (clone(MODEL).fit, clone(MODEL).fit_transform, clone(MODEL).partial_fit):
        with pytest.raises(
            ValueError, match=r"holds texts.* fit hftopic\.TopicPipeline\(model\) on the texts"
        ):
            fit(TEXTS)


@pytest.mark.parametrize("name", plots.__all__)
def test_what_to_pass_of_a_pipeline_is_told_by_figures(pipeline, name):
    pytest.importorskip("matplotlib")
    if name != "plot_comparison":  # takes no model
        with pytest.raises(TypeError, match=r"pass topics\.model_ and topics\.read\(texts\)"):
            getattr(plots, name)(pipeline, TEXTS)


@pytest.mark.parametrize("function", [topic_information, topic_summary])
def test_what_to_pass_of_a_pipeline_is_told_by_the_analysis(pipeline, function):
    with pytest.raises(TypeError, match=r"pass topics\.model_ and topics\.read\(texts\)"):
        function(pipeline, TEXTS)


def embedded(texts):
    """Embeddings that tell the two kinds of texts apart: how often they have each word of either."""
    return [[text.split().count(word) for word in (*SPORT, *FAITH)] for text in texts]


@pytest.mark.parametrize("words", VECTORISERS.values(), ids=VECTORISERS)
def test_texts_suffice_for_a_model_that_reads_embeddings(words):
    model = clone(MODEL).set_params(encoder_input="both")
    pipeline = TopicPipeline(model, words, embedded).fit(TEXTS)
    corpus = corpus_from_texts(TEXTS, options=OPTIONS).with_embeddings(embedded(TEXTS))
    expected = clone(model).fit(corpus)
    np.testing.assert_array_equal(pipeline.transform(TEXTS), expected.transform(corpus))
    np.testing.assert_array_equal(pipeline.predict(TEXTS[:5]), expected.predict(corpus[:5]))
    assert pipeline.score(TEXTS) == expected.score(corpus)
    np.testing.assert_array_equal(pipeline.read(TEXTS[:3]).embeddings, embedded(TEXTS[:3]))
    # Given embeddings are read instead.
    given = pipeline.transform(TEXTS[:5], embeddings=np.ones((5, 12)))
    np.testing.assert_array_equal(given, expected.transform(corpus[:5], embeddings=np.ones((5, 12))))
    again = TopicPipeline.from_model(pipeline.model_, pipeline.vectorizer_, embed=embedded)
    np.testing.assert_array_equal(again.transform(TEXTS), pipeline.transform(TEXTS))


def test_a_text_without_known_words_has_topics_by_its_embedding():
    model = clone(MODEL).set_params(encoder_input="embeddings")
    pipeline = TopicPipeline(model, OPTIONS, embedded).fit(TEXTS)
    rows = np.asarray(embedded(TEXTS[:4]))
    foreign = pipeline.transform(["la squadra e la palla"] * 4, embeddings=rows)
    np.testing.assert_array_equal(foreign, pipeline.transform(TEXTS[:4]))


def test_a_pipeline_without_a_model_of_embeddings_says_what_to_pass():
    model = clone(MODEL).set_params(encoder_input="embeddings")
    with pytest.raises(ValueError, match=r"encoder_input='embeddings'\): pass embed= to the pipeline"):
        TopicPipeline(model, OPTIONS).fit(TEXTS)
    rows = np.asarray(embedded(TEXTS))
    fitted = TopicPipeline(model, OPTIONS).fit(TEXTS, embeddings=rows)
    with pytest.raises(ValueError, match="pass embed="):
        fitted.transform(TEXTS)
    by_function = TopicPipeline.from_model(fitted.model_, embed=embedded)
    np.testing.assert_array_equal(fitted.transform(TEXTS, embeddings=rows), by_function.transform(TEXTS))


def test_a_model_of_counts_calls_no_model_of_embeddings():
    def fails(texts):
        raise AssertionError(texts)

    pipeline = TopicPipeline(MODEL, OPTIONS, fails).fit(TEXTS)
    assert pipeline.read(TEXTS).embeddings is None
