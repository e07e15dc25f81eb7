# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of simulated DragonMint miners: the other side of the wire, for tests, demo and benchmarks.

It must not import the collection, or a mistake shared by both sides would go unseen.
"""
