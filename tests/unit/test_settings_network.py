# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network settings of a miner: what is refused, what counts as drift, and where the miner is afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import client as client_module
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import hosts_to_search
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.network import (
    NetworkSetting,
    network_from,
    shown,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import Network, update_network

from .driving import Driven
from .helpers import Clock
from .helpers_lan import NEW, OLD, OTHER, Device, Lan, Wire, live

OPTIONS = {"mode": "static", "ipaddress": NEW, "netmask": "255.255.252.0", "gateway": "10.1.0.1", "dns": ["8.8.8.8"]}
STATIC = Network("static", NEW, "255.255.252.0", "10.1.0.1", ("8.8.8.8",))
DHCP = Network("dhcp", None, None, None, ())
FOR_EVER = float("inf")
NOTHING = dict.fromkeys(("ipaddress", "netmask", "gateway", "dns"))


class TestOptions:
    def test_static_settings_are_taken_as_given(self) -> None:
        assert network_from({**OPTIONS, "dns": ["8.8.8.8", "8.8.4.4"]}) == Network(
            "static", NEW, "255.255.252.0", "10.1.0.1", ("8.8.8.8", "8.8.4.4")
        )

    @pytest.mark.parametrize("nothing", [None, "", []])
    def test_dhcp_needs_nothing_else(self, nothing: Any) -> None:
        assert network_from({"mode": "dhcp", **dict.fromkeys(NOTHING, nothing)}) == DHCP

    @pytest.mark.parametrize("option", NOTHING)
    def test_dhcp_refuses_an_address(self, option: str) -> None:
        with pytest.raises(InvalidInput, match=f"With mode=dhcp, the miner gets its {option} from DHCP"):
            network_from({"mode": "dhcp", **NOTHING, option: OPTIONS[option]})

    @pytest.mark.parametrize("option", NOTHING)
    @pytest.mark.parametrize("nothing", [None, "", []])
    def test_static_refuses_a_part(self, option: str, nothing: Any) -> None:
        with pytest.raises(InvalidInput, match=f"mode=static also needs {option}"):
            network_from({**OPTIONS, option: nothing})

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            # Not an address, or not written as the firmware wants it.
            *[
                ({option: text if option != "dns" else ["8.8.8.8", text]}, f"^{option} is .* expected an IPv4 address")
                for option in ("ipaddress", "gateway", "dns")
                for text in (
                    "10.1.0",
                    "10.1.0.256",
                    " 10.1.0.25",
                    "10.1.0.25\n",
                    "10.1.0.25/22",
                    "0x0a.1.0.25",
                    "\u0661\u0660.1.0.25",
                    "fe80::1",
                    "miner1",
                )
            ],
            ({"ipaddress": "10.1.0.025"}, r"Use 10\.1\.0\.25\."),
            # Not an address of a device.
            *[
                ({option: text if option != "dns" else ["8.8.8.8", text]}, f"{option} .* is not a.* IPv4 address")
                for option in ("ipaddress", "gateway", "dns")
                for text in (
                    "0.0.0.0",
                    "224.0.0.1",
                    "240.0.0.1",
                    "255.255.255.255",
                )
            ],
            ({"dns": [""]}, "dns is ''; expected an IPv4 address"),
            ({"dns": ["8.8.8.8", "8.8.4.4", "1.1.1.1"]}, "dns has 3 entries"),
            # Not a mask, or one without room for a miner and its gateway.
            *[
                ({"netmask": text}, "netmask .* is not valid")
                for text in (
                    "255.0.255.0",
                    "0.0.0.255",
                    "255.255.255.253",
                    "0.0.0.0",
                    "255.255.255.254",
                    "255.255.255.255",
                    "22",
                    "/22",
                    "255.255.252",
                    "ffff:fc00::",
                )
            ],
            # Addresses with which the miner would be unreachable.
            ({"ipaddress": "10.1.0.0"}, r"ipaddress 10\.1\.0\.0 is not a host address in the network 10\.1\.0\.0/22"),
            ({"ipaddress": "10.1.3.255"}, "is not a host address"),
            ({"gateway": "10.1.0.0"}, "gateway .* is not a host address"),
            ({"gateway": "10.1.3.255"}, "gateway .* is not a host address"),
            ({"gateway": "10.1.4.1"}, "gateway .* is not a host address"),
            ({"netmask": "255.255.255.252", "ipaddress": "10.1.0.5"}, "gateway .* is not a host address"),
            ({"gateway": NEW}, "both 10.1.0.40"),
        ],
        ids=str,
    )
    def test_what_would_lose_the_miner_is_refused(self, change: dict[str, Any], text: str) -> None:
        with pytest.raises(InvalidInput, match=text):
            network_from({**OPTIONS, **change})

    @pytest.mark.parametrize(
        "change",
        [
            {"netmask": "255.255.255.252", "ipaddress": "10.1.0.2", "gateway": "10.1.0.1"},
            {"netmask": "128.0.0.0"},
            {"ipaddress": "10.1.0.255"},
            {"ipaddress": "10.1.1.0"},
            {"dns": ["127.0.0.1"]},
            {"dns": ["8.8.8.8", "8.8.8.8"]},
        ],
        ids=str,
    )
    def test_what_is_unusual_is_not(self, change: dict[str, Any]) -> None:
        assert network_from({**OPTIONS, **change}).mode == "static"


