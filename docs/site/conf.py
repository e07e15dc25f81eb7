# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx; `make site` copies this file and the pages to build/site-source."""

project = "minerops.dragonmint"
copyright = "2026, minerops"  # noqa: A001 - as Sphinx calls it
extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
html_theme = "sphinx_ansible_theme"
html_title = "minerops.dragonmint"
html_show_sourcelink = False
html_theme_options = {
    "documentation_home_url": "https://github.com/minerops/ansible-dragonmint",
    "topbar_links": {},
    "vcs_pageview_mode": "",
}
html_use_smartypants = False
# The links of the pages are those of the repository: the anchors that GitHub makes of headings.
myst_heading_anchors = 4
# References into Ansible's own documentation cannot be resolved without a network. Links between our pages are checked
# in what is built.
suppress_warnings = ["ref.ref", "myst.header"]
intersphinx_mapping: dict[str, tuple[str, None]] = {}
default_role = "any"
highlight_language = "none"
