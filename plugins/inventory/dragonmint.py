# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: dragonmint
short_description: Find DragonMint miners in networks, and what differs from their desired state
description:
  - Looks for miners in networks, polls what they are and do, and makes an inventory of them. Only reads are sent.
  - An address is tried with a short TCP connection first. What listens there has to prove without a login that it is a
    miner, by its page and by its answer to a request without credentials. Nothing else is ever shown a credential.
  - All miners are in the group C(dragonmint). Those that refuse each of O(credentials) are in the group
    C(dragonmint_locked) instead, and those that stopped answering while they were asked in the group
    C(dragonmint_unresponsive). Both have the reason in the variable C(dragonmint_problem). Facts that a miner does not
    give are left out, and the miner stays.
  - The host variables are the facts of M(minerops.dragonmint.dragonmint_facts) under their names
    (C(dragonmint_identity) and so on), C(ansible_host), C(dragonmint_expected_mac), so that every module refuses to
    change another device that has taken over the address, C(dragonmint_credential), the name of the one of
    O(credentials) that the miner took, and C(dragonmint_port) unless it is 80.
  - A line on standard error sums up what became of the addresses.
  - The source file is named as C(fleet.dragonmint.yml) or C(fleet.dragonmint.yaml).
options:
  plugin:
    description: Names this plugin.
    type: str
    required: true
    choices: [minerops.dragonmint.dragonmint]
  networks:
    description:
      - Where to look, as networks (V(10.1.0.0/22)), ranges (V(10.1.4.10-10.1.4.80) or V(10.1.4.10-80)) and addresses.
        A V(!) before one leaves it out. Templates are evaluated, also to a list of these.
      - What is named several times is tried once. A network is taken without its own address and its broadcast address.
    type: list
    elements: str
    required: true
  port:
    description:
      - The port of the miners' web servers.
    type: int
    default: 80
  credentials:
    description:
      - The logins, which are tried in this order at each miner until it takes one. Templates are evaluated, so that
        they may come from a lookup or from an extra variable, and a value may be a vault.
      - If there are none, the environment variables E(DRAGONMINT_USERNAME) (by default C(admin)) and
        E(DRAGONMINT_PASSWORD).
      - They are for polling, and never become host variables nor get into the cache. The modules log in with
        C(dragonmint_password) and C(dragonmint_fallback_passwords) as always, so set these for the group C(all);
        C(dragonmint_credential) tells which one a miner takes.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - What to call it in C(dragonmint_credential). By default its number, from 1 on.
        type: str
      username:
        description:
          - The user, C(admin) or C(guest). A guest can't read the autotune mode on most firmwares.
        type: str
        default: admin
      password:
        description:
          - The password of that user.
        type: str
        required: true
  auth:
    description:
      - How to go on after the login. V(basic) sends the login along with each request, V(jwt) a token.
    type: str
    choices: [basic, jwt]
    default: basic
  concurrency:
    description:
      - How many addresses are tried at once, fewer if this process may not open as many files. At a miner, there is one
        request at a time.
      - Silent addresses take number of addresses x O(connect_timeout) / O(concurrency) seconds.
    type: int
    default: 500
  connect_timeout:
    description:
      - How many seconds an address has to accept a connection. A lost packet is sent again after 1 second.
    type: float
    default: 1.5
  timeout:
    description:
      - How many seconds a miner has to answer a request in full.
    type: float
    default: 10
  deadline:
    description:
      - How many seconds there are for all requests to one address together, whatever it does.
    type: float
    default: 40
  hostname:
    description:
      - How hosts are named. V(mac) is the MAC address with dashes, C(a0-b0-45-00-00-e5), since Ansible takes colons for
        something else; it stays when the miner gets another address. V(ipaddress) is the address.
      - Anything else is a Jinja expression over the host variables, such as
        V(dragonmint_pools[0].user | split('.'\) | last).
      - A miner is named by its address where that makes no name (a miner that did not let anybody in tells no MAC), or
        one that is taken. There is a warning, and with O(strict) an error.
    type: str
    default: mac
  filters:
    description:
      - Jinja expressions over C(dragonmint_identity) and C(ansible_host). A miner for which one of them is false is
        left out, and asked for nothing more.
      - A miner that does not tell its identity is not filtered.
    type: list
    elements: str
    default: []
  gather_subset:
    description:
      - Which facts to gather, as O(minerops.dragonmint.dragonmint_facts#module:gather_subset). V(identity) always is,
        and so is what O(desired) is compared with. What that module gathers only when it is named is not for here.
    type: list
    elements: str
    default: [all]
  allow_public:
    description:
      - Whether O(networks) may have addresses that are not private.
    type: bool
    default: false
  allow_huge:
    description:
      - Whether O(networks) may have more than 1000000 addresses.
    type: bool
    default: false
  desired:
    description:
      - The desired state of the fleet. Each entry is for the miners of O(desired[].group) for which O(desired[].when)
        holds, and for all without these. Where several entries set the same, the last one wins.
      - It becomes the host variables that the roles P(minerops.dragonmint.provision#role) and
        P(minerops.dragonmint.upgrade#role) take, with the templates in it, so there is one definition of it.
      - Each polled miner gets into the groups C(drift_pools), C(drift_autotune), C(drift_firmware) and
        C(drift_network) for what differs, or into C(in_desired_state). What its facts do not tell gets it into
        C(drift_unknown). So a playbook for C(drift_*) touches only miners that need it. Miners of which nothing is
        desired are in none of these.
      - Passwords of pools do not count, since they are not kept, and their templates are left to the playbook.
      - Other templates see the host variables, the variables of groups and hosts in inventory files that were read
        before, and with O(use_extra_vars) extra variables, but neither C(group_vars) nor C(host_vars).
    type: list
    elements: dict
    default: []
    suboptions:
      group:
        description:
          - A group of this or of an inventory source that was read before. C(all) is the same as none.
        type: str
      when:
        description:
          - A Jinja expression over the host variables that must be true or false.
        type: str
      pools:
        description:
          - The pools, as O(minerops.dragonmint.dragonmint_pools#module:pools), for C(provision_pools).
        type: list
        elements: dict
      autotune:
        description:
          - C(mode) and C(level), as O(minerops.dragonmint.dragonmint_autotune#module:mode), for
            C(provision_autotune_mode) and C(provision_autotune_level).
        type: dict
      firmware:
        description:
          - C(version), which is compared, and C(src), C(url), C(checksum) and C(allow_downgrade), as
            O(minerops.dragonmint.dragonmint_firmware#module:src), for C(upgrade_version), C(upgrade_src) and so on.
        type: dict
      network:
        description:
          - C(mode), C(ipaddress), C(netmask), C(gateway), C(dns) and C(search), as
            O(minerops.dragonmint.dragonmint_network#module:mode), for C(provision_network).
        type: dict
  strict:
    description:
      - Whether an expression that fails for a polled miner, and a name that can't be had, are errors. Else they are
        skipped.
      - Miners that are locked or unresponsive have few variables, so that expressions may always fail for them.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - The cache holds what was polled, and neither names nor groups nor desired state, which are made anew each time. It
    is read before anything is sent, C(--flush-cache) and a refreshed inventory poll again, and so does a change of
    what is polled (O(networks), O(port), O(filters), O(gather_subset)).
  - With Ansible's own fact cache, facts that M(minerops.dragonmint.dragonmint_facts) has gathered once come before the
    inventory's variables of the same name, until they are gathered again.
requirements:
  - aiohttp >= 3.9 on the controller
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
# fleet.dragonmint.yml: a hall of miners, how they have to be, and a group that gets new firmware first
plugin: minerops.dragonmint.dragonmint
networks:
  - 10.1.0.0/22
  - 10.1.8.10-10.1.8.200
  - "!10.1.0.1"
credentials:
  - name: fleet
    password: "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"
  - name: factory
    password: dragonadmin
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/miners
filters:
  - dragonmint_identity.type == 'T1'
compose:
  rack: ansible_host.split('.')[2]
keyed_groups:
  - key: dragonmint_credential
    prefix: login
groups:
  weak: dragonmint_mining.ready and (dragonmint_mining.hashrate_ths.average or 0) < 14
  canary: rack == '3'
desired:
  - pools:
      - url: stratum+tcp://pool.example.com:3333
        user: "farm.{{ inventory_hostname }}"
      - url: stratum+tcp://backup.example.com:3333
        user: "farm.{{ inventory_hostname }}"
    autotune:
      mode: balanced
    firmware:
      version: t1_20180515_060842
  - group: canary
    firmware:
      version: t1_20180901_120000
      src: t1_20180901_120000.swu
  - when: dragonmint_hardware.uptime_seconds > 30 * 86400
    autotune:
      mode: efficient
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.vars import combine_vars
from ansible_collections.minerops.dragonmint.plugins.module_utils import connections, fleet
from ansible_collections.minerops.dragonmint.plugins.module_utils.addresses import Addresses, addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils.client import connection_from
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import (
    InvalidInput,
    MinerError,
    MissingLibrary,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils.protocol import printable
from ansible_collections.minerops.dragonmint.plugins.module_utils.session import Credential
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings import drift, facts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils import desired, polled_cache
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.device_text import never_a_template

GROUPS = {
    fleet.POLLED: "dragonmint",
    fleet.LOCKED: "dragonmint_locked",
    fleet.UNRESPONSIVE: "dragonmint_unresponsive",
}
IN_DESIRED_STATE = "in_desired_state"
DRIFT_UNKNOWN = "drift_unknown"

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NAME = re.compile(r"\w[\w.@+-]*")
_LOGIN_DEFAULTS = (("username", "admin"), ("password", ""))


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Ansible's entry to the inventory."""

    NAME = "minerops.dragonmint.dragonmint"

    inventory: Any

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith((".dragonmint.yml", ".dragonmint.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._source = PurePath(path).name
        try:
            addresses = self._wanted_addresses()
            self._entries = desired.entries_from(self.get_option("desired"))
            self._comparisons = self._constant_comparisons()
            self._add(self._miners(addresses, self.get_cache_key(path), cache))
        except MinerError as error:
            raise AnsibleParserError(f"{self._source}: {error}") from error

    def _wanted_addresses(self) -> Addresses:
        parts = self._rendered("networks")
        networks = [str(text) for part in parts for text in (part if isinstance(part, (list, tuple)) else [part])]
        return addresses_from(networks, self.get_option("allow_public"), self.get_option("allow_huge"))

    def _rendered(self, option: str) -> Any:
        """Returns an option with its templates evaluated, for which there are extra variables only."""
        self.templar.available_variables = dict(self._vars or {})
        return self.templar.template(self.get_option(option))

    def _constant_comparisons(self) -> dict[int, drift.Comparison]:
        """Returns comparisons with what is desired without any template, by the identity of the options.

        Refuses what no miner can be made like, as far as that is known before there are any.
        """
        return {
            id(options): desired.comparison(setting, options)
            for entry in self._entries
            for setting, options in entry.settings.items()
            if options is not None and not self.templar.is_template(options)
        }

    def _miners(self, addresses: Addresses, key: str, cache: bool) -> list[fleet.Found]:
        """Returns the miners from the cache, or else polls them."""
        is_cached = self.get_option("cache")
        if is_cached and self.get_option("cache_plugin").rpartition(".")[2] == "memory":
            self.display.warning(
                f"{self._source}: cache is true, but the cache plugin memory keeps nothing for the next run. "
                "Set cache_plugin, for example to ansible.builtin.jsonfile, and cache_connection."
            )
        options = {name: self.get_option(name) for name in ("networks", "port", "filters")}
        options["subsets"] = self._subsets()
        miners = self._cached(key, options) if is_cached and cache else None
        if miners is None:
            miners = self._poll(addresses)
            if is_cached:
                self._cache[key] = polled_cache.pack(miners, options)
        return miners

    def _cached(self, key: str, options: Mapping[str, Any]) -> list[fleet.Found] | None:
        try:
            return polled_cache.unpack(self._cache[key], options)
        except KeyError:
            return None
        except polled_cache.Unfit as error:
            reason = str(error)
        except AnsibleError:
            reason = "can't be read"
        self._tell(f"The cache {reason}, so the miners are polled again.")
        return None

    def _poll(self, addresses: Addresses) -> list[fleet.Found]:
        if fleet.AIOHTTP_IMPORT_ERROR:
            raise MissingLibrary("aiohttp", fleet.AIOHTTP_IMPORT_ERROR)
        options = self._polling_options()
        miners, counts = fleet.poll(addresses, options, self._is_wanted, self._tell_progress)
        self._tell(_summary(counts))
        for reason, count in counts.failures.items():
            self.display.warning(f"{self._source}: {count} addresses could not be tried: {reason}.")
        if not counts.identified:
            self.display.warning(
                f"{self._source}: no miner was found. Check networks, port, and that this machine reaches them."
            )
        without = [miner for miner in miners if miner.missing]
        for miner in without:
            for subset, reason in miner.missing.items():
                self.display.vv(f"{self._source}: {miner.address} has no facts {subset}: {reason}")
        if without:
            self.display.warning(f"{self._source}: facts are missing of {len(without)} miners; -vv says why.")
        return miners

    def _polling_options(self) -> fleet.Options:
        for name in ("connect_timeout", "timeout", "deadline"):
            if not 0 < self.get_option(name) < float("inf"):
                raise InvalidInput(f"{name} must be above 0 seconds and finite.")
        if self.get_option("concurrency") < 1:
            raise InvalidInput("concurrency must be 1 or more.")
        allowed = connections.sockets_allowed(self.get_option("concurrency"))
        if allowed < self.get_option("concurrency"):
            self._tell(f"Only {allowed} addresses are tried at once, since no more files may be open (ulimit -n).")
        return fleet.Options(
            port=self.get_option("port"),
            credentials=tuple(self._credentials()),
            auth=self.get_option("auth"),
            subsets=self._subsets(),
            concurrency=allowed,
            connect_timeout_s=self.get_option("connect_timeout"),
            timeout_s=self.get_option("timeout"),
            deadline_s=self.get_option("deadline"),
        )

    def _credentials(self) -> Iterator[Credential]:
        options = self._rendered("credentials")
        if not options and os.environ.get("DRAGONMINT_PASSWORD"):
            username = os.environ.get("DRAGONMINT_USERNAME") or "admin"
            options = [{"username": username, "password": os.environ["DRAGONMINT_PASSWORD"]}]
        if not options:
            raise InvalidInput(
                "There are no credentials. Set credentials, or the environment variable DRAGONMINT_PASSWORD."
            )
        for number, option in enumerate(options, 1):
            if not isinstance(option, Mapping) or not {"password"} <= set(option) <= {"name", "username", "password"}:
                raise InvalidInput(f"Number {number} of credentials is no dictionary of name, username and password.")
            username, password = (str(option.get(key) or default) for key, default in _LOGIN_DEFAULTS)
            if not password:
                raise InvalidInput(
                    f"The password of number {number} of credentials is empty. Check the lookup or variable that it "
                    "comes from."
                )
            try:
                connection_from(self._connection_options(username, password))
            except InvalidInput as error:
                raise InvalidInput(f"Number {number} of credentials: {error}") from None
            yield Credential(username, password, str(option.get("name") or number))

    def _connection_options(self, username: str, password: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.get_option("port"),
            "username": username,
            "password": password,
        }

    def _subsets(self) -> tuple[str, ...]:
        wanted = {*facts.MINIMUM, *facts.wanted_subsets(self.get_option("gather_subset"))}
        beyond = sorted(wanted.intersection(facts.ONLY_NAMED))
        if beyond:
            raise InvalidInput(f"gather_subset has {', '.join(beyond)}, which only dragonmint_facts gathers.")
        wanted.update(drift.SUBSETS[setting] for entry in self._entries for setting in entry.settings)
        return tuple(subset for subset in facts.SUBSETS if subset in wanted)

    def _is_wanted(self, address: str, identity: Mapping[str, Any]) -> bool:
        variables = {"ansible_host": address, "dragonmint_identity": never_a_template(identity)}
        return all(
            self._holds(f"filters[{number}]", expression, variables, address)
            for number, expression in enumerate(self.get_option("filters"))
        )

    def _holds(self, place: str, expression: str, variables: Mapping[str, Any], miner: str) -> bool:
        try:
            value = self._compose(expression, variables)
        except Exception as error:
            raise InvalidInput(f"{place} can't be judged for {miner}: {error}") from error
        if not isinstance(value, bool):
            raise InvalidInput(f"{place} is neither true nor false for {miner}, but {printable(repr(value))}.")
        return value

    def _add(self, miners: list[fleet.Found]) -> None:
        for group in (*GROUPS.values(), *self._drift_groups()):
            self.inventory.add_group(group)
        taken: dict[str, str] = {}
        for miner in miners:
            variables = self._variables(miner)
            name = self._name(miner, variables, taken)
            taken[name] = miner.address
            self.inventory.add_host(name, GROUPS[miner.state])
            for key, value in variables.items():
                self.inventory.set_variable(name, key, value)
            self._construct(name, variables, self.get_option("strict") and miner.state == fleet.POLLED)
            if miner.state == fleet.POLLED and self._entries:
                self._compare(name, miner.facts)
        for entry in self._entries:
            if entry.group and not self._names_of(entry.group) & set(self.inventory.groups):
                self.display.warning(f"{self._source}: desired names the group {entry.group}, and there is none.")

    def _drift_groups(self) -> list[str]:
        if not self._entries:
            return []
        return [*(f"drift_{setting}" for setting in desired.SETTINGS), DRIFT_UNKNOWN, IN_DESIRED_STATE]

    def _variables(self, miner: fleet.Found) -> dict[str, Any]:
        """Returns the host variables of a miner. What it said itself is never taken for a template."""
        variables: dict[str, Any] = {"ansible_host": miner.address}
        mac = (miner.facts.get("dragonmint_identity") or {}).get("mac")
        if mac and _MAC.fullmatch(mac):
            variables["dragonmint_expected_mac"] = mac
        if self.get_option("port") != 80:
            variables["dragonmint_port"] = self.get_option("port")
        if miner.credential is not None:
            variables["dragonmint_credential"] = miner.credential
        if miner.problem is not None:
            variables["dragonmint_problem"] = never_a_template(miner.problem)
        return {**variables, **never_a_template(miner.facts)}

    def _name(self, miner: fleet.Found, variables: Mapping[str, Any], taken: Mapping[str, str]) -> str:
        name, problem = self._wanted_name(miner, variables)
        if problem is None and name in taken:
            problem = f"the name {name} is taken by {taken[name]}"
        if problem is None:
            return name
        if miner.state == fleet.POLLED:
            text = f"{self._source}: hostname does not work for {miner.address}: {problem}."
            if self.get_option("strict"):
                raise AnsibleParserError(f"{text} Correct hostname, or leave strict out.")
            self.display.warning(f"{text} The host is named by its address.")
        if miner.address in taken:
            raise InvalidInput(f"hostname names two hosts {miner.address}. Correct it.")
        return miner.address

    def _wanted_name(self, miner: fleet.Found, variables: Mapping[str, Any]) -> tuple[str, str | None]:
        """Returns the name of a host, and what speaks against it."""
        expression = self.get_option("hostname")
        if expression == "ipaddress":
            return miner.address, None
        if expression == "mac":
            mac = variables.get("dragonmint_expected_mac")
            return (mac.replace(":", "-"), None) if mac else ("", "it does not tell its MAC")
        try:
            name = self._compose(expression, variables)
        except Exception as error:  # noqa: BLE001 - what a user's expression raises can be anything
            return "", str(error)
        text = str(name)
        if not _NAME.fullmatch(text) or text in (*constants.LOCALHOST, "all", "ungrouped"):
            return "", f"{printable(repr(text))} is no name of a host (letters, digits and ._-@+)"
        return text, None

    def _construct(self, name: str, variables: Mapping[str, Any], strict: bool) -> None:
        variables = {**variables, "inventory_hostname": name}
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)

    def _compare(self, name: str, known: Mapping[str, Any]) -> None:
        """Sets what is desired of a host as its variables, and puts it into the groups of what differs."""
        host = self.inventory.get_host(name)
        variables = combine_vars(get_group_vars(host.get_groups()), host.get_vars())
        settings = desired.merged(self._entries_of(name, host, variables))
        for key, value in desired.variables(settings).items():
            self.inventory.set_variable(name, key, value)
        verdicts = {
            setting: self._comparison(name, setting, options, variables)(known) for setting, options in settings.items()
        }
        groups = [f"drift_{setting}" for setting, verdict in verdicts.items() if verdict is False]
        if None in verdicts.values():
            groups.append(DRIFT_UNKNOWN)
        if verdicts and not groups:
            groups.append(IN_DESIRED_STATE)
        for group in groups:
            self.inventory.add_child(group, name)

    def _entries_of(self, name: str, host: Any, variables: Mapping[str, Any]) -> list[desired.Entry]:
        groups = {group.name for group in host.get_groups()}
        return [
            entry
            for number, entry in enumerate(self._entries)
            if (entry.group is None or self._names_of(entry.group) & groups)
            and (entry.when is None or self._holds(f"desired[{number}].when", entry.when, variables, name))
        ]

    def _comparison(self, name: str, setting: str, options: Any, variables: Mapping[str, Any]) -> drift.Comparison:
        if id(options) in self._comparisons:
            return self._comparisons[id(options)]
        use_extra = self.get_option("use_extra_vars")
        self.templar.available_variables = dict(combine_vars(variables, self._vars) if use_extra else variables)
        try:
            return desired.comparison(setting, self.templar.template(desired.compared(setting, options)))
        except (AnsibleError, InvalidInput) as error:
            raise InvalidInput(f"The {setting} desired of {name} are none: {error}") from error

    def _names_of(self, group: str) -> set[str]:
        """What a group that a user names may be called once it is made."""
        return {group, self._sanitize_group_name(group)}

    def _tell_progress(self, counts: fleet.Counts) -> None:
        if sys.stderr.isatty():
            self._tell(f"{100 * counts.addresses // counts.total} % done, {_summary(counts)}")

    def _tell(self, text: str) -> None:
        """Standard output may be for JSON."""
        self.display.display(f"{self._source}: {text}", stderr=True)


def _summary(counts: fleet.Counts) -> str:
    states = ", ".join(f"{count} {state}" for state, count in counts.states.items())
    return (
        f"{counts.addresses} addresses: {counts.silent} silent, {counts.unknown} open but unknown, "
        f"{counts.identified} identified ({states}, {counts.filtered} filtered out), {counts.seconds:.1f} s"
    )
