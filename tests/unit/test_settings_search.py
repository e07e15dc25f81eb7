# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a miner that has moved by its MAC: where and when to search, and which devices get a login."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import client as client_module
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import (
    SEARCH_MAX,
    Tracker,
    hosts_to_search,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import Overview

from .driving import Driven
from .helpers import Clock
from .helpers_lan import OLD, OTHER, Device, Lan, Wire, live

MAC, NEIGHBOURS_MAC = "a0:b0:45:00:00:01", "a0:b0:45:00:00:02"
NETWORK = "10.1.0.64/27"
WAIT_S = 300.0
PATIENCE_S = 100.0


class TestNetwork:
    def test_only_hosts_are_searched(self) -> None:
        assert hosts_to_search("10.1.0.0/30") == ["10.1.0.1", "10.1.0.2"]

    def test_an_address_of_the_network_names_it(self) -> None:
        assert hosts_to_search("10.1.0.2/30") == ["10.1.0.1", "10.1.0.2"]

    @pytest.mark.parametrize("text", ["10.1.0.7", "10.1.0.7/32"])
    def test_a_single_address_is_a_network(self, text: str) -> None:
        assert hosts_to_search(text) == ["10.1.0.7"]

    def test_the_largest_network(self) -> None:
        assert len(hosts_to_search("10.16.0.0/20")) == SEARCH_MAX - 2

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("10.0.0.0/8", "'10.0.0.0/8' has 16777216 addresses, but at most 4096"),
            ("10.16.0.0/19", "8192 addresses"),
            ("10.1.0.0-10.1.0.9", "'10.1.0.0-10.1.0.9' is not a network"),
            ("10.1.0.0/33", "not a network"),
            ("fe80::/120", "not a network"),
            ("rack1", "not a network"),
        ],
    )
    def test_what_can_not_be_searched_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(InvalidInput, match=message):
            hosts_to_search(text)

    @pytest.mark.parametrize("text", [None, ""])
    def test_without_one_nothing_is_searched(self, text: str | None) -> None:
        assert hosts_to_search(text) == []


Track = Callable[..., "tuple[Driven, Tracking]"]


@dataclass
class Tracking:
    """Moves a session, at once."""

    client: Driven
    tracker: Tracker

    def begin(self) -> Overview:
        return self.client.run(self.tracker.begin())

    def follow(self) -> None:
        self.client.run(self.tracker.follow())


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Track:
    """A session with the miner at OLD, and its tracker, without waiting."""

    def tracker(
        lan: Lan, network: str | None = NETWORK, passwords: tuple[str, ...] = (), **connection: Any
    ) -> tuple[Driven, Tracking]:
        lan.clock = clock
        monkeypatch.setattr(client_module, "Transport", lan.transport)
        monkeypatch.setattr(client_module, "_probe", lan.probe)
        client = Driven(OLD, sleep=clock.sleep, now=clock.monotonic, **connection)
        return client, Tracking(client, Tracker(client.session, hosts_to_search(network), WAIT_S, passwords))

    return tracker


def neighbour() -> Device:
    return Device(live("dhcp"), mac=NEIGHBOURS_MAC)


class TestBegin:
    def test_the_miner_is_at_its_address(self, tracker: Track) -> None:
        lan = Lan({OLD: Device(live("dhcp"))})
        client, tracking = tracker(lan)
        assert tracking.begin().identity.mac == MAC
        assert (client.connection.host, lan.probed) == (OLD, [])

    @pytest.mark.parametrize("mac", ["", " "])
    def test_one_that_reports_no_mac_is_refused(self, tracker: Track, mac: str) -> None:
        _client, tracking = tracker(Lan({OLD: Device(live("dhcp"), mac=mac)}))
        with pytest.raises(
            BadReply, match=r"does not report its MAC address, so search could not find it.* Nothing was changed"
        ):
            tracking.begin()

    def test_without_a_search_no_mac_is_needed(self, tracker: Track) -> None:
        _client, tracking = tracker(Lan({OLD: Device(live("dhcp"), mac="")}), network=None)
        assert not tracking.begin().identity.mac

    def test_one_that_is_not_expected_is_not_looked_for(self, tracker: Track) -> None:
        """Its MAC is unknown."""
        lan = Lan({OTHER: Device(live("dhcp"))})
        _client, tracking = tracker(lan)
        with pytest.raises(Unreachable):
            tracking.begin()
        assert lan.probed == []

    @pytest.mark.parametrize("there", [{}, {OLD: neighbour()}], ids=["nobody", "neighbour"])
    def test_an_expected_one_is_looked_for_at_once(self, tracker: Track, there: dict[str, Device]) -> None:
        client, tracking = tracker(Lan({**there, OTHER: Device(live("dhcp"))}), expected_mac=MAC)
        assert tracking.begin().identity.mac == MAC
        assert client.connection.host == OTHER

    def test_it_is_found_with_its_other_password(self, tracker: Track) -> None:
        lan = Lan({OTHER: Device(live("dhcp"), password="old")})
        client, tracking = tracker(lan, expected_mac=MAC, fallback_passwords=("old",))
        tracking.begin()
        assert client.connection.host == OTHER

    @pytest.mark.parametrize(
        ("there", "error", "text"),
        [
            ({}, Unreachable, "Nobody answers"),
            (
                {OLD: neighbour()},
                WrongDevice,
                r"was not found from 10.1.0.65 to 10.1.0.94 \(search\). Nothing was changed",
            ),
        ],
        ids=["nobody", "neighbour"],
    )
    def test_one_that_is_nowhere_is_what_it_would_be_without_a_search(
        self, tracker: Track, there: dict[str, Device], error: type[Exception], text: str
    ) -> None:
        client, tracking = tracker(Lan(there), expected_mac=MAC)
        with pytest.raises(error, match=text):
            tracking.begin()
        assert client.connection.host == OLD

    def test_a_wrong_password_is_shown_to_nobody_else(self, tracker: Track) -> None:
        lan = Lan({OLD: Device(live("dhcp"), password="its own"), OTHER: neighbour()})
        _client, tracking = tracker(lan, expected_mac=MAC)
        with pytest.raises(AuthenticationFailed):
            tracking.begin()
        assert lan.probed == []


