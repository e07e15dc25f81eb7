# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that has imported Ansible runs with the settings of each test, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support import warm
from tests.support.running import SETTINGS, WARM_ANSIBLE, Ansible, newest_core


@pytest.mark.parametrize(
    "environment", [{}, {"ANSIBLE_FORKS": "7", "ANSIBLE_CALLBACK_PLUGINS": "elsewhere"}], ids=["usual", "others"]
)
def test_the_settings_are_those_of_a_separate_process(ansible: Ansible, environment: Mapping[str, str]) -> None:
    def settings() -> tuple[str, list[str]]:
        lines = []
        for kind in ("base", "connection", "lookup"):
            done = ansible.tool("ansible-config", "dump", "-t", kind, environment=environment)
            assert done.returncode == 0, done.stderr
            lines += done.stdout.splitlines()
        # The folder for temporary files is named after the process.
        (folder,) = (line for line in lines if line.startswith("DEFAULT_LOCAL_TMP("))
        return folder.rpartition("/")[0], [line for line in lines if line != folder]

    here = settings()
    with warm.cold():
        assert here == settings()
    assert str(ansible.folder) in here[0]
    assert list((ansible.folder / "home/tmp").glob("ansible-local-*")) == []


@newest_core
def test_what_imports_ansible_leaves_no_folder(ansible: Ansible) -> None:
    home = ansible.folder / "other"
    kind = replace(WARM_ANSIBLE, variables=(("ANSIBLE_CONFIG", str(SETTINGS)), ("ANSIBLE_HOME", str(home))))
    command = [ansible.bin / "ansible-config", "list"]
    variables = ansible.variables(ansible.folder / "record.jsonl")
    code, _said = warm.run(ansible.bin / "python", kind, command, cwd=ansible.folder, env=variables, timeout=60)
    assert code == 0
    assert list((home / "tmp").iterdir()) == []
