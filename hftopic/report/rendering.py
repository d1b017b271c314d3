"""The page as text: template, style and script, which a content security policy names by its hash."""

import base64
import hashlib
from importlib import resources
from typing import Any

from hftopic import __version__
from hftopic._spreadsheets import FORMULA
from hftopic.report.values import visible

SCRIPTS = ("dom", "keys", "tables", "figures", "documents", "search", "topic", "start")


def page_template() -> Any:
    """Template of the page.

    Raises
    ------
    ImportError
        jinja2 or matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ImportError("a report needs jinja2 and matplotlib: pip install 'hftopic[report]'") from error
    environment = Environment(
        loader=PackageLoader("hftopic.report"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")


def rendered(template: Any, title: str, data: str, variables: dict[str, Any]) -> str:
    """The page, with packed data for its script."""
    script = '"use strict";\n(() => {\n' + "".join(_own_file(f"{name}.js") for name in SCRIPTS) + "})();\n"
    page: str = template.render(
        title=visible(title),
        version=__version__,
        style=_own_file("style.css"),
        script=script,
        script_hash=_content_hash(script),
        data=data,
        formula=FORMULA,
        zip=zip,
        **variables,
    )
    return page


def _own_file(name: str) -> str:
    return (resources.files("hftopic.report") / "templates" / name).read_text(encoding="utf-8")


def _content_hash(script: str) -> str:
    """Hash of the script for the content security policy, which allows no other script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
