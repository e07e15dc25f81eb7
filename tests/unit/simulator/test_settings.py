# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools, autotune and network: what the write actions do and what they don't."""

from __future__ import annotations

import http.client

import pytest

from tests.simulator.control import Miner

from .asking import OK, POOL, ask, wait_for

STATIC = {
    "dhcp": "static",
    "netmask": "255.255.255.0",
    "gateway": "127.40.0.254",
    "dns[0]": "127.40.0.1",
    "dns[1]": "127.40.0.2",
}
FOR_EVER = 1e9
BROKEN = (ConnectionError, http.client.HTTPException)


def pool(number: int, user: str = "u", password: str = "x") -> dict[str, str]:
    return {f"Pool{number}": f"p{number}", f"UserName{number}": user, f"Password{number}": password}


class TestPools:
    def test_incomplete_slots_are_dropped_and_the_rest_closes_ranks(self, miner: Miner) -> None:
        form = {**pool(1, password="0"), **pool(2, user=""), **pool(3), **pool(4)}
        assert ask(miner, "updatePools", form).json() == OK
        assert [entry["url"] for entry in ask(miner, "pools").json()["pools"]] == ["p1", "p3"]

    def test_nothing_is_checked_and_arrays_are_kept(self, miner: Miner) -> None:
        ask(miner, "updatePools", {"Pool1[]": "a", "UserName1": " b\n", "Password1": "ü"})
        assert ask(miner, "pools").json()["pools"] == [{"url": ["a"], "user": " b\n", "pass": "ü"}]

    def test_no_pool_at_all_is_a_success(self, miner: Miner) -> None:
        assert ask(miner, "updatePools", {}).json() == OK
        assert ask(miner, "pools").json() == {"success": True, "pools": []}

    def test_slashes_are_not_escaped(self, miner: Miner) -> None:
        assert b"stratum+tcp://" in ask(miner, "pools").body

    def test_cgminer_is_not_ready_after_the_restart(self, any_miner: Miner) -> None:
        any_miner.set(timing={"cgminer_start_s": FOR_EVER})
        ask(any_miner, "updatePools", POOL)
        assert ask(any_miner, "summary").json() == {"success": False}
        assert ask(any_miner, "stats").json() == {"success": False}
        assert ask(any_miner, "getDebugStats").json()["boards"] == []

    def test_cgminer_mines_with_the_new_pools_in_the_end(self, any_miner: Miner) -> None:
        any_miner.set(timing={"cgminer_restart_s": 1, "cgminer_start_s": 1, "hashing_s": 1})
        ask(any_miner, "updatePools", POOL)
        summary = wait_for(lambda: (answer := ask(any_miner, "summary").json())["success"] and answer)
        assert [entry["URL"] for entry in summary["POOLS"]] == ["stratum+tcp://a.example:1"]
        assert wait_for(lambda: ask(any_miner, "summary").json()["DEVS"][0]["MHS 5s"] > 4e6)

    def test_the_answer_waits_for_the_restart(self, miner: Miner) -> None:
        miner.set(timing={"cgminer_restart_s": FOR_EVER})
        with pytest.raises(TimeoutError):
            ask(miner, "updatePools", POOL, timeout=0.3)
        assert miner.writes()[0]["applied"]
        assert miner.state()["pools"][0]["url"] == "stratum+tcp://a.example:1"

    def test_invalid_utf8_empties_the_file_until_cgminer_starts_again(self, miner: Miner) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = b"Pool1=%ff&UserName1=u&Password1=x"
        assert ask(miner, "updatePools", body=body, headers=headers).json() == OK
        assert ask(miner, "pools").json() == LOST
        ask(miner, "restartCgMiner")
        assert wait_for(lambda: ask(miner, "pools").json().get("pools"))[0]["url"].endswith("vendor.example:3333")

    @pytest.mark.parametrize("file", ["missing", "corrupt"])
    def test_rewritten_file_lacks_the_api_settings(self, miner: Miner, file: str) -> None:
        miner.set(pools_config=file, timing={"cgminer_start_s": 0})
        assert ask(miner, "pools").json() == LOST
        assert ask(miner, "updatePools", POOL).json() == OK
        assert len(ask(miner, "pools").json()["pools"]) == 1
        assert ask(miner, "summary").json() == {"success": False}
        miner.set(pools_config="ok", ready=True)
        assert ask(miner, "summary").json()["success"]


LOST = {"success": False, "message": "missing configuration"}


