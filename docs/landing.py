"""What the first page and README show of a real model: a picture of its report, topics and pairs.

    python docs/landing.py

Fits the model of README's example to the docstrings of the installed packages, two minutes on one processor.
Writes ``report.png``, ``topics.txt`` and ``pairs.txt`` into ``docs/_static``. Run it when the report or the
tables change. It needs Chromium, for the picture, and the extras test and report.
"""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from hftopic import Corpus, ProdLDA, load_docstrings
from hftopic.analysis import topic_correlation, topic_summary
from hftopic.report import write_report

STATIC = Path(__file__).parent / "_static"
PICTURE = {"width": 1280, "height": 1400}


def write_tables(model: ProdLDA, corpus: Corpus) -> None:
    """The topics that lead most documents, and the strongest pairs across groups."""
    summary = topic_summary(model, corpus, n_words=5).query("active and not duplicate")
    shown = summary.sort_values("documents", ascending=False).groupby("group", sort=True).head(5)
    table = pd.DataFrame(
        {
            "group": shown["group"],
            "name": shown["name"],
            "leads": (shown["documents"] / summary["documents"].sum()).map("{:.1%}".format),
            "share": shown["share"].map("{:.1%}".format),
            "words": shown["words"],
        }
    ).sort_values("group", kind="stable")
    (STATIC / "topics.txt").write_text(table.to_string(index=False) + "\n", encoding="utf-8")
    pairs = topic_correlation(model, corpus, random_state=0).across().sort_values("r", ascending=False)
    pairs = pd.concat([pairs.head(5), pairs.tail(2)])  # that occur together, and that avoid each other
    names = model.topic_names_
    table = pd.DataFrame(
        {
            "r": pairs["r"].map("{:+.2f}".format),
            "topic": names[pairs["topic_a"].to_numpy(int)],
            "and topic": names[pairs["topic_b"].to_numpy(int)],
        }
    )
    (STATIC / "pairs.txt").write_text(table.to_string(index=False) + "\n", encoding="utf-8")


def picture(report: Path) -> None:
    """The first screens of a report, as a desktop shows them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=PICTURE)
        page.goto(report.as_uri())
        page.wait_for_timeout(1000)
        page.screenshot(path=STATIC / "report.png")
        browser.close()


def main() -> None:
    corpus = load_docstrings()
    model = ProdLDA(groups=(15, 15), random_state=0, verbose=1).fit(corpus)
    write_tables(model, corpus)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        write_report(model, corpus, path, title="Docstrings of Python packages")
        picture(path)


if __name__ == "__main__":
    main()
