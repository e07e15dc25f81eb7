# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for users reads the way operators talk: patterns typical of a translation are refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "RELEASING.md")),
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("roles/*/README.md")),
    *sorted(ROOT.glob("extensions/**/*.md")),
]
PLUGINS = sorted(ROOT.glob("plugins/*/*.py"))
SOURCES = [*sorted(ROOT.glob("plugins/**/*.py")), *sorted(ROOT.glob("extensions/eda/plugins/**/*.py"))]
# The patterns, and what to write instead. The project's style guide has more of them.
BETTER = {
    r"(?<!there )\bis no (?!longer\b)": "'is not a …', 'expected …'",
    r"\bof before\b": "'previous'",
    r"\bhashing power\b": "'hash rate'",
    r"\b(?:un)?fit for the upgrade\b|\bunfit\b": "'eligible', 'not eligible'",
    r"\bmend(?:s|ed|ing)?\b": "'repair', 'restart', 'reboot'",
    r"\b(?:is|are) (?:ill|sick)\b": "'unhealthy'",
    r"\bleft alone\b|\bleaves? (?:it|them|its mode) alone\b": "'skipped', 'kept'",
    r"\bwho we are\b": "'credentials', 'login'",
    r"\bwhoever\b": "'anybody who', 'an attacker who'",
    r"\bas it has to be\b": "'in its desired state'",
    r"\bis as before\b": "'is unchanged'",
    r"\bmore than (?:one|it) knows\b": "'unknown'",
    r"\banew\b": "'again'",
    r"\bjudge[sd]?\b": "'check', 'evaluate'",
    r"\btells\b": "'reports', 'shows'",
    r"\bas ever\b": "'as usual'",
    r"\bcan(?:'t|not) be had\b": "'is not available'",
}
DOCUMENTATION = re.compile(r'^ *(?:DOCUMENTATION|RETURN) = r?"""\n(.*?)^ *"""', re.MULTILINE | re.DOTALL)
WIDTH = 120
# How much space a line may leave if another one continues it.
RAGGED = 40
_TEXT = re.compile(r"^ +[^\s\-#][^:]*(?::(?! )[^:]*)*$")
_ITEM = re.compile(r"^ +- .*")


def texts() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    yield from documentation()


def documentation() -> Iterator[tuple[str, str]]:
    for path in PLUGINS:
        if found := DOCUMENTATION.findall(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(ROOT)), "".join(found)


def messages(text: str) -> str:
    """The texts of more than one word in the code: messages and descriptions of variables, one per line."""
    tree = ast.parse(text)
    unread = {id(node.value) for node in ast.walk(tree) if isinstance(node, (ast.Expr, ast.Assign))}
    literals = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in unread)
    texts = (" ".join(literal.value.split()) for literal in literals if isinstance(literal.value, str))
    return "\n".join(text for text in texts if " " in text)


def faults(text: str) -> list[str]:
    """Each line with a pattern, and what to write instead."""
    return [
        f"{line.strip()}: write {better}"
        for line in text.splitlines()
        for pattern, better in BETTER.items()
        if re.search(pattern, line, re.IGNORECASE)
    ]


def broken_by_hand(text: str) -> list[str]:
    """Lines of a paragraph that end long before the margin, although the sentence continues."""
    lines = text.splitlines()
    return [
        f"{line.strip()} / {following.strip()}"
        for line, following in zip(lines, lines[1:])
        if (_ITEM.match(line) or _TEXT.match(line)) and _TEXT.match(following) and _is_early(line, following)
    ]


def _is_early(line: str, following: str) -> bool:
    return (
        not line.rstrip().endswith((".", ":", ">-", "|"))
        and len(line) - len(line.lstrip()) <= len(following) - len(following.lstrip())
        and len(line) + 1 + len(following.split()[0]) <= WIDTH - RAGGED
    )


@pytest.mark.parametrize(("place", "text"), list(texts()), ids=lambda value: value if len(value) < 80 else "")
def test_text_for_users_has_the_usual_words(place: str, text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_messages_have_the_usual_words(path: Path) -> None:
    assert faults(messages(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        'raise InvalidInput(f"{name!r} is no netmask.")',
        'raise InvalidInput(\n    f"The address {name!r} "\n    "is no address."\n)',
        'Variable("mode", "The miner tells it.")',
    ],
)
def test_a_message_of_a_translation_is_found(text: str) -> None:
    assert faults(messages(text)) != []


def test_docstrings_are_not_messages() -> None:
    assert messages('def read():\n    """None where there is none."""\n    return "none"') == ""


@pytest.mark.parametrize(("place", "text"), list(documentation()), ids=lambda value: value if len(value) < 80 else "")
def test_documentation_of_plugins_is_not_broken_by_hand(place: str, text: str) -> None:
    assert broken_by_hand(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The netmask is no netmask.",
        "The hash rate of before counts.",
        "Miners that are ill are mended.",
        "The miner is left alone.",
        "Whoever sees it has it.",
        "The miner tells its pools.",
        "It tunes anew.",
        "The archive is judged.",
    ],
)
def test_what_a_translation_leaves_behind_is_found(text: str) -> None:
    assert faults(text) != []


@pytest.mark.parametrize(
    "text", ["There is no pool.", "It is no longer there.", "The command still works.", "Recommended for all."]
)
def test_plain_words_are_left(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "is_broken"),
    [
        ("  - The network in CIDR notation, such as\n    V(10.1.0.0/22).\n", True),
        ("  - One sentence.\n    Another one.\n", False),
        ("  - One option\n  - Another option\n", False),
        ("  name:\n    type: str\n", False),
        (f"  - {'word ' * 22}\n    goes on here.\n", False),
    ],
)
def test_a_line_that_is_broken_by_hand_is_found(text: str, is_broken: bool) -> None:
    assert bool(broken_by_hand(text)) == is_broken
