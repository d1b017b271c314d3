"""The scorer of the experiments: laws on cases worked out by hand, and agreement with an older scorer."""

import ast
import importlib
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "experiments" / "scorer.py"
OLDER = ROOT.parent / "shared" / "score.py"
pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="the experiments are not here")


@pytest.fixture(scope="module")
def scorer():
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(SOURCE.parent)
        return importlib.import_module("scorer")


@pytest.fixture(scope="module")
def older():
    """The scorer that the results so far were made with, where it is kept beside the checkout."""
    if not OLDER.is_file():
        pytest.skip("needs the older scorer, kept beside the checkout and not distributed")
    specification = importlib.util.spec_from_file_location("older_scorer", OLDER)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_it_knows_nothing_of_the_package():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = [alias.name for n in imports for alias in n.names] + [getattr(n, "module", "") for n in imports]
    assert not [name for name in names if name and name.startswith("hftopic")]


def test_top_words_are_the_heaviest_and_ties_go_to_the_first_column(scorer):
    assert scorer.top_words([[0.1, 0.5, 0.4], [0.2, 0.2, 0.2]], 2).tolist() == [[1, 2], [0, 1]]


# Documents of words 0 to 4: 0 and 1 always together, 2 never with them, 3 in every document, 4 in none.
TOGETHER = np.array([[1, 2, 0, 1, 0], [3, 1, 0, 1, 0], [0, 0, 1, 1, 0], [0, 0, 2, 1, 0]])


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ([0, 1], 1.0),  # neither comes without the other
        ([0, 2], -1.0),  # they never meet
        ([0, 4], -1.0),  # a word that does not occur meets none
        ([0, 3], 0.0),  # a word of every document is independent of all others
        ([3, 3], 1.0),  # the limit where both are in every document
    ],
)
def test_npmi_of_words_that_always_and_never_meet(scorer, pair, value):
    assert scorer.npmi([pair], TOGETHER) == pytest.approx([value], abs=1e-12)


def test_npmi_of_a_topic_is_the_mean_over_its_pairs(scorer):
    counts = np.array([[1, 1, 0], [2, 1, 0], [0, 0, 3], [1, 0, 1]])
    half = math.log((1 / 2) / (3 / 4 * 1 / 2)) / math.log(2)  # words 0 and 1: together in two of four
    quarter = math.log((1 / 4) / (3 / 4 * 1 / 2)) / math.log(4)  # words 0 and 2: together in one
    assert scorer.npmi([[0, 1, 2], [2, 0, 1]], counts) == pytest.approx([(half + quarter - 1) / 3] * 2)


def test_npmi_does_not_depend_on_how_often_a_document_has_a_word(scorer):
    top = [[0, 1, 2], [1, 2, 3]]
    counts = np.random.default_rng(0).poisson(1.0, (50, 4))
    assert scorer.npmi(top, sp.csr_array(counts)).tolist() == scorer.npmi(top, counts > 0).tolist()


def test_diversity_is_one_of_disjoint_topics_and_one_kth_of_equal_ones(scorer):
    assert scorer.diversity(np.arange(12).reshape(3, 4)) == 1.0
    assert scorer.diversity(np.tile(np.arange(4), (3, 1))) == pytest.approx(1 / 3)


def test_distinct_good_counts_the_better_of_topics_that_repeat_each_other(scorer):
    a, b, c = list(range(10)), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14], [0, 1, 2, 3, 20, 21, 22, 23, 24, 25]
    top = np.array([a, b, c])  # a and b have five words in common, c has four in common with either
    assert scorer.distinct_good(top, [0.5, 0.4, 0.3]) == 2
    assert scorer.distinct_good(top, [0.4, 0.5, 0.3]) == 2
    assert scorer.distinct_good(top, [0.5, 0.4, 0.3], overlap=6) == 3
    assert scorer.distinct_good(top, [0.5, 0.4, 0.3], overlap=4) == 1
    assert scorer.distinct_good(top, [0.5, 0.4, 0.09]) == 1  # c is not coherent
    assert scorer.distinct_good(top, [0.1, 0.0, 0.1]) == 2  # the threshold itself counts
    assert scorer.distinct_good(top, [0.0, 0.0, 0.0]) == 0
    # A topic that was passed over hides none: b repeats a, and d repeats b alone.
    d = [10, 11, 12, 13, 14, 30, 31, 32, 33, 34]
    assert scorer.distinct_good(np.array([a, b, d]), [0.5, 0.4, 0.3]) == 2


def test_distinct_good_of_topics_without_a_common_word_counts_all(scorer):
    assert scorer.distinct_good(np.arange(40).reshape(4, 10), [0.2] * 4, overlap=1) == 4


