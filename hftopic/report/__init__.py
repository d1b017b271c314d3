"""Reports: what a model found, as one page to look at."""

from hftopic.report.page import write_report

__all__ = ["write_report"]
