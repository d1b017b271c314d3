"""Write the docstrings of the installed packages as a corpus folder next to this script."""

from pathlib import Path

from hftopic import load_docstrings, write_corpus

if __name__ == "__main__":
    corpus = load_docstrings()
    write_corpus(corpus, Path(__file__).with_name("data"), format="folder")
    print(corpus)
