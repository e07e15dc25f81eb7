# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as written by a run: their history, limited runs, folders without write permission, and the webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.simulator.control import Fleet
from tests.support.running import Ansible, PlaybookRun, inventory_of, newest_core

SECRET = "s3cret-hook"
OVERVIEW = [{"ansible.builtin.import_playbook": "minerops.dragonmint.overview"}]


class Webhook:
    """Refuses the first posts, and records the later ones."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.refusals = 0
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.refusals -= 1
                if webhook.refusals < 0:
                    webhook.posted.append(json.loads(body))
                self.send_response(500 if webhook.refusals >= 0 else 204)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def play(*rows: tuple[str, str], **variables: Any) -> dict[str, Any]:
    """A play that reports these miners, each with its outcome."""
    return {
        "hosts": "miners",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.include_role": {"name": "minerops.dragonmint.report", "tasks_from": "writable"},
                "run_once": True,
            },
            {
                "ansible.builtin.include_role": {"name": "minerops.dragonmint.report"},
                "vars": {
                    "report_name": "mine",
                    "report_title": "Mine",
                    "report_rows": [{"miner": miner, "outcome": outcome} for miner, outcome in rows],
                    "report_columns": ["miner", "outcome"],
                    "report_identity": ["miner", "outcome"],
                    "report_job": "mine",
                    "report_stats": {"summary": "Two miners."},
                },
                "run_once": True,
            },
        ],
        "vars": variables,
    }


MINERS = {"miners": {"hosts": {"m1": {}, "m2": {}}}}
WRITE = "minerops.dragonmint.report : Write the report"


@newest_core
def test_a_report_says_what_is_new_and_posts_it_once(ansible: Ansible, webhook: Webhook) -> None:
    """With a webhook that fails at first, three times the same state, and then another one."""
    webhook.refusals = 1
    states = [(("m1", "failed"), ("m2", "ok"))] * 3 + [(("m1", "ok"), ("m2", "drift"))]
    plays = [play(*rows, report_webhook_url=webhook.url, report_site="Hall 1", report_keep=2) for rows in states]
    done = ansible(plays, MINERS, "-vvvv", "--diff").succeeded()
    results = [result.result for result in done.of(task=WRITE)]
    assert [result["told"] for result in results] == [
        *("", "", ""),
        "Since the last report: 1 new and 1 resolved.",
    ]
    assert [result["posted"] for result in results] == [False, True, False, True]
    assert [result.get("warnings", []) for result in results] == [
        ["The changes were not posted to the webhook: it responded with status 500. The next report repeats them."],
        *([], [], []),
    ]
    assert [(posted["site"], posted["new"], posted["resolved"]) for posted in webhook.posted] == [
        ("Hall 1", [{"miner": "m1", "what": "failed"}], []),
        ("Hall 1", [{"miner": "m2", "what": "drift"}], [{"miner": "m1", "what": "failed"}]),
    ]
    assert SECRET not in done.output
    assert done.changed == set()
    stats = done.of(task="minerops.dragonmint.report : Publish the custom statistics")[-1].result["ansible_stats"][
        "data"
    ]
    assert stats["dragonmint_mine"]["summary"] == "Two miners."
    assert stats["dragonmint_mine"]["changes"]["resolved"] == 1
    folder = ansible.folder / "dragonmint-reports"
    assert [row["change"] for row in json.loads((folder / "mine.json").read_text("utf-8"))] == ["", "new"]
    # All within the same few seconds, so that some have the same name.
    assert 1 <= len(list((folder / "history").glob("mine.*.json"))) <= 2

    handed_on = stats["dragonmint_mine"]
    for file in folder.glob("*.state.json"):
        file.unlink()
    again = ansible(
        [play(*states[-1], report_webhook_url=webhook.url)], MINERS, extra_vars={"dragonmint_mine": handed_on}
    )
    assert again.succeeded().one(task=WRITE).result["changes"]["still"] == 1
    assert len(webhook.posted) == 2


@newest_core
def test_a_limited_run_and_a_dry_one(ansible: Ansible, webhook: Webhook) -> None:
    whole = play(("m1", "failed"), ("m2", "failed"))
    ansible([whole], MINERS).succeeded()
    folder = ansible.folder / "dragonmint-reports"
    before = (folder / "mine.json").read_text("utf-8")
    limited = ansible(
        [play(("m1", "ok"), report_webhook_url=webhook.url, report_summary="One of two.")],
        MINERS,
        *("--limit", "m1", "--check"),
    ).succeeded()
    assert limited.one(task=WRITE).result["changes"] | {"miners_gone": 0} == {
        **dict.fromkeys(("new", "still", "miners_new", "miners_gone"), 0),
        "resolved": 1,
    }
    assert webhook.posted == []
    assert (folder / "mine.json").read_text("utf-8") == before
    page = (folder / "mine.limit-m1.html").read_text("utf-8")
    assert "limited to <bdi>m1</bdi>" in page
    # It comes before the summary of the statistics.
    assert ("One of two." in page, "Two miners." in page) == (True, False)


@newest_core
def test_a_folder_that_cannot_be_written_to_may_be_done_without(ansible: Ansible) -> None:
    (ansible.folder / "taken").touch()
    done = ansible([play(("m1", "failed"), report_folder="taken/reports", report_required=False)], MINERS).succeeded()
    (warning,) = done.one(task="minerops.dragonmint.report : Check that reports can be written").warnings
    assert "'taken': Not a directory" in warning.replace(f"{ansible.folder}/", "")
    assert "goes on without" in warning
    assert done.one(task=WRITE).result["written"] is False
    stats = done.one(task="minerops.dragonmint.report : Publish the custom statistics").result["ansible_stats"]["data"]
    assert stats["dragonmint_mine"]["changes"]["new"] == 1


@newest_core
def test_an_overview_of_a_site(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=8, generation="mixed")
    fleet[1].fault("dark")
    fleet[2].set(ready=False)
    fleet[3].set(boards=[{}, {"alive": False}, {}])
    fleet[4].set(users={"admin": "Somebody-Elses-1"})
    inventory = inventory_of(fleet, dragonmint_retries=0, hall="hall1", shelf="7")
    places = {"overview_rack": "hall", "overview_position": "shelf"}
    done = overview(ansible, inventory, **places).succeeded()
    rows = {row["miner"]: row for row in json.loads((ansible.folder / "dragonmint-reports/overview.json").read_text())}
    assert {miner: row["state"] for miner, row in rows.items() if row["state"] != "mining"} == {
        "miner2": "unreachable",
        "miner3": "unhealthy",
        "miner4": "unhealthy",
        "miner5": "locked",
    }
    assert (rows["miner1"]["rack"], rows["miner1"]["position"]) == ("hall1", "7")
    assert rows["miner1"]["link"] == f"http://{fleet[0].host}:{fleet.port}/"
    shown = done.one(task="Show the worst miners").result["msg"]
    assert [line.split()[0] for line in shown] == ["miner", "miner2", "miner5", "miner3", "miner4"]
    assert "8 miners: 1 unreachable, 1 locked, 2 unhealthy, 4 mining." in done.output
    assert [miner.writes() for miner in fleet.miners] == [[]] * 8

    facts = {f"miner{number}": miner for number, miner in enumerate(fleet.miners, 1)}
    fleet.clear()
    nothing = overview(ansible, inventory, overview_from="inventory")
    assert nothing.returncode != 0
    assert "No miner could be read" in nothing.output
    assert [miner.requests() for miner in facts.values()] == [[]] * 8


def overview(ansible: Ansible, inventory: dict[str, Any], **variables: Any) -> PlaybookRun:
    return ansible(OVERVIEW, inventory, extra_vars=variables)


def test_what_writes_here_refuses_to_write_elsewhere_or_later(ansible: Ansible) -> None:
    (ansible.folder / "file").write_text("")
    own = {"dest": "records/one.txt", "content": "[1]"}
    tasks: dict[str, dict[str, Any]] = {
        "kept": {"minerops.dragonmint.dragonmint_record": own},
        "tried": {"minerops.dragonmint.dragonmint_record": {**own, "content": "no"}, "check_mode": True},
        "elsewhere": {"minerops.dragonmint.dragonmint_record": own, "delegate_to": "m"},
        "later": {"minerops.dragonmint.dragonmint_record": own, "async": 5, "poll": 0},
        "no content": {"minerops.dragonmint.dragonmint_record": {"dest": "x"}},
        "no folder": {"minerops.dragonmint.dragonmint_record": {**own, "dest": "file/one.txt"}},
        "report elsewhere": {"minerops.dragonmint.dragonmint_report": {"state": "writable"}, "delegate_to": "m"},
    }
    named = [{"name": name, "ignore_errors": True, **task} for name, task in tasks.items()]
    hosts = {"all": {"hosts": {"m": {"ansible_connection": "local"}}}}
    done = ansible([{"hosts": "m", "gather_facts": False, "tasks": named}], hosts).succeeded()

    assert done.changed == set()
    assert {path.name: path.read_text("utf-8") for path in (ansible.folder / "records").iterdir()} == {"one.txt": "[1]"}
    failed = {result.task: result.result for result in done.results if result.status != "ok"}
    assert {result["error_code"] for result in failed.values()} == {"invalid_input"}
    assert {name: result["msg"] for name, result in failed.items()} == {
        "elsewhere": "dragonmint_record writes on the controller, and cannot be delegated to m. Leave out delegate_to.",
        "later": "dragonmint_record cannot run with async. Leave out async.",
        "no content": "missing required arguments: content. Nothing was written.",
        "no folder": "dest 'file/one.txt' can't be written: 'file' is not a folder that you may write to. Correct "
        "dest.",
        "report elsewhere": "dragonmint_report writes on the controller, and cannot be delegated to m. Leave out "
        "delegate_to.",
    }
