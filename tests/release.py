# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the tarball of a release and tests it: `python -m tests.release TOOLS IMPORTER`.

TOOLS is the bin folder of an environment with only what users install, IMPORTER of one with galaxy-importer.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.checklist.items import warnings_of_importer
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/release"
# The README uses documentation addresses; here they are replaced by simulated miners.
NETWORK, SIMULATED = "192.0.2.", "127.20.9."
FIRST = 11


class NotReady(Exception):
    """An obstacle to a release."""


def version() -> str:
    """Returns the version to release, once the changelog has it."""
    number = str(yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"])
    pending = sorted(path.name for path in (CHECKOUT / "changelogs/fragments").glob("*.yml"))
    if pending:
        raise NotReady(f"{len(pending)} changelog fragments are not released yet ({pending[0]} …). Run make changelog.")
    if number not in yaml.safe_load((CHECKOUT / "changelogs/changelog.yaml").read_text())["releases"]:
        raise NotReady(f"The changelog has no release {number}, the version in galaxy.yml. Run make changelog.")
    return number


def run(command: list[str | Path], folder: Path, **variables: str) -> str:
    """Returns the output of a program. Raises NotReady with all of it if the program fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReady(f"{Path(command[0]).name} failed:\n{done.stdout}")
    return done.stdout


def built(tools: Path) -> Path:
    run([tools / "ansible-galaxy", "collection", "build", "--force", "--output-path", FOLDER], CHECKOUT)
    (archive,) = FOLDER.glob("*.tar.gz")
    return archive


def install(tools: Path, archive: Path) -> Path:
    """Returns the folder of the collection, installed from its tarball in an otherwise empty place."""
    command = [tools / "ansible-galaxy", "collection", "install", "--offline", "-p", FOLDER / "collections", archive]
    run([*command], FOLDER, ANSIBLE_HOME=str(FOLDER / "home"))
    return FOLDER / "collections/ansible_collections/minerops/dragonmint"


def smoke_test(tools: Path, installed: Path) -> None:
    """Runs the first playbook of the installed README: the predicted change, the change, and no change."""
    text = (installed / "README.md").read_text(encoding="utf-8").replace(NETWORK, SIMULATED)
    inventory, pools = re.findall(r"^```yaml\n(miners:.*?|- name: .*?)^```", text, re.MULTILINE | re.DOTALL)
    (FOLDER / "inventory.yml").write_text(inventory)
    (FOLDER / "pools.yml").write_text(pools)
    count = inventory.count("ansible_host:")
    with Fleet.start(count=count, first=f"{SIMULATED}{FIRST}", speed=20.0) as fleet:
        command = [tools / "ansible-playbook", "-i", "inventory.yml", "pools.yml"]
        command += ["-e", f"dragonmint_port={fleet.miners[0].port}"]
        for arguments, changes in ([["--check", "--diff"], count], [[], count], [[], 0]):
            printed = run(
                [*command, *arguments],
                FOLDER,
                ANSIBLE_COLLECTIONS_PATH=str(FOLDER / "collections"),
                ANSIBLE_HOME=str(FOLDER / "home"),
                MINER_PASSWORD="dragonadmin",
            )
            changed = len(re.findall(r"changed=[1-9]", printed))
            if changed != changes:
                raise NotReady(f"The first playbook changed {changed} miners instead of {changes}:\n{printed}")


def main(tools: Path, importer: Path) -> None:
    number = version()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    archive = built(tools)
    print(f"built {archive.relative_to(CHECKOUT)}", flush=True)
    smoke_test(tools, install(tools, archive))
    print("installed it into an empty folder, and ran the first playbook of its README there", flush=True)
    path = f"{importer}{os.pathsep}{os.environ['PATH']}"
    printed = run([importer / "python", "-m", "galaxy_importer.main", archive], FOLDER, PATH=path)
    if warnings := warnings_of_importer(printed):
        raise NotReady("\n".join(["galaxy-importer warns:", *warnings]))
    print("galaxy-importer has no objections", flush=True)
    print(
        f"\nTo upload: {archive}\n"
        f"SHA-256:   {hashlib.sha256(archive.read_bytes()).hexdigest()}\n"
        f"Then:      git tag {number} && git push --tags\n"
        f"           ansible-galaxy collection publish {archive.relative_to(CHECKOUT)} --token YOUR_TOKEN"
    )


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except NotReady as objection:
        sys.exit(f"{objection}")
