"""Figures that ``docs/reproduction`` quotes in running text, from the results of the experiments."""

from collections.abc import Iterator
from functools import partial

from figures import Line, fixed, mean_of
from quoted import LEARNED, PAPER, RAMPED, Pages, figure, lines, span, value, where


def groups() -> Iterator[str]:
    form = {"model": "ProdLDA", "softmax": "joint", "encoder_norm": "none"}
    f = partial(figure, "groups_of_news", **form)
    news, agnews, snippets = (
        {"corpus": name} for name in ("20ng_avitm1995", "agnews", "short_searchsnippets")
    )
    corpora = (news, agnews, snippets)

    def alive(objective: str, corpus: dict[str, str]) -> str:
        return f("active>0.05", 0, objective=objective, **corpus)

    yield (
        f"On 20 Newsgroups {alive(PAPER, news)} of 50 topics stay above 0.05 nats, against "
        f"{alive('VAE', news)} with the "
        f"VAE. On AG News it is {alive(PAPER, agnews)} against {alive('VAE', agnews)}, on search snippets "
        f"{alive(PAPER, snippets)} against {alive('VAE', snippets)}."
    )
    ramped = [alive(RAMPED, corpus) for corpus in corpora]
    kept = alive(LEARNED, news)
    found = {name: f("completion_perplexity", 0, objective=name, **news) for name in (LEARNED, "VAE")}
    within = {name: f("mean_abs_r_within", objective=name, **news) for name in (LEARNED, "VAE")}
    yield f"On 20 Newsgroups {kept} topics stay active, more than with the VAE."
    yield (
        f"({found[LEARNED]} against {found['VAE']}), the mean absolute r within groups is "
        f"{within[LEARNED]} against the VAE's {within['VAE']}, and the strongest across is "
        f"{f('max_abs_r_across', objective=LEARNED, **news)}."
    )
    yield f"On the three corpora {ramped[0]}, {ramped[1]} and {ramped[2]} topics stay active."
    probes = [
        "{}, {} and {}".format(*(f("probe_accuracy", 3, objective=name, **corpus) for corpus in corpora))
        for name in (RAMPED, PAPER)
    ]
    ppl = [f("corpus_perplexity", 0, objective=name, **agnews) for name in (RAMPED, PAPER)]
    yield (
        f"the probe is at {probes[0]} against {probes[1]}, and the perplexity of AG News "
        f"documents is {ppl[0]} against {ppl[1]}."
    )
    pairs = {
        name: [
            pair
            for line in where("groups_of_news", **form, **news, objective=name)
            for pair in line["strongest"]
        ]
        for name in (PAPER, RAMPED)
    }
    same = {name: sum(a == b for a, b in (pair["labels"] for pair in pairs[name])) for name in pairs}
    if all(pair["across"] for pair in pairs[RAMPED]):
        yield "the five strongest positive pairs of every seed are all across groups"
    yield f"In {same[RAMPED]} of the {len(pairs[RAMPED])} pairs both topics have the same newsgroup."
    yield f"In {same[PAPER]} of the {len(pairs[PAPER])} pairs both topics have the same newsgroup: two views"
    mideast = [
        pair["r"]
        for pair in pairs[PAPER]
        if "talk.politics.mideast" in pair["labels"]
        if "soc.religion.christian" in pair["labels"]
    ]
    yield f"one pair joins talk.politics.mideast with soc.religion.christian (r = {fixed(max(mideast))})."
    vae, paper = (where("groups_of_news", **form, **news, objective=name) for name in ("VAE", PAPER))
    yield (
        f"Its strongest pair on 20 Newsgroups has an absolute r of "
        f"{fixed(mean_of(vae, 'max_abs_r_within'))}, and "
        f"{percent_significant(vae, 'within')}% of all pairs are significant."
    )
    yield (
        f"Within groups the mean absolute r falls from {fixed(mean_of(vae, 'mean_abs_r_within'))} to "
        f"{fixed(mean_of(paper, 'mean_abs_r_within'))} and the strongest from "
        f"{fixed(mean_of(vae, 'max_abs_r_within'))} "
        f"to {fixed(mean_of(paper, 'max_abs_r_within'))}; across groups pairs of "
        f"{fixed(mean_of(paper, 'max_abs_r_across'))} remain."
    )
    yield (
        f"{percent_significant(paper, 'across')}% of the pairs across groups and "
        f"{percent_significant(paper, 'within')}% of the pairs within groups are significant"
    )


