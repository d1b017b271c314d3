"""Tests of edited models: proportions, words, likelihood, ids, and what stays as it was."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from hftopic import ProdLDA, TopicPipeline, edit_topics, load, open_corpus, write_corpus
from hftopic.analysis import (
    contributions,
    decompose,
    document_summary,
    representative_documents,
    topic_correlation,
    topic_information,
    topic_map,
    topic_summary,
    topics_by_label,
    word_contributions,
    write_document_topics,
)

LEFT = [0, 1, 3, 4, 5]  # topics of the original in the edited model
IDS = [0, 1, 3, 5]


def sums_of_members(theta):
    """Proportions of the edited model of the fixtures, from those of the original."""
    left = theta[:, LEFT].sum(1, keepdims=True)
    merged = theta[:, [0, 1, 3, 5]].copy()
    merged[:, 1] += theta[:, 4]
    return merged / left


def test_proportions_are_the_sums_of_those_of_the_members(model, edited, planted):
    expected = sums_of_members(model.transform(planted).astype(np.float64))
    assert_allclose(edited.transform(planted), expected, rtol=1e-5)
    assert_array_equal(edited.transform(edited.encode(planted)), edited.transform(planted))


def test_draws_of_the_posterior_have_the_sums_of_the_original(model, edited, planted):
    """Mean and spread of the proportions over draws of q(z'|x) are those over draws of q(z|x)."""
    rng = np.random.default_rng(0)

    def draws(of):
        posterior = of.posterior(planted[:20])
        noise = rng.standard_normal((4000, *posterior.mean.shape))
        z = posterior.mean + np.sqrt(posterior.variance) * noise
        theta = np.exp(z - z.max(-1, keepdims=True))
        return theta / theta.sum(-1, keepdims=True)

    whole = draws(model)
    own = whole[..., LEFT].sum(-1, keepdims=True)
    expected = np.stack([whole[..., 0], whole[..., [1, 4]].sum(-1), whole[..., 3], whole[..., 5]], -1) / own
    found = draws(edited)
    assert_allclose(found.mean(0), expected.mean(0), atol=0.015)
    assert_allclose(found.std(0), expected.std(0), atol=0.015)


def test_the_prior_has_the_moments_of_the_sums(model, edited):
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal(model.prior_mean_, model.prior_covariance_, 300_000)
    merged = np.stack([z[:, 0], np.logaddexp(z[:, 1], z[:, 4]), z[:, 3], z[:, 5]], 1)
    assert_allclose(edited.prior_mean_, merged.mean(0), atol=0.02)
    assert_allclose(edited.prior_covariance_, np.cov(merged.T), atol=0.02)


def test_likelihoods_are_those_of_the_original(model, edited, planted):
    assert_array_equal(edited.score_samples(planted), model.score_samples(planted))
    assert edited.score(planted) == model.score(planted)
    assert edited.perplexity(planted) == model.perplexity(planted)
    assert edited.perplexity(edited.encode(planted)) == model.perplexity(planted)
    assert_array_equal(edited.word_probabilities(planted), model.word_probabilities(planted))


def test_words_are_the_sums_of_the_usage_of_the_members(model, edited):
    before, after = model._network.usage, edited._network.usage
    assert_allclose(after.words[0, 1], before.words[0, 1] + before.words[0, 4])
    assert_allclose(after.documents, before.documents, rtol=1e-4)
    assert_allclose(edited.topic_word_.sum(1), 1, rtol=1e-5)
    untouched = [(0, 0), (2, 3), (3, 5)]
    for place, topic in untouched:
        assert_allclose(edited.topic_word_[place], model.topic_word_[topic], rtol=1e-4)
        assert_allclose(edited.components_[place], model.components_[topic], rtol=1e-5)
    share = before.words[0, [1, 4]].sum(1) / before.words[0, [1, 4]].sum()
    assert_allclose(edited.components_[1], share.numpy() @ model.components_[[1, 4]], atol=1e-5)


def test_information_of_a_topic_that_was_left_alone_is_as_it_was(model, edited, planted):
    before, after = topic_information(model, planted), topic_information(edited, planted)
    assert after["topic"].tolist() == IDS
    kept = before.set_index("topic").loc[[0, 3, 5], ["information", "peak", "kl"]]
    assert_allclose(after.set_index("topic").loc[[0, 3, 5], ["information", "peak", "kl"]], kept, rtol=1e-4)


def test_information_of_a_merged_topic_is_that_of_draws(edited, model, planted):
    """I(x; z') by draws of the sum itself and a histogram; the Gaussian is an approximation of it."""
    posterior, rng = model.posterior(planted), np.random.default_rng(0)
    z = posterior.mean[:, None] + np.sqrt(posterior.variance)[:, None] * rng.standard_normal(
        (*posterior.mean[:, None].shape[:1], 4000, 6)
    )
    merged = np.logaddexp(z[..., 1], z[..., 4])
    edges = np.linspace(merged.min(), merged.max() + 1e-9, 80)
    p = np.stack([np.histogram(row, edges)[0] for row in merged]) / 4000
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.nansum(p * np.log(p / p.mean(0)), axis=1).mean()
    found = topic_information(edited, planted).set_index("topic")["information"][1]
    assert found == pytest.approx(divergence, abs=0.03)


def test_the_original_is_untouched(planted):
    model = ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(planted)
    before = {name: copy.copy(value) for name, value in vars(model).items()}
    names, summary, theta = model.topic_names_, model.topic_summary_, model.transform(planted)
    edited = edit_topics(model, merge=[(0, 1)], names={3: "sport"})
    assert vars(model).keys() == before.keys()
    assert_array_equal(model.topic_names_, names)
    assert model.topic_summary_.equals(summary)
    after = edited.transform(planted)
    model.partial_fit(planted)
    assert_array_equal(edited.transform(planted), after)
    assert not np.array_equal(model.transform(planted), theta)


def test_names_stick_and_those_of_other_topics_stay(model, edited):
    assert edited.topic_names_[1] == "faith"
    assert edited.topic_names_[[0, 2, 3]].tolist() == model.topic_names_[[0, 3, 5]].tolist()
    renamed = edit_topics(edited, names={"5": "sport"})
    assert renamed.topic_names_.tolist() == [*edited.topic_names_[:3], "sport"]
    assert renamed.topic_summary_.equals(edited.topic_summary_)
    assert edit_topics(edited, drop=[0]).topic_names_[0] == "faith"
    with pytest.raises(ValueError, match="no topic 4: the topics that are left are 0, 1, 3, 5"):
        edited.set_topic_names({4: "none"})
    assert copy.copy(edited).set_topic_names({3: "art"}).topic_names_[2] == "art"


def test_edits_of_edits_are_the_edits_at_once(model, edited, planted):
    twice = edit_topics(edited, merge=[(1, 0)])
    once = edit_topics(model, merge=[(1, 4, 0)], drop=[2])
    assert twice.topic_ids_.tolist() == once.topic_ids_.tolist() == [1, 3, 5]
    assert_array_equal(twice.transform(planted), once.transform(planted))
    assert_array_equal(twice.topic_word_, once.topic_word_)


def test_merged_topics_are_in_the_group_of_the_first(model):
    assert edit_topics(model, merge=[(1, 4)]).topic_groups_.tolist() == [0, 0, 0, 1, 1]
    other = edit_topics(model, merge=[(4, 1)])
    assert other.topic_groups_.tolist() == [0, 0, 1, 1, 1]
    assert other.topic_ids_.tolist() == [0, 2, 3, 4, 5]


def test_a_group_without_topics_is_left_out(model, planted):
    edited = edit_topics(model, drop=[0, 1, 2])
    assert edited.topic_groups_.tolist() == [0, 0, 0]
    assert edited.transform(planted).sum(1) == pytest.approx(1)


def test_tables_have_ids(edited, planted):
    labels = ["even", "odd"] * 75
    assert topic_summary(edited)["topic"].tolist() == IDS
    assert topic_summary(edited, planted)["topic"].tolist() == IDS
    assert edited.top_words(2).index.tolist() == IDS
    assert topics_by_label(edited, planted, labels, topics="all").columns.tolist() == IDS
    assert topic_map(edited, [3, 5])["topic"].tolist() == [3, 5]
    assert representative_documents(edited, planted, 1, topics=[5])["topic"].tolist() == [5]
    found = topic_correlation(edited, planted, active=[0, 3, 5], n_permutations=9)
    assert found.matrix.index.tolist() == [0, 3, 5]
    assert set(found.pairs["topic_b"]) <= {3, 5}
    documents = document_summary(edited, planted, topics="all")
    assert documents.attrs["topics"] == IDS
    assert [name.split(":")[0] for name in documents.columns[-4:]] == ["0", "1", "3", "5"]
    assert set(documents["topic"]) <= set(IDS)
    assert edited.get_feature_names_out().tolist() == ["prodlda0", "prodlda1", "prodlda3", "prodlda5"]
    with pytest.raises(ValueError, match="no topic 4: the topics that are left are 0, 1, 3, 5"):
        topic_map(edited, [4])


def test_correlations_of_topics_left_alone_are_as_they_were(model, edited, planted):
    before, after = (
        topic_correlation(one, planted, active=[0, 3, 5], n_permutations=9).matrix for one in (model, edited)
    )
    assert_allclose(after, before, atol=1e-6)
    prior = [topic_correlation(one, planted, active=[0, 3, 5], of="prior").matrix for one in (model, edited)]
    assert_allclose(prior[1], prior[0], atol=1e-6)


def test_contributions_are_sums_and_the_rest_is_that_of_dropped_topics(model, edited, planted):
    before, after = (word_contributions(one, planted, 3, n_topics=6) for one in (model, edited))
    before, after = (table.sort_values("column", ignore_index=True) for table in (before, after))
    assert_allclose(after["topic_1"], before["topic_1"] + before["topic_4"], atol=1e-6)
    assert_allclose(after["topic_5"], before["topic_5"], atol=1e-6)
    assert_allclose(after["other"], before["topic_2"], atol=1e-6)
    assert_allclose(after["total"], before["total"], atol=1e-6)
    assert set(contributions(edited, planted)["topic"].dropna()) <= set(IDS)


def test_saved_and_loaded_models_are_equal(edited, planted, tmp_path):
    edited.save(tmp_path / "edited")
    files = sorted(path.name for path in (tmp_path / "edited").iterdir())
    assert files == ["model.json", "model.safetensors"]
    for same in (load(tmp_path / "edited"), pickle.loads(pickle.dumps(edited)), copy.deepcopy(edited)):
        assert repr(same) == repr(edited)
        assert_array_equal(same.transform(planted), edited.transform(planted))
        assert_array_equal(same.topic_names_, edited.topic_names_)
        assert_array_equal(same.topic_word_, edited.topic_word_)
        assert same.topic_summary_.equals(edited.topic_summary_)
        assert same.score(planted) == edited.score(planted)


def test_a_loaded_model_needs_documents_to_be_edited(model, planted, tmp_path):
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert edit_topics(loaded, names={0: "faith"}).topic_names_[0] == "faith"
    with pytest.raises(ValueError, match="a model that was loaded has no documents"):
        edit_topics(loaded, drop=[2])
    edited = edit_topics(loaded, drop=[2], X=planted)
    summary, known = edited.topic_summary_, edit_topics(model, drop=[2]).topic_summary_
    assert summary.equals(known)


def test_a_damaged_file_is_told(edited, tmp_path):
    import json

    from hftopic import ModelFileError
    from hftopic.models.saving import description_hash

    edited.save(tmp_path / "edited")
    file = tmp_path / "edited" / "model.json"
    whole = json.loads(file.read_text())
    for change in ({"members": [[0], [9]]}, {"members": None}, {"original": None}, {"topics": {}}):
        damaged = whole | change
        damaged["sha256"] = description_hash(damaged)
        file.write_text(json.dumps(damaged))
        with pytest.raises(ModelFileError, match="damaged or incomplete"):
            load(tmp_path / "edited")


def test_classes_are_merged_and_dropped_within_their_variable(mixed, planted):
    edited = edit_topics(mixed, merge=[(3, 5)], drop=[4, 1])
    assert edited.topic_ids_.tolist() == [0, 2, 3, 6, 7, 8]
    before, after = mixed.transform(planted), edited.transform(planted)
    classes = before[:, [3, 6]] + np.stack([before[:, 5], 0 * before[:, 5]], 1)
    assert_allclose(after[:, 2:4], classes / classes.sum(1, keepdims=True), rtol=1e-4)
    assert_allclose(after[:, [0, 1, 4, 5]].sum(1), 1, rtol=1e-5)
    assert_array_equal(edited.predict(planted), np.array([0, 3])[after[:, 2:4].argmax(1)])
    assert edited.get_feature_names_out().tolist()[2:4] == ["prodlda_group2_class0", "prodlda_group2_class3"]
    assert edited.topic_groups_.tolist() == [0, 1, 2, 2, 3, 3]
    assert edited.score(planted) == mixed.score(planted)


def test_a_whole_variable_can_be_dropped(mixed, planted):
    edited = edit_topics(mixed, drop=[3, 4, 5, 6])
    assert edited.latent_space_.concretes == ()
    assert edited.transform(planted).sum(1) == pytest.approx(1)
    only = edit_topics(mixed, drop=[0, 1, 2, 7, 8])
    assert only.transform(planted).sum(1) == pytest.approx(1)
    assert only.topic_summary_["topic"].tolist() == [3, 4, 5, 6]
    assert only._network.usage.documents.sum() == pytest.approx(edited._network.usage.documents.sum())
    assert not hasattr(edited, "predict")


def test_softmaxes_of_groups_stay_apart(by_group, planted):
    edited = edit_topics(by_group, merge=[(0, 1)], drop=[5])
    before, after = by_group.transform(planted), edited.transform(planted)
    assert_allclose(after[:, 0], before[:, 0] + before[:, 1], rtol=1e-5)
    assert_allclose(after[:, 2:].sum(1), 0.5, rtol=1e-5)
    with pytest.raises(ValueError, match="cannot merge topics 0, 3: their proportions are of different"):
        edit_topics(by_group, merge=[(0, 3)])


def test_signed_topics_are_dropped_and_not_merged(signed, planted):
    edited = edit_topics(signed, drop=[1], names={3: "left and right"})
    assert_array_equal(edited.transform(planted), signed.transform(planted)[:, [0, 2, 3]])
    assert edited.top_words(2, pole="-").index.tolist() == [0, 2, 3]
    assert topic_summary(edited, planted)["topic"].tolist() == [0, 2, 3]
    with pytest.raises(ValueError, match="cannot merge topics 0, 2: topics of this model are signed"):
        edit_topics(signed, merge=[(0, 2)])


def test_classes_are_not_merged_with_topics(mixed):
    with pytest.raises(ValueError, match="cannot merge topics 0, 3: their proportions are of different"):
        edit_topics(mixed, merge=[(0, 3)])
    with pytest.raises(ValueError, match="group 2 is a variable of 4 classes, of which one would be left"):
        edit_topics(mixed, merge=[(3, 4, 5)], drop=[6])


def test_wrong_models_are_told(planted):
    with pytest.raises(NotFittedError):
        edit_topics(ProdLDA(groups=2), drop=[0])
    with pytest.raises(TypeError, match="expected a fitted ProdLDA or NVDM, got a Corpus"):
        edit_topics(planted, drop=[0])


def test_names_of_topics_that_are_gone_are_told(model):
    with pytest.raises(ValueError, match="no topic 4: it was merged into 1"):
        edit_topics(model, merge=[(1, 4)], names={4: "faith"})
    with pytest.raises(ValueError, match="no topic 2: the topics that are left are 0, 1, 3, 4, 5"):
        edit_topics(model, drop=[2], names={2: "faith"})


def test_an_edited_model_is_frozen(edited, model, planted):
    assert clone(edited) is edited
    assert edited.fit(planted) is edited
    assert edited.get_params() == model.get_params()
    with pytest.raises(ValueError, match="has no parameters to set"):
        edited.set_params(alpha=2.0)
    pipeline = make_pipeline(edited).fit(planted.counts)
    assert_array_equal(pipeline.transform(planted.counts), edited.transform(planted))
    topics = TopicPipeline.from_model(edited, _Vectoriser(planted))
    assert topics.get_feature_names_out().tolist() == edited.get_feature_names_out().tolist()


class _Vectoriser:
    def __init__(self, corpus):
        self._words = corpus.vocabulary

    def get_feature_names_out(self):
        return self._words


def test_empty_documents_get_the_prior(edited, planted):
    empty = 0 * planted.counts[:1]
    empty.eliminate_zeros()
    with pytest.warns(UserWarning, match="no words|empty"):
        posterior = edited.posterior(empty)
    assert_allclose(posterior.mean[0], edited.prior_mean_, rtol=1e-5)
    assert_allclose(posterior.variance[0], edited.prior_variance_, rtol=1e-5)


def test_terms_sum_to_the_likelihood_of_the_original(edited, planted):
    terms = decompose(edited, planted).terms["value"]
    total = terms[["mutual_information", "between_groups", "within_groups", "dimension_kl"]].sum()
    assert total == pytest.approx(terms["kl"], rel=1e-4)
    assert -(terms["kl"] + terms["reconstruction"]) == pytest.approx(edited.score(planted), rel=1e-6)


def test_it_is_shown_in_a_notebook(edited):
    assert "EditedModel" in edited._repr_html_inner()
    assert repr(edited) == "<EditedModel of ProdLDA: 4 of 6 topics. merged 1, 4. dropped 2>"


def test_shards_are_read_as_a_corpus(edited, model, planted, tmp_path):
    write_corpus(planted, tmp_path / "shards", format="shards")
    shards = open_corpus(tmp_path / "shards")
    for method in ("transform", "score_samples", "word_probabilities"):
        assert_array_equal(getattr(edited, method)(shards), getattr(edited, method)(planted))
    table = write_document_topics(edited, shards, tmp_path / "theta.csv", topics="all")
    assert sorted(table["topic"]) == IDS
    assert table["documents"].sum() == len(planted)
    again = edit_topics(model, merge=[(1, 4)], drop=[2], X=shards)
    assert_array_equal(again.transform(shards), edited.transform(planted))
    assert again.score(shards) == edited.score(planted)
    assert again.perplexity(shards) == edited.perplexity(planted)
    assert again.topic_summary_.equals(edited.topic_summary_)
    again = edit_topics(model, merge=[(1, 4)], drop=[2], X=model.encode(planted))
    assert again.topic_summary_.equals(edited.topic_summary_)
    with (
        pytest.warns(UserWarning, match="no words|empty"),
        pytest.raises(ValueError, match="no document of X"),
    ):
        edit_topics(model, drop=[2], X=0 * planted.counts)


def test_other_documents_are_refused_as_by_the_original(edited, planted):
    with pytest.raises(ValueError, match="features"):
        edited.transform(planted.counts[:, :5])
    with pytest.raises(ValueError, match="encoded by another model"):
        edited.transform(edited.original_.encode(planted))


def test_a_vocabulary_that_is_given_later_stays(planted, tmp_path):
    bare = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(planted.counts)
    edited = edit_topics(bare, merge=[(0, 3)])
    named = TopicPipeline.from_model(edited, _Vectoriser(planted)).model_
    named.save(tmp_path / "named")
    for model in (named, load(tmp_path / "named")):
        assert model.top_words(1)["word_1"][0] in set(planted.vocabulary)
        assert model.topic_names_[1].split(", ")[0] in set(planted.vocabulary)
