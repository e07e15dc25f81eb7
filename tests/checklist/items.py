# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requirements of the community and of certification: each item finds violations, and can plant one.

An item sees the collection as a mapping of paths to texts, so that a violation is planted without writing a file.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import yaml

Tree = Mapping[str, str]

README_SECTIONS = [
    "Description",
    "Requirements",
    "Installation",
    "Use Cases",
    "Testing",
    "Contributing",
    "Support",
    "Release Notes and Roadmap",
    "Related Information",
    "License Information",
]
# Certification requires one of these among the tags.
CATEGORIES = {
    *("application", "cloud", "database", "eda", "infrastructure", "linux", "monitoring", "networking", "security"),
    *("storage", "tools", "windows"),
}
SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
CONDUCT = "https://docs.ansible.com/ansible/latest/community/code_of_conduct.html"
PRIVATE = ("plugins/module_utils/*.py", "plugins/plugin_utils/*.py", "plugins/doc_fragments/*.py")
OF_ANSIBLE = {"ansible", "ansible_collections", "jinja2", "markupsafe", "yaml"}
# Dependencies of these libraries.
COMES_WITH = {"yarl": "aiohttp", "urllib3": "requests"}
# An event source runs in ansible-rulebook, which includes this one.
OF_RULEBOOK = {"jsonschema"}
# Keywords of a task, besides those that begin with with_; one of the remaining keys names the module.
KEYWORDS = {
    *("action", "always", "any_errors_fatal", "args", "async", "become", "block", "changed_when", "check_mode"),
    *("collections", "connection", "delay", "delegate_facts", "delegate_to", "diff", "environment", "failed_when"),
    *("ignore_errors", "ignore_unreachable", "loop", "loop_control", "module_defaults", "name", "no_log", "notify"),
    *("poll", "register", "rescue", "retries", "run_once", "tags", "throttle", "timeout", "until", "vars", "when"),
}


@dataclass(frozen=True)
class Item:
    """``faults`` returns a sentence for each violation; ``plant`` returns a tree with at least one."""

    name: str
    faults: Callable[[Tree], list[str]]
    plant: Callable[[Tree], Tree]


def found(tree: Tree, *patterns: str) -> dict[str, str]:
    """Returns the files whose paths match one of the patterns; a ``*`` does not cross folders."""
    return {
        path: text
        for path, text in tree.items()
        if any(path.count("/") == pattern.count("/") and fnmatch(path, pattern) for pattern in patterns)
    }


def without(*paths: str) -> Callable[[Tree], Tree]:
    return lambda tree: {path: text for path, text in tree.items() if path not in paths}


def changed(path: str, old: str, new: str) -> Callable[[Tree], Tree]:
    """Returns a planter that replaces a text, and fails if the file no longer contains it."""

    def plant(tree: Tree) -> Tree:
        if old not in tree[path]:
            raise ValueError(f"{path} does not have {old!r}")
        return {**tree, path: tree[path].replace(old, new)}

    return plant


def added(path: str, text: str) -> Callable[[Tree], Tree]:
    return lambda tree: {**tree, path: text}


def galaxy(tree: Tree) -> dict[str, Any]:
    return dict(yaml.safe_load(tree["galaxy.yml"]))


def missing(tree: Tree, *paths: str) -> list[str]:
    return [f"{path} is missing" for path in paths if path not in tree]


def conduct(tree: Tree) -> list[str]:
    faults = missing(tree, "CODE_OF_CONDUCT.md")
    if not faults and CONDUCT not in tree["CODE_OF_CONDUCT.md"]:
        faults.append(f"CODE_OF_CONDUCT.md does not link to {CONDUCT}")
    if "(CODE_OF_CONDUCT.md)" not in tree["README.md"]:
        faults.append("README.md does not link to CODE_OF_CONDUCT.md")
    return faults


def readme_sections(tree: Tree) -> list[str]:
    sections = re.findall(r"^## (.+)$", tree["README.md"], re.MULTILINE)
    present = [section for section in sections if section in README_SECTIONS]
    return [] if present == README_SECTIONS else [f"README.md has the sections {sections}, expected {README_SECTIONS}"]


