# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages generated from data match the data."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.minerops.dragonmint.plugins.doc_fragments._connection import ModuleDocFragment
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import Job

from tests import connection, jobs
from tests.integration import fault_matrix


def test_the_page_of_faults_shows_the_matrix() -> None:
    assert fault_matrix.PAGE.read_text(encoding="utf-8") == fault_matrix.page(), "make docs writes it again"


def test_the_page_of_connections_shows_the_table() -> None:
    assert connection.PAGE.read_text(encoding="utf-8") == connection.page(), "make docs writes it again"


@pytest.mark.parametrize("job", jobs.with_role().values(), ids=lambda job: job.role)
def test_a_role_documents_the_variables_of_its_job(job: Job) -> None:
    assert jobs.specs(job).read_text(encoding="utf-8") == jobs.specs_text(job), "make docs writes it again"
    assert jobs.readme(job).read_text(encoding="utf-8") == jobs.readme_text(job), "make docs writes it again"


def test_the_page_of_variables_shows_the_tables() -> None:
    assert jobs.PAGE.read_text(encoding="utf-8") == jobs.page(), "make docs writes it again"


def test_the_modules_document_the_table() -> None:
    for path in (connection.FRAGMENT, connection.OF_MANY):
        assert path.read_text(encoding="utf-8") == connection.fragment(path), "make docs writes it again"
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert list(documented) == list(_options.NAMES)
    for option in _options.OPTIONS:
        *text, _where_from = documented[option.name].pop("description")
        assert text == option.paragraphs
        spec = _options.argument_spec()[option.name]
        spec.pop("no_log", None)
        assert documented[option.name] == spec
