"""Figures that the README and the pages of the benchmarks quote in running text."""

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from figures import fixed
from quoted import LEARNED, Pages, figure, lines, span, value, where


def readme() -> Iterator[str]:
    f = partial(value, "too_many_topics")
    signs = {
        (name, n): 100 * f("sign_agreement", objective=name, topics=n)
        for name in (LEARNED, "VAE")
        for n in (20, 50)
    }
    flat, learned = ([f"{fixed(signs[name, n], 0)}%" for n in (20, 50)] for name in ("VAE", LEARNED))
    yield (
        f"Of the coefficients of a regression on one group, {learned[0]} have the sign of the topic's own "
        f"correlation with the outcome if there are 20 topics in all, and {learned[1]} if there are 50. With "
        f"a random half of the topics of a flat model it is {flat[0]} and {flat[1]}"
    )


def marginal_bias() -> Iterator[str]:
    def biases(term: str, **chosen: Any) -> list[float]:
        return [line["bias"][term] for line in where("marginal_bias", partners=None, **chosen)]

    ours = {"estimator": "hfvae"}
    yield f"Their information is at most {fixed(max(biases('information', **ours)))} nats too high."
    small, large = (
        {term: biases(term, batch=size, **ours) for term in ("between", "within")} for size in (64, 1024)
    )
    yield (
        f"A batch of 64 gives up to {fixed(max(small['between']))} nats too much between groups, and up to "
        f"{fixed(-min(small['within']))} too little or {fixed(max(small['within']))} too much within them. "
        f"A batch of 1024 "
        f"is off by at most {fixed(max(map(abs, large['between'])))} and "
        f"{fixed(max(map(abs, large['within'])))}."
    )
    yield f"Its total correlation within groups is {span(biases('within', estimator='mws'), 0)} nats too high"
    [exact] = {line["exact"]["between"] for line in where("marginal_bias", case="narrow", dims=50)}
    yield f"still 50 narrow dimensions have {fixed(exact)} nats between groups."


def benchmarks() -> Iterator[str]:
    excess = [
        line["bias"][term]
        for line in where("marginal_bias", estimator="mws")
        for term in ("information", "between")
    ]
    yield f'"mws" is {span(excess, 1)} nats too high for I(x; z) and between groups.'
    npmi, held = (
        [fixed(value("raw_text", key, model=m), 3, True) for m in ("sklearn-nmf", "hftopic", "hftopic-email")]
        for key in ("npmi", "npmi_held")
    )
    yield (
        f"Means of three seeds: NPMI {npmi[0]} for NMF, {npmi[1]} for hftopic and {npmi[2]} for "
        "hftopic-email on the training messages"
    )
    yield f"On the test messages, {held[0]}, {held[1]} and {held[2]} differ"


def performance() -> Iterator[str]:
    taken, quality = (
        {
            model: [line[key] for line in where("peers", model=model)]
            for model in ("hftopic-vae", "hftopic-vae-512", "hftopic-hfvae", "tomotopy-lda")
        }
        for key in ("fit_seconds", "completion_perplexity")
    )
    shares = {
        model: [own / of_lda for own, of_lda in zip(taken[model], taken["tomotopy-lda"], strict=True)]
        for model in taken
    }
    completion = {model: fixed(median(values), 0) for model, values in quality.items()}
    yield (
        f"With the defaults ProdLDA takes {span(shares['hftopic-vae'], 2)} of the time of tomotopy's LDA, "
        f"and two groups of topics {span(shares['hftopic-hfvae'], 2)}. They complete documents better "
        f"({completion['hftopic-vae']} and {completion['hftopic-hfvae']} against "
        f"{completion['tomotopy-lda']})"
    )
    yield f"the quality of LDA is reached in {span(shares['hftopic-vae-512'], 2)} of its time"
    for axis, title in {
        "documents": "documents, 10³ to 10⁶",
        "words": "words, 2,000 to 200,000",
        "topics": "topics, 10 to 500",
        "groups": "groups, 1 to 25 of 50 topics in all",
        "batch_size": "size of batches, 64 to 2048",
    }.items():
        yield f"- {title}: {figure('scaling', 'time_exponent', axis=axis)}"
    memory = {
        axis: where("scaling", **{"axis": axis, axis: size})[0]
        for axis, size in (("documents", 1_000_000), ("words", 200_000))
    }
    yield (
        f"The peak memory of the process was {fixed(memory['documents']['peak_MB'] / 1000, 1)} GB at 10⁶ "
        f"documents, whose "
        f"counts take {fixed(memory['documents']['data_MB'] / 1000)} GB. It was "
        f"{fixed(memory['words']['peak_MB'] / 1000, 1)} "
        "GB at 200,000 words"
    )
    direct, ours = lines("coherence")
    parts = ", ".join(f"{measure} {fixed(taken, 1)}" for measure, taken in direct["parts"].items())
    yield f"Separate calls of gensim take {fixed(direct['seconds'], 1)} s for four measures ({parts})."
    yield f"takes {fixed(ours['seconds'], 1)} s, and every value is equal to the last bit."


def leaderboard() -> Iterator[str]:
    bbc = partial(figure, "leaderboard", corpus="bbc", topics=50)
    completion = partial(bbc, "completion_perplexity", 0)
    yield (
        f"For completion it is topica's LDA: {completion(model='topica-lda')} on BBC with 50 topics, where "
        f"tomotopy's LDA has {completion(model='tomotopy-lda')}."
    )
    words = partial(bbc, model="topmost-prodlda")
    yield (
        f"For words on BBC it is TopMost's ProdLDA: {words('distinct', 0)} distinct topics and a purity of "
        f"{words('purity')}."
    )


PAGES: Pages = {
    "README.rst": readme,
    "benchmarks/README.rst": benchmarks,
    "docs/leaderboard.rst": leaderboard,
    "docs/marginal_bias.rst": marginal_bias,
    "docs/performance.rst": performance,
}
