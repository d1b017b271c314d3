"""Tests of estimated effects: identities between their tables, planted effects, and what is refused."""

import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.sparse import csr_array

pytest.importorskip("formulaic", reason="needs formulaic (the extra 'effects')")
pytest.importorskip("statsmodels", reason="needs statsmodels (the extra 'effects')")

from hftopic import NVDM, Concrete, Corpus, ProdLDA, edit_topics, write_corpus
from hftopic.analysis import Effects, estimate_effects
from hftopic.analysis.effects.draws import DrawsOfWords
from hftopic.cli import program
from hftopic.data.formulas import FormulaError
from hftopic.plots import plot_effects
from hftopic.report import write_report

N, FORMULA = 300, "party + bs(day, df=4)"
SMALL = {"hidden": (16,), "random_state": 0}


@pytest.fixture(scope="module")
def corpus():
    """Four topics; "left" has the first one more, in logits, and "day" none."""
    generator = np.random.default_rng(0)
    words = generator.dirichlet(np.full(80, 0.1), 4)
    left = np.arange(N) % 2 == 0
    logits = generator.normal(size=(N, 4)) + np.outer(left, [1.5, 0.0, 0.0, 0.0])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    counts = np.stack([generator.multinomial(60, theta @ words) for theta in shares])
    metadata = {
        "party": np.where(left, "left", "right").tolist(),
        "day": generator.integers(0, 300, N).tolist(),
        "author": [f"author {i % 50}" for i in range(N)],
        "gaps": [None if i < 30 else i % 7 for i in range(N)],
    }
    names = [f"t{topic}_{column}" for column, topic in enumerate(words.argmax(axis=0))]
    return Corpus(counts, names, metadata=metadata)


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(2, 2), max_iter=60, **SMALL).fit(corpus)


@pytest.fixture(scope="module")
def effects(model, corpus):
    return estimate_effects(model, corpus, FORMULA, topics="all", n_draws=20)


def topic_of(model, first):
    """The topic with the words of a planted one."""
    ours = np.array([word.startswith(f"t{first}_") for word in model.vocabulary_])
    return int(model.topic_word_[:, ours].sum(axis=1).argmax())


def test_a_planted_effect_is_found_and_no_other(model, effects):
    table = effects.table
    of_party = table[table["term"] == "party[T.right]"].set_index("topic")
    planted = topic_of(model, 0)
    assert of_party.loc[planted, "p_adjusted"] < 1e-4
    assert of_party.loc[planted, "high"] < 0
    assert (table.loc[table["term"] != "party[T.right]", "p_adjusted"] > 0.001).all()


def test_effects_on_all_topics_add_up_to_nothing(effects):
    for table in (effects.table, effects.groups):
        sums = table.groupby("term")["estimate"].sum()
        np.testing.assert_allclose(sums, 0, atol=1e-6)
    assert effects.topics["share"].sum() == pytest.approx(1)


def test_the_effect_on_a_group_is_that_on_its_topics(effects):
    of_topics = effects.table.groupby(["group", "term"])["estimate"].sum()
    of_groups = effects.groups.set_index(["group", "term"])["estimate"]
    pd.testing.assert_series_equal(of_topics, of_groups.sort_index(), rtol=1e-5)
    assert effects.margins("party", of="groups")["estimate"].sum() == pytest.approx(2)


def test_a_contrast_is_a_coefficient_and_the_difference_of_margins(effects):
    contrast = effects.contrast({"party": "right"}, {"party": "left"})
    coefficient = effects.table[effects.table["term"] == "party[T.right]"].drop(columns="term")
    pd.testing.assert_frame_equal(contrast, coefficient.reset_index(drop=True), rtol=1e-6)
    margins = effects.margins("party").pivot_table(index="topic", columns="value", values="estimate")
    np.testing.assert_allclose(margins["right"] - margins["left"], contrast["estimate"])


def test_a_curve_is_the_margins_at_its_values(effects):
    curve = effects.curve("day", 4)
    at = curve["value"].unique().tolist()
    pd.testing.assert_frame_equal(curve, effects.margins("day", at))
    assert ((curve["low"] < curve["estimate"]) & (curve["estimate"] < curve["high"])).all()


