# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations of the firmware, and who may log in to them."""

from __future__ import annotations

GUEST = "guest"
ADMIN = "admin"
DM_2018_04 = "dm-2018-04"
DM_2018_05 = "dm-2018-05"
INNO_2018_08 = "inno-2018-08"
INNO_2018_09 = "inno-2018-09"
GENERATIONS = (DM_2018_04, DM_2018_05, INNO_2018_08, INNO_2018_09)
# What the makers call their firmware: the title of its web page, and the issuer of its JWTs.
DRAGONMINT_ISSUER = "DragonMint"
INNOSILICON_ISSUER = "AsicMiner"
FACTORY_PASSWORDS = {ADMIN: ("dragonadmin", "admin"), GUEST: ("dragonguest", "guest")}
FOR_GUEST = dict.fromkeys(GENERATIONS, GUEST)
FOR_ADMIN = dict.fromkeys(GENERATIONS, ADMIN)
