"""The environments of the gates: virtual environments and the collection's import path, all below build/.

An environment is created once, and again when its inputs change.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
COLLECTION = Path("ansible_collections/minerops/dragonmint")

# The supported lines of ansible-core, and the first and last Python 3 that each supports as a controller.
CORES = {"2.16": (10, 12), "2.17": (10, 12), "2.18": (11, 13), "2.19": (11, 13), "2.20": (12, 14), "2.21": (12, 14)}
# The Pythons for which ansible-rulebook, or rather its engine, is built.
RULEBOOK_PYTHONS = (11, 12)
# The module side runs on this Python 3 and later.
MODULE_PYTHON = 9
# How often an installation shows progress.
PROGRESS_SECONDS = 5


@dataclass(frozen=True)
class Environment:
    name: str
    minor: int
    python: str
    requirements: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.name}, Python {self.version}"

    @property
    def version(self) -> str:
        return f"3.{self.minor}"

    @property
    def bin(self) -> Path:
        return BUILD / "env" / self.name / "bin"

    def make(self) -> None:
        # The scripts in an environment contain its path: a checkout that was moved needs new ones.
        recipe = "\n".join([str(self.bin), self.python, *self.requirements])
        stamp = self.bin.parent / "made-from.txt"
        if stamp.is_file() and stamp.read_text() == recipe:
            return
        print(f"making build/env/{self.name} with {self.python}", flush=True)
        shutil.rmtree(self.bin.parent, ignore_errors=True)
        # pip and not something faster: it knows the machine's own settings (mirrors, certificates, constraints).
        subprocess.run([self.python, "-m", "venv", self.bin.parent], check=True)
        # Compiling everything takes longer than compiling what is imported.
        install([self.bin / "python", "-m", "pip", "install", "-qq", "--no-compile", *self.requirements], self.name)
        stamp.write_text(recipe)


def install(command: list[str | Path], name: str) -> None:
    """Runs pip, which prints nothing for minutes, and shows progress."""
    started = time.monotonic()
    with subprocess.Popen(command) as process:
        while True:
            try:
                code = process.wait(timeout=PROGRESS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"build/env/{name}: still installing, {time.monotonic() - started:.0f} s", flush=True)
    if code:
        raise subprocess.CalledProcessError(code, command)
    print(f"build/env/{name}: installed in {time.monotonic() - started:.0f} s", flush=True)


def prepare(*names: str) -> dict[str, Environment]:
    """Creates the environments of these names, and the import path; returns all that could be created here."""
    known = environments()
    (BUILD / "home").mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        link(BUILD / COLLECTION, "../../..")
        for name in ("oldest", "newest"):
            link(BUILD / "env" / name, known[name].name)
        list(pool.map(Environment.make, {known[name] for name in names if name in known}))
    return known


def environments() -> dict[str, Environment]:
    """`lint`, `oldest` and `newest` (ansible-core), `users`, `bench`; `module` and `eda` if their Python exists."""
    pythons = interpreters()
    usable = {core: [minor for minor in pythons if first <= minor <= last] for core, (first, last) in CORES.items()}
    wanted = os.environ.get("CORE") or None
    cores = [core for core in CORES if usable[core] and wanted in (None, core)]
    if not cores:
        supported = ", ".join(f"{core} on Python 3.{first} to 3.{last}" for core, (first, last) in CORES.items())
        sys.exit(
            f"No Python with venv and ensurepip (Debian: python3-venv), on PATH or in pyenv, runs ansible-core"
            f"{f' {wanted}' if wanted else ''}. Supported: {supported}."
        )
    oldest, newest = cores[0], cores[-1]
    first, last = min(usable[oldest]), max(usable[newest])
    users = lines("meta/requirements.txt")
    # The oldest core, and the module side, get the oldest libraries that we promise to support.
    lower_bounds = [line.replace(">=", "==") for line in users]
    newest_core = f"ansible-core~={newest}.0"

    def environment(name: str, minor: int, *requirements: str) -> Environment:
        return Environment(name, minor, pythons[minor], requirements)

    known = {
        "lint": environment("lint", last, newest_core, *lines("tests/requirements/lint.txt")),
        "newest": environment(f"core-{newest}", last, newest_core, *users, *lines("tests/requirements/test.txt")),
    }
    known["oldest"] = (
        known["newest"]
        if oldest == newest
        else environment(f"core-{oldest}", first, f"ansible-core~={oldest}.0", *lower_bounds)
    )
    known["users"] = environment("users", last, newest_core, *users)
    known["bench"] = environment("bench", last, *lines("tests/requirements/bench.txt"))
    if rulebook_pythons := [minor for minor in RULEBOOK_PYTHONS if minor in pythons]:
        minor = rulebook_pythons[-1]
        core = next(core for core in reversed(CORES) if minor in usable[core])
        known["eda"] = environment(
            "eda", minor, f"ansible-core~={core}.0", *users, *lines("tests/requirements/eda.txt")
        )
    if MODULE_PYTHON in pythons:
        known["module"] = environment("module", MODULE_PYTHON, *lower_bounds)
    return known


def interpreters() -> dict[int, str]:
    """The minor version and the path of each Python 3 that can make environments."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    # Not Path.glob, which fails on a folder that another user has closed.
    installed = sorted(glob.glob("versions/*/bin", root_dir=pyenv))  # noqa: PTH207
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *(pyenv / folder for folder in installed)]
    found = {}
    for minor in range(MODULE_PYTHON, max(span[1] for span in CORES.values()) + 1):
        for folder in folders:
            if path := real_interpreter(folder / f"python3.{minor}"):
                found[minor] = path
                break
    return found


def real_interpreter(path: Path) -> str | None:
    """The path of the interpreter behind this name: a shim of pyenv may run another one, or none."""
    program = "import ensurepip, os, sys, venv; print(os.path.realpath(sys.executable))"
    try:
        done = subprocess.run([path, "-c", program], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def lines(file: str) -> list[str]:
    """The lines of a requirements file that are not comments."""
    return [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith("#")]


def link(path: Path, target: str) -> None:
    if path.is_symlink() and path.readlink() == Path(target):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
