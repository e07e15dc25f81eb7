#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_report
short_description: Write rows as a page, a spreadsheet and JSON
description:
  - Writes the same rows into three files on the controller, C(.html) for people, C(.csv) for spreadsheets and C(.json)
    for programs. No miner is contacted.
  - The page needs nothing else to be shown. It works on a phone, has the worst rows first, and filters and sorts.
  - With O(identity), it says which problems are new since the last report, which still exist and which are resolved.
  - The task runs once for all hosts of the play, within Ansible on the controller. A report does not count as a change,
    and is written in check mode as well.
  - The role P(minerops.dragonmint.report#role) calls it with the variables that all playbooks of the collection share.
options:
  state:
    description:
      - V(written) writes the report.
      - V(writable) only checks that it could be written, and creates the folder, except in check mode. Use it before
        the work starts.
    type: str
    choices: [written, writable]
    default: written
  name:
    description:
      - The name of the files without their ending. Required with O(state=written).
      - With C(--limit), the limit becomes part of the name, so that the report of the whole fleet stays.
    type: str
  title:
    description: The title of the page. Required with O(state=written).
    type: str
  rows:
    description:
      - The rows. The page shows the worst first, by the words in the columns C(outcome), C(severity), C(state) and
        C(plan); the other files keep the order.
    type: list
    elements: dict
    default: []
  packed:
    description: The rows as one text, from a filter of this collection, in place of O(rows).
    type: str
  columns:
    description:
      - The keys that page and spreadsheet show, in this order. The page leaves out those that are empty in all rows.
    type: list
    elements: str
    default: []
  folder:
    description: The folder, relative to where Ansible was started. It is created if it does not exist.
    type: path
    default: dragonmint-reports
  required:
    description: Fail if the folder cannot be written to. With V(false), that is a warning.
    type: bool
    default: true
  keep:
    description: How many older reports of this name are kept in the folder C(history) below O(folder).
    type: int
    default: 10
  summary:
    description: One sentence or more at the top of the page.
    type: str
  site:
    description: The name of the site, for the page and the webhook.
    type: str
  identity:
    description:
      - The columns that together say which problem a row is, first the miner, then its kind, then any others.
      - What was known at the last report is in the file C(NAME.state.json).
    type: list
    elements: str
    default: []
  before:
    description:
      - RV(state) of an earlier report, for a controller whose folder does not last. The newer one of it and the file
        counts.
    type: dict
    default: {}
  overview:
    description: Internal, for the playbook C(minerops.dragonmint.overview). It may change in any release.
    type: dict
    default: {}
  webhook_url:
    description:
      - A URL to which the summary is posted as JSON when a problem is new or resolved, except in check mode.
      - A post that fails is a warning, and is repeated by the next report.
    type: str
extends_documentation_fragment:
  - minerops.dragonmint._attributes
attributes:
  async:
    support: none
    details:
      - The task runs within Ansible on the controller.
  check_mode:
    support: full
    details:
      - The files are written, since a dry run is reported, too. Nothing is posted.
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

- name: See what each miner is
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [identity]

- name: Write it down
  minerops.dragonmint.dragonmint_report:
    name: identities
    title: Our miners
    rows: "{{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'dragonmint_identity']) }}"
    columns: [mac, type, firmware]
"""

RETURN = r"""
written:
  description: Whether the files were written. V(false) only with O(required=false), and with O(state=writable).
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
  description: What differs from the last report, in numbers.
  returned: O(state=written) with O(identity)
  type: dict
  sample: {new: 2, still: 5, resolved: 1, miners_new: 0, miners_gone: 0}
told:
  description: The same in words, empty if nothing has changed.
  returned: O(state=written) with O(identity)
  type: str
  sample: "Since the last report: 2 new and 1 resolved."
state:
  description:
    - What is known from now on, for O(before) of the next report. Empty if it would be too long to hand on.
  returned: O(state=written) with O(identity)
  type: dict
posted:
  description: Whether something was posted.
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
        msg="dragonmint_report runs within Ansible on the controller, and not as a program of its own. "
        "Use it in a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