def test_halves_add_up_and_neither_is_empty(scorer):
    counts = sp.csr_array(np.random.default_rng(0).poisson(0.3, (200, 30)))
    shown, held = scorer.split_tokens(counts, seed=3)
    whole = (shown + held).toarray()
    rows = [row for row in counts.toarray().tolist() if row in whole.tolist()]
    assert whole.tolist() == [row for row in rows if sum(row) > 1]
    assert shown.sum(axis=1).min() >= 1
    assert held.sum(axis=1).min() >= 1
    assert (scorer.split_tokens(counts, seed=3)[0] != shown).nnz == 0
    assert shown.data.min() > 0


def test_a_document_of_one_token_cannot_be_split(scorer):
    shown, held = scorer.split_tokens([[0, 1, 0], [500, 0, 500]])
    assert shown.shape == held.shape == (1, 3)
    with pytest.raises(ValueError, match="no document has a token in both halves"):
        scorer.completion_perplexity(lambda x: x.toarray(), [[0, 1, 0], [1, 0, 0]])


def test_completion_perplexity_of_a_uniform_model_is_the_size_of_the_vocabulary(scorer):
    counts = sp.csr_array(np.random.default_rng(0).poisson(1.0, (1500, 40)))  # more than one block
    uniform = scorer.completion_perplexity(lambda x: np.full(x.shape, 1 / 40), counts)
    assert uniform == pytest.approx(40, rel=1e-9)


def test_completion_perplexity_of_one_word_is_the_inverse_of_its_probability(scorer):
    counts = np.array([[100, 0], [80, 0]])
    perplexity = scorer.completion_perplexity(lambda x: np.tile([0.25, 0.75], (x.shape[0], 1)), counts)
    assert perplexity == pytest.approx(4, rel=1e-9)


def test_an_impossible_word_costs_much_but_not_infinity(scorer):
    impossible = scorer.completion_perplexity(lambda x: np.tile([0.0, 1.0], (x.shape[0], 1)), [[100, 0]])
    assert impossible == pytest.approx(1e12)


def test_the_model_sees_the_shown_half_alone(scorer):
    counts = sp.csr_array(np.random.default_rng(0).poisson(1.0, (30, 12)))
    seen = []
    scorer.completion_perplexity(lambda x: seen.append(x) or np.full(x.shape, 1 / 12), counts, seed=5)
    assert (seen[0] != scorer.split_tokens(counts, seed=5)[0]).nnz == 0


LABELS = np.repeat(["a", "b", "c"], [6, 3, 3])
PERFECT = (np.unique(LABELS)[:, None] == LABELS).T.astype(float)
CONSTANT = np.tile([0.2, 0.5, 0.3], (12, 1))


def test_purity_and_nmi_of_a_perfect_and_of_a_constant_representation(scorer):
    assert scorer.purity(PERFECT, LABELS) == scorer.nmi(PERFECT, LABELS) == 1.0
    assert scorer.purity(CONSTANT, LABELS) == 0.5  # the share of the commonest label
    assert scorer.nmi(CONSTANT, LABELS) == pytest.approx(0, abs=1e-12)


def test_names_of_labels_and_order_of_topics_change_nothing(scorer):
    numbers = np.unique(LABELS, return_inverse=True)[1]
    theta = np.random.default_rng(0).dirichlet(np.ones(3), 12)
    for score in (scorer.purity, scorer.nmi):
        assert score(theta, LABELS) == pytest.approx(score(theta[:, ::-1], 7 - numbers), rel=1e-12)


def test_probe_tells_labels_that_are_there_and_the_commonest_where_nothing_is(scorer):
    assert scorer.probe(PERFECT, LABELS, PERFECT[::2], LABELS[::2]) == 1.0
    assert scorer.probe(CONSTANT, LABELS, CONSTANT, LABELS) == 0.5