class TestFollow:
    def test_without_a_search_nobody_is_asked(self, tracker: Track) -> None:
        lan = Lan({OLD: Device(live("dhcp"))})
        client, tracking = tracker(lan, network=None)
        tracking.begin()
        lan.devices.clear()
        tracking.follow()
        assert (client.connection.host, lan.probed) == (OLD, [])

    def test_a_miner_at_its_own_address_is_not_searched(self, tracker: Track) -> None:
        lan = Lan({OLD: Device(live("dhcp"))})
        client, tracking = tracker(lan)
        tracking.begin()
        tracking.follow()
        assert (client.connection.host, lan.probed) == (OLD, [])

    def test_one_that_is_silent_has_time_before_its_neighbours_are_asked(self, tracker: Track, clock: Clock) -> None:
        lan = Lan({OLD: Device(live("dhcp"))})
        client, tracking = tracker(lan)
        tracking.begin()
        lan.devices[OTHER] = lan.devices.pop(OLD)
        for wait_s in (0, PATIENCE_S - 1):
            clock.sleep(wait_s)
            with pytest.raises(Unreachable):
                tracking.follow()
        assert lan.probed == []
        clock.sleep(1)
        tracking.follow()
        assert client.connection.host == OTHER
        assert client.require_rights() is None

    def test_one_that_answers_in_between_has_its_time_again(self, tracker: Track, clock: Clock) -> None:
        miner = Device(live("dhcp"))
        lan = Lan({OLD: miner})
        _client, tracking = tracker(lan)
        tracking.begin()
        for there in ({}, {OLD: miner}, {}):
            lan.devices = there
            clock.sleep(PATIENCE_S - 1)
            if there:
                tracking.follow()
                continue
            with pytest.raises(Unreachable):
                tracking.follow()
        assert lan.probed == []

    @pytest.mark.parametrize("other", ["neighbour", "neighbour with another password", "printer"])
    def test_one_whose_address_another_device_has_is_searched_at_once(self, tracker: Track, other: str) -> None:
        device = Device(None) if other == "printer" else neighbour()
        if "password" in other:
            device.password = "its own"
        lan = Lan({OLD: Device(live("dhcp"))})
        client, tracking = tracker(lan)
        tracking.begin()
        lan.devices = {OLD: device, OTHER: lan.devices[OLD]}
        tracking.follow()
        assert client.connection.host == OTHER
        assert other != "printer" or [login for _action, login in device.asked if login] == []

    def test_a_device_that_is_no_miner_is_shown_no_login(self, tracker: Track, clock: Clock) -> None:
        printer, other = Device(None), neighbour()
        lan = Lan({OLD: Device(live("dhcp")), "10.1.0.70": printer, "10.1.0.71": other})
        client, tracking = tracker(lan, fallback_passwords=("another", "secret"))
        tracking.begin()
        lan.devices[OTHER] = lan.devices.pop(OLD)
        with pytest.raises(Unreachable):
            tracking.follow()
        clock.sleep(PATIENCE_S)
        tracking.follow()
        assert client.connection.host == OTHER
        assert printer.asked == []
        assert other.tried == []

    def test_one_that_is_nowhere_is_searched_for_now_and_then(self, tracker: Track, clock: Clock) -> None:
        lan = Lan({OLD: Device(live("dhcp")), "10.1.0.70": neighbour()})
        client, tracking = tracker(lan)
        tracking.begin()
        del lan.devices[OLD]
        with pytest.raises(Unreachable):
            tracking.follow()
        clock.sleep(PATIENCE_S)
        for _unused in range(9):
            with pytest.raises(Unreachable, match=r"nobody answers, and the miner was not found from 10\.1\.0\.65 to"):
                tracking.follow()
            clock.sleep(1)
        assert lan.probed.count("10.1.0.70") == 2
        assert client.connection.host == OLD

    @pytest.mark.parametrize("reply", [Reply(500, b""), Reply(200, b"<html>")], ids=["500", "html"])
    def test_one_that_can_not_say_who_it_is_is_not_searched(
        self, tracker: Track, monkeypatch: pytest.MonkeyPatch, reply: Reply
    ) -> None:
        lan = Lan({OLD: Device(live("dhcp"))})
        _client, tracking = tracker(lan)
        tracking.begin()
        monkeypatch.setattr(Wire, "_overview", lambda *_unused: reply)
        with pytest.raises(BadReply) as caught:
            tracking.follow()
        assert caught.value.transient
        assert lan.probed == []

    def test_one_that_was_reset_is_known_by_the_factorys_password(self, tracker: Track, clock: Clock) -> None:
        miner = Device(live("static"), password="its own")
        lan = Lan({OLD: miner})
        client, tracking = tracker(lan, passwords=("dragonadmin", "admin"), password="its own")
        tracking.begin()
        lan.devices[OTHER] = lan.devices.pop(OLD)
        miner.password = "admin"
        with pytest.raises(Unreachable):
            tracking.follow()
        clock.sleep(PATIENCE_S)
        tracking.follow()
        assert client.connection.host == OTHER