def percent_significant(rows: list[Line], side: str) -> str:
    """Percentage of the pairs on one side that are significant, mean over lines."""
    shares = [100 * row[f"significant_{side}"] / row[f"pairs_{side}"] for row in rows]
    return fixed(sum(shares) / len(shares), 0)


def factors() -> Iterator[str]:
    best = max(value("known_factors", "mig", model=line["model"]) for line in lines("known_factors"))
    yield f"No objective comes near a perfect gap ({fixed(best)} at best)."


def discrete() -> Iterator[str]:
    text = {"objective": "HFVAE (.1, 4)"}
    f = partial(figure, "discrete_beside_topics")
    news, agnews = {"corpus": "20ng_avitm1995"}, {"corpus": "agnews"}
    nvdm, prodlda = {"model": "NVDM"}, {"model": "ProdLDA"}
    yield (
        f"the class holds {f('label_in_class', **news, **nvdm, **text)} nats about the newsgroup and the "
        f"best dimension "
        f"{f('label_in_best_dim', **news, **nvdm, **text)}. The gap is {f('gap', **news, **nvdm, **text)}, "
        f"against "
        f"{f('gap', **news, **nvdm, objective='VAE')} with the VAE. With ProdLDA the gap is "
        f"{f('gap', **news, **prodlda, **text)} against {f('gap', **news, **prodlda, objective='VAE')}"
    )
    yield (
        f"On AG News the gap is {f('gap', **agnews, **nvdm, **text)} against "
        f"{f('gap', **agnews, **nvdm, objective='VAE')} "
        f"with NVDM, and {f('gap', **agnews, **prodlda, **text)} against "
        f"{f('gap', **agnews, **prodlda, objective='VAE')} with ProdLDA."
    )
    at_four = [
        value("discrete_beside_topics", "class_nats", **news, **nvdm, objective=name)
        for name in ("HFVAE (4, 1)", "HFVAE (4, 4)")
    ]
    yield f"At β = 4 NVDM's class holds almost no information ({span(at_four, 1)} nats)"
    beta = {"objective": "beta-VAE (4)"}
    yield (
        f"β-VAE with ProdLDA leaves {f('active', 0, **news, **prodlda, **beta)} topics and puts the "
        f"remaining information "
        f"into c (gap {f('gap', **news, **prodlda, **beta)}, and {f('gap', **agnews, **prodlda, **beta)} on "
        f"AG News)."
    )


def weights() -> Iterator[str]:
    f = partial(figure, "sweep_of_weights")
    equal, alone = {"sweep": "gamma = beta"}, {"sweep": "beta at gamma 4"}
    nats = [f("mutual_information", 1, **equal, beta=beta) for beta in (0.5, 3.0, 8.0)]
    yield f"it falls from {nats[0]} nats to {nats[1]} at a weight of 3 and then rises to {nats[2]}"
    nats = [f("mutual_information", 1, **alone, beta=beta) for beta in (0.1, 4.0)]
    yield f"I(x; z) is {nats[0]} nats with β = 0.1, near its bound log N = 9.3, against {nats[1]} with β = 4."
    nats = [f("between_groups", 1, **alone, beta=beta) for beta in (0.1, 4.0)]
    yield f"The total correlation between groups is {nats[0]} nats against {nats[1]}."
    alive = [value("sweep_of_weights", "active", **alone, beta=b) for b in (0.0, 0.1, 0.5, 1.0, 2.0, 4.0)]
    yield f"The number of active topics, {span(alive, 0)}, hardly depends on β up to 4."