def folder_of(path, counts, words, labels=None):
    for split in ("train", "test"):
        sp.save_npz(path / f"{split}.npz", sp.csr_matrix(counts))
        if labels:
            (path / f"{split}_labels.txt").write_text("\n".join(labels), encoding="utf-8")
    (path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    return path


def test_load_leaves_out_documents_too_short_to_be_scored(scorer, tmp_path):
    counts = [[0, 0], [1, 0], [1, 1], [0, 5]]
    corpus = scorer.load(folder_of(tmp_path, counts, ["no", "yes"], ["a", "b", "c", "d"]))
    assert corpus.train.toarray().tolist() == counts[1:]
    assert corpus.test.toarray().tolist() == counts[2:]
    assert corpus.vocabulary == ["no", "yes"]
    assert corpus.train_labels.tolist() == ["b", "c", "d"]
    assert corpus.test_labels.tolist() == ["c", "d"]


def test_a_corpus_may_have_no_labels(scorer, tmp_path):
    assert scorer.load(folder_of(tmp_path, np.eye(3) * 2, "abc"))[3:] == (None, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.top_words([[1.0, 2.0]], 3), "n = 3 words of a vocabulary of 2"),
        (lambda s: s.top_words([1.0, 2.0]), r"topic_word has shape \(2,\)"),
        (lambda s: s.npmi([[0, 5]], TOGETHER), "words 0 to 5 of a vocabulary of 5"),
        (lambda s: s.npmi([[0]], TOGETHER), "pairs need at least 2"),
        (lambda s: s.npmi([["a", "b"]], TOGETHER), "numbers of columns, not words"),
        (lambda s: s.npmi([[0, 1]], -TOGETHER), "minimum -3; give raw counts"),
        (lambda s: s.npmi([[0, 1]], sp.csr_array((0, 5))), "no documents"),
        (lambda s: s.diversity([]), "a matrix with rows and columns is needed"),
        (lambda s: s.distinct_good([[0, 1]], [0.2, 0.3]), "one value for each of 1"),
        (lambda s: s.distinct_good([[0, 1]], [math.nan]), "coherence of topic 0 is not a number"),
        (lambda s: s.split_tokens(TOGETHER / 2), "not whole numbers"),
        (lambda s: s.completion_perplexity(lambda x: 2 * x.toarray(), TOGETHER), "not scores"),
        (lambda s: s.completion_perplexity(lambda x: [[1.0]], TOGETHER), r"of shape \(1, 1\)"),  # noqa: ARG005
        (lambda s: s.purity(PERFECT, LABELS[1:]), "give one a document"),
        (lambda s: s.nmi(PERFECT[:, 0], LABELS), "a matrix with rows and columns"),
        (lambda s: s.probe(PERFECT, LABELS, PERFECT[:, :2], LABELS), "of 3 and 2 columns"),
    ],
)
def test_bad_input_is_refused_by_what_is_wrong_with_it(scorer, call, message):
    with pytest.raises(ValueError, match=message):
        call(scorer)


@pytest.mark.parametrize(
    ("words", "labels", "message"),
    [("ab", None, "train.npz has 3 columns, vocab.txt 2 words"), ("abc", ["a"], "1 labels of 3 documents")],
)
def test_a_folder_whose_files_disagree_is_refused(scorer, tmp_path, words, labels, message):
    with pytest.raises(ValueError, match=message):
        scorer.load(folder_of(tmp_path, np.eye(3), words, labels))


def smoothed(train):
    """A word model in float64: the frequencies of training mixed with those of the document."""
    frequencies = (np.asarray(train.sum(axis=0), dtype=float).ravel() + 1) / (train.sum() + train.shape[1])

    def probabilities(counts):
        dense = np.asarray(counts.toarray(), dtype=float)
        return 0.5 * frequencies + 0.5 * dense / dense.sum(axis=1, keepdims=True)

    return probabilities


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("name", ["bbc", "agnews"])
def test_values_are_those_of_the_older_scorer(scorer, older, shared_corpus, name):
    """Everything agrees to 1e-9 but NPMI, which the older scorer computes in float32."""
    folder = shared_corpus(name)
    train, test, vocabulary, labels, test_labels = scorer.load(folder)
    before = older.load(str(folder))
    assert [(a != b).nnz for a, b in zip((train, test), before[:2], strict=True)] == [0, 0]
    assert vocabulary == before[2]
    assert [labels.tolist(), test_labels.tolist()] == [before[3].tolist(), before[4].tolist()]

    chosen = np.random.default_rng(0).choice(train.shape[1], 40, replace=False)
    topics = np.asarray((train[:, chosen].T @ train).toarray(), dtype=float)  # words that go with a word
    top = scorer.top_words(topics)
    assert top.tolist() == older.top_words(topics).tolist()
    coherence = scorer.npmi(top, train)
    np.testing.assert_allclose(coherence, older.npmi(top, before[0]), rtol=0, atol=1e-7)
    assert scorer.diversity(top) == older.diversity(top)
    for at, overlap in ((0.0, 3), (0.1, 5), (0.2, 8)):
        assert scorer.distinct_good(top, coherence, at, overlap) == older.distinct_good(
            top, coherence, at, overlap
        )

    for seed in (0, 1):
        for half, other in zip(
            scorer.split_tokens(test, seed), older.split_tokens(before[1], seed), strict=True
        ):
            assert (half != other).nnz == 0
    model = smoothed(train)
    expected = older.completion_perplexity(model, before[1])
    assert scorer.completion_perplexity(model, test) == pytest.approx(expected, rel=1e-9)

    theta, test_theta = (np.log1p((counts @ topics.T) / 1e3) for counts in (train, test))
    assert scorer.purity(test_theta, test_labels) == older.purity(test_theta, test_labels)
    assert scorer.nmi(test_theta, test_labels) == pytest.approx(older.nmi(test_theta, test_labels), abs=1e-9)
    expected = older.probe(theta[:800, :10], labels[:800], test_theta[:, :10], test_labels)
    told = scorer.probe(theta[:800, :10], labels[:800], test_theta[:, :10], test_labels)
    assert told == pytest.approx(expected, abs=1e-9)
