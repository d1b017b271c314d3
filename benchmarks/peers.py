"""Speed, memory and quality beside other libraries, each model in a process of its own.

    make bench                                                        # all models, once
    make bench ARGS="--repetitions 3 --model hftopic-vae sklearn-lda"
    python benchmarks/peers.py --table benchmarks/results/peers.jsonl # the table again, without running

Repetition 1 of every model comes first, then repetition 2 with the seed one higher, and so on. Every run
appends a JSON line to ``--results``; the table at the end shows medians over repetitions. Seconds are
wall-clock time and include the conversion from a CSR matrix to the form that a library takes. Memory is the
peak of the process after fit and transform, with libraries and corpus, without worker processes.
``README.rst`` describes the scores.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters import MODELS
from run_one import options
from scoring import figures, sources

FOLDER = Path(__file__).parent
NONE = figures.NONE
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
SLOW = ("tomotopy-ctm", "topmost-ecrtm")  # run where they are named, and by leaderboard.py
WITH_VECTORS = ("hftopic-etm", "hftopic-etm-fixed", "topmost-etm")  # by decoders.py
SETTING = ("corpus", "topics", "threads", "documents", "quick")
VERSIONS = """
import importlib.metadata, json, platform
found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
print(json.dumps(found | {"python": platform.python_version()}))
"""

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[options()]
    )
    quick = [name for name in MODELS if name not in (*SLOW, *WITH_VECTORS)]
    parser.add_argument("--model", nargs="+", choices=MODELS, default=quick)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1200, help="seconds a run may take, scores included")
    add_peer_python(parser)
    parser.add_argument("--results", type=Path, default=FOLDER / "results" / "peers.jsonl")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print the table of these results only")
    arguments = parser.parse_args()
    if arguments.table:
        lines = arguments.table.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
    else:
        with TemporaryDirectory() as room:
            rows = list(run_all(arguments)) if at_hand(arguments, Path(room)) else []
    print("\n\n".join(tables(rows)))


def add_peer_python(parser: argparse.ArgumentParser) -> None:
    """The option ``--peer-python``."""
    parser.add_argument(
        "--peer-python", type=Path, default=".venv-bench/bin/python", help="of the other libraries"
    )


def at_hand(arguments: argparse.Namespace, room: Path) -> bool:
    """Whether the corpus is there; docstrings are written as a folder that every interpreter can read."""
    data = sources.find(arguments.corpus, arguments.corpora)
    if data is not None and arguments.corpus == sources.CARRIED:
        sources.write(data, room / arguments.corpus)
        arguments.corpora = room
    return data is not None


def run_all(arguments: argparse.Namespace) -> Iterator[Row]:
    """Rows of all runs, each appended to the results as soon as it is measured."""
    pythons = {name: interpreter(name, arguments) for name in arguments.model}
    versions = {python: installed(python) for python in set(pythons.values())}
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    for repetition in range(arguments.repetitions):
        for name, python in pythons.items():
            seed = arguments.seed + repetition
            print(f"repetition {repetition + 1}: {name} ...", end=" ", file=sys.stderr, flush=True)
            row = {key: getattr(arguments, key) for key in SETTING} | {"model": name, "seed": seed}
            row["versions"] = {key: versions[python].get(key) for key in (*MODELS[name].libraries, "python")}
            row |= run(command(name, python, seed, arguments), arguments.threads, arguments.timeout)
            print(row.get("error") or f"{row['fit_seconds']:.1f} s", file=sys.stderr)
            with arguments.results.open("a", encoding="utf-8") as results:
                print(json.dumps(row), file=results)
            yield row


def interpreter(name: str, arguments: argparse.Namespace) -> str:
    """The interpreter that has the model's library: this one for hftopic, the peers' for others."""
    return sys.executable if name.startswith("hftopic") else str(arguments.peer_python)


def installed(python: str) -> dict[str, str]:
    """Versions of the packages of an interpreter, and its own as "python"."""
    try:
        answer = subprocess.run([python, "-c", VERSIONS], check=True, capture_output=True, text=True)
    except OSError as error:
        sys.exit(
            f"no interpreter at {python} ({error.strerror}); make bench builds it, or give --peer-python"
        )
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def command(name: str, python: str, seed: int, arguments: argparse.Namespace) -> list[str]:
    given = {key: getattr(arguments, key) for key in ("corpus", "corpora", "topics", "threads")}
    given |= {"seed": seed, "documents": arguments.documents}
    pairs = [f"--{key}={value}" for key, value in given.items() if value is not None]
    return [python, str(FOLDER / "run_one.py"), name, *pairs, *(["--quick"] if arguments.quick else [])]


def run(command: list[str], threads: int, timeout: float) -> Row:
    """Row that one run prints, or its error; processes that the run started are ended."""
    environment = os.environ | dict.fromkeys(THREADS, str(threads)) | {"CUDA_VISIBLE_DEVICES": ""}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    try:
        output, messages = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {timeout:g} s"}
    finally:
        stop_group(process)
    if process.returncode:
        lines = [line for line in messages.splitlines() if line.strip()]
        return {"error": lines[-1].strip() if lines else f"exit status {process.returncode}"}
    row: Row = json.loads(output.splitlines()[-1])
    return row


def stop_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def tables(rows: Iterable[Row]) -> Iterator[str]:
    """A reST table for each corpus and setting."""

    def setting(row: Row) -> list[str]:
        return [str(row[key]) for key in SETTING]

    for _, group in groupby(sorted(rows, key=setting), key=setting):
        alike = list(group)
        yield f"{heading(alike[0])}\n\n{table(alike)}"


def heading(row: Row) -> str:
    documents = f", {row['documents']} documents" if row["documents"] else ""
    quick = ", two iterations or epochs only" if row["quick"] else ""
    return f"{row['corpus']}{documents}, {row['topics']} topics, {row['threads']} threads{quick}:"


def table(rows: list[Row]) -> str:
    """A simple table with a row for each model."""
    lines = (cells(name, [row for row in rows if row["model"] == name]) for name in MODELS)
    header = ("model", "version", "runs", *COLUMNS, "note")
    return str(figures.Table(header, tuple(tuple(line) for line in lines if line)))


def cells(name: str, rows: list[Row]) -> list[str]:
    """Row of a model: medians over the runs that succeeded, and the errors of the others."""
    if not rows:
        return []
    done = [row for row in rows if "error" not in row]
    versions = dict.fromkeys(row["versions"][MODELS[name].libraries[0]] for row in rows)
    notes = dict.fromkeys(row.get("error") or row["note"] for row in rows)
    return [
        MODELS[name].title,
        ", ".join(filter(None, versions)) or NONE,
        str(len(done)),
        *(median(done, *column) for column in COLUMNS.values()),
        "; ".join(filter(None, notes)) or NONE,
    ]


def median(rows: list[Row], key: str, show: Callable[[float], str]) -> str:
    values = [row[key] for row in rows if row[key] is not None]
    return show(statistics.median(values)) if values else NONE


def whole(value: float) -> str:
    return f"{value:.0f}"


def seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def share(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)


COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "fit s": ("fit_seconds", seconds),
    "transform s": ("transform_seconds", seconds),
    "memory MB": ("peak_megabytes", whole),
    "topics": ("scored_topics", whole),
    "NPMI": ("npmi", share),
    "diversity": ("diversity", share),
    "completion": ("completion_perplexity", whole),
    "probe": ("probe_accuracy", share),
}


if __name__ == "__main__":
    main()
