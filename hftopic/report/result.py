"""A report that was written, which shows itself in a notebook."""

import html
import os
from dataclasses import dataclass
from pathlib import Path

MOST_INSIDE = 4_000_000  # bytes of a report up to which a notebook holds a copy of it


@dataclass(frozen=True)
class Report:
    """HTML file of a report; any function that takes a path takes it too.

    A notebook shows the page itself, in a frame that can neither read the notebook nor the network. A page of
    more than 4 MB is linked instead, because the notebook would keep a copy of it.

    Attributes
    ----------
    path : Path
        Absolute path of the file.
    size : int
        Bytes.
    """

    path: Path
    size: int

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __str__(self) -> str:
        return f"Report of {self.size / 1e6:.1f} MB: {self.path}"

    def open(self) -> None:
        """Show the report in the web browser of this computer."""
        import webbrowser

        webbrowser.open(self.path.as_uri())

    def _repr_html_(self) -> str:
        link = (
            f'<a href="{html.escape(self.path.as_uri())}" target="_blank">{html.escape(str(self.path))}</a>'
        )
        note = f"<p>Report of {self.size / 1e6:.1f} MB: {link}</p>"
        if self.size > MOST_INSIDE or not self.path.is_file():
            return note
        page = html.escape(self.path.read_text(encoding="utf-8"))
        allowed = "allow-scripts allow-downloads allow-modals"
        return (
            f'{note}<iframe sandbox="{allowed}" title="Report" width="100%" height="700" '
            f'style="border: 1px solid #8d929b" srcdoc="{page}"></iframe>'
        )