def communication(tree: Tree) -> list[str]:
    support = tree["README.md"].partition("\n## Support\n")[2].partition("\n## ")[0]
    wanted = {"the forum": "https://forum.ansible.com", "the issue tracker": galaxy(tree)["issues"]}
    return [
        f"the section Support of README.md does not name {what}" for what, url in wanted.items() if url not in support
    ]


def version(tree: Tree) -> list[str]:
    number = galaxy(tree)["version"]
    faults = [] if SEMANTIC_VERSION.fullmatch(number) else [f"version {number} of galaxy.yml is not semantic"]
    if number not in yaml.safe_load(tree["changelogs/changelog.yaml"])["releases"]:
        faults.append(f"changelogs/changelog.yaml has no release {number}")
    if f"\n## v{number}\n" not in tree.get("CHANGELOG.md", "").replace("\\", ""):
        faults.append(f"CHANGELOG.md has no section v{number}")
    return faults


def deprecation(tree: Tree) -> list[str]:
    faults = missing(tree, "docs/versioning.md")
    if "(docs/versioning.md)" not in tree["README.md"]:
        faults.append("README.md does not link to docs/versioning.md")
    return faults + [
        f"docs/versioning.md does not say {words!r}"
        for words in ("semantic versioning", "## How something is removed", "## What is public")
        if words not in tree.get("docs/versioning.md", "")
    ]


def facts_only(tree: Tree) -> list[str]:
    return [
        f"{path} returns {sorted(returned)}; when it succeeds, a facts module returns ansible_facts alone"
        for path, text in found(tree, "plugins/modules/*_facts.py").items()
        if (returned := set(documents(text)["RETURN"]) - {"error_code"}) != {"ansible_facts"}
    ]


def private(tree: Tree) -> list[str]:
    faults = [
        f"{path} is for the collection alone, so its name needs an underscore"
        for pattern in PRIVATE
        for path in found(tree, pattern)
        if not posixpath.basename(path).startswith("_")
    ]
    if "begins with an underscore is private" not in tree.get("docs/versioning.md", ""):
        faults.append("docs/versioning.md does not say that names with an underscore are private")
    return faults


def requirements(tree: Tree) -> list[str]:
    listed = tree.get("meta/requirements.txt", "")
    named = {re.split(r"[<>=~!\[ ]", line)[0] for line in listed.splitlines() if line and not line.startswith("#")}
    environment = yaml.safe_load(tree.get("meta/execution-environment.yml", "{}"))
    faults = missing(tree, "meta/requirements.txt")
    if environment.get("dependencies", {}).get("python") != "meta/requirements.txt":
        faults.append("meta/execution-environment.yml does not name meta/requirements.txt")
    third = {
        name: path
        for path, text in tree.items()
        if path.startswith(("plugins/", "extensions/eda/")) and path.endswith(".py")
        for name in third_parties(text)
    }
    return faults + [
        f"{path} imports {name}, which meta/requirements.txt does not list"
        for name, path in third.items()
        if COMES_WITH.get(name, name) not in named and not (name in OF_RULEBOOK and path.startswith("extensions/eda/"))
    ]


