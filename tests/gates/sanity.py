"""What ansible-test needs before it runs: a real folder, its own home folder, and pip without a download."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
from pathlib import Path

from environments import BUILD, COLLECTION, ROOT, Environment

# ansible-test 2.16 and 2.17, 2.18 and 2.19, 2.20 and 2.21.
PIP_VERSIONS = ("23_1_2", "24_2", "25_2")


def prepare_sanity(environment: Environment) -> tuple[Path, Path]:
    """The home folder and the copy of the collection for ansible-test of this environment."""
    base = BUILD / "sanity" / environment.name
    home, collection = base / "home", base / COLLECTION
    copy_collection(collection)
    for version in PIP_VERSIONS:
        cached = home / f".ansible/test/cache/get_pip_{version}.py"
        cached.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name("get_pip.py"), cached)
    write_pip_settings(environment, home / ".config/pip/pip.conf")
    return home, collection


def copy_collection(target: Path) -> None:
    """Copies what git tracks or would track: ansible-test refuses a symbolic link to the checkout.

    The copy is a repository of its own; otherwise ansible-test would use the checkout's git, which ignores build/.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(target, ignore_errors=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    subprocess.run(["git", "init", "--quiet", target], check=True)


def write_pip_settings(environment: Environment, file: Path) -> None:
    """Keeps the settings of pip, which ansible-test would lose: it passes no variables on, and has another home."""
    pip = [environment.bin / "python", "-m", "pip", "config", "list"]
    # The output of a failed gate should be about the collection.
    settings = configparser.RawConfigParser()
    settings.read_dict({"global": {"quiet": "2"}})
    # Variables are listed as :env:.NAME and override the files.
    for line in sorted(subprocess.check_output(pip, text=True).splitlines(), key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, option = name.replace(":env:", "global").split(".", 1)
        if not settings.has_section(section):
            settings.add_section(section)
        settings.set(section, option, ast.literal_eval(value))
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as stream:
        settings.write(stream)
