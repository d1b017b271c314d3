"""Figures that ``docs/images`` quotes in running text, from the results of the experiments on images."""

from collections.abc import Iterator
from functools import partial

from figures import fixed, mean_sd
from quoted import Pages, figure, lines, value, where


def sprites() -> Iterator[str]:
    f = partial(figure, "images/sprites")
    models = dict.fromkeys(line["model"] for line in lines("images/sprites"))
    gaps = [f("gap_scale", model=model) for model in ("beta-TCVAE (4)", "HFVAE (4, 3) + c", "VAE")]
    yield f"the gap of the scale is {gaps[0]} and {gaps[1]}, against {gaps[2]} with the VAE."
    if value("images/sprites", "class_nats", model="HFVAE (4, 3) + c") < 0.001:
        yield "it holds less than 0.001 nats."
    best = [
        fixed(max(value("images/sprites", f"found_{factor}", model=model) for model in models))
        for factor in ("shape", "orientation")
    ]
    yield (
        f"The best dimension holds at most {best[0]} of the entropy of the shape and {best[1]} of that of "
        "the orientation"
    )


def classes() -> Iterator[str]:
    f, spread = partial(figure, "images/classes"), mean_sd("purity")
    corpora = ({"corpus": "mnist"}, {"corpus": "fashion_mnist"})
    gaps = [f("gap", model="HFVAE (.1, 3)", **corpus) for corpus in corpora]
    yield f"At (.1, 3) the gap is {gaps[0]} on digits and {gaps[1]} on clothes"
    silent = ("VAE", "beta-VAE (4)", "beta-TCVAE (4)", "HFVAE (4, 3)")
    most = max(
        value("images/classes", "class_nats", model=model, **corpus) for model in silent for corpus in corpora
    )
    if most <= 0.05:
        yield "it has at most 0.05 nats about the picture."
    own = [spread(where("images/classes", model="HFVAE (.1, 3)", **corpus)) for corpus in corpora]
    yield f"the class at (.1, 3) has {own[0]} on digits and {own[1]} on clothes."
    pixels, codes = (
        [f("purity", model=model, **corpus) for corpus in corpora]
        for model in ("k-means on pixels", "VAE, no c")
    )
    yield f"That is below k-means on pixels ({pixels[0]} and {pixels[1]})"
    yield f"are the purest ({codes[0]} and {codes[1]})."
    held = [f("held_as_ink_moves", model=model, corpus="mnist") for model in ("HFVAE (.1, 3)", "VAE, no c")]
    yield f'"as ink moves" is {held[0]} at (.1, 3), against {held[1]} with a VAE without a class.'


def tradeoff() -> Iterator[str]:
    f = partial(figure, "images/tradeoff", sweep="gamma = beta", digits=1)
    first, last = (
        [f(key, beta=beta) for key in ("total_correlation", "mutual_information")] for beta in (1.0, 8.0)
    )
    yield (
        f"the total correlation falls from {first[0]} to {last[0]} nats and I(x; z) from {first[1]} to "
        f"{last[1]}, of at most log 8000 = 9.0."
    )


def unseen() -> Iterator[str]:
    models = ("VAE, no c", "beta-TCVAE (4), no c", "HFVAE (.1, 3)")
    lost = [fixed(nats_lost(model), 1) for model in models]
    yield f"lose {lost[0]} nats with the VAE, {lost[1]} with β-TCVAE and {lost[2]} with HFVAE"


def nats_lost(model: str) -> float:
    """Nats by which the bound of unseen combinations is below that of the control, which has seen some."""
    control, left_out = (
        value("images/unseen", "bound_unseen", model=model, left_out=how)
        for how in ("random", "combinations")
    )
    return control - left_out


PAGES: Pages = {
    "docs/images/classes.rst": classes,
    "docs/images/sprites.rst": sprites,
    "docs/images/tradeoff.rst": tradeoff,
    "docs/images/unseen.rst": unseen,
}