class TestBrokenConfiguration:
    """What happens if cgminer.conf can't be read, or not be written completely."""

    def test_setting_the_mode_replaces_a_corrupt_file_by_its_own_key(self, any_miner: Miner) -> None:
        any_miner.set(pools_config="corrupt", timing={"cgminer_start_s": 0})
        assert ask(any_miner, "setAutoTune", {"autotune": "performance"}).json() == OK
        state = any_miner.state()
        assert (state["pools"], state["ready"]) == (None, False)
        assert state["autotune"]["keys"].keys() - {"T1adjust"} == {"T1performance"}
        assert ask(any_miner, "pools").json() == LOST
        ask(any_miner, "restartCgMiner")
        wait_for(lambda: any_miner.state()["journal"].count("Started cgminer") == 2)
        assert ask(any_miner, "summary").json() == {"success": False}

    def test_a_file_that_grows_is_cut_off_on_a_full_disk(self, miner: Miner) -> None:
        miner.set(config_full=True, timing={"cgminer_start_s": 0})
        assert ask(miner, "updatePools", POOL).json() == OK
        assert [pool["user"] for pool in miner.state()["pools"]] == ["u"]
        assert ask(miner, "updatePools", {**POOL, "UserName1": "longer"}).json() == OK
        assert ask(miner, "pools").json() == LOST
        assert miner.state()["pools_config"] == "corrupt"
        assert ask(miner, "summary").json() == {"success": False}

    def test_a_mode_may_need_more_room_than_there_is(self, miner: Miner) -> None:
        miner.set(config_full=True)
        assert ask(miner, "setAutoTune", {"autotune": "performance"}).json() == OK
        assert ask(miner, "getAutoTune").json()["autoTuneMode"] == "performance"
        assert ask(miner, "pools").json() == LOST

    def test_other_files_still_fit(self, miner: Miner) -> None:
        miner.set(config_full=True)
        form = {"user": "admin", "currentPassword": "dragonadmin", "newPassword": "another"}
        assert ask(miner, "updatePassword", form).json() == OK
        assert miner.state()["users"]["admin"] == "another"

    def test_a_file_that_cannot_be_written_keeps_the_mode_of_cgminer(self, miner: Miner) -> None:
        before = miner.set(config_writable=False)["pools"]
        assert ask(miner, "setAutoTune", {"autotune": "performance"}).json() == OK
        assert ask(miner, "getAutoTune").json()["autoTuneMode"] == "performance"
        assert miner.state()["autotune"]["keys"] == {}
        assert ask(miner, "updatePools", POOL).json() == OK
        assert ask(miner, "pools").json()["pools"] == before


class TestAutotune:
    @pytest.mark.parametrize("mode", ["off", "turbo", "", "Efficient"])
    def test_unknown_modes_are_ignored(self, miner: Miner, mode: str) -> None:
        assert ask(miner, "setAutoTune", {"autotune": mode}).json() == OK
        assert miner.state()["autotune"]["mode"] == "balanced"
        assert miner.state()["ready"]
        assert not miner.writes()[0]["applied"]

    def test_missing_mode_is_refused(self, miner: Miner) -> None:
        answer = {"success": False, "message": "missing autotune value"}
        assert ask(miner, "setAutoTune", {}).json() == answer

    def test_known_mode_restarts_cgminer_and_tunes(self, miner: Miner) -> None:
        miner.set(timing={"cgminer_start_s": FOR_EVER})
        ask(miner, "setAutoTune", {"autotune": "performance"})
        status = {"success": True, "isRunning": False, "isTuning": False, "mode": "performance"}
        assert ask(miner, "getAutoTuneStatus").json() == status
        assert miner.state()["autotune"]["keys"] == {"T1performance": True}
        miner.set(timing={"cgminer_start_s": 0, "tuning_s": FOR_EVER})
        ask(miner, "setAutoTune", {"autotune": "performance"})
        assert ask(miner, "getAutoTuneStatus").json() == {**status, "isRunning": True, "isTuning": True}
        miner.set(timing={"tuning_s": 1})
        ask(miner, "setAutoTune", {"autotune": "performance"})
        wait_for(lambda: ask(miner, "getAutoTuneStatus").json() == {**status, "isRunning": True})

    def test_april_knows_off_and_lacks_factory(self, april: Miner) -> None:
        ask(april, "setAutoTune", {"autotune": "factory"})
        assert ask(april, "getAutoTune").json()["autoTuneMode"] == "balanced"
        ask(april, "setAutoTune", {"autotune": "off"})
        assert ask(april, "getAutoTune").json()["autoTuneMode"] == "off"
        april.set(ready=True, tuning=True)
        assert ask(april, "summary").json()["tuning"] is False

    def test_balanced_on_a_fresh_inno_needs_a_detour(self, inno: Miner) -> None:
        assert ask(inno, "setAutoTune", {"autotune": "balanced"}).json() == OK
        assert ask(inno, "getAutoTune").json()["autoTuneMode"] == {"mode": "factory", "level": "2"}
        ask(inno, "setAutoTune", {"autotune": "efficient", "level": " 5 "})
        assert ask(inno, "getAutoTune").json()["autoTuneMode"] == {"mode": "efficient", "level": "5"}
        ask(inno, "setAutoTune", {"autotune": "balanced", "level": "3"})
        assert ask(inno, "getAutoTune").json()["autoTuneMode"] == {"mode": "balanced", "level": "3"}
        assert inno.state()["autotune"]["keys"] == {"T1adjust": "3"}


