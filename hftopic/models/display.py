"""A fitted model as a notebook shows it; an unfitted one has the diagram of scikit-learn."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hftopic._colours import colour_of
from hftopic._html import Html, bar, beside, line, more, note, number, panel, table
from hftopic._wording import counted, shortened
from hftopic.models.bases import BaseEstimator
from hftopic.topics.shares import in_use

if TYPE_CHECKING:
    from hftopic.models.fitted import FittedModel

LONGEST_NAME = 80
N_TOPICS = 12  # topics that are listed per group
SMALLEST_SHARE = 0.005  # of topics that are not in use, to be told


class ShownFitted(BaseEstimator):
    """Estimator that a notebook shows by its topics once it is fitted."""

    def _shown_model(self) -> "FittedModel | None":
        """The fitted model whose topics are shown; None for the diagram."""
        return None

    def _repr_html_inner(self) -> str:
        model = self._shown_model()
        return super()._repr_html_inner() if model is None else model_html(model)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle, model = super()._repr_mimebundle_(**kwargs), self._shown_model()
        if model is not None and "text/html" in bundle:  # it is missing with set_config(display="text")
            bundle["text/html"] = model_html(model)
        return bundle


def model_html(model: "FittedModel") -> str:
    """The topics in use by group, largest first, with bars of their documents; and the course of training."""
    summary = model.topic_summary_.assign(name=model.topic_names_)
    used = summary[in_use(summary)]
    facts = (
        f"{len(used)} of {len(summary)} topics in use, in {counted(summary['group'].nunique(), 'group')}; "
        f"{counted(model.n_features_in_, 'word')}, {counted(model.n_iter_, 'epoch')}"
    )
    size = next(name for name in ("documents", "information") if used[name].notna().all())
    largest = float(used[size].max()) if len(used) else 1.0
    groups = [_group(group, rows, size, largest) for group, rows in used.groupby("group")]
    parts = [beside(*groups)] if groups else [note("no topic is in use: nothing was learnt yet")]
    return panel(
        type(model).__name__, facts, *parts, *_legend(summary, size), *_training(model), note(repr(model))
    )


def _group(group: Any, rows: pd.DataFrame, size: str, largest: float) -> Html:
    shown = rows.sort_values(size, ascending=False, kind="stable").head(N_TOPICS)
    columns = {
        "topic": shown["topic"].tolist(),
        "name": [shortened(name, LONGEST_NAME) for name in shown["name"]],
        size: [_sized(row, size, largest, colour_of(group)) for row in shown.to_dict("records")],
    }
    listed = table(columns, f"group {group}", colour_of(group))
    return Html(listed + "".join(more(len(rows) - N_TOPICS, "topics")))


def _sized(row: dict[Any, Any], size: str, largest: float, colour: str) -> Html:
    value, share = row[size], row.get("share", np.nan)
    return bar(value, largest, colour, number(value) + (f" · {share:.0%}" if share == share else ""))


def _legend(summary: pd.DataFrame, size: str) -> list[Html]:
    """What the numbers are."""
    if size != "documents":
        return [note("Bars: information about the training documents, in nats")]
    remainder = summary.attrs.get("remainder", 0.0)
    rest = f"; topics not in use have {remainder:.0%} of all" if remainder >= SMALLEST_SHARE else ""
    shares = f"; %: share among the topics in use{rest}" if "share" in summary else ""
    return [note(f"Bars: training documents that the topic leads{shares}")]


def _training(model: "FittedModel") -> list[Html]:
    losses = model.history_["loss"].to_numpy(dtype=float) if "loss" in model.history_ else np.zeros(0)
    losses = losses[np.isfinite(losses)]
    if len(losses) < 2:
        return []
    curve = line(losses.tolist(), "Loss by epoch")
    return [note("Loss in nats per document: ", f"{losses[0]:,.1f} ", curve, f" {losses[-1]:,.1f}")]
