# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The updater's input and output: uploads, the replies to them, and the frames of its websocket."""

from __future__ import annotations

import json

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import (
    Frame,
    UpdaterBusy,
    Upload,
    accept_upload,
    parse_frame,
)
from hypothesis import given
from hypothesis import strategies as st

from .helpers import ROOT


def frames(recording: str) -> list[Frame]:
    lines = (ROOT / "tests/data/recordings" / f"upgrade-{recording}.jsonl").read_text(encoding="utf-8").splitlines()
    return [frame for frame in (parse_frame(json.loads(line)["frame"]) for line in lines) if frame]


@pytest.mark.parametrize(
    ("recording", "statuses", "verdicts"),
    [
        ("success", ["START", "RUN", "SUCCESS", "DONE"], []),
        ("truncated", ["START", "FAILURE"], ["Image invalid or corrupted. Not installing ..."]),
        ("wrong-hardware", ["START", "FAILURE"], ["Image invalid or corrupted. Not installing ..."]),
    ],
)
def test_a_recorded_update_shows_its_course_and_verdict(
    recording: str, statuses: list[str], verdicts: list[str]
) -> None:
    parsed = frames(recording)
    assert [frame.status for frame in parsed if frame.status] == statuses
    assert [frame.text for frame in parsed if frame.is_verdict] == verdicts


def test_a_recorded_update_goes_from_0_to_100_percent() -> None:
    percents = [frame.percent for frame in frames("success") if frame.percent is not None]
    assert (percents[0], percents[-1]) == (0.0, 100.0)
    assert percents == sorted(percents)


@pytest.mark.parametrize(
    ("number", "step", "percent", "of_the_whole"),
    [("1", "1", "50", 50), ("5", "1", "0", 0), ("5", "3", "50", 50), ("5", "5", "100", 100), ("2", "9", "0", 100)],
)
def test_the_percents_are_of_all_steps(number: str, step: str, percent: str, of_the_whole: float) -> None:
    frame = {"type": "step", "number": number, "step": step, "name": "uImage", "percent": percent}
    assert parse_frame(json.dumps(frame)) == Frame(percent=of_the_whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"type": "info", "source": "ok.swu"}',
        '{"type": "info", "source": "a"b.swu"}',
        '{"type": "step", "number": "0", "step": "1", "percent": "1"}',
        '{"type": "step", "number": "1", "step": "one", "percent": "1"}',
        '{"type": "step"}',
        "[" * 100_000,
    ],
)
def test_a_frame_without_information_is_skipped(text: str) -> None:
    assert parse_frame(text) is None


def test_a_text_of_the_updater_is_safe_to_show() -> None:
    frame = {"type": "message", "level": "6", "text": "[extract_files] : \x1b[31m\ud800" + "x" * 1000}
    parsed = parse_frame(json.dumps(frame))
    assert parsed is not None
    assert parsed.text is not None
    assert parsed.text.startswith("[extract_files] : ?[31m?xxx")
    assert len(parsed.text) == 201


keys = st.sampled_from(["type", "status", "number", "step", "percent", "level", "text"])
values = st.sampled_from(["status", "step", "message"]) | st.none() | st.integers() | st.floats() | st.text()


@given(st.dictionaries(keys, values))
def test_any_frame_is_read_or_passed_over(frame: dict[str, object]) -> None:
    parsed = parse_frame(json.dumps(frame))
    if parsed and parsed.percent is not None:
        assert 0 <= parsed.percent <= 100


@pytest.mark.parametrize("body", [b"Ok, ok.swu - 5 bytes.\r\n", b""])
def test_an_upload_that_arrived_is_accepted(body: bytes) -> None:
    accept_upload(200, body)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"Failed to queue command", UpdaterBusy),
        (500, b"", BadReply),
        (401, b"<html>", PermissionDenied),
        (404, b"Not Found", Unsupported),
        (413, b"<html>", Rejected),
        (502, b"<html>", BadReply),
        (504, b"<html>", BadReply),
    ],
)
def test_an_upload_that_was_refused_says_why(status: int, body: bytes, error: type[MinerError]) -> None:
    with pytest.raises(error):
        accept_upload(status, body)


@pytest.mark.parametrize("filename", ["t1_20180701_000000.swu", "ü.swu"])
def test_an_upload_is_one_part_with_a_known_length(filename: str) -> None:
    archive = b"archive"
    upload = Upload(filename, len(archive))
    body = upload.head + archive + upload.tail
    boundary = b"--" + upload.content_type.rpartition("boundary=")[2].encode()
    before, part, after = body.split(boundary)
    assert (before, after) == (b"", b"--\r\n")
    head, _gap, content = part.partition(b"\r\n\r\n")
    assert f'form-data; name="upfile"; filename="{filename}"'.encode() in head
    assert content == archive + b"\r\n"
    assert upload.length == len(body)


def test_a_file_name_cannot_break_out_of_its_header() -> None:
    head = Upload('a"; x="\\b\r\n\ud800.swu', 1).head
    assert b'filename="a_; x=__b___.swu"\r\n' in head
    assert head.count(b"\r\n") == 4
