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
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx_design",
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

plot_include_source = True  # figures are drawn by the code beside them, when the pages are built
plot_html_show_source_link = plot_html_show_formats = False
plot_formats = [("png", 110)]
plot_rcparams = {"figure.facecolor": "white", "savefig.bbox": "tight"}
plot_apply_rcparams = True

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = "hftopic"
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_show_sourcelink = False
