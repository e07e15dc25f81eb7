# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that installs firmware on the device, SWUpdate 2018.03: its input, its checks, its messages."""
