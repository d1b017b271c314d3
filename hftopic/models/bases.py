"""Base classes of scikit-learn, with the types that it does not declare.

Without them a type checker takes every attribute of an estimator for granted, and checks nothing.
"""

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from sklearn.utils import Tags

    class BaseEstimator:
        """Parameters by name, and their validation."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...

        def get_metadata_routing(self) -> Any: ...

        def set_params(self, **params: Any) -> Self: ...

        def _validate_params(self) -> None: ...

        def __sklearn_tags__(self) -> Tags: ...

        def _repr_html_inner(self) -> str: ...

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]: ...

        def __getstate__(self) -> dict[str, Any]: ...

    class TransformerMixin:
        """``fit_transform`` and ``set_output``."""

        def fit_transform(
            self, X: Any, y: Any = None, *, metadata: Any = None, embeddings: Any = None, **fit_params: Any
        ) -> Any: ...

        def set_output(self, *, transform: str | None = None) -> Self: ...

else:
    from sklearn.base import BaseEstimator
    from sklearn.base import TransformerMixin as PlainTransformerMixin

    class TransformerMixin(PlainTransformerMixin):
        """``fit_transform``, which passes metadata and embeddings to both, and ``set_output``."""

        def __init_subclass__(cls, **arguments):
            super().__init_subclass__(**arguments)
            transform = vars(cls).get("transform")
            if transform is not None and signature(transform).parameters["X"].default is None:
                cls.transform = _with_optional_input(transform)

        def fit_transform(self, X, y=None, *, metadata=None, embeddings=None, **fit_params):
            """Fit on documents, and transform them."""
            given = {"metadata": metadata, "embeddings": embeddings}
            given = {name: value for name, value in given.items() if value is not None}
            return self.fit(X, y, **given, **fit_params).transform(X, **given)

    def _with_optional_input(transform):
        """``transform`` that can be called without ``X``, which what scikit-learn makes of it cannot."""

        @wraps(transform)
        def optional(self, X=None, **given):
            return transform(self, X, **given)

        return optional


__all__ = ["BaseEstimator", "TransformerMixin"]
