# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs, as ratios to Ansible's own tasks: `make bench`."""
