# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run becomes a result: errors, warnings, bugs, all without secrets."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils import _errors, _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError, NotApplied, Unreachable
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._task import Context, execute, failure

from .driving import stepped

SECRET = "secret-9"
PARAMS = {
    "host": "10.1.0.25",
    "port": None,
    "scheme": "http",
    "username": "admin",
    "password": SECRET,
    "fallback_passwords": ["x", "fallback-8"],
    "auth": "basic",
    "timeout": 10.0,
    "retries": 0,
    "validate_certs": True,
    "ca_path": None,
    "expected_mac": None,
    "pools": [{"url": "stratum+tcp://example.com:3333", "user": "example", "password": "x"}],
}
CODES = {
    "invalid_input", "authentication", "permission", "unsupported", "not_ready", "rejected", "not_applied",
    "unreachable", "timeout", "bad_reply", "wrong_device", "not_back", "invalid_firmware", "downgrade",
    "flash_failed", "updater_stuck", "missing_library", "bug",
}  # fmt: skip
ERRORS = [value for value in vars(_errors).values() if isinstance(value, type) and issubclass(value, MinerError)]


def run(outcome: Any) -> dict[str, Any]:
    """The result of a module that returns this, or raises it."""

    @stepped
    def module(context: Context) -> dict[str, Any]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return execute(module, Context(PARAMS, check_mode=False))


def assert_no_secret(result: dict[str, Any]) -> None:
    shown = json.dumps(result)
    assert SECRET not in shown
    assert "fallback-8" not in shown


def test_a_result_keeps_its_keys_and_shows_the_options_without_secrets() -> None:
    result = run({"changed": True, "pools": [{"url": "stratum+tcp://example.com:3333"}]})
    assert result["changed"] is True
    assert result["pools"] == [{"url": "stratum+tcp://example.com:3333"}]
    options = result["invocation"]["module_args"]
    assert (options["password"], options["fallback_passwords"], options["host"]) == (MASK, MASK, "10.1.0.25")
    assert options["pools"] == [{"url": "stratum+tcp://example.com:3333", "user": "example", "password": MASK}]
    assert "warnings" not in result


def test_a_password_of_x_garbles_nothing() -> None:
    assert run({"changed": False, "msg": "example exits"})["msg"] == "example exits"


def test_secrets_are_masked_wherever_a_module_puts_them() -> None:
    login = "YWRtaW46c2VjcmV0LTk="
    result = run(
        {"changed": False, "msg": f"{SECRET} {login}", "diff": {"before": {"a": [SECRET]}}, SECRET: "fallback-8"}
    )
    assert_no_secret(result)
    assert login not in json.dumps(result)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_each_error_has_a_code_that_the_design_knows(error: type[MinerError]) -> None:
    assert error.code in CODES


@pytest.mark.parametrize("changed", [False, True])
def test_an_error_is_a_failure_with_a_code(changed: bool) -> None:
    error = NotApplied(f"It still has {SECRET}.")
    error.changed = changed
    result = run(error)
    del result["invocation"]
    assert result == {
        "failed": True,
        "msg": f"It still has {MASK}.",
        "error_code": "not_applied",
        "changed": changed,
    }


def test_a_miner_that_never_answered_is_unreachable() -> None:
    result = failure(Unreachable("Nobody answers.", "refused", sent=False))
    assert result == {"unreachable": True, "msg": "Nobody answers.", "error_code": "unreachable", "changed": False}


def test_warnings_are_part_of_the_result_and_of_a_failure() -> None:
    @stepped
    def module(context: Context) -> dict[str, Any]:
        context.warn(f"Beware of {SECRET}.")
        if context.check_mode:
            raise NotApplied("No.")
        return {"changed": False}

    for check_mode in (False, True):
        for miner, name in ((None, "10.1.0.25"), ("rack1-07", "rack1-07")):
            result = execute(module, Context(PARAMS, check_mode, miner=miner))
            assert result["warnings"] == [f"{name}: Beware of {MASK}."]


