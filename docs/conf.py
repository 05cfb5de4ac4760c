"""How the site is built: `sphinx-build -W --keep-going -n docs site`."""

from __future__ import annotations

import sys
from pathlib import Path

import agentsea_gateway

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "agentsea-gateway"
author = "the agentsea-gateway authors"
project_copyright = f"2025, {author}"
release = version = agentsea_gateway.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "house_docstrings", "house_pictures"]
exclude_patterns = ["_extensions", "performance/*.md"]
templates_path: list[str] = []

# Anchors for links to headings, as the code host makes them, so that the pages read the same in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["fieldlist"]
suppress_warnings = ["myst.header"]  # the changelog begins below its first level where it is included

html_theme = "furo"
html_title = "agentsea-gateway"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
add_module_names = False

# Strict for our own names; those of the standard library and of others have no page here to link to.
nitpick_ignore_regex = [("py:.*", r"(?!agentsea_gateway\.).*")]
nitpick_ignore = [("py:class", "agentsea_gateway.providers.hosts.Host")]  # rows of data; their page is generated
