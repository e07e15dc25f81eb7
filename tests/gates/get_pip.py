"""Replaces the script that ansible-test would download to install pip into its environments."""

import subprocess
import sys

# In another process, since ensurepip alters pip's settings in the process that it runs in.
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *packages]))