def third_parties(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in OF_ANSIBLE:
                yield top


def metadata(tree: Tree) -> list[str]:
    known = galaxy(tree)
    tags = known.get("tags") or []
    faults = [
        f"tag {tag} of galaxy.yml has other than lower case letters and digits"
        for tag in tags
        if not re.fullmatch(r"[a-z0-9]+", tag)
    ]
    if not CATEGORIES.intersection(tags):
        faults.append(f"the tags of galaxy.yml have none of {sorted(CATEGORIES)}")
    return faults + [
        f"{key} of galaxy.yml is not an https address"
        for key in ("repository", "documentation", "homepage", "issues")
        if not str(known.get(key, "")).startswith("https://")
    ]


def links(tree: Tree) -> list[str]:
    folders = {posixpath.dirname(path) for path in tree}
    folders |= {folder.rpartition("/")[0] for folder in folders}
    return [
        f"{path} links to {target}, which does not exist"
        for path, text in tree.items()
        if path.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if "://" not in target
        and not target.startswith("mailto:")
        and (there := posixpath.normpath(posixpath.join(posixpath.dirname(path), target))) not in tree
        and there not in folders
    ]


def documents(source: str) -> dict[str, Any]:
    """Returns the DOCUMENTATION, EXAMPLES and RETURN of a plugin, as far as present."""
    return {
        node.targets[0].id: yaml.safe_load(node.value.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def documentation(tree: Tree) -> list[str]:
    return [
        f"{path} has no {name}"
        for path, text in found(tree, "plugins/modules/*.py").items()
        for name in ("DOCUMENTATION", "EXAMPLES", "RETURN")
        if not documents(text).get(name)
    ]


def macros(tree: Tree) -> list[str]:
    """Options, values and modules have macros of their own; B and I would only change the font."""
    return [
        f"{path} has {macro} in its documentation, use O(), V(), E() or M()"
        for path, text in found(tree, "plugins/*/*.py").items()
        for macro in re.findall(r"(?<![A-Z])[BI]\([^)]*\)", text.partition('"""')[2].partition('"""')[0])
    ]


def fully_qualified(tree: Tree) -> list[str]:
    faults = []
    for path, text in found(tree, "playbooks/*.yml", "roles/*/tasks/*.yml").items():
        faults += [f"{path}: {name} is not fully qualified" for name in actions(yaml.safe_load(text))]
    for path, text in found(tree, "plugins/modules/*.py").items():
        faults += [
            f"{path}: {name} in EXAMPLES is not fully qualified" for name in actions(documents(text).get("EXAMPLES"))
        ]
    return faults


def actions(tasks: Any) -> Iterator[str]:
    """Yields the names of actions that are not fully qualified, in plays, blocks and tasks."""
    for task in tasks or []:
        if "hosts" in task:
            for part in ("pre_tasks", "tasks", "post_tasks", "handlers"):
                yield from actions(task.get(part))
            continue
        for part in ("block", "rescue", "always"):
            yield from actions(task.get(part))
        for key in task:
            if key not in KEYWORDS and not key.startswith("with_") and key.count(".") < 2:
                yield key


def no_ignores(tree: Tree) -> list[str]:
    return [f"{path} ignores findings of sanity" for path in found(tree, "tests/sanity/ignore*")]


def roles(tree: Tree) -> list[str]:
    names = {path.split("/")[1] for path in tree if path.startswith("roles/")}
    faults = [
        fault
        for name in sorted(names)
        for fault in missing(
            tree, f"roles/{name}/README.md", f"roles/{name}/meta/main.yml", f"roles/{name}/meta/argument_specs.yml"
        )
    ]
    return faults + [
        f"{path} has no description"
        for path, text in found(tree, "roles/*/meta/main.yml").items()
        if not yaml.safe_load(text)["galaxy_info"].get("description")
    ]


def imports_of_playbooks(tree: Tree) -> list[str]:
    """By file, since nothing that looks at a collection outside a collections path finds a full name."""
    return [
        f"{path} imports {name}, which is not a file beside it"
        for path, text in found(tree, "playbooks/*.yml").items()
        for play in yaml.safe_load(text)
        if (name := play.get("ansible.builtin.import_playbook")) and f"playbooks/{name}" not in tree
    ]


def runtime(tree: Tree) -> list[str]:
    known = yaml.safe_load(tree["meta/runtime.yml"])
    group = known.get("action_groups", {}).get("dragonmint", [])
    modules = {posixpath.basename(path)[:-3] for path in found(tree, "plugins/modules/*.py")}
    with_login = {name for name in modules if "_connection" in tree[f"plugins/modules/{name}.py"]}
    faults = [] if known.get("requires_ansible") else ["meta/runtime.yml has no requires_ansible"]
    return faults + [f"the action group lacks {name}" for name in sorted(with_login - set(group))]


def licensed(tree: Tree) -> list[str]:
    """Files that import ansible-core are under the GPL, like ansible-core."""
    faults = [] if "GNU GENERAL PUBLIC LICENSE" in tree.get("LICENSE", "") else ["LICENSE is not the GPL"]
    return faults + [
        f"{path} does not name its license"
        for path, text in tree.items()
        if path.startswith(("plugins/", "extensions/"))
        and path.endswith(".py")
        and text.strip()
        and "SPDX-License-Identifier: GPL-3.0-or-later" not in text
    ]


def workflows(tree: Tree) -> list[str]:
    cores = re.search(r"^CORES = (\{.*\})$", tree["tests/gates/environments.py"], re.MULTILINE)
    gates, nightly = (tree.get(f".github/workflows/{name}.yml", "") for name in ("gates", "nightly"))
    faults = [] if ".ci/run" in gates and "pull_request" in gates else ["no workflow runs .ci/run for pull requests"]
    tested = [
        entry["core"]
        for entry in (yaml.safe_load(nightly) or {"jobs": {"core": {"strategy": {"matrix": {"include": []}}}}})["jobs"][
            "core"
        ]["strategy"]["matrix"]["include"]
    ]
    supported = list(ast.literal_eval(cores[1])) if cores else []
    return faults + [f"no nightly run has ansible-core {core}" for core in supported if core not in tested]


def templates(tree: Tree) -> list[str]:
    faults = missing(
        tree,
        ".github/PULL_REQUEST_TEMPLATE.md",
        *(f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "feature", "config")),
    )
    return faults + [
        f"{path} lacks {key}"
        for path, text in found(tree, ".github/ISSUE_TEMPLATE/*.yml").items()
        if not path.endswith("config.yml")
        for key in ("name", "description", "body")
        if key not in yaml.safe_load(text)
    ]


def releasing(tree: Tree) -> list[str]:
    return missing(tree, "RELEASING.md") + [
        f"RELEASING.md does not say what is done about {what}"
        for what in ("namespace", "make changelog", "make release", "make test")
        if what not in tree.get("RELEASING.md", "")
    ]


def with_return(tree: Tree) -> Tree:
    path = "plugins/modules/dragonmint_facts.py"
    return changed(
        path, 'RETURN = r"""\n', 'RETURN = r"""\nseconds: {type: float, description: x, returned: success}\n'
    )(tree)


ITEMS = [
    Item("code of conduct", conduct, without("CODE_OF_CONDUCT.md")),
    Item("sections of the README", readme_sections, changed("README.md", "## Use Cases", "## What for")),
    Item("communication and support", communication, changed("README.md", "https://forum.ansible.com", "the forum")),
    Item("semantic version, released", version, changed("galaxy.yml", "\nversion: ", "\nversion: 1")),
    Item("deprecation policy", deprecation, changed("docs/versioning.md", "## How something is removed", "## Removal")),
    Item("facts modules return facts", facts_only, with_return),
    Item("private names", private, added("plugins/module_utils/helpers.py", "")),
    Item("requirements", requirements, added("plugins/module_utils/_extra.py", "import pandas\n")),
    Item("metadata", metadata, changed("galaxy.yml", "  - mining\n", "  - Mining\n")),
    Item("links", links, added("docs/stray.md", "[gone](gone.md)")),
    Item("documentation of modules", documentation, added("plugins/modules/bare.py", "DOCUMENTATION = 'a: b'\n")),
    Item("macros", macros, added("plugins/modules/old.py", 'DOCUMENTATION = r"""\ndescription: Use I(state).\n"""\n')),
    Item("full names", fully_qualified, added("playbooks/short.yml", "- hosts: all\n  tasks:\n    - debug: {}\n")),
    Item("no ignored findings", no_ignores, added("tests/sanity/ignore-2.19.txt", "plugins/x.py import\n")),
    Item("roles", roles, without("roles/health/meta/main.yml")),
    Item(
        "imports of playbooks",
        imports_of_playbooks,
        changed("playbooks/audit.yml", "import_playbook: _guard.yml", "import_playbook: minerops.dragonmint._guard"),
    ),
    Item("runtime", runtime, changed("meta/runtime.yml", "    - dragonmint_pools\n", "")),
    Item("license", licensed, added("plugins/filter/bare.py", "x = 1\n")),
    Item("workflows", workflows, changed(".github/workflows/nightly.yml", 'core: "2.18"', 'core: "2.15"')),
    Item("templates", templates, without(".github/ISSUE_TEMPLATE/bug.yml")),
    Item("releasing", releasing, without("RELEASING.md")),
]


def warnings_of_importer(output: str) -> list[str]:
    """Returns the warnings of galaxy-importer, or why it did not finish."""
    warnings = re.findall(r"^(?:WARNING|ERROR).*$", output, re.MULTILINE)
    return warnings if "Importer processing completed successfully" in output else [*warnings, output[-2000:]]


def findings_of_actionlint(output: str) -> list[str]:
    return [f"{finding['file']}:{finding['line']}: {finding['message']}" for finding in json.loads(output)]
