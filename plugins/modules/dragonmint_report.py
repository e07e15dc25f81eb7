#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_report
short_description: Write rows as a page, a spreadsheet and JSON
description:
  - Writes the same rows to three files on the controller, C(.html) for people, C(.csv) for spreadsheets and C(.json)
    for programs. No miner is contacted.
  - The page is a single file without external resources. It works on a phone, shows the worst rows first, and can be
    filtered and sorted.
  - With O(identity), the page shows which problems are new since the last report, which still exist and which are
    resolved.
  - The task runs once for all hosts of the play, inside Ansible on the controller. A report does not count as a change,
    and is written in check mode as well.
  - The role P(minerops.dragonmint.report#role) calls it with the variables that all playbooks of the collection share.
options:
  state:
    description:
      - V(written) writes the report.
      - V(writable) only verifies that the report can be written, and creates the folder, except in check mode. Use it
        before the work starts.
    type: str
    choices: [written, writable]
    default: written
  name:
    description:
      - The name of the files without the extension. Required with O(state=written).
      - With C(--limit), the limit becomes part of the name, which keeps the report of the whole fleet.
    type: str
  title:
    description: The title of the page. Required with O(state=written).
    type: str
  rows:
    description:
      - The rows. The page shows the worst rows first, according to the words in the columns C(outcome), C(severity),
        C(state) and C(plan). The other files keep the given order.
    type: list
    elements: dict
    default: []
  packed:
    description: The rows as one text, from a filter of this collection, in place of O(rows).
    type: str
  columns:
    description:
      - The keys of the rows to show on the page and in the spreadsheet, in this order. The page omits columns that are
        empty in all rows.
    type: list
    elements: str
    default: []
  folder:
    description: The folder for the files. A relative path starts at the folder that Ansible was started in. The folder
      is created if it does not exist.
    type: path
    default: dragonmint-reports
  required:
    description: Fail if the folder cannot be written to. With V(false), the task only warns.
    type: bool
    default: true
  keep:
    description: How many older reports of this name to keep in the folder C(history) in O(folder).
    type: int
    default: 10
  summary:
    description: One or more sentences to show at the top of the page.
    type: str
  site:
    description: The name of the site, for the page and the webhook.
    type: str
  identity:
    description:
      - The columns that together identify the problem of a row. The first one is the miner, the second one the kind of
        problem.
      - The problems of the last report are kept in the file C(NAME.state.json).
    type: list
    elements: str
    default: []
  before:
    description:
      - RV(state) of an earlier report, for a controller whose folder is not kept, such as an execution environment. If
        there is also a file, the newer of the two is used.
    type: dict
    default: {}
  overview:
    description: Internal, for the playbook C(minerops.dragonmint.overview). It may change in any release.
    type: dict
    default: {}
  webhook_url:
    description:
      - A URL to post the summary to, as JSON, when a problem is new or resolved. Nothing is posted in check mode.
      - If the post fails, the task warns, and the next report repeats it.
    type: str
extends_documentation_fragment:
  - minerops.dragonmint._attributes
attributes:
  async:
    support: none
    details:
      - The task runs inside Ansible on the controller.
  check_mode:
    support: full
    details:
      - The files are written, since a dry run has a report, too. Nothing is posted.
  diff_mode:
    support: none
    details:
      - Writing a report does not count as a change.
  idempotent:
    support: full
    details:
      - It never reports a change.
requirements:
  - requests, for O(webhook_url)
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Check that the report can be written
  minerops.dragonmint.dragonmint_report:
    state: writable

- name: Gather the identity of each miner
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [identity]

- name: Write the report
  minerops.dragonmint.dragonmint_report:
    name: identities
    title: Our miners
    rows: "{{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'dragonmint_identity']) }}"
    columns: [mac, type, firmware]
"""

RETURN = r"""
written:
  description: Whether the files were written. V(false) only with O(required=false) or O(state=writable).
  returned: always
  type: bool
  sample: true
folder:
  description: The folder as an absolute path.
  returned: always
  type: str
  sample: /srv/farm/dragonmint-reports
page:
  description: The path of the page.
  returned: O(state=written)
  type: str
  sample: /srv/farm/dragonmint-reports/health.html
changes:
  description: The number of changes since the last report.
  returned: O(state=written) with O(identity)
  type: dict
  sample: {new: 2, still: 5, resolved: 1, miners_new: 0, miners_gone: 0}
told:
  description: The same in words. Empty if nothing has changed.
  returned: O(state=written) with O(identity)
  type: str
  sample: "Since the last report: 2 new and 1 resolved."
state:
  description:
    - The current problems, for O(before) of the next report. Empty if it would be too long to pass on.
  returned: O(state=written) with O(identity)
  type: dict
posted:
  description: Whether a summary was posted.
  returned: O(state=written)
  type: bool
  sample: false
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict[str, dict[str, Any]]:
    return {
        "state": {"type": "str", "choices": ["written", "writable"], "default": "written"},
        "name": {"type": "str"},
        "title": {"type": "str"},
        "rows": {"type": "list", "elements": "dict", "default": []},
        "packed": {"type": "str"},
        "columns": {"type": "list", "elements": "str", "default": []},
        "folder": {"type": "path", "default": "dragonmint-reports"},
        "required": {"type": "bool", "default": True},
        "keep": {"type": "int", "default": 10},
        "summary": {"type": "str"},
        "site": {"type": "str"},
        "identity": {"type": "list", "elements": "str", "default": []},
        "before": {"type": "dict", "default": {}},
        "overview": {"type": "dict", "default": {}},
        "webhook_url": {"type": "str", "no_log": True},
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.fail_json(
        msg="dragonmint_report runs inside Ansible on the controller and cannot run as a separate program. Use it in "
        "a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
