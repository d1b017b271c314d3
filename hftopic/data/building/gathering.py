"""What the pieces of a build are together: which columns the documents have, and of which types."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from hftopic.data.building.pieces import Facts
from hftopic.data.building.streams import Stream
from hftopic.data.corpus import CorpusError
from hftopic.data.formats.jsonl import late_dates
from hftopic.data.formats.tables import fits, others
from hftopic.data.formats.texts import check_dates, checks_dates
from hftopic.data.kinds import KindOfFields, KindOfValues
from hftopic.data.metadata import as_dates_of_documents

MOST_DATES = 2**16  # different dates of a file that are all kept until the end of the first pass
_REQUIRED = {
    "label": "labels",
    "name": "names",
    "split": "splits",
    "embedding": "embeddings",
}  # by all files, or by none


class Source:
    """What is known of the documents of one file.

    Attributes
    ----------
    n_documents : int
    has : set of str or None
        Columns of the documents; None if there are none.
    kinds : dict
        Kind of each column of the metadata.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.n_documents = 0
        self.has: set[str] | None = None
        self.kinds: dict[str, Any] = {}
        self.undated: set[str] = set()
        self.dates: dict[str, tuple[int, int]] = {}
        self._alike: dict[tuple[str, ...], str] = {}  # the first date of each kind, if there are many
        self.splits: dict[str, None] = {}
        self.n_unlabelled = self.first_unlabelled = 0
        self.kept_dates: set[str] | None = None  # all, if it is None
        self.late: str | None = None  # the column of the metadata that is the dates

    def add(self, facts: Facts) -> None:
        """Add what is known of a piece."""
        kind = KindOfFields if self.stream.fields else KindOfValues
        missing, n_before = kind.missing(), self.n_documents
        for name in dict.fromkeys([*self.kinds, *facts.kinds]):
            found = kind.from_state(facts.kinds[name]) if name in facts.kinds else missing
            before = self.kinds.get(name, missing if n_before else kind())
            self.kinds[name] = before | found
        n_blank, first = facts.unlabelled
        if n_blank and not self.n_unlabelled:
            self.first_unlabelled = self.n_documents + first
        self.n_unlabelled += n_blank
        self.splits |= dict.fromkeys(facts.splits)
        self.n_documents += facts.n_documents
        self.has = set(facts.has) if self.has is None else self.has & set(facts.has)
        self.undated |= set(facts.undated)
        for date, (place, times) in facts.dates.items():
            date = self._known(date)
            first, before = self.dates.get(date, (place, 0))
            self.dates[date] = first, before + times

    def _known(self, date: str) -> str:
        """The date itself or, where many dates are known already, the first one that is read alike."""
        if date in self.dates or len(self.dates) < MOST_DATES:
            return date
        from hftopic.data.dates import alike  # pandas takes time

        if not self._alike:
            for known in self.dates:
                self._alike.setdefault(alike(known), known)
        return self._alike.setdefault(alike(date), date)

    def settle(self) -> None:
        """Decide which columns there are, when all pieces are known."""
        path, request, has = self.stream.path, self.stream.request, self.has or set()
        if self.stream.sparse:
            names = others(path, self.kinds, {})
            if names and not fits(path, self.n_documents, len(names)):
                names = []
            self.kinds = {name: self.kinds[name] for name in names}
            late = None if "date" in has else late_dates(names, request)
            if late is not None and late not in self.undated:
                self.late = late
                del self.kinds[late]
        if ("date" in has or self.late is not None) and checks_dates(request):
            self._check_dates()

    def _check_dates(self) -> None:
        places = [place for place, _ in self.dates.values()]
        times = {date: n for date, (_, n) in self.dates.items()}
        kept = check_dates(
            self.stream.path,
            list(self.dates),
            places,
            self.stream.request,
            are_lines=self.stream.are_lines,
            times=times,
        )
        if self.stream.request.bad_dates == "missing":
            self.kept_dates = kept

    def dates_of(self, columns: Mapping[str, Any], n_documents: int) -> list[str]:
        """Dates of some of the documents; "" is a missing one."""
        held = columns["metadata"].get(self.late) if self.late is not None else columns.get("date")
        dates = as_dates_of_documents(held or [None] * n_documents, n_documents).tolist()  # type: ignore[union-attr]
        kept = self.kept_dates
        return dates if kept is None else [date if self._known(date) in kept else "" for date in dates]

    @property
    def is_dated(self) -> bool:
        """Whether there are dates."""
        has = self.late is not None or "date" in (self.has or ())
        return has and self.kept_dates != set()

    def values(self, name: str, columns: Mapping[str, Any], n_documents: int) -> list[Any]:
        """Values of a column of the metadata for some of the documents."""
        kind, held = self.kinds.get(name), columns["metadata"].get(name)
        if kind is None or held is None:
            return [None] * n_documents
        return list(kind.values(held) if self.stream.fields else held)

    def kind_of(self, name: str) -> KindOfValues:
        """Kind of these values."""
        if name not in self.kinds:
            return KindOfValues.missing()
        held: KindOfValues = self.kinds[name].of_values if self.stream.fields else self.kinds[name]
        return held


class Gathered:
    """What is known of the documents of all files.

    Attributes
    ----------
    sources : list of Source
    kinds : dict of str to KindOfValues
        Type of each column of the metadata.
    """

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._by_number = [Source(stream) for stream in streams]
        self.sources = self._by_number
        self.kinds: dict[str, KindOfValues] = {}
        self.warnings: dict[str, None] = {}
        self.start = ""
        self.phrases: str | None = None

    @property
    def n_documents(self) -> int:
        return sum(source.n_documents for source in self.sources)

    def add(self, facts: Facts) -> None:
        """Add what is known of the next piece."""
        self.warnings |= dict.fromkeys(facts.warnings)
        self.start = self.start or facts.start
        self.phrases = self.phrases or facts.phrases
        self._by_number[facts.source].add(facts)

    def settle(self) -> None:
        """Decide which columns there are, when all pieces are known.

        Raises
        ------
        CorpusError
            Some of the files have labels, names or splits, and others have none.
        FormatError
            A date cannot be read.
        """
        self.sources = [source for source in self.sources if source.n_documents]
        for source in self.sources:
            source.settle()
        for what, told in _REQUIRED.items():
            having = [source for source in self.sources if what in (source.has or ())]
            if having and len(having) < len(self.sources):
                other = next(source for source in self.sources if source not in having).stream.path
                raise CorpusError(f"{having[0].stream.path} has {told}, but {other} has none")
        names = dict.fromkeys(name for source in self.sources for name in source.kinds)
        self.kinds = {name: reduce(or_, (source.kind_of(name) for source in self.sources)) for name in names}

    def columns(self, facts: Facts, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Labels, names, splits, texts, dates and metadata of the documents of a piece, if there are any."""
        n, source = facts.n_documents, self._by_number[facts.source]
        held = {f"{what}s": columns[what] for what in ("label", "name", "split", "text") if what in columns}
        if any(other.is_dated for other in self.sources):
            held["dates"] = source.dates_of(columns, n)
        if self.kinds:
            held["metadata"] = {
                name: kind.typed(source.values(name, columns, n)) for name, kind in self.kinds.items()
            }
        return held
