# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations of the firmware, and who may log in to them."""

from __future__ import annotations

GUEST = "guest"
ADMIN = "admin"
DM_2018_04 = "dm-2018-04"
DM_2018_05 = "dm-2018-05"
INNO_2018_05 = "inno-2018-05"
INNO_2018_08 = "inno-2018-08"
INNO_2018_09 = "inno-2018-09"
INNO_2019 = "inno-2019"
GENERATIONS = (DM_2018_04, DM_2018_05, INNO_2018_05, INNO_2018_08, INNO_2018_09, INNO_2019)
# The makers' name for their firmware: the title of its web page, and the issuer of its JWTs.
DRAGONMINT_ISSUER = "DragonMint"
INNOMINER_ISSUER = "InnoMiner"
INNOSILICON_ISSUER = "AsicMiner"
BRANDS = (DRAGONMINT_ISSUER, INNOMINER_ISSUER, INNOSILICON_ISSUER)
# DragonMint's, Innosilicon's, and those of Innosilicon's first firmware of May 2018.
FACTORY_PASSWORDS = {ADMIN: ("dragonadmin", "admin", "innoadmin"), GUEST: ("dragonguest", "guest", "innoguest")}
FOR_GUEST = dict.fromkeys(GENERATIONS, GUEST)
FOR_ADMIN = dict.fromkeys(GENERATIONS, ADMIN)