class TestNetwork:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"dhcp": "DHCP"}, "invalid dhcp setting"),
            ({"dhcp": "static"}, "invalid ip address"),
            ({"ipaddress": "127.40.0.01"}, "invalid ip address"),
            ({"ipaddress": "127.40.0.1", "netmask": ""}, "invalid netmask "),
            ({"ipaddress": "127.40.0.1", "gateway": "127.1"}, "invalid gateway "),
            ({"ipaddress": "127.40.0.1", "dns[0]": " 1.1.1.1"}, "invalid dns 1 "),
            ({"ipaddress": "127.40.0.1", "dns[1]": "x"}, "invalid dns 2 "),
        ],
    )
    def test_refusals_in_order(self, miner: Miner, change: dict[str, str], message: str) -> None:
        answer = ask(miner, "updateNetwork", {**STATIC, **change}).json()
        assert answer == {"success": False, "message": message}

    def test_dns_as_json_text(self, miner: Miner) -> None:
        form = {**STATIC, "ipaddress": miner.host, "dns": '["1.1.1.1","8.8.8.8"]'}
        del form["dns[0]"], form["dns[1]"]
        assert ask(miner, "updateNetwork", form).json()["message"] == "invalid dns 1 "

    def test_unchanged_address_answers(self, miner: Miner) -> None:
        assert ask(miner, "updateNetwork", {**STATIC, "ipaddress": miner.host}).json() == OK
        network = ask(miner, "network").json()
        assert network["dhcp"] == "static"
        assert [network["dns1"], network["dns2"]] == ["127.40.0.1", "127.40.0.2"]

    def test_the_old_address_is_shown_until_networkd_has_restarted(self, miner: Miner) -> None:
        miner.set(timing={"network_restart_s": FOR_EVER})
        with pytest.raises(TimeoutError):
            ask(miner, "updateNetwork", {**STATIC, "ipaddress": "127.40.0.7"}, timeout=0.3)
        network = ask(miner, "network").json()
        assert (network["dhcp"], network["ipaddress"]) == ("static", miner.host)

    def test_new_address_loses_the_answer_and_the_old_address(self, miner: Miner) -> None:
        old, new = miner.host, "127.40.0.9"
        with pytest.raises(BROKEN):
            ask(miner, "updateNetwork", {**STATIC, "ipaddress": new})
        assert wait_for(lambda: ask(miner, "network", host=new).json())["ipaddress"] == new
        with pytest.raises(ConnectionRefusedError):
            ask(miner, "ping", host=old)
        assert miner.writes()[0]["outcome"] == "lost_reply"
        assert miner.state()["host"] == miner.host == new

    def test_back_to_dhcp_takes_the_lease(self, miner: Miner) -> None:
        miner.set(network={"mode": "static", "dhcp_lease": "127.40.0.12", "gateway": "127.9.9.9"})
        with pytest.raises(BROKEN):
            ask(miner, "updateNetwork", {"dhcp": "dhcp"})
        network = wait_for(lambda: ask(miner, "network", host="127.40.0.12").json())
        assert network["dhcp"] == "dhcp"
        assert network["gateway"] == "127.0.0.1"

    def test_back_to_dhcp_may_keep_the_address(self, miner: Miner) -> None:
        miner.set(network={"mode": "static"})
        assert ask(miner, "updateNetwork", {"dhcp": "dhcp"}).json() == OK

    def test_taken_address_leaves_the_miner_unreachable(self, miner: Miner, other: Miner) -> None:
        with pytest.raises(BROKEN):
            ask(miner, "updateNetwork", {**STATIC, "ipaddress": other.host})
        assert wait_for(lambda: not miner.state()["listening"])
        assert ask(other, "overview").json()["version"]["ethaddr"] == other.mac

    def test_mask_with_gaps_costs_the_address(self, miner: Miner) -> None:
        with pytest.raises(BROKEN):
            ask(miner, "updateNetwork", {**STATIC, "ipaddress": miner.host, "netmask": "255.0.255.0"})
        assert not miner.state()["listening"]
        miner.set(network={"up": True})
        assert ask(miner, "ping").json() == OK

    def test_address_of_another_network_is_out_of_reach(self, miner: Miner) -> None:
        with pytest.raises(BROKEN):
            ask(miner, "updateNetwork", {**STATIC, "ipaddress": "0.0.0.0"})
        assert not miner.state()["listening"]
