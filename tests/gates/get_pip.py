"""Stands in for the script that ansible-test would download to bring pip into its environments."""

import subprocess
import sys

# Another process, since ensurepip leaves pip's settings altered in the one that it runs in.
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *packages]))
