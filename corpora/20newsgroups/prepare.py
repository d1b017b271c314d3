"""Write 20 Newsgroups, downloaded by scikit-learn, as a corpus folder next to this script."""

import sys
from pathlib import Path

from hftopic import fetch_20newsgroups, write_corpus

if __name__ == "__main__":
    try:
        corpus = fetch_20newsgroups("all")
    except ConnectionError as error:
        sys.exit(f"error: {error}")
    write_corpus(corpus, Path(__file__).with_name("data"), format="folder")
    print(corpus)