def test_the_same_seed_gives_the_same_effects(model, corpus, effects):
    again = estimate_effects(model, corpus, FORMULA, topics="all", n_draws=20)
    pd.testing.assert_frame_equal(again.table, effects.table)
    other = estimate_effects(model, corpus, FORMULA, topics="all", n_draws=20, random_state=1)
    assert (other.table["estimate"] != effects.table["estimate"]).any()


def test_metadata_are_those_of_the_corpus_or_those_passed(model, corpus):
    given = {"n_draws": 3, "topics": "all", "draws": "posterior"}
    of_corpus = estimate_effects(model, corpus, "party", **given).table
    for X in (corpus.counts, model.encode(corpus)):
        for metadata in (corpus.metadata, {"party": corpus.metadata["party"].tolist()}):
            found = estimate_effects(model, X, "party", metadata=metadata, **given).table
            pd.testing.assert_frame_equal(found, of_corpus)
    with pytest.raises(FormulaError, match="no metadata"):
        estimate_effects(model, corpus.counts, "party")


def test_documents_that_lack_a_value_are_told(model, corpus):
    with pytest.raises(FormulaError, match=r"30 of 300 documents lack a value of 'gaps'.*missing='drop'"):
        estimate_effects(model, corpus, "gaps")
    given = {"n_draws": 3, "topics": "all", "draws": "posterior"}
    with pytest.warns(UserWarning, match="30 of 300 documents are left out"):
        found = estimate_effects(model, corpus, "gaps", missing="drop", **given)
    assert (found.n_missing, found.n_documents) == (30, 270)
    pd.testing.assert_frame_equal(
        found.table, estimate_effects(model, corpus[np.arange(30, N)], "gaps", **given).table
    )


def test_documents_without_words_are_left_out(model, corpus):
    counts = corpus.counts.toarray()
    counts[:5] = 0
    metadata = {"party": corpus.metadata["party"].tolist()}
    found = estimate_effects(model, counts, "party", metadata=metadata, n_draws=3)
    assert (found.n_empty, found.n_documents) == (5, 295)


def test_clusters_widen_intervals_of_what_goes_together(model, corpus):
    """The effect of a column that is the same for all documents of an author has few independent values."""
    twice = corpus[np.repeat(np.arange(N), 3)]
    copies = {"party": twice.metadata["party"].tolist(), "original": np.repeat(np.arange(N), 3).tolist()}
    given = {"metadata": copies, "topics": "all", "n_draws": 3, "draws": "posterior"}
    alone = estimate_effects(model, twice, "party", **given)
    clustered = estimate_effects(model, twice, "party", cluster="original", **given)
    assert (clustered.table["error"] > 1.3 * alone.table["error"]).all()


def test_topics_of_an_edited_model_have_their_ids(model, corpus):
    edited = edit_topics(model, merge=[(0, 3)])
    for draws in ("words", "posterior"):
        found = estimate_effects(edited, corpus, "party", topics="all", draws=draws, n_draws=5)
        assert found.topics["topic"].tolist() == edited.topic_ids_.tolist() == [0, 1, 2]
        np.testing.assert_allclose(found.table["estimate"].sum(), 0, atol=1e-6)


def test_columns_may_have_the_names_of_those_of_the_tables(model, corpus):
    names = ["group", "topic", "low", "error", "p", "value", "term"]
    generator = np.random.default_rng(0)
    known = {name: generator.normal(size=N) for name in names}
    found = estimate_effects(model, corpus, " + ".join(names), metadata=known, n_draws=3, topics="all")
    for name in names:
        margins = found.margins(name, [0.0, 1.0])
        assert margins["value"].tolist() == [0.0, 1.0] * 4
        assert plot_effects(found, column=name).child_axes
    plt.close("all")


def test_what_does_not_vary_has_no_p_value(model, corpus):
    """The share of the only topic is 1 in each document."""
    edited = edit_topics(model, merge=[(0, 1, 2, 3)])
    found = estimate_effects(edited, corpus, "party", topics="all", draws="posterior", n_draws=3)
    assert found.table[["estimate", "error"]].to_numpy().tolist() == [[0.0, 0.0]]
    assert found.table[["p", "p_adjusted"]].isna().all(axis=None)
    np.testing.assert_allclose(found.margins("party")["estimate"], 1)