@pytest.mark.parametrize(
    "bug", [ValueError(f"bad {SECRET}"), KeyError(SECRET), UnicodeEncodeError("ascii", f"ä{SECRET}", 0, 1, SECRET)]
)
def test_a_bug_is_a_failure_that_says_so_without_secrets(bug: Exception) -> None:
    result = run(bug)
    assert (result["failed"], result["error_code"]) == (True, "bug")
    assert "bug in minerops.dragonmint" in result["msg"]
    assert type(bug).__name__ in result["msg"]
    assert "Traceback" in result["exception"]
    assert_no_secret(result)


def test_options_that_are_no_text_end_in_a_result_too() -> None:
    result = execute(
        stepped(lambda context: {"changed": False}), Context({**PARAMS, "password": "\udc80 surrogate"}, False)
    )
    assert result["changed"] is False


def test_a_missing_library_is_named_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_task, "REQUESTS_IMPORT_ERROR", "Traceback: no requests")
    result = run(AssertionError("it was run"))
    assert (result["failed"], result["error_code"]) == (True, "missing_library")
    assert "requests" in result["msg"]
    assert sys.executable in result["msg"]
    assert result["exception"] == "Traceback: no requests"


class FakeModule:
    """The necessary part of AnsibleModule. It ends like the real one, with the result for the test."""

    def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool) -> None:
        assert supports_check_mode
        self.params = PARAMS
        self.check_mode = True
        self.no_log_values = {"x", "short", SECRET}
        self.warned: list[str] = []

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def exit_json(self, **result: Any) -> None:
        raise SystemExit(["exit", self.no_log_values, self.warned, result])

    def fail_json(self, **result: Any) -> None:
        raise SystemExit(["fail", self.no_log_values, self.warned, result])


@pytest.mark.parametrize(
    ("outcome", "ending"),
    [
        ({"changed": False}, "exit"),
        (NotApplied("No."), "fail"),
        (Unreachable("Nobody answers.", "refused", sent=False), "fail"),
        (ValueError("a bug"), "fail"),
    ],
    ids=["success", "failure", "unreachable", "bug"],
)
def test_as_a_program_a_module_exits_or_fails_and_censors_long_secrets_only(
    outcome: Any, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @stepped
    def module(context: Context) -> dict[str, Any]:
        assert context.check_mode
        context.warn(f"Beware of {SECRET}.")
        if isinstance(outcome, Exception):
            raise outcome
        return dict(outcome)

    monkeypatch.setattr(_task, "AnsibleModule", FakeModule)
    with pytest.raises(SystemExit) as caught:
        _task.run_module(module, {})
    how, no_log_values, warned, result = caught.value.code  # type: ignore[misc,union-attr]
    assert (how, no_log_values, warned) == (ending, {SECRET}, [f"10.1.0.25: Beware of {MASK}."])
    assert not {"failed", "unreachable", "warnings"} & set(result)


@pytest.mark.parametrize("outcome", [{"changed": False}, NotApplied("No."), ValueError("a bug")], ids=str)
def test_a_client_is_closed_whatever_happens(outcome: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Any] = []

    def close(client: Any) -> None:
        closed.append(client)

    monkeypatch.setattr(_task.Client, "close", close)
    run(outcome)
    assert len(closed) == 1


def test_a_failure_says_where_a_miner_is_that_has_moved() -> None:
    @stepped
    def module(context: Context) -> dict[str, Any]:
        context.session.move_to("10.1.0.25" if context.check_mode else "10.1.0.77")
        raise NotApplied("No.")

    assert execute(module, Context(PARAMS, False))["ipaddress"] == "10.1.0.77"
    assert "ipaddress" not in execute(module, Context(PARAMS, True))


def test_a_converged_setting_becomes_a_result() -> None:
    outcome = Outcome(True, 7, {"before": {}, "after": {}})
    assert _task.outcome_result(outcome, fan=7) == {"changed": True, "diff": {"before": {}, "after": {}}, "fan": 7}


def test_the_options_of_a_module_come_with_those_of_the_connection() -> None:
    spec = _task.argument_spec(mode={"type": "str"})
    assert spec["mode"] == {"type": "str"}
    assert spec["host"]["required"] is spec["password"]["required"] is True
    assert [name for name, option in spec.items() if option.get("no_log")] == ["password", "fallback_passwords"]
