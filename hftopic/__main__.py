"""``python -m hftopic``: the command line where no ``hftopic`` script is on the path."""

from hftopic.cli import main

if __name__ == "__main__":
    main()
