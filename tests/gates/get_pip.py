"""Replaces the script that ansible-test would download to install pip into each of its environments.

To install it takes three seconds, so it is done once for each Python; the next environments get links to a copy.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
pins = [argument for argument in packages if not argument.startswith("-")]
# The variable is from ansible-test: the path of this script.
kept = Path(os.environ["GET_PIP"]).with_name("_".join([sysconfig.get_python_version(), *pins]))
installed = Path(sysconfig.get_path("purelib"))
if kept.is_dir():
    for path in kept.iterdir():
        (installed / path.name).symlink_to(path)
else:
    # In another process, since ensurepip alters pip's settings in the process that it runs in.
    subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "pip", "install", *packages], check=True)
    # Each tool reads some files and ends. pylint spends a fifth of its time looking for garbage, and has little.
    (installed / "no_garbage_collection.pth").write_text("import gc; gc.disable()\n")
    # A copy that was interrupted is not one.
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
    shutil.copytree(installed, unfinished)
    unfinished.rename(kept)
