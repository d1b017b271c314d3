"""Tables of the pages, made from the results files.

    python experiments/tables.py            # rewrites each table in its page, as `make tables` does
    python experiments/tables.py --check    # names each page whose figures are not those of the files

In a page a table is between two comments, which say its name. Figures in running text (``quoted.py``)
are checked and never rewritten. The exit status is 1 if a figure differs from the files.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import all_objectives
import discrete_beside_topics
import discrete_class
import groups_of_news
import known_factors
import planted_correlations
import planted_groups
import quoted
import quoted_elsewhere
import quoted_in_images
import quoted_in_reproduction
import sweep_of_weights
import too_many_topics
import unseen_combinations
from figures import Table
from runner import RESULTS, lines_of

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "experiments/images")]
import claims  # noqa: E402
import classes  # noqa: E402
import sprites  # noqa: E402
import standings  # noqa: E402
import summaries  # noqa: E402
import tradeoff  # noqa: E402
import traversals  # noqa: E402
import unseen  # noqa: E402
from scoring import RESULTS as BENCHMARKS  # noqa: E402

BEGINS = '.. table {} begins: made by "make tables", do not edit'
ENDS = ".. table {} ends"
PLACE = re.compile(
    BEGINS.format(r"(?P<name>\S+)").replace("..", r"\.\.")
    + "\n\n(?P<table>.*?)\n\n"
    + ENDS.format("(?P=name)").replace("..", r"\.\."),
    re.DOTALL,
)

Made = Table | str
"""What stands between two comments: a table, or sentences."""


def of_news(corpus: str) -> Table:
    """Table of one corpus of ``groups_of_news.jsonl``."""
    lines = lines_of(RESULTS / "groups_of_news.jsonl")
    return groups_of_news.table_of([line for line in lines if line["corpus"] == corpus])


def of_experiment(module: ModuleType) -> Callable[[], Table]:
    """Table of the results of an experiment, whose file has the place and the name of its script."""
    script = Path(module.__file__).relative_to(ROOT / "experiments")
    return lambda: module.table_of(lines_of(RESULTS / script.with_suffix(".jsonl")))


def of_benchmark(table_of: Callable[..., Made], results: str) -> Callable[[], Made]:
    """What one file in ``benchmarks/results`` says."""
    return lambda: table_of(lines_of(BENCHMARKS / f"{results}.jsonl"))


TABLES: dict[str, dict[str, Callable[[], Made]]] = {
    "README.rst": {"leaderboard-in-short": of_benchmark(standings.board_in_short, "leaderboard")},
    "benchmarks/README.rst": {
        "quality": of_benchmark(summaries.quality, "quality"),
        "chance": of_benchmark(summaries.chance, "chance_correlations"),
    },
    "docs/analysis.rst": {"test-errors": of_benchmark(summaries.errors_of_tests, "correlation_test")},
    "docs/choosing.rst": {
        "how-much-data": of_benchmark(summaries.how_much_data, "how_much_data"),
        "how-many-epochs": of_benchmark(summaries.how_many_epochs, "how_much_data"),
    },
    "docs/decoders.rst": {"decoders": of_benchmark(summaries.decoders, "decoders")},
    "docs/embeddings.rst": {
        "embeddings": of_benchmark(summaries.embeddings, "embeddings"),
        "zero-shot": of_benchmark(summaries.zero_shot, "zero_shot"),
    },
    "docs/images.rst": {"images-claims": claims.table_of},
    "docs/images/classes.rst": {"classes": of_experiment(classes)},
    "docs/images/sprites.rst": {"sprites": of_experiment(sprites)},
    "docs/images/tradeoff.rst": {"tradeoff": of_experiment(tradeoff)},
    "docs/images/traversals.rst": {"traversals": of_experiment(traversals)},
    "docs/images/unseen.rst": {"images-unseen": of_experiment(unseen)},
    "docs/leaderboard.rst": {
        "leaderboard": of_benchmark(standings.board, "leaderboard"),
        "leaderboard-in-words": of_benchmark(standings.in_words, "leaderboard"),
    },
    "docs/marginal_bias.rst": {
        "marginal-bias": of_benchmark(summaries.biases, "marginal_bias"),
        "partners": of_benchmark(summaries.partners, "marginal_bias"),
    },
    "docs/objectives.rst": {
        "all-objectives": of_experiment(all_objectives),
        "discrete-class": of_experiment(discrete_class),
    },
    "docs/performance.rst": {
        "steps": of_benchmark(summaries.steps, "step"),
        "waterfall": of_benchmark(summaries.waterfall, "waterfall"),
        "evaluation": of_benchmark(summaries.evaluation, "evaluation"),
        "peers": of_benchmark(summaries.peers, "peers"),
    },
    "docs/scale.rst": {
        "scale-in-words": of_benchmark(summaries.scale_in_words, "scale"),
        "scale": of_benchmark(summaries.scale, "scale"),
        "scale-checked": of_benchmark(summaries.scale_checked, "scale"),
    },
    "docs/reproduction/discrete.rst": {"discrete": of_experiment(discrete_beside_topics)},
    "docs/reproduction/factors.rst": {"factors": of_experiment(known_factors)},
    "docs/reproduction/groups.rst": {
        "groups-20ng": lambda: of_news("20ng_avitm1995"),
        "groups-agnews": lambda: of_news("agnews"),
        "groups-snippets": lambda: of_news("short_searchsnippets"),
    },
    "docs/reproduction/planted.rst": {
        "planted": of_experiment(planted_correlations),
        "planted-groups": of_experiment(planted_groups),
    },
    "docs/reproduction/too_many.rst": {"too-many": of_experiment(too_many_topics)},
    "docs/reproduction/unseen.rst": {"unseen": of_experiment(unseen_combinations)},
    "docs/reproduction/weights.rst": {"weights": of_experiment(sweep_of_weights)},
}
"""Tables by page and name."""

QUOTES = quoted_in_reproduction.PAGES | quoted_in_images.PAGES | quoted_elsewhere.PAGES


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing, only say what differs")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the pages")
    arguments = parser.parse_args()
    problems = []
    for page, tables in TABLES.items():
        problems += write(arguments.root / page, page, tables, arguments.check)
    problems += quoted.problems(QUOTES, arguments.root)
    print(*problems, sep="\n", end="\n" if problems else "")
    sys.exit(bool(problems))


def write(path: Path, page: str, tables: dict[str, Callable[[], Made]], check: bool) -> list[str]:
    """Rewrite the tables of a page, unless asked to check them; what is wrong, a line each."""
    before = path.read_text(encoding="utf-8")
    there = [match["name"] for match in PLACE.finditer(before)]
    problems = [f"{page}: {problem}" for problem in misplaced(there, list(tables))]

    def made(match: re.Match[str]) -> str:
        if match["name"] not in tables:
            return match[0]
        return placed(match["name"], str(tables[match["name"]]()))

    after = PLACE.sub(made, before)
    if check and after != before:
        problems += [
            f"{page}: {name} is not what the results say; run make tables" for name in changed(before, after)
        ]
    elif after != before:
        path.write_text(after, encoding="utf-8")
        print(f"{page}: rewritten: {', '.join(changed(before, after))}")
    return problems


def placed(name: str, table: str) -> str:
    """A table between its comments."""
    return f"{BEGINS.format(name)}\n\n{table}\n\n{ENDS.format(name)}"


def misplaced(there: list[str], wanted: list[str]) -> Iterator[str]:
    """Tables that a page lacks, has twice, or has although nothing makes them."""
    for name in wanted:
        if there.count(name) != 1:
            between = f'between the lines "{BEGINS.format(name)}" and "{ENDS.format(name)}"'
            yield f"{there.count(name)} tables {name}; one is needed, {between}"
    for name in there:
        if name not in wanted:
            yield f"nothing makes a table {name}; it should be one of {', '.join(wanted)}"


def changed(before: str, after: str) -> Iterator[str]:
    """Names of the tables in which two versions of a page differ."""
    for old, new in zip(PLACE.finditer(before), PLACE.finditer(after), strict=True):
        if old["table"] != new["table"]:
            yield new["name"]


if __name__ == "__main__":
    main()
