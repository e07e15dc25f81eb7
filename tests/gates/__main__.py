"""The quality gates, and everything else that needs their environments: python3 tests/gates TARGET [ARGUMENT …].

A gate that passes prints one line, one that fails prints its whole output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from environments import BUILD, COLLECTION, ROOT, Environment, prepare
from sanity import prepare_sanity

BRANCH_FLOOR = 90
EVERYTHING = ("lint", "oldest", "newest", "module", "eda")
# What the version of ansible-core or of Python decides. The other tests of sanity read the text alone, and say the same
# on each core; `make sanity` runs them there, too.
SANITY_BY_CORE = ("action-plugin-docs", "ansible-doc", "compile", "import", "validate-modules")


@dataclass(frozen=True)
class Gate:
    """A tool of an environment and its arguments."""

    name: str
    environment: Environment
    command: list[str]
    folder: Path = ROOT
    home: Path = BUILD / "home"
    # For a tool that passes if it finds nothing to check.
    must_say: str = ""

    def passes(self) -> bool:
        started = time.monotonic()
        tool, *arguments = self.command
        done = subprocess.run(
            [self.environment.bin / tool, *arguments],
            cwd=self.folder,
            env={**os.environ, **in_environment(self.environment), "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        passed = done.returncode == 0 and self.must_say in done.stdout
        verdict = f"{'ok' if passed else 'FAILED':6} {self.name} ({time.monotonic() - started:.0f} s)"
        print(verdict if passed else f"{done.stdout}\n{verdict}", flush=True)
        return passed


def run_gates(gates: list[Gate]) -> None:
    """Runs as many at once as there are cores; starts no more after a failure."""
    failed = threading.Event()

    def run(gate: Gate) -> None:
        if not failed.is_set() and not gate.passes():
            failed.set()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run, gates))
    if failed.is_set():
        sys.exit(1)


def lint_gates(made: dict[str, Environment]) -> list[Gate]:
    collection = ".".join(COLLECTION.parts)
    commands = {
        "ruff check": "ruff check .",
        "ruff format": "ruff format --diff .",
        "mypy": f"mypy -p {collection}.plugins -p {collection}.extensions -p tests.simulator",
        "ansible-lint": "python -m tests.ansible_lint --profile production --offline --nocolor",
        "antsibull-docs": "antsibull-docs lint-collection-docs --plugin-docs .",
        "antsibull-changelog": "antsibull-changelog lint",
        "build": "ansible-galaxy collection build --force --output-path build",
    }
    # What starts ansible-lint imports pytest.
    needs = {"ansible-lint": made["newest"]}
    return [Gate(name, needs.get(name, made["lint"]), command.split()) for name, command in commands.items()]


def sanity_gate(environment: Environment, *tests: str) -> Gate:
    """The tests of sanity that are named, or all."""
    home, collection = prepare_sanity(environment)
    # Through python, since a shebang line can't contain a path with a space.
    command = ["python", str(environment.bin / "ansible-test"), "sanity", "--local", "--requirements"]
    return Gate(
        f"sanity, {environment.title}",
        environment,
        [*command, "--python", environment.version, *(argument for test in tests for argument in ("--test", test))],
        folder=collection,
        home=home,
        must_say="validate-modules",
    )


def environments() -> None:
    made = prepare(*EVERYTHING)
    for name in EVERYTHING:
        if name in made:
            print(f"build/env/{name}: {made[name].title}")


def lint() -> None:
    run_gates(lint_gates(prepare("lint", "newest")))


def sanity() -> None:
    """All of it, on each of the two cores."""
    made = prepare("oldest", "newest")
    # They are the same where the environment variable CORE names one.
    run_gates([sanity_gate(environment) for environment in dict.fromkeys([made["newest"], made["oldest"]])])


def test(*arguments: str) -> None:
    made = prepare(*EVERYTHING)
    long = [sanity_gate(made["newest"]), site_gate(made["lint"])]
    if made["oldest"] != made["newest"]:
        long.insert(1, sanity_gate(made["oldest"], *SANITY_BY_CORE))
    check, layout, types, *others = lint_gates(made)
    # It also stores the tests compiled: otherwise each process of pytest would do it for itself.
    collect = Gate("collect tests", made["newest"], ["pytest", "--collect-only", "-qq"])
    run_gates([check, layout, collect, types])
    (BUILD / "coverage.json").unlink(missing_ok=True)
    report = "--cov-report=json:build/coverage.json"
    command = pytest_command("--cov", report, f"--branch-floor={BRANCH_FLOOR}", *arguments)
    # Side by side, since many tests wait for a miner.
    with in_background(made["newest"], command) as tests:
        run_gates([*long, *others])
        for output in iter(lambda: os.read(tests.stdout.fileno(), 1 << 16), b""):
            sys.stdout.buffer.write(output)
            sys.stdout.flush()
        sys.exit(tests.wait())


def core(*arguments: str) -> None:
    """Runs all tests on the ansible-core in the environment variable CORE."""
    become_pytest(prepare("newest", "module", "lint")["newest"], *arguments)


def checklist(*arguments: str) -> None:
    become_pytest(prepare("newest", "lint")["newest"], "tests/checklist", *arguments)


def unit(*arguments: str) -> None:
    become_pytest(prepare("newest")["newest"], "tests/unit", *arguments)


def integration(*arguments: str) -> None:
    become_pytest(prepare("oldest", "newest", "module", "eda")["newest"], "tests/integration", *arguments)


def reformat() -> None:
    lint = prepare("lint")["lint"]
    subprocess.run([lint.bin / "ruff", "check", "--fix-only", "--quiet", "."], cwd=ROOT, check=False)
    become(lint, "ruff", "format", ".")


def run(tool: str, *arguments: str) -> None:
    """Runs any tool of the newest environment."""
    become(prepare("newest")["newest"], tool, *arguments)


def bench(*arguments: str) -> None:
    made = prepare("newest", "bench")
    become(made["newest"], "python", "-m", "tests.bench", *arguments)


def site_gate(environment: Environment) -> Gate:
    return Gate("site", environment, ["python", "-m", "tests.site"])


def site() -> None:
    become(prepare("lint")["lint"], "python", "-m", "tests.site")


def soak(*arguments: str) -> None:
    become(prepare("newest")["newest"], "python", "-m", "tests.soak", *arguments)


def changelog() -> None:
    """Moves all fragments into the section of the version in galaxy.yml, which may exist until it is published."""
    become(prepare("lint")["lint"], "antsibull-changelog", "release", "--update-existing")


def release() -> None:
    made = prepare("newest", "users", "lint")
    become(made["newest"], "python", "-m", "tests.release", str(made["users"].bin), str(made["lint"].bin))


def pytest_command(*arguments: str) -> list[str]:
    """Many tests wait for a miner, so a core can run three."""
    workers = str(3 * (os.cpu_count() or 1))
    return ["pytest", "-n", workers, "--dist", "loadgroup", *arguments]


def become_pytest(environment: Environment, *arguments: str) -> None:
    become(environment, *pytest_command(*arguments))


def become(environment: Environment, tool: str, *arguments: str) -> None:
    os.chdir(ROOT)
    os.environ.update(in_environment(environment))
    os.execv(environment.bin / tool, [tool, *arguments])


@contextmanager
def in_background(environment: Environment, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a tool whose output waits to be read. It is interrupted where the context ends with an exception."""
    tool, *arguments = command
    process = subprocess.Popen(
        [environment.bin / tool, *arguments],
        cwd=ROOT,
        env={**os.environ, **in_environment(environment)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            # Its last words would fill the pipe, and it would wait for a reader.
            process.communicate()


def in_environment(environment: Environment) -> dict[str, str]:
    """The variables with which tools find each other and the collection."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(BUILD),
        "ANSIBLE_HOME": str(BUILD / "home/.ansible"),
        "PATH": f"{environment.bin}{os.pathsep}{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "",
    }


TARGETS = {
    "environments": environments,
    "lint": lint,
    "sanity": sanity,
    "core": core,
    "checklist": checklist,
    "unit": unit,
    "integration": integration,
    "test": test,
    "format": reformat,
    "bench": bench,
    "site": site,
    "soak": soak,
    "changelog": changelog,
    "release": release,
    "run": run,
}

if __name__ == "__main__":
    try:
        TARGETS[sys.argv[1]](*sys.argv[2:])
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{error}")