class TestForm:
    def test_a_single_name_server_is_given_twice(self) -> None:
        form = update_network(STATIC).form
        assert (form["dns[0]"], form["dns[1]"]) == ("8.8.8.8", "8.8.8.8")

    def test_two_name_servers_keep_their_order(self) -> None:
        form = update_network(Network("static", NEW, "255.0.0.0", "10.1.0.1", ("9.9.9.9", "1.1.1.1"))).form
        assert form == {
            "dhcp": "static",
            "ipaddress": NEW,
            "netmask": "255.0.0.0",
            "gateway": "10.1.0.1",
            "dns[0]": "9.9.9.9",
            "dns[1]": "1.1.1.1",
        }

    def test_dhcp_is_all_that_is_sent(self) -> None:
        assert update_network(DHCP).form == {"dhcp": "dhcp"}


Converged = Callable[..., "tuple[Outcome[Network], NetworkSetting]"]


@pytest.fixture
def converged(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Converged:
    """Converges the network of the miner at OLD, in no time."""

    def converged(
        lan: Lan, desired: Network, search: str = "", wait_s: float = 60, check_mode: bool = False, **connection: Any
    ) -> tuple[Outcome[Network], NetworkSetting]:
        lan.clock = clock
        monkeypatch.setattr(client_module, "Transport", lan.transport)
        monkeypatch.setattr(client_module, "_probe", lan.probe)
        miner = Driven(OLD, sleep=clock.sleep, now=clock.monotonic, **connection)
        setting = NetworkSetting(miner.session, desired, hosts_to_search(search), wait_s)
        return miner.run(converge(setting, check_mode)), setting

    return converged


class TestDifference:
    @pytest.mark.parametrize("servers", [("8.8.8.8", ""), ("8.8.8.8", "8.8.8.8")])
    def test_one_name_server_is_the_same_as_it_twice(self, converged: Converged, servers: tuple[str, str]) -> None:
        miner = Device(live("static", ipaddress=NEW, dns1=servers[0], dns2=servers[1]))
        outcome, _setting = converged(Lan({OLD: miner}), STATIC)
        assert not outcome.changed
        assert miner.changes_received == 0

    @pytest.mark.parametrize(
        "change",
        [
            {"dhcp": "dhcp"},
            {"netmask": "255.255.255.0"},
            {"gateway": "10.1.0.2"},
            {"dns1": "1.1.1.1"},
            {"dns2": "1.1.1.1"},
            {"dns1": "1.1.1.1", "dns2": "8.8.8.8"},
        ],
        ids=str,
    )
    def test_each_setting_counts(self, converged: Converged, change: dict[str, str]) -> None:
        settings = live("static", dns1="8.8.8.8", dns2="8.8.8.8")
        miner = Device({**settings, **change})
        desired = Network("static", OLD, "255.255.252.0", "10.1.0.1", ("8.8.8.8",))
        outcome, _setting = converged(Lan({OLD: miner}), desired)
        assert outcome.changed
        assert miner.changes_received == 1

    def test_with_dhcp_no_address_counts(self, converged: Converged) -> None:
        miner = Device(live("dhcp"))
        outcome, setting = converged(Lan({OLD: miner}), DHCP)
        assert not outcome.changed
        assert setting.live.ipaddress == OLD

    def test_the_diff_has_what_counts(self, converged: Converged) -> None:
        outcome, _setting = converged(Lan({OLD: Device(live("dhcp"))}), STATIC, check_mode=True)
        assert outcome.diff == {
            "before": {"network settings": shown(DHCP)},
            "after": {"network settings": shown(STATIC)},
        }
        assert shown(STATIC) == {
            "mode": "static",
            "ipaddress": NEW,
            "netmask": "255.255.252.0",
            "gateway": "10.1.0.1",
            "dns": ["8.8.8.8"],
        }


class TestBeforeTheWrite:
    @pytest.mark.parametrize("check_mode", [True, False])
    def test_an_address_in_use_is_refused(self, converged: Converged, check_mode: bool) -> None:
        miner = Device(live("dhcp"))
        printer = Device(None)
        with pytest.raises(WrongDevice, match=f"already answers at {NEW}") as caught:
            converged(Lan({OLD: miner, NEW: printer}), STATIC, check_mode=check_mode)
        assert not caught.value.changed
        assert miner.changes_received == 0
        assert printer.asked == []

    def test_its_own_address_is_not_in_use(self, converged: Converged) -> None:
        miner = Device(live("dhcp", ipaddress=NEW))
        outcome, _setting = converged(Lan({OLD: miner}, lease=NEW), STATIC)
        assert outcome.changed

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_a_miner_without_a_mac_stays_where_it_is(self, converged: Converged, check_mode: bool) -> None:
        miner = Device(live("dhcp"), mac="")
        with pytest.raises(BadReply, match="does not report its MAC address"):
            converged(Lan({OLD: miner}), STATIC, check_mode=check_mode)
        assert miner.changes_received == 0

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_another_miner_than_the_expected_one_is_refused(self, converged: Converged, check_mode: bool) -> None:
        miner = Device(live("dhcp"))
        with pytest.raises(WrongDevice, match="nothing was changed"):
            converged(Lan({OLD: miner}), STATIC, check_mode=check_mode, expected_mac="a0:b0:45:00:00:99")
        assert miner.changes_received == 0

    def test_check_mode_writes_nothing(self, converged: Converged) -> None:
        miner = Device(live("dhcp"))
        outcome, _setting = converged(Lan({OLD: miner}), STATIC, check_mode=True)
        assert outcome.changed
        assert miner.changes_received == 0


class TestStatic:
    def test_the_miner_is_found_at_its_new_address(self, converged: Converged) -> None:
        miner = Device(live("dhcp"))
        lan = Lan({OLD: miner})
        outcome, setting = converged(lan, STATIC)
        assert outcome.changed
        assert setting.live.ipaddress == NEW
        assert lan.devices == {NEW: miner}
        assert miner.changes_received == 1

    def test_it_is_found_with_the_password_that_it_took(self, converged: Converged) -> None:
        miner = Device(live("dhcp"), password="old")
        outcome, _setting = converged(Lan({OLD: miner}), STATIC, password="new", fallback_passwords=("old",))
        assert outcome.changed
        # Once at its old address.
        assert miner.tried == ["new", "old"]

    def test_an_empty_page_or_an_error_of_its_web_server_does_not_make_it_another_device(
        self, converged: Converged
    ) -> None:
        miner = Device(live("dhcp"), pages=[Reply(200, b""), Reply(502, b"<title>Bad Gateway</title>")])
        outcome, setting = converged(Lan({OLD: miner}), STATIC)
        assert outcome.changed
        assert setting.live.ipaddress == NEW
        assert miner.pages == []

    @pytest.mark.parametrize("check", ["mac", "password"])
    def test_another_miner_at_the_new_address_is_not_it(self, converged: Converged, check: str) -> None:
        stranger = Device(live("dhcp"), **{check: "other"})
        lan = Lan({OLD: Device(live("dhcp"))}, squatter=stranger)
        with pytest.raises(WrongDevice, match="another device answers there") as caught:
            converged(lan, STATIC)
        assert caught.value.changed

    def test_a_device_that_is_no_miner_is_shown_no_login(self, converged: Converged) -> None:
        printer = Device(None)
        with pytest.raises(WrongDevice) as caught:
            converged(Lan({OLD: Device(live("dhcp"))}, squatter=printer), STATIC)
        assert caught.value.changed
        assert printer.asked == []

    def test_another_miner_is_shown_only_the_password_that_the_miner_took(self, converged: Converged) -> None:
        stranger = Device(live("dhcp"), password="its own")
        lan = Lan({OLD: Device(live("dhcp"))}, squatter=stranger)
        with pytest.raises(WrongDevice):
            converged(lan, STATIC, fallback_passwords=("another", "secret"))
        assert stranger.tried == ["dragonadmin"]

    def test_a_miner_that_stays_as_it_was_has_not_applied_it(self, converged: Converged) -> None:
        miner = Device(live("dhcp"), ignores=True)
        with pytest.raises(NotApplied, match="answered success, but it still has dhcp") as caught:
            converged(Lan({OLD: miner}), STATIC)
        assert not caught.value.changed
        assert miner.changes_received == 1

    def test_a_miner_that_shows_up_nowhere_is_not_back(self, converged: Converged, clock: Clock) -> None:
        began = clock.now
        with pytest.raises(NotBack, match=NEW) as caught:
            converged(Lan({OLD: Device(live("dhcp"))}, travel_s=FOR_EVER), STATIC, wait_s=30)
        assert caught.value.changed
        assert 30 <= clock.now - began < 35


class TestDhcp:
    def test_a_miner_that_keeps_its_address_is_found_there(self, converged: Converged) -> None:
        outcome, setting = converged(Lan({OLD: Device(live("static"))}), DHCP)
        assert outcome.changed
        assert setting.live.ipaddress == OLD

    @pytest.mark.parametrize("wait_s", [60, 5], ids=["long wait", "short wait"])
    def test_one_that_leaves_has_an_unknown_address(self, converged: Converged, wait_s: float) -> None:
        outcome, setting = converged(Lan({OLD: Device(live("static"))}, lease=OTHER), DHCP, wait_s=wait_s)
        assert outcome.changed
        assert setting.live.ipaddress is None

    def test_without_a_search_nobody_is_looked_for(self, converged: Converged) -> None:
        lan = Lan({OLD: Device(live("static"))}, lease=OTHER)
        converged(lan, DHCP)
        assert lan.probed == []

    def test_a_search_finds_it_by_its_mac(self, converged: Converged) -> None:
        neighbours = {f"10.1.0.{number}": Device(live("dhcp"), mac=f"a0:{number}") for number in (70, 71, 90)}
        printer = Device(None)
        miner = Device(live("static"))
        outcome, setting = converged(
            Lan({OLD: miner, **neighbours, "10.1.0.72": printer}, lease=OTHER), DHCP, search="10.1.0.64/27"
        )
        assert outcome.changed
        assert setting.live.ipaddress == OTHER
        assert [login for _action, login in printer.asked if login] == []

    def test_a_search_goes_on_until_the_miner_shows_up(self, converged: Converged) -> None:
        lan = Lan({OLD: Device(live("static"))}, lease=OTHER, travel_s=20)
        outcome, setting = converged(lan, DHCP, search="10.1.0.64/27")
        assert outcome.changed
        assert setting.live.ipaddress == OTHER

    def test_one_that_no_search_finds_has_an_unknown_address(self, converged: Converged, clock: Clock) -> None:
        began = clock.now
        lan = Lan({OLD: Device(live("static"))}, lease="10.9.0.1")
        outcome, setting = converged(lan, DHCP, search="10.1.0.64/27", wait_s=30)
        assert outcome.changed
        assert setting.live.ipaddress is None
        assert 30 <= clock.now - began < 35

    def test_one_that_ignores_it_has_not_applied_it(self, converged: Converged) -> None:
        with pytest.raises(NotApplied, match=f"still has {OLD}") as caught:
            converged(Lan({OLD: Device(live("static"), ignores=True)}), DHCP)
        assert not caught.value.changed


@pytest.mark.parametrize("error", [Unreachable("", "", sent=True), BadReply("")], ids=lambda error: error.code)
def test_a_network_that_was_never_read_is_the_error_itself(
    converged: Converged, monkeypatch: pytest.MonkeyPatch, error: MinerError
) -> None:
    def fail(*_arguments: Any) -> Reply:
        raise error

    monkeypatch.setattr(Wire, "post", fail)
    with pytest.raises(type(error)):
        converged(Lan({OLD: Device(live("dhcp"))}), STATIC)
