# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that nginx itself generates."""

from __future__ import annotations

from pathlib import Path

from .wire import REASONS, Reply

ERROR_PAGE = (Path(__file__).parent / "pages" / "50x.html").read_bytes()
# Titles that differ from the status line.
TITLES = {401: "Authorization Required"}


def html(status: int, early: tuple[tuple[str, str], ...] = (), close: bool = False) -> Reply:
    """nginx's short page for a status."""
    title = f"{status} {TITLES.get(status, REASONS[status])}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.12.2</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(body.encode(), status, "text/html", chunked=False, early=early, close=close)


def error_page(status: int) -> Reply:
    """nginx's page if PHP is gone (502) or silent (504)."""
    return Reply(ERROR_PAGE, status, "text/html", chunked=False)


def index(body: bytes) -> Reply:
    return Reply(
        body,
        content_type="text/html",
        chunked=False,
        early=(("Last-Modified", "Tue, 15 May 2018 06:08:42 GMT"),),
        late=(
            ("ETag", f'"5afa792a-{len(body):x}"'),
            ("Expires", "Thu, 31 Dec 2037 23:55:55 GMT"),
            ("Cache-Control", "max-age=315360000"),
            ("Accept-Ranges", "bytes"),
        ),
    )