def test_clusters_that_are_too_few_are_told(model, corpus):
    with pytest.raises(FormulaError, match=r"'party' makes 2 clusters .* of 2 coefficients"):
        estimate_effects(model, corpus, "party", cluster="party")
    known = {"party": corpus.metadata["party"], "blog": np.arange(N) % 7}
    given = {"metadata": known, "topics": "all", "draws": "posterior", "n_draws": 2}
    with pytest.warns(UserWarning, match="only 7 clusters"):
        estimate_effects(model, corpus, "party", cluster="blog", **given)


def test_only_documents_of_the_study_need_the_metadata_of_the_prior(corpus):
    fitted = ProdLDA(groups=(2, 2), max_iter=3, prevalence="gaps", missing_metadata="drop", **SMALL)
    with pytest.warns(UserWarning, match="'gaps' is missing for 30"):
        fitted.fit(corpus)
    fitted.set_params(missing_metadata="raise")
    given = {"topics": "all", "draws": "posterior", "n_draws": 3}
    with pytest.warns(UserWarning, match="30 of 300"):
        found = estimate_effects(fitted, corpus, "gaps", missing="drop", **given)
    assert found.n_documents == 270
    part = corpus[np.arange(30, N)]
    own = {"own": np.arange(270) % 2}
    passed = estimate_effects(fitted, part, "own", metadata=own, **given)
    whole = {"own": own["own"], "gaps": part.metadata["gaps"]}
    expected = estimate_effects(fitted, part.counts, "own", metadata=whole, **given)
    pd.testing.assert_frame_equal(passed.table, expected.table)


def test_short_documents_make_no_effects_of_chance():
    """Metadata that are noise, 5 tokens a document, and topics that are noise too: 6 studies of 4 topics.

    p-values are near uniform or higher. 9 of 24 below .05 have odds of 1 in 10,000 if they are independent;
    if words learn from metadata, more than half of them are.
    """
    generator = np.random.default_rng(0)
    words = generator.dirichlet(np.full(60, 0.3), 4)
    shares = generator.dirichlet(np.full(4, 0.5), 200)
    counts = np.stack([generator.multinomial(5, theta @ words) for theta in shares])
    fitted = ProdLDA(groups=(2, 2), max_iter=20, **SMALL).fit(counts)
    found = [
        estimate_effects(
            fitted, counts, "noise", metadata={"noise": generator.normal(size=200)}, topics="all", n_draws=20
        ).table["p"]
        for _ in range(6)
    ]
    assert (pd.concat(found) < 0.05).sum() < 9


def test_a_prior_with_prevalence_reads_the_metadata_too(corpus):
    fitted = ProdLDA(groups=(2, 2), max_iter=3, prevalence="party", **SMALL).fit(corpus)
    given = {"topics": "all", "draws": "posterior", "n_draws": 3}
    expected = estimate_effects(fitted, corpus, "party", **given).table
    found = estimate_effects(fitted, corpus.counts, "party", metadata=corpus.metadata, **given).table
    pd.testing.assert_frame_equal(found, expected)


def test_topics_that_become_others_are_told():
    words = np.eye(3, 6, dtype=np.float32)
    drawn = DrawsOfWords(csr_array(np.ones((4, 6))), np.array([0, 2]), words, np.random.default_rng(0))
    for found, moved, similarity in ((words[[0, 2]], [], [1, 1]), (words[[2, 2]], [0], [0, 1])):
        drawn._sum = found
        assert drawn.moved.tolist() == moved
        np.testing.assert_allclose(drawn.similarity[[0, 2]], similarity)
        assert np.isnan(drawn.similarity[1])


