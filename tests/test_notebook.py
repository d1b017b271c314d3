"""The notebook of the examples runs, and shows what it should: tables, pictures, and no warning."""

import os
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbclient and ipykernel are not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient and ipykernel are not installed")
pytest.importorskip("ipykernel", reason="nbclient and ipykernel are not installed")

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NOTEBOOK.exists(), reason="the examples are not here"),
    pytest.mark.filterwarnings("ignore:::(jupyter_client|nbclient|zmq|tornado|asyncio)"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after a run in an empty folder, and that folder."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    path = os.pathsep.join([str(ROOT), *sys.path[1:]])
    client.execute(env=os.environ | {"PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / "cache")})
    if "HFTOPIC_EXECUTED" in os.environ:
        nbformat.write(notebook, os.environ["HFTOPIC_EXECUTED"])
    return notebook, folder


def codes(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def html_of(notebook, source):
    """HTML that the cell with this source shows."""
    (cell,) = [cell for cell in codes(notebook) if source in cell.source]
    return "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)


def test_outputs_are_not_kept_in_the_repository():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in codes(notebook) if cell.outputs or cell.execution_count]


def test_every_cell_runs_without_a_warning(executed):
    cells = codes(executed[0])
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("stream", "error")]
    silent = [cell.source for cell in cells if not cell.outputs]
    assert [source.partition(" ")[0] for source in silent] == ["%matplotlib"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("load_docstrings([", ["<b>Corpus</b>", "documents", "label", "networkx", "<table"]),
        ("model = ProdLDA", ["sk-top-container"]),
        ("model.fit(corpus)", ["<b>ProdLDA</b>", "topics in use", "group 0", "group 1", "<svg"]),
        ('find_topics(model, "tree")', ["relevance", "<table"]),
        ("similar_documents(model, corpus, ", ["similarity", "text"]),
        ("correlation = ", ["<b>Correlations</b>", "<svg", "across"]),
        ("decompose(model", ["<b>Decomposition</b>", "mutual_information"]),
        ("topics.fit(texts)", ["<b>ProdLDA</b>", "group 0"]),
        ("compare(settings", ["<b>Comparison</b>", "= 1.0", "perplexity"]),
        ("write_report(", ["docstrings.html", "<iframe"]),
    ],
)
def test_objects_show_themselves(executed, source, shown):
    html = html_of(executed[0], source)
    assert not [words for words in shown if words not in html]
    assert "<script" not in html or "sk-top-container" in html


def test_figures_are_pictures(executed):
    (cell,) = [cell for cell in codes(executed[0]) if "plot_correlation(" in cell.source]
    assert [output.data["image/png"] for output in cell.outputs]


def test_the_report_is_written_where_the_notebook_is(executed):
    assert (executed[1] / "docstrings.html").stat().st_size > 100_000
