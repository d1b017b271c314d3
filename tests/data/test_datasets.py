"""The corpus of docstrings, 20 Newsgroups, and synthetic corpora with known parameters."""

import inspect
import json
import math
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn import datasets as sklearn_datasets
from sklearn.utils import Bunch

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.datasets import (
    cache_folder,
    docstrings,
    fetch_20newsgroups,
    idiom,
    load_docstrings,
    make_correlated_topics,
)
from hftopic.data.formats import read_corpus
from hftopic.data.text import TextOptions

EVERY = TextOptions(min_df=1, max_df=1.0, stop_words=None)


def about(subject: str) -> str:
    """A text that has no three consecutive words in common with a text about another subject."""
    name = f"{subject} and {subject}"
    return f"Every {name} has one {name} until another {name} stops the {name}"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that raises an error when it is imported, with documented and undocumented members."""
    root = tmp_path / "site" / "engines"
    files = {
        "__init__.py": f'"""{about("engine")} at last."""\nraise RuntimeError("imported")\n',
        "steam/boiler.py": f'''
            """Short."""
            class Boiler:
                """{about("boiler")}. {about("tap")}."""
                def heat(self):
                    """{about("heat")}. {about("tap")}."""
                    def inner():
                        """{about("something within")}."""
                async def cool(self):
                    """{about("heat")}. {about("tap")}."""
            if True:
                def repeated():
                    """{about("engine")} and so on."""
            ''',
        "steam/tests/test_boiler.py": f'"""{about("test")}."""\n',
        "broken.py": "def (:\n",
        "nul.py": 'a = "\0"\n',
        "_vendor/other.py": f'"""{about("copy")}."""\n',
        "escapes.py": f'"""{about("escape")}, says \\d."""\n',
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(content))
    monkeypatch.syspath_prepend(str(root.parent))
    return root


@pytest.mark.usefixtures("package")
def test_docstrings_are_read_from_source_without_importing() -> None:
    corpus = load_docstrings(["engines"], label="submodule", text=EVERY, cache=False)
    assert corpus.names.tolist() == [
        "engines",
        "engines.escapes",
        "engines.steam.boiler.Boiler",
        "engines.steam.boiler.Boiler.cool",  # the same as "heat"; "repeated" is a twin of "engines"
    ]
    assert corpus.labels.tolist() == ["engines", "engines.escapes", "engines.steam", "engines.steam"]
    assert corpus.tokens[0][:4] == ("every", "engine", "and", "engine")
    columns = [corpus.vocabulary.tolist().index(word) for word in ("tap", "heat")]
    # The sentence about the tap is the boiler's; only the rest of "cool" is new.
    assert corpus.counts[:, columns].toarray().tolist() == [[0, 0], [0, 0], [8, 0], [0, 8]]
    assert set(load_docstrings(["engines"], text=EVERY, cache=False).labels) == {"engines"}
    assert "engines" not in sys.modules


def test_docstrings_are_kept_and_what_was_tampered_with_is_made_again(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> Corpus:
        return load_docstrings(["engines"], text=EVERY, cache=tmp_path / "cache")

    first = load()
    folder = next(path for path in (tmp_path / "cache").iterdir() if path.is_dir())
    monkeypatch.setattr("hftopic.data.datasets.docstrings._corpus", lambda *_: pytest.fail("made again"))
    again = load()
    assert (again.counts - first.counts).nnz == 0
    assert (again.tokens, again.names.tolist()) == (first.tokens, first.names.tolist())
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(package.parent))
    for name in ("vocab.txt", "counts.npz", "counts_tokens.npz", "labels.txt"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(kept[:-1] + b"x")
        assert load().vocabulary.tolist() == first.vocabulary.tolist()
        assert (folder / name).read_bytes() == kept
    folder.with_suffix(".json").write_text("[" * 10)
    assert load().vocabulary.tolist() == first.vocabulary.tolist()
    seal = json.loads(folder.with_suffix(".json").read_text())
    assert set(seal) == {path.name for path in folder.iterdir()}


def test_what_the_corpus_depends_on_gives_another_one(package: Path, tmp_path: Path) -> None:
    first = load_docstrings(["engines"], text=EVERY, cache=tmp_path / "cache")
    (package / "new.py").write_text(f'"""{about("novelty")}."""\n')
    assert len(load_docstrings(["engines"], text=EVERY, cache=tmp_path / "cache")) == len(first) + 1
    other = load_docstrings(["engines"], text=TextOptions(min_df=1, max_df=1.0), cache=tmp_path / "cache")
    assert "the" not in other.vocabulary


def test_cached_corpora_depend_on_every_file_of_their_making() -> None:
    used = [value for value in vars(docstrings).values() if inspect.ismodule(value)]
    ours = {Path(module.__file__) for module in used if module.__name__.startswith("hftopic.")}
    assert len(ours) == 3
    assert ours | {Path(docstrings.__file__)} < set(docstrings._MAKERS)


@pytest.mark.usefixtures("package")
def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.warns(RuntimeWarning, match="could not be written to the cache .* HFTOPIC_CACHE"):
        corpus = load_docstrings(["engines"], text=EVERY, cache=tmp_path / "file" / "cache")
    assert len(corpus) == 4


@pytest.mark.parametrize(
    ("platform", "environment", "wanted"),
    [
        ("linux", {"HFTOPIC_CACHE": "/mine", "XDG_CACHE_HOME": "/xdg"}, "/mine"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/hftopic"),
        ("linux", {}, "/home/ada/.cache/hftopic"),
        ("darwin", {}, "/home/ada/Library/Caches/hftopic"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/hftopic/cache"),
    ],
)
def test_cache_folder_of_the_user(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], wanted: str
) -> None:
    for name in ("HFTOPIC_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    assert cache_folder() == Path(wanted)


def test_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="not installed: 'scikit-learn'; did you mean 'sklearn'"):
        load_docstrings(["scikit-learn"])
    with pytest.raises(CorpusError, match=r"not installed: 'no_such', 'os\.path'"):
        load_docstrings(["no_such", "os.path"])
    with pytest.raises(TypeError, match=r"such as \('numpy',\)"):
        load_docstrings("numpy")
    with pytest.raises(ValueError, match="'package' or 'submodule'"):
        load_docstrings(label="module")  # type: ignore[arg-type]
    monkeypatch.setattr("hftopic.data.datasets.docstrings._places", lambda _: ())
    with pytest.raises(CorpusError, match=r"none of gensim, .* is installed"):
        load_docstrings()


def test_real_docstrings() -> None:
    """networkx is installed with torch; its docstrings are about graphs."""
    corpus = load_docstrings(["networkx"], label="submodule", cache=False)
    assert len(corpus) > 1000
    assert corpus.names.tolist() == sorted(corpus.names)
    assert {"shortest", "bipartite", "digraph"} < set(corpus.vocabulary)
    assert "networkx.algorithms" in corpus.labels
    assert corpus.counts.sum(axis=1).min() > 0
    assert not (idiom.SPREAD_EVENLY | idiom.NOTATION | {"the", "and"}) & set(corpus.vocabulary)


@pytest.mark.slow
def test_the_idiom_of_docstrings_is_spread_evenly_over_packages() -> None:
    """By the entropy of the shares of docstrings with a word, in the packages that are always installed.

    The words were measured in eight packages; in these three, most other frequent words are of a subject.
    """
    corpus = load_docstrings(["networkx", "scipy", "sklearn"], text=EVERY, cache=False)
    has = corpus.counts > 0
    shares = np.array([has[corpus.labels == package].mean(axis=0) for package in sorted(set(corpus.labels))])
    frequent = np.asarray(has.mean(axis=0)) >= 0.01
    spread = entropy(shares[:, frequent]) / math.log(len(shares))
    idiomatic = np.isin(corpus.vocabulary[frequent], sorted(idiom.SPREAD_EVENLY))
    assert idiomatic.sum() > 100
    assert np.median(spread[idiomatic]) > 0.95
    assert np.mean(spread[idiomatic] > np.median(spread[~idiomatic])) > 0.9


def test_loading_docstrings_imports_none_of_the_packages() -> None:
    code = (
        "import sys; from hftopic import load_docstrings; load_docstrings(['networkx'], cache=False);"
        "print({'torch', 'sympy', 'gensim', 'networkx'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def postings(subset: str, **_: object) -> Bunch:
    texts = {"train": ["ball game", "team ball"], "test": ["god faith"]}[subset]
    names = [f"/data/20news-bydate-{subset}/rec.sport/{number}" for number in range(len(texts))]
    return Bunch(
        data=texts, target=np.zeros(len(texts), dtype=int), target_names=["rec.sport"], filenames=names
    )


def test_newsgroups_from_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sklearn_datasets, "fetch_20newsgroups", postings)
    corpus = fetch_20newsgroups("all", text=EVERY)
    assert corpus.splits.tolist() == ["train", "train", "test"]
    assert corpus.labels.tolist() == ["rec.sport"] * 3
    assert corpus.names.tolist() == ["rec.sport/0", "rec.sport/1", "rec.sport/0"]
    assert corpus.tokens == (("ball", "game"), ("team", "ball"), ("god", "faith"))
    assert len(fetch_20newsgroups("test", text=EVERY)) == 1


def test_newsgroups_offline_names_the_alternatives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With scikit-learn's downloader and no server."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr("sklearn.datasets._twenty_newsgroups._fetch_remote", unreachable)
    with pytest.raises(ConnectionError, match=r"unreachable.*load_docstrings\(\).*read_corpus\(path\)"):
        fetch_20newsgroups(data_home=tmp_path)


def test_newsgroups_settings() -> None:
    with pytest.raises(ValueError, match="'train', 'test' or 'all', not 'both'"):
        fetch_20newsgroups("both")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not 'signatures'"):
        fetch_20newsgroups(remove=("headers", "signatures"))


def test_generated_truth_fits_itself() -> None:
    made = make_correlated_topics(50, (3, 2), 40, correlation=0.5, random_state=0)
    assert made.topic_groups.tolist() == [0, 0, 0, 1, 1]
    assert made.topic_word.shape == (5, 40)
    np.testing.assert_allclose(made.topic_word.sum(axis=1), 1)
    np.testing.assert_allclose(made.proportions.sum(axis=1), 1)
    np.testing.assert_allclose(made.proportions, softmax(2.0 * made.latent))
    wanted = np.eye(5)
    wanted[[0, 3, 1, 4], [3, 0, 4, 1]] = 0.5
    np.testing.assert_array_equal(made.correlation, wanted)
    assert made.corpus.labels.tolist() == [f"topic {topic}" for topic in made.proportions.argmax(axis=1)]
    assert (made.corpus.counts.sum(axis=1) >= 1).all()
    for word, column in zip(made.corpus.vocabulary, made.topic_word.T, strict=True):
        assert word.startswith(f"t{column.argmax()}_w")


def softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values)
    return weights / weights.sum(axis=1, keepdims=True)


def test_planted_correlation_is_there() -> None:
    """Fisher's z of each of the 45 sample correlations is normal with variance 1/(N - 3).

    With a margin of 5 standard deviations, one seed in 39,000 fails (45 × 5.7e-7); the seed is also fixed.
    """
    n = 20_000
    made = make_correlated_topics(n, (5, 5), 50, correlation=0.6, words_per_document=1, random_state=1)
    found = np.corrcoef(made.latent.T)
    above = np.triu_indices(10, 1)
    distance = np.arctanh(found[above]) - np.arctanh(made.correlation[above])
    assert np.abs(distance).max() < 5 / math.sqrt(n - 3)
    # The mean square of N normal values has standard deviation sqrt(2/N).
    assert np.abs((made.latent**2).mean(axis=0) - 1).max() < 5 * math.sqrt(2 / n)


def test_counts_follow_the_proportions_and_the_topics() -> None:
    """The count of a word is a sum of independent draws; its variance given θ is at most its mean.

    With a margin of 5 standard deviations for 30 words, fewer than one seed in 50,000 fails.
    """
    made = make_correlated_topics(5000, (2, 2), 30, words_per_document=50, random_state=2)
    lengths = made.corpus.counts.sum(axis=1)
    assert abs(lengths.mean() - 50) < 5 * math.sqrt(49 / 5000)
    assert abs(lengths.var() / 49 - 1) < 5 * math.sqrt(2.1 / 5000)  # 1 + Poisson(49) has variance 49
    expected = (lengths @ made.proportions) @ made.topic_word
    assert (np.abs(made.corpus.counts.sum(axis=0) - expected) < 5 * np.sqrt(expected) + 1).all()
    # For each word: documents with a larger proportion of its topic contain it more often.
    residual = made.corpus.counts.toarray() - lengths[:, None] * (made.proportions @ made.topic_word)
    for topic in made.proportions.T:
        score = residual.T @ (topic - topic.mean())
        spread = np.sqrt(
            (topic - topic.mean()) ** 2 @ (lengths[:, None] * (made.proportions @ made.topic_word))
        )
        assert (np.abs(score) < 5 * spread + 1).all()


def test_the_same_seed_is_the_same_corpus_and_another_is_not() -> None:
    def made(seed: object) -> Corpus:
        return make_correlated_topics(40, (2, 2), 20, random_state=seed).corpus

    assert (made(0).counts != made(0).counts).nnz == 0
    assert (made(np.random.RandomState(3)).counts != made(np.random.RandomState(3)).counts).nnz == 0
    assert (made(0).counts != made(1).counts).nnz > 0
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    made(0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_mean_shifts_the_latent_variables_and_nothing_else() -> None:
    mean = np.outer(np.arange(20.0), [1, 0, -1, 0.5])
    metadata = {"year": np.arange(2000, 2020)}
    made = make_correlated_topics(20, (2, 2), 20, mean=mean, metadata=metadata, random_state=0)
    other = make_correlated_topics(20, (2, 2), 20, random_state=0)
    np.testing.assert_allclose(made.latent - mean, other.latent, atol=1e-12)
    np.testing.assert_array_equal(made.topic_word, other.topic_word)
    assert list(made.corpus.metadata["year"]) == list(range(2000, 2020))
    assert not other.corpus.metadata_columns


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hftopic.data.datasets.generated._CHUNK", 7)
    made = make_correlated_topics(50, (2, 2), 20, random_state=0)
    assert made.corpus.shape == (50, 20)
    assert made.corpus.counts.has_canonical_format


@pytest.mark.parametrize(
    "correlation", [1.0, -1.0, 0.0, np.eye(4), [[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]]
)
def test_any_correlations_that_exist(correlation: object) -> None:
    made = make_correlated_topics(30, (2, 2), 20, correlation=correlation, random_state=0)
    if isinstance(correlation, float) and abs(correlation) == 1:
        np.testing.assert_allclose(made.latent[:, :2], correlation * made.latent[:, 2:], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"correlation": 1.2}, "not a valid correlation matrix"),
        ({"correlation": float("nan")}, "NaN or infinite"),
        ({"correlation": -0.6, "groups": (2, 2, 2)}, "from -1/"),
        ({"correlation": np.eye(3)}, r"has shape \(3, 3\); 4 topics need \(4, 4\)"),
        ({"correlation": np.triu(np.full((4, 4), 0.5)) + np.eye(4) / 2}, "not symmetric"),
        ({"correlation": 2 * np.eye(4)}, "the diagonal of correlation"),
        ({"correlation": 2 * np.full((4, 4), 0.9) - 0.8 * np.eye(4)}, "eigenvalue"),
        ({"mean": np.zeros(3)}, r"mean has shape \(3,\); 10 documents and 4 topics need \(10, 4\)"),
        ({"mean": float("inf")}, "mean contains NaN or infinite"),
        ({"metadata": {"year": [2000]}}, "10"),
        ({"groups": ()}, "groups is empty"),
        ({"groups": 4}, "groups is 4"),
        ({"groups": (2, 0)}, "each of groups"),
        ({"n_documents": 0}, "n_documents"),
        ({"n_documents": 2.5}, "n_documents"),
        ({"n_words": 3}, "n_words must be an integer >= 4"),
        ({"words_per_document": 0.5}, "words_per_document must be a finite number >= 1"),
        ({"sharpness": 0}, "sharpness must be a finite number > 0"),
        ({"word_concentration": float("inf")}, "word_concentration"),
    ],
)
def test_corpora_that_cannot_be_generated(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make_correlated_topics(**{"n_documents": 10, "groups": (2, 2), "n_words": 20, **settings})  # type: ignore[arg-type]


def test_prepare_script_writes_corpus_and_truth(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "corpora" / "correlated" / "prepare.py"
    copy = tmp_path / "prepare.py"
    copy.write_text(script.read_text())
    for seed in ("1", "0"):  # the second replaces the first
        subprocess.run([sys.executable, str(copy), "--seed", seed], capture_output=True, check=True)
    corpus = read_corpus(tmp_path / "data")
    made = make_correlated_topics(5000, (5, 5), correlation=0.6, random_state=0)
    assert (corpus.counts != made.corpus.counts).nnz == 0
    with np.load(tmp_path / "truth.npz", allow_pickle=False) as truth:
        np.testing.assert_array_equal(truth["correlation"], made.correlation)