def test_signed_topics_and_classes_are_drawn_from_the_posterior(corpus):
    signed = estimate_effects(
        NVDM(groups=(2, 2), max_iter=5, **SMALL).fit(corpus), corpus, "party", topics="all"
    )
    assert signed.draws == "posterior"
    assert signed.groups.empty
    assert signed.topics["similarity"].isna().all()
    classes = ProdLDA(groups=(2, Concrete(3)), max_iter=5, **SMALL).fit(corpus)
    found = estimate_effects(classes, corpus, "party", topics="all", n_draws=5)
    assert found.draws == "posterior"
    sums = found.table.groupby("group")["estimate"].sum()
    np.testing.assert_allclose(sums, 0, atol=1e-6)
    with pytest.raises(ValueError, match="draws='words' needs topics that have proportions"):
        estimate_effects(classes, corpus, "party", draws="words")


def test_draws_of_the_posterior_have_its_means(model, corpus):
    """The mean share over many draws is near that at the posterior mean, and the errors are shorter."""
    found = estimate_effects(model, corpus, "party", topics="all", draws="posterior", n_draws=50)
    np.testing.assert_allclose(found.topics["share"], model.transform(corpus).mean(axis=0), atol=0.05)


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"formula": "partty"}, FormulaError, "did you mean 'party'"),
        ({"formula": ""}, FormulaError, "a formula is a string"),
        ({"formula": "1"}, FormulaError, "no columns, only a constant"),
        ({"formula": "-party"}, FormulaError, "no columns, only a constant"),
        ({"topics": []}, ValueError, "chooses no topic"),
        ({"cluster": "autor"}, FormulaError, "did you mean 'author'"),
        ({"n_draws": 1}, ValueError, "n_draws must be at least 2"),
        ({"level": 1.0}, ValueError, "level must be between 0 and 1"),
        ({"missing": "ignore"}, ValueError, "did you mean 'raise' or 'drop'"),
        ({"draws": "word"}, ValueError, "did you mean 'words' or 'posterior'"),
    ],
)
def test_what_cannot_be_estimated_is_told(model, corpus, given, error, told):
    with pytest.raises(error, match=told):
        estimate_effects(model, corpus, **({"formula": "party"} | given))


def test_weights_are_no_tokens(model, corpus):
    with pytest.raises(ValueError, match="whole counts"):
        estimate_effects(model, corpus.counts / 2, "party", metadata=corpus.metadata, topics="all")


def test_what_the_tables_cannot_show_is_told(effects):
    with pytest.raises(ValueError, match="did you mean 'topics' or 'groups'"):
        effects.margins("party", of="words")
    with pytest.raises(ValueError, match="at has no values"):
        effects.margins("party", [])
    with pytest.raises(FormulaError, match="did you mean 'day'"):
        effects.curve("days")


def test_figures_show_the_effects(effects):
    differences = plot_effects(effects, column="party")
    (panel,) = differences.child_axes
    assert len(panel.get_yticklabels()) == 4
    contrast = effects.contrast({"party": "right"}, {"party": "left"})
    points = np.sort([point.get_offsets()[0, 0] for point in panel.collections])
    np.testing.assert_allclose(points, np.sort(contrast["estimate"]))
    curves = plot_effects(effects, column="day", n_topics=3)
    assert len(curves.child_axes) == 3
    with pytest.raises(TypeError, match="what estimate_effects returns"):
        plot_effects(effects.table)
    with pytest.raises(ValueError, match="names has 99, which is no topic"):
        plot_effects(effects, column="party", names={99: "none"})
    plt.close("all")


@pytest.mark.parametrize(
    ("dates", "ends"),
    [
        ([1990 + i % 8 for i in range(N)], ["1990", "1997"]),
        ([f"2008-01-01T{i % 9:02d}:30:00" for i in range(N)], ["2008-01-01T00:30:00", "2008-01-01T08:30:00"]),
    ],
)
def test_curves_over_dates_have_their_places(model, corpus, dates, ends):
    dated = Corpus(corpus.counts, corpus.vocabulary, dates=dates)
    found = estimate_effects(model, dated, "bs(date, df=3)", draws="posterior", n_draws=2, topics="all")
    curve = found.curve("date", 9)["value"].drop_duplicates().tolist()
    assert [curve[0], curve[-1]] == ends
    panel = plot_effects(found, n_topics=1).child_axes[0]
    assert [text.get_text() for text in panel.get_xticklabels()] == ends
    steps = np.diff(panel.lines[0].get_xdata())
    assert (steps > 0).all()
    assert steps.std() < 0.2 * steps.mean()
    plt.close("all")


