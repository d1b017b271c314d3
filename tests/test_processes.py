"""Forked processes answer, and forget the threads of their parent.

Each test is a script in a process of its own, with the threads that torch takes by default, and a limit of
time: without the guard of ``hftopic._torch_state``, the children would wait for ever.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds; without waiting they take about five, on a machine with nothing else to do
BEGIN = """
    import os, sys, threading, time
    import multiprocessing as mp
    import numpy as np
    from hftopic import NVDM, ProdLDA, analysis, load
    import torch
    torch.set_num_threads(max(2, torch.get_num_threads()))
    rng = np.random.default_rng(0)
    X = rng.poisson(rng.random((800, 200)) < 0.1)
    model = ProdLDA((2, 2), max_iter=2, random_state=0)

    def answer(_=None):
        return float(model.transform(X[:600]).sum())

    def child(work):
        pid = os.fork()
        if pid == 0:
            try:
                work()
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
SCRIPTS = {
    "a pool after fit": """
        model.fit(X)
        expected = answer()
        with mp.get_context("fork").Pool(2) as pool:
            assert np.allclose(pool.map_async(answer, range(4)).get(timeout=200), expected, rtol=1e-4)
    """,
    "a pool after load only": """
        path = sys.argv[1] + "/model"
        child(lambda: model.fit(X).save(path))
        model = load(path)
        with mp.get_context("fork").Pool(2) as pool:
            assert np.allclose(pool.map_async(answer, range(4)).get(timeout=200), 600, rtol=1e-4)
        expected = answer()
        child(lambda: np.testing.assert_allclose(answer(), expected, rtol=1e-4))
    """,
    "joblib's multiprocessing backend": """
        from joblib import Parallel, delayed
        model.fit(X)
        found = Parallel(n_jobs=2, backend="multiprocessing")(delayed(answer)(i) for i in range(4))
        assert np.allclose(found, answer(), rtol=1e-4)
    """,
    "several starts in a child after several starts": """
        several = ProdLDA((2, 2), max_iter=2, n_init=2, n_jobs=2, random_state=0)
        several.fit(X)
        child(lambda: several.fit(X))
    """,
    "fits in a child after a fit": """
        model.fit(X)
        child(lambda: model.partial_fit(X).fit(X))
        child(lambda: NVDM((2, 2), max_iter=2, random_state=0).fit(X).perplexity(X))
        child(lambda: child(answer))
    """,
    "the analysis in a child after the analysis": """
        model.fit(X)
        def analysed():
            analysis.topic_summary(model, X)
            analysis.group_dependence(model, X, active=range(4), n_permutations=9)
            analysis.decompose(model, X, n_samples=200)
            analysis.topic_correlation(model, X, active=range(4), n_permutations=9)
            np.linalg.svd(rng.random((500, 500)))
        analysed()
        child(analysed)
    """,
    "a report in a child, also one that is forked while a thread draws": """
        from hftopic.report import drawing, write_report
        model.fit(X)
        def report(name):
            write_report(model, X, sys.argv[1] + "/" + name, measures="u_mass", n_permutations=9)
            return open(sys.argv[1] + "/" + name).read()
        expected, begun, done = report("parent.html"), threading.Event(), threading.Event()
        def draw():
            with drawing._own_style():
                begun.set()
                done.wait()
        thread = threading.Thread(target=draw)
        thread.start()
        begun.wait()
        def same():
            assert len(report("child.html")) == len(expected)
        child(same)
        done.set()
        thread.join()
    """,
    "a fork in a callback": """
        model.fit(X, callbacks=[lambda record: child(lambda: ProdLDA(2, max_iter=1).fit(X[:200]))])
    """,
    "a fork while a thread computes under another default dtype": """
        from hftopic._torch_state import neutral_torch
        torch.set_default_dtype(torch.float64)
        begun, done = threading.Event(), threading.Event()
        def compute():
            with neutral_torch():
                begun.set()
                done.wait()
        thread = threading.Thread(target=compute)
        thread.start()
        begun.wait()
        def dtype_is_back():
            for _ in range(2):
                assert torch.get_default_dtype() is torch.float64, torch.get_default_dtype()
                model.fit(X)
        child(dtype_is_back)
        assert torch.get_default_dtype() is torch.float32
        done.set()
        thread.join()
        assert torch.get_default_dtype() is torch.float64
    """,
}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("name", SCRIPTS)
def test_forked_processes_answer(name: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(BEGIN) + textwrap.dedent(SCRIPTS[name]), encoding="utf-8")
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", str(path), str(tmp_path)],
        env=free | {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"},
        timeout=LIMIT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_process_without_threads_is_guarded_too() -> None:
    """Importing the models is enough for the guard; importing the package alone loads no torch."""
    script = """
        import os, sys
        import hftopic
        assert "torch" not in sys.modules
        from hftopic import ProdLDA
        import torch
        torch.set_num_threads(2)
        pid = os.fork()
        if pid == 0:
            os._exit(0 if torch.get_num_threads() == 1 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert torch.get_num_threads() == 2
    """
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=LIMIT,
        check=True,
    )