def unseen() -> Iterator[str]:
    f = partial(value, "unseen_combinations")
    vae = {"objective": "VAE"}
    ratios = [
        f("perplexity_ratio", corpus=corpus, left_out=how, **vae)
        for corpus in ("generated", "merged")
        for how in ("cells", "random")
    ]
    yield (
        f"(ratios of {fixed(ratios[0])} against {fixed(ratios[1])}, and {fixed(ratios[2])} against "
        f"{fixed(ratios[3], 3)})"
    )
    objectives = dict.fromkeys(line["objective"] for line in lines("unseen_combinations"))
    errors = {
        (key, how): [f(key, corpus="merged", left_out=how, objective=name) for name in objectives]
        for key, how in (
            ("error_unseen_first", "cells"),
            ("error_seen_first", "cells"),
            ("error_unseen_first", "random"),
        )
    }
    on_unseen, on_seen, control = errors.values()
    yield (
        f"the error for the first label of merged documents is {fixed(max(on_unseen))}, against "
        f"{span(on_seen, 2)} on seen "
        f"cells; the control has {span(control, 2)} on unseen cells."
    )
    quarter = f("error_unseen_second", corpus="generated", left_out="cells", **vae)
    yield f"For the quarter of the intensity the error is {fixed(quarter)}."


STARTS = "HFVAE, 4 starts"


def figure_of_percent(results: str, key: str, method: str) -> str:
    """Text of a mean share in percent."""
    return f"{fixed(100 * value(results, key, method=method), 0)}%"


def planted() -> Iterator[str]:
    f = partial(figure, "planted_correlations")
    yield f"It fails where topics overlap (cosine {f('cosine', case='topics overlap', method='CTM')})"
    short = [f("r_with_planted", case="20 words a document", method=name) for name in (RAMPED, PAPER)]
    yield f"Ramped weights improve the order for short documents ({short[0]} against {short[1]})"
    cases = list(dict.fromkeys(line["case"] for line in lines("planted_correlations")))

    def order(method: str, case: str) -> float:
        return value("planted_correlations", "r_with_planted", case=case, method=method)

    worse = sum(order(PAPER, case) < order("VAE", case) for case in cases)
    better = sum(order(RAMPED, case) > order(PAPER, case) for case in cases)
    names = ("one", "two", "three", "four", "five", "six", "seven", "eight")
    yield f"So the order is worse than with the VAE in {names[worse - 1]} of {names[len(cases) - 1]} cases."
    yield f"and in {names[better - 1]} cases of {names[len(cases) - 1]}; in the others they make it worse."
    methods = dict.fromkeys(line["method"] for line in lines("planted_correlations"))

    def won(winner: str, among: list[str]) -> str:
        def error(name: str, case: str) -> float:
            return value("planted_correlations", "mean_abs_error", case=case, method=name)

        best = [min(among, key=lambda name, case=case: error(name, case)) for case in cases]  # type: ignore[misc]
        return f"{names[best.count(winner) - 1]} of {names[len(cases) - 1]}"

    yield f"**Learned groups and correlations have the smallest error in {won(LEARNED, [*methods])} cases.**"
    others = [name for name in methods if name != LEARNED]
    g = partial(figure, "planted_groups")
    apart = [figure_of_percent("planted_groups", "strong_apart", name) for name in (LEARNED, STARTS)]
    errors = [g("error", method=name) for name in (LEARNED, STARTS)]
    yield f"A single fit puts {apart[0]} of the strong pairs into different groups, and finds the"
    yield f"correlations with an error of {errors[0]}. The start with the lowest loss of four has {apart[1]}"
    yield f"{apart[1]} and {errors[1]}."
    given, learned = (g("perplexity", 0, method=name) for name in ("prior given", "CTM-VAE"))
    yield f"finds them with an error of {g('error', method='prior given')}, but its perplexity"
    yield f"too small ({given} against {learned} in one group)"
    yield f"Of the other methods, CTM has it in {won('CTM', others)}; the correlations are its parameters."


