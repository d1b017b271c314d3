"""HTML reports of fitted models."""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.report.page import write_report as write_report
    from hftopic.report.result import Report as Report

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "page": ["write_report"],
        "result": ["Report"],
    },
)
