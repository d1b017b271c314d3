"""Sphinx settings of the documentation."""

from torch import nn

import hftopic

project = "hftopic"
author = "hftopic developers"
copyright = author
release = version = hftopic.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
exclude_patterns = ["_build"]
default_role = "literal"

templates_path = ["_templates"]
autosummary_generate = True
autosummary_context = {  # documented by scikit-learn and PyTorch, in terms of pages that are not here
    "inherited": ["__init__", "get_metadata_routing", "get_params", "set_output", "set_params"]
    + [f"set_{method}_request" for method in ("fit", "partial_fit", "score", "transform")]
    + [name for name in dir(nn.Module) if name != "forward"],
}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_typehints = "none"  # numpydoc sections carry the types

html_theme = "pydata_sphinx_theme"
html_title = "hftopic"
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_show_sourcelink = False