def too_many() -> Iterator[str]:
    def f(key: str, digits: int, objective: str, topics: int, factor: float = 1.0) -> str:
        return fixed(factor * value("too_many_topics", key, objective=objective, topics=topics), digits)

    def signs(objective: str, topics: int, digits: int = 0, key: str = "sign_agreement") -> str:
        return f(key, digits, objective, topics, 100)

    def kept(objective: str) -> str:
        return "{}, {} and {}".format(*(f("active>0.05", 0, objective, topics) for topics in (50, 100, 200)))

    yield f"**Learned groups** keep {f('active>0.05', 0, LEARNED, 50)} of 50 topics"
    yield (
        f"The median inflation is {f('inflation_median', 2, LEARNED, 50)}, and {signs(LEARNED, 50)}% of the "
        f"signs agree; with 20 topics it is {f('inflation_median', 2, LEARNED, 20)} and "
        f"{signs(LEARNED, 20)}%."
    )
    yield (
        f"One group of HFVAE's 2×25 topics has about {f('active>0.05', 0, PAPER, 50, 0.5)} active topics "  # noqa: RUF001
        f"with the paper's "
        f"weights and {f('active>0.05', 0, RAMPED, 50, 0.5)} ramped. The median inflation is "
        f"{f('inflation_median', 2, PAPER, 50)} and {f('inflation_median', 2, RAMPED, 50)}, and "
        f"{signs(PAPER, 50, 1)}% and "
        f"{signs(RAMPED, 50, 1)}% of the signs agree. Half of the VAE's 50 topics, about "
        f"{f('active>0.05', 0, 'VAE', 50, 0.5)}, has {f('inflation_median', 2, 'VAE', 50)} and "
        f"{signs('VAE', 50)}%."
    )
    yield (
        f"it is {f('inflation_median', 2, PAPER, 20)} and {signs(PAPER, 20)}% against "
        f"{f('inflation_median', 2, 'VAE', 20)} "
        f"and {signs('VAE', 20)}%."
    )
    both = [
        signs(name, size, key="sign_agreement_all") for name, size in ((PAPER, 50), (RAMPED, 50), ("VAE", 20))
    ]
    yield f"({both[0]}% and {both[1]}% against {both[2]}%)"
    yield (
        f"HFVAE keeps {kept(PAPER)} with the paper's weights and {kept(RAMPED)} ramped, with NPMI of "
        f"{of_sizes('npmi', PAPER, RAMPED)} and diversity of {of_sizes('diversity', PAPER, RAMPED)}. The "
        f"VAE keeps "
        f"{kept('VAE')}, with {of_sizes('npmi', 'VAE')} and {of_sizes('diversity', 'VAE')}."
    )
    done = {
        name: [f("completion_perplexity", 0, name, topics) for topics in (50, 200)]
        for name in (PAPER, RAMPED, "VAE")
    }
    yield (
        f"{done[PAPER][0]} and, ramped, {done[RAMPED][0]} against {done['VAE'][0]} with 50 topics, "
        f"{done[PAPER][1]} against "
        f"{done['VAE'][1]} with 200."
    )


def of_sizes(key: str, *objectives: str) -> str:
    """Span over 50, 100 and 200 topics."""
    return span(
        [
            value("too_many_topics", key, objective=name, topics=n)
            for name in objectives
            for n in (50, 100, 200)
        ],
        2,
    )


PAGES: Pages = {
    "docs/reproduction/discrete.rst": discrete,
    "docs/reproduction/factors.rst": factors,
    "docs/reproduction/groups.rst": groups,
    "docs/reproduction/planted.rst": planted,
    "docs/reproduction/too_many.rst": too_many,
    "docs/reproduction/unseen.rst": unseen,
    "docs/reproduction/weights.rst": weights,
}
