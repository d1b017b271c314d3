"""Progress bars: silent unless asked for, with the time left, and without a warning in a notebook."""

import subprocess
import sys

import pytest

from hftopic import ProdLDA, make_correlated_topics
from hftopic._progress import progress

CORPUS = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus


@pytest.mark.parametrize(("verbose", "shown"), [(0, False), (1, True)])
def test_a_fit_shows_the_time_left_if_it_is_verbose(capfd, verbose, shown):
    ProdLDA(groups=(2, 2), hidden=(4,), max_iter=2, verbose=verbose, random_state=0).fit(CORPUS)
    out, err = capfd.readouterr()
    assert out == ""
    assert ("fit: 100%" in err and "2/2" in err and "<" in err and "loss=" in err) is shown
    assert shown or not err


def test_a_bar_goes_over_an_iterable_or_by_hand(capfd):
    assert list(progress(range(3), verbose=False)) == [0, 1, 2]
    with progress(total=3, verbose=True, desc="by hand") as bar:
        bar.update(3)
    assert "by hand: 100%" in capfd.readouterr().err


NOTEBOOK = """
import sys, types, warnings
warnings.simplefilter("error")
sys.modules["ipykernel.zmqshell"] = types.ModuleType("ipykernel.zmqshell")  # as in a notebook
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: None)
from hftopic._progress import progress
print(list(progress(range(2), verbose=True)), progress(verbose=False).__class__.__module__)
"""


def test_a_notebook_without_widgets_has_the_bar_of_a_terminal():
    hidden = "import sys; sys.modules['ipywidgets'] = None\n"
    run = subprocess.run(
        [sys.executable, "-c", hidden + NOTEBOOK], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("] ")[1].strip() == "tqdm.std"
