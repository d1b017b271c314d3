"""Embeddings of texts by an ONNX model and its tokenizer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OnnxEncoder:
    """Embeddings of texts by a session of onnxruntime.

    Parameters
    ----------
    session, tokenizer
        Of onnxruntime and tokenizers.
    first : bool
        Whether the vector of the first token is the embedding, and not the mean over all tokens.
    normed : bool
        Whether embeddings are divided by their length.
    """

    def __init__(self, session: Any, tokenizer: Any, first: bool = False, normed: bool = False) -> None:
        self.session, self.tokenizer, self.first, self.normed = session, tokenizer, first, normed

    def __call__(self, texts: list[str]) -> NDArray[np.float32]:
        """Embeddings of some texts, shape (B, F)."""
        tokens = self.tokenizer.encode_batch(texts)
        known = {
            "input_ids": [one.ids for one in tokens],
            "attention_mask": [one.attention_mask for one in tokens],
            "token_type_ids": [one.type_ids for one in tokens],
        }
        wanted = [given.name for given in self.session.get_inputs()]
        strange = next((name for name in wanted if name not in known), None)
        if strange is not None:
            raise ValueError(
                f"the ONNX model has the input {strange!r}; it must be one of {', '.join(known)}"
            )
        outputs = self.session.run(None, {name: np.array(known[name], dtype=np.int64) for name in wanted})
        vectors = self._pooled(outputs, np.array(known["attention_mask"], dtype=np.float32))
        if self.normed:
            vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors.astype(np.float32)

    def _pooled(self, outputs: Sequence[Any], mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """One vector per text: an output with two dimensions, or the pooled vectors of its tokens."""
        tokens = next((output for output in outputs if np.ndim(output) == 3), None)  # (B, T, F)
        whole = next((output for output in outputs if np.ndim(output) == 2), None)  # (B, F)
        if tokens is None and whole is None:
            raise ValueError("the ONNX model has no output of a vector for each text, or for each token")
        if whole is not None and (tokens is None or self._is_sentence(outputs, whole)):
            return np.asarray(whole)
        vectors = np.asarray(tokens)
        if self.first:
            return np.asarray(vectors[:, 0])
        weights = mask / np.maximum(mask.sum(1, keepdims=True), 1)  # (B, T)
        return np.asarray(np.einsum("bt,btf->bf", weights, vectors))

    def _is_sentence(self, outputs: Sequence[Any], whole: Any) -> bool:
        """Whether an output is the embedding of the text, and not a classifier's view of its first token."""
        names = [output.name for output in self.session.get_outputs()]
        return any(
            name == "sentence_embedding" and output is whole
            for name, output in zip(names, outputs, strict=True)
        )