def test_a_report_has_a_section_of_effects(model, corpus, effects, tmp_path):
    fast = {"n_permutations": 9, "measures": "u_mass", "topics": "all"}
    write_report(model, corpus, tmp_path / "with.html", effects=effects, **fast)
    page = (tmp_path / "with.html").read_text(encoding="utf-8")
    assert "Effects of the metadata" in page
    assert "party[T.right]" in page
    write_report(model, corpus, tmp_path / "without.html", **fast)
    assert "Effects of the metadata" not in (tmp_path / "without.html").read_text(encoding="utf-8")


def test_a_report_shows_topics_without_effects(model, corpus, tmp_path):
    some = estimate_effects(model, corpus, "party", topics=[1, 2], draws="posterior", n_draws=2)
    fast = {"n_permutations": 9, "measures": "u_mass", "topics": "all"}
    page = write_report(model, corpus, tmp_path / "some.html", effects=some, **fast).path.read_text("utf-8")
    assert 'aria-label="Effects of party on topics"' in page


def test_a_report_takes_metadata(corpus, tmp_path):
    """The page is that of a corpus that has them, also for documents that were encoded with them."""
    fast = {"n_permutations": 9, "measures": "u_mass", "topics": "all", "effects": "party"}
    corpus = corpus[:60]
    model = ProdLDA(groups=(2, 2), prevalence="party", max_iter=3, **SMALL).fit(corpus)
    party = {"party": corpus.metadata["party"].tolist()}
    bare = Corpus(corpus.counts, corpus.vocabulary)
    encoded = model.encode(bare, metadata=party)
    given = [(corpus, None), (bare, party), (encoded, party), (encoded, None)]
    for number, (X, metadata) in enumerate(given):
        write_report(model, X, tmp_path / f"{number}.html", metadata=metadata, **fast)
    pages = {(tmp_path / f"{number}.html").read_bytes() for number in range(4)}
    assert len(pages) == 1
    with pytest.raises(FormulaError, match="no metadata"), warnings.catch_warnings(action="ignore"):
        write_report(model, bare, tmp_path / "none.html", **fast)


def test_the_command_writes_the_same_table(model, corpus, tmp_path):
    model.save(tmp_path / "model")
    write_corpus(corpus, tmp_path / "corpus")
    command = ["effects", str(tmp_path / "model"), str(tmp_path / "corpus"), "--formula", FORMULA]
    command += ["--all", "--n-draws", "5", "--out", str(tmp_path / "effects.csv")]
    run = CliRunner().invoke(program, command, prog_name="hftopic")
    assert run.exit_code == 0, run.output
    written = pd.read_csv(tmp_path / "effects.csv")
    expected = estimate_effects(model, corpus, FORMULA, topics="all", n_draws=5).table
    pd.testing.assert_frame_equal(written, expected, check_dtype=False)
    run = CliRunner().invoke(program, [*command[:4], "partty", *command[5:], "--force"], prog_name="hftopic")
    assert run.exit_code == 1
    assert "did you mean 'party'" in run.output


def test_the_command_says_that_one_group_has_no_effects(corpus, tmp_path):
    ProdLDA(groups=4, max_iter=2, **SMALL).fit(corpus).save(tmp_path / "model")
    write_corpus(corpus, tmp_path / "corpus")
    command = ["effects", str(tmp_path / "model"), str(tmp_path / "corpus"), "--formula", "party", "--all"]
    run = CliRunner().invoke(
        program, [*command, "--draws", "posterior", "--n-draws", "2", "--by-group"], prog_name="hftopic"
    )
    assert run.exit_code == 1
    assert "there is one group" in run.output


def test_effects_show_themselves(effects):
    assert repr(effects) == "<Effects of 'party + bs(day, df=4)' on 4 topics, over 300 documents>"
    assert isinstance(effects, Effects)
    assert effects.columns == ("party", "day")
    assert effects.terms[0] == "party[T.right]"
    again = pickle.loads(pickle.dumps(effects))
    pd.testing.assert_frame_equal(again.curve("day", 3), effects.curve("day", 3))
