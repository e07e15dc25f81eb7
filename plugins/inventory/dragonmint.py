# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: dragonmint
short_description: Find DragonMint miners in networks and detect their drift
description:
  - Scans networks for miners, polls the facts of each miner, and builds an inventory from them. Only reads are sent.
  - Each address is tried with a short TCP connection first. A device that listens there must identify itself as a miner
    without a login, by its page and by its answer to a request without credentials. Credentials are never sent to any
    other device.
  - All miners are in the group C(dragonmint), except those that refuse all O(credentials), which are in the group
    C(dragonmint_locked), and those that stop answering during the poll, which are in the group
    C(dragonmint_unresponsive). For both, the variable C(dragonmint_problem) has the reason. A miner that does not
    report some of the facts stays in the inventory without these facts.
  - The variable C(dragonmint_inventory) of the group C(all) has the result of each source of this plugin, by file name,
    or by path if two files have the same name. It contains C(path), the numbers of miners that were C(polled),
    C(locked), C(unresponsive) and C(filtered) out, the numbers of addresses that were C(silent) and C(unknown), C(at),
    the end of the scan in seconds since 1970, and C(problems), a list of sentences. A source that failed has an entry,
    too, with C(at) V(null) and the error among the C(problems).
  - The host variables are the facts of M(minerops.dragonmint.dragonmint_facts) under their names
    (C(dragonmint_identity) and so on), C(ansible_host), C(dragonmint_expected_mac), with which every module refuses to
    change another device that has taken over the address, C(dragonmint_credential), the name of the entry of
    O(credentials) that the miner accepted, C(dragonmint_polled_at), the time of the poll in seconds since 1970, and
    C(dragonmint_port) unless it is 80.
  - A line on standard error summarizes the scan.
  - An unknown key in the source file is an error. A source that fails does not add any hosts.
  - The name of the source file must end in C(.dragonmint.yml) or C(.dragonmint.yaml), as in C(fleet.dragonmint.yml).
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [minerops.dragonmint.dragonmint]
  networks:
    description:
      - The networks (V(10.1.0.0/22)), ranges (V(10.1.4.10-10.1.4.80) or V(10.1.4.10-80)) and addresses to scan. A V(!)
        before an entry excludes it. Entries can be templates, also templates that return a list.
      - An address that occurs several times is tried once. The network address and the broadcast address of a network
        are not tried.
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
      - The logins to try on each miner, in this order, until the miner accepts one. Values can be templates, for
        example with a lookup or an extra variable, and can be vault-encrypted.
      - Defaults to the environment variables E(DRAGONMINT_USERNAME) (V(admin) if it is not set), E(DRAGONMINT_PASSWORD)
        and E(DRAGONMINT_FALLBACK_PASSWORDS), which is a JSON list or a single password.
      - The factory passwords are V(dragonadmin), V(admin) on Innosilicon, and V(innoadmin) on some Innosilicon firmware
        of May 2018. List them to find new miners.
      - They are only used for polling, and are never stored in host variables or in the cache. The modules log in with
        C(dragonmint_password) and C(dragonmint_fallback_passwords) as usual, so set these for the group C(all).
        C(dragonmint_credential) names the login that a miner accepts.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name of this login in C(dragonmint_credential). Defaults to its number in the list, starting at 1.
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
      - How to authenticate. V(basic) sends the login with each request. V(jwt) sends the login once, and a token from
        then on.
    type: str
    choices: [basic, jwt]
    default: basic
  concurrency:
    description:
      - How many addresses are tried at once. The number is lower if the limit on open files (C(ulimit -n)) requires it.
        Each miner gets one request at a time.
      - Silent addresses take (number of addresses x O(connect_timeout) / O(concurrency)) seconds.
    type: int
    default: 500
  connect_timeout:
    description:
      - How many seconds to wait for an address to accept a connection. A lost packet is sent again after 1 second.
    type: float
    default: 1.5
  timeout:
    description:
      - How many seconds to wait for the complete answer to a request.
    type: float
    default: 10
  deadline:
    description:
      - The time limit in seconds for all requests to one address together.
    type: float
    default: 40
  hostname:
    description:
      - How to name the hosts. V(mac) uses the MAC address with dashes, such as C(a0-b0-45-00-00-e5), since colons have
        another meaning in Ansible. This name stays the same when the miner gets another address. V(ipaddress) uses the
        address.
      - Any other value is a Jinja expression over the host variables, such as V(dragonmint_pools[0].user | split('.'\)
        | last).
      - If the expression does not result in a valid name, or if the name is already taken, the miner is named after its
        address, with a warning. With O(strict), this is an error. A miner that refuses all logins does not report its
        MAC address, so it is named after its address, too.
    type: str
    default: mac
  filters:
    description:
      - Jinja expressions over C(dragonmint_identity) and C(ansible_host). A miner for which one of them is false is
        excluded, and gets no further requests.
      - A miner that does not report its identity is never filtered out.
    type: list
    elements: str
    default: []
  gather_subset:
    description:
      - Which facts to gather, as O(minerops.dragonmint.dragonmint_facts#module:gather_subset). V(identity) is always
        gathered, and so are the facts that O(desired) is compared with. Subsets that this module gathers only if they
        are named are not supported here.
    type: list
    elements: str
    default: [all]
  allow_public:
    description:
      - Whether O(networks) may contain public addresses.
    type: bool
    default: false
  allow_huge:
    description:
      - Whether O(networks) may contain more than 1000000 addresses.
    type: bool
    default: false
  expected:
    description:
      - The miners that the scan must find, as a list of host names, MAC addresses (in any notation) or IP addresses, or
        as the path of a file with one of these per line and comments after C(#). A relative path starts at the folder
        of the source file.
      - Miners that are not found are listed in the variable C(dragonmint_missing) of the group C(all), and count as a
        problem of the source. This includes miners that O(filters) exclude, and locked miners that are expected by MAC
        address, since they do not report it.
    type: raw
  desired:
    description:
      - The desired state of the fleet. Each entry applies to the miners in O(desired[].group) for which
        O(desired[].when) is true, or to all miners if neither is set. If several entries have the same setting, the
        last one wins.
      - The desired state, including its templates, becomes the host variables that the roles
        P(minerops.dragonmint.provision#role) and P(minerops.dragonmint.upgrade#role) use, so it is defined in one
        place.
      - Each polled miner is added to the groups C(drift_pools), C(drift_autotune), C(drift_firmware) and
        C(drift_network) according to its drift, or to C(in_desired_state) if it has none. If its facts do not show
        whether a setting has drifted, it is added to C(drift_unknown). A playbook for C(drift_*) then touches only
        miners that need it. Miners without a desired state are in none of these groups.
      - Pool passwords are not compared, since the inventory does not store them. Templates in them are evaluated by the
        playbook.
      - Other templates can use the host variables, the variables of groups and hosts in inventory sources that were
        read earlier, and with O(use_extra_vars) extra variables, but neither C(group_vars) nor C(host_vars).
    type: list
    elements: dict
    default: []
    suboptions:
      group:
        description:
          - A group of this source or of an inventory source that was read earlier. V(all) has the same effect as no
            group.
          - Any other name is an error, unless it begins like the groups of O(keyed_groups). Groups of O(groups) exist
            even if they are empty.
        type: str
      when:
        description:
          - A Jinja expression over the host variables that must result in true or false.
        type: str
      pools:
        description:
          - The desired pools, as O(minerops.dragonmint.dragonmint_pools#module:pools), for C(provision_pools).
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
  curtail_record:
    description:
      - The file in which the role P(minerops.dragonmint.curtail#role) records the state of miners before a curtailment.
        A relative path starts at the folder of the source file. The file does not need to exist.
      - While the event is open, the mode of these miners is not compared with O(desired), and each has the variable
        C(dragonmint_curtailed), the time until which the role provision keeps its mode.
    type: path
  strict:
    description:
      - Whether it is an error if an expression fails for a polled miner or if its name from O(hostname) can't be used.
        Otherwise such an expression is skipped, and the miner is named after its address.
      - Expressions may always fail for miners that are locked or unresponsive, since these have few variables.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - The cache holds the polled facts only. Names, groups and the desired state are computed each time. The cache is read
    before anything is sent. The miners are polled again with C(--flush-cache), when the inventory is refreshed, and
    when an option that affects the poll changes (O(networks), O(port), O(filters), O(gather_subset)).
  - With Ansible's own fact cache, facts that M(minerops.dragonmint.dragonmint_facts) has gathered take precedence over
    the inventory's variables of the same name until they are gathered again.
requirements:
  - aiohttp >= 3.9 on the controller
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
# fleet.dragonmint.yml: a hall of miners, their desired state, and a group that gets new firmware first
plugin: minerops.dragonmint.dragonmint
networks:
  - 192.0.2.0/24
  - 198.51.100.10-198.51.100.200
  - "!192.0.2.1"
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
  - key: dragonmint_identity.model
    prefix: model
groups:
  weak: dragonmint_mining.ready and (dragonmint_mining.hashrate_ths.average or 0) < 14
  canary: rack == '100'
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
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.vars import combine_vars
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses, addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._connection import connection_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    Bug,
    InvalidInput,
    MinerError,
    MissingLibrary,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import drift, subsets
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import (
    constructed_groups,
    desired,
    expected,
    polled_cache,
    scans,
    source_keys,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.credentials import credentials_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail_record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import why_not_evaluated

GROUPS = {
    scan.POLLED: "dragonmint",
    scan.LOCKED: "dragonmint_locked",
    scan.UNRESPONSIVE: "dragonmint_unresponsive",
}
IN_DESIRED_STATE = "in_desired_state"
DRIFT_UNKNOWN = "drift_unknown"
REPORT_VARIABLE = "dragonmint_inventory"
MISSING_VARIABLE = "dragonmint_missing"
CURTAILED_VARIABLE = "dragonmint_curtailed"

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NAME = re.compile(r"\w[\w.@+-]*")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Ansible's entry to the inventory."""

    NAME = "minerops.dragonmint.dragonmint"

    inventory: Any

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith((".dragonmint.yml", ".dragonmint.yaml"))

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        source_keys.require_documented(direct or {}, self.option_definitions)
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._path = Path(path)
        hosts_before = set(inventory.hosts)
        try:
            self._read_config_data(path)
            self._make_inventory(cache)
        except (AnsibleError, MinerError) as error:
            # In some versions, Ansible's own errors have excerpts of files on further lines.
            problem = " ".join(str(error).split())
            self._remove(hosts_before, problem)
            raise AnsibleParserError(f"{self._path.name}: {problem}") from None
        except Exception as error:
            self._remove(hosts_before, str(Bug(error)))
            raise

    def _make_inventory(self, cache: bool) -> None:
        addresses = self._addresses_to_scan()
        expected_names = self._expected()
        self._entries = desired.entries_from(self.get_option("desired"))
        self._comparisons = self._constant_comparisons()
        self._curtailed = self._open_event()
        possible_groups = self._add_groups()
        scan = self._scan(addresses, cache)
        found = self._add(scan.miners)
        for place, group in possible_groups.items():
            if not self.inventory.groups[group].get_hosts():
                self._warn(
                    f"{place}: the group '{group}' has no miners. Only keyed_groups can create it, so check its name."
                )
        missing: list[str] = []
        if expected_names is not None:
            missing = expected.missing(expected_names, found)
            self._set_on_all(MISSING_VARIABLE, list(dict.fromkeys([*self._get_of_all(MISSING_VARIABLE, []), *missing])))
        problems = scans.problems(scan, self._undecided(found), missing)
        for text in (*scans.warnings(scan), *problems):
            self._warn(text)
        self._report(scans.report(scan, problems))

    def _undecided(self, found: set[str]) -> int:
        """Returns the number of found hosts whose drift is unknown."""
        if not self._entries:
            return 0
        return sum(host.name in found for host in self.inventory.groups[DRIFT_UNKNOWN].get_hosts())

    def _remove(self, hosts_before: set[str], problem: str) -> None:
        """Removes the hosts of a source that failed, and reports the failure.

        Ansible continues with the other sources and would keep the hosts added so far: half of a fleet would look like
        the whole fleet.
        """
        for name in set(self.inventory.hosts) - hosts_before:
            self.inventory.remove_host(self.inventory.hosts[name])
        self._report(scans.failure(problem))

    def _report(self, report: Mapping[str, Any]) -> None:
        reports = self._get_of_all(REPORT_VARIABLE, {})
        self._set_on_all(REPORT_VARIABLE, scans.merged(reports, self._path, report))

    def _get_of_all(self, name: str, default: Any) -> Any:
        return self.inventory.groups["all"].get_vars().get(name, default)

    def _set_on_all(self, name: str, value: Any) -> None:
        self.inventory.set_variable("all", name, never_a_template(value))

    def _open_event(self) -> Collection[str]:
        """Returns the names of the miners that are curtailed; none once the event is over."""
        self._curtailed_until = ""
        given = self._rendered("curtail_record")
        if not given:
            return ()
        path = self._path.parent / Path(given).expanduser()
        try:
            record = curtail_record.record_from(path.read_text(encoding="utf-8"), str(path))
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError, InvalidVariables) as error:
            raise InvalidInput(f"curtail_record: {getattr(error, 'strerror', None) or error}") from error
        if not record.is_open(time.time()):
            return ()
        self._curtailed_until = curtail_record.shown(record.until) or ""
        curtailed = counted(len(record.miners), "miner")
        self._show(
            f"{curtailed} curtailed until {self._curtailed_until}: their modes are not compared with the desired state."
        )
        return record.miners

    def _expected(self) -> list[str] | None:
        """Returns the names of the miners that the scan must find, or None if the option is not set."""
        given = self._rendered("expected")
        if not isinstance(given, str):
            return None if given is None else expected.expected_from(given)
        path = self._path.parent / Path(given).expanduser()
        try:
            names = expected.names_in(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InvalidInput(f"expected: cannot read the file '{path}': {reason}.") from error
        if not names:
            raise InvalidInput(f"expected: the file '{path}' has no names. List one host name or MAC address per line.")
        return expected.expected_from(names)

    def _addresses_to_scan(self) -> Addresses:
        parts = self._rendered("networks")
        networks = [str(text) for part in parts for text in (part if isinstance(part, (list, tuple)) else [part])]
        return addresses_from(networks, self.get_option("allow_public"), self.get_option("allow_huge"))

    def _rendered(self, option: str) -> Any:
        """Returns an option with its templates evaluated. They can use extra variables only."""
        self.templar.available_variables = dict(self._vars or {})
        try:
            return self.templar.template(self.get_option(option))
        except AnsibleError as error:
            raise InvalidInput(why_not_evaluated(option, error)) from error

    def _constant_comparisons(self) -> dict[int, drift.Comparison]:
        """Returns comparisons with desired settings that have no templates, by the identity of their options.

        Raises InvalidInput for settings that no miner can have, as far as this can be known before there are miners.
        """
        return {
            id(options): desired.comparison(setting, options)
            for entry in self._entries
            for setting, options in entry.settings.items()
            if options is not None and not self.templar.is_template(options)
        }

    def _scan(self, addresses: Addresses, cache: bool) -> scans.Scan:
        """Returns the scan from the cache, or makes a new one."""
        is_cached = self.get_option("cache")
        key = self.get_cache_key(str(self._path))
        if is_cached and self.get_option("cache_plugin").rpartition(".")[2] == "memory":
            self._warn(
                "cache is true, but the cache plugin 'memory' does not keep anything until the next run. Set "
                "cache_plugin, for example to ansible.builtin.jsonfile, and cache_connection."
            )
        options = {name: self.get_option(name) for name in ("networks", "port", "filters")}
        options["subsets"] = self._subsets()
        scan = self._cached(key, options) if is_cached and cache else None
        if scan is None:
            scan = self._poll(addresses)
            if is_cached:
                self._cache[key] = polled_cache.pack(scan, options)
        for miner in scan.miners:
            for subset, reason in miner.missing.items():
                self.display.vv(f"{self._path.name}: {miner.address} has no {subset} facts: {reason}")
        for doubt, count in Counter(doubt for miner in scan.miners for doubt in miner.doubts).items():
            self._warn(f"{count} {'miner' if count == 1 else 'miners'}: {doubt}")
        return scan

    def _cached(self, key: str, options: Mapping[str, Any]) -> scans.Scan | None:
        try:
            return polled_cache.unpack(self._cache[key], options)
        except KeyError:
            return None
        except polled_cache.Unusable as error:
            reason = str(error)
        except AnsibleError:
            reason = "can't be read"
        self._show(f"The cache {reason}, so the miners are polled again.")
        return None

    def _poll(self, addresses: Addresses) -> scans.Scan:
        if sockets.AIOHTTP_IMPORT_ERROR:
            raise MissingLibrary("aiohttp", sockets.AIOHTTP_IMPORT_ERROR)
        options = self._polling_options()
        miners, counts = scan.poll(addresses, options, self._is_selected, self._show_progress)
        self._show(_summary(counts))
        return scans.Scan(miners, counts.silent, counts.unknown, counts.filtered, counts.failures, time.time())

    def _polling_options(self) -> scan.Options:
        for name in ("connect_timeout", "timeout", "deadline"):
            if not 0 < self.get_option(name) < float("inf"):
                raise InvalidInput(f"{name} must be a number of seconds above 0, such as 10.")
        if self.get_option("concurrency") < 1:
            raise InvalidInput("concurrency must be 1 or more.")
        connection_from(self._connection_options("admin", "any"))
        allowed = sockets.sockets_allowed(self.get_option("concurrency"))
        if allowed < self.get_option("concurrency"):
            self._show(
                f"Only {allowed} addresses are tried at once because of the limit on open files. Raise it "
                f"with ulimit -n."
            )
        return scan.Options(
            port=self.get_option("port"),
            credentials=self._credentials(),
            auth=self.get_option("auth"),
            subsets=self._subsets(),
            concurrency=allowed,
            connect_timeout_s=self.get_option("connect_timeout"),
            timeout_s=self.get_option("timeout"),
            deadline_s=self.get_option("deadline"),
        )

    def _credentials(self) -> tuple[Credential, ...]:
        given = self.get_option("credentials")
        credentials = credentials_from(self._rendered("credentials"), given, os.environ)
        for number, credential in enumerate(credentials):
            try:
                connection_from(self._connection_options(credential.username, credential.password))
            except InvalidInput as error:
                place = f"credentials[{number}]" if given else "the login in the environment"
                raise InvalidInput(f"{place}: {error}") from None
        return tuple(credentials)

    def _connection_options(self, username: str, password: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.get_option("port"),
            "username": username,
            "password": password,
        }

    def _subsets(self) -> tuple[str, ...]:
        selected = {*subsets.MINIMUM, *subsets.selected_subsets(self.get_option("gather_subset"))}
        beyond = sorted(selected.intersection(subsets.ONLY_NAMED))
        if beyond:
            raise InvalidInput(
                f"gather_subset contains {', '.join(beyond)}, which only the module dragonmint_facts "
                f"gathers. Remove it."
            )
        selected.update(drift.SUBSETS[setting] for entry in self._entries for setting in entry.settings)
        return tuple(subset for subset in subsets.SUBSETS if subset in selected)

    def _is_selected(self, address: str, identity: Mapping[str, Any]) -> bool:
        variables = {"ansible_host": address, "dragonmint_identity": never_a_template(identity)}
        return all(
            self._holds(f"filters[{number}]", expression, variables, address)
            for number, expression in enumerate(self.get_option("filters"))
        )

    def _holds(self, place: str, expression: str, variables: Mapping[str, Any], miner: str) -> bool:
        try:
            value = self._compose(expression, variables)
        except Exception as error:
            raise InvalidInput(f"{place} can't be evaluated for {miner}: {error}") from error
        if not isinstance(value, bool):
            raise InvalidInput(f"{place} must be true or false, but is {printable(repr(value))} for {miner}.")
        return value

    def _add_groups(self) -> dict[str, str]:
        """Adds the groups that are known before there are miners. Any other group name is a mistake from then on.

        Returns the groups that only keyed_groups can create, by their place in the source.
        """
        keyed = self.get_option("keyed_groups") or []
        named = constructed_groups.named(self.get_option("groups") or {}, keyed, self.templar.is_template)
        for group in (*GROUPS.values(), *self._drift_groups(), *map(self._sanitize_group_name, named)):
            self.inventory.add_group(group)
        beginnings = constructed_groups.beginnings(keyed, self.get_option("leading_separator"))
        possible = {}
        for number, entry in enumerate(self._entries):
            if entry.group is None or self._names_of(entry.group) & set(self.inventory.groups):
                continue
            place, group = f"desired[{number}].group", self._sanitize_group_name(entry.group)
            if not group.startswith(tuple(map(self._sanitize_group_name, beginnings))):
                hint = source_keys.did_you_mean(entry.group, self.inventory.groups)
                raise InvalidInput(
                    f"{place}: unknown group '{entry.group}'.{hint} Use a group that this file creates with groups "
                    f"or keyed_groups, or a group of an inventory source that is read earlier."
                )
            possible[place] = self.inventory.add_group(group)
        return possible

    def _add(self, miners: Sequence[scan.Found]) -> set[str]:
        """Adds the hosts. Returns all their names: host name, address and MAC address."""
        taken: dict[str, str] = {}
        called: set[str] = set()
        for miner in miners:
            variables = self._variables(miner)
            name = self._name(miner, variables, taken)
            taken[name] = miner.address
            called.update((name, miner.address, variables.get("dragonmint_expected_mac", name)))
            self.inventory.add_host(name, GROUPS[miner.state])
            for key, value in variables.items():
                self.inventory.set_variable(name, key, value)
            self._construct(name, variables, self.get_option("strict") and miner.state == scan.POLLED)
            if name in self._curtailed:
                self.inventory.set_variable(name, CURTAILED_VARIABLE, self._curtailed_until)
            if miner.state == scan.POLLED and self._entries:
                self._compare(name, miner.facts)
        return called

    def _drift_groups(self) -> list[str]:
        if not self._entries:
            return []
        return [*(f"drift_{setting}" for setting in desired.SETTINGS), DRIFT_UNKNOWN, IN_DESIRED_STATE]

    def _variables(self, miner: scan.Found) -> dict[str, Any]:
        """Returns the host variables of a miner. Values that it reported are never evaluated as templates."""
        variables: dict[str, Any] = {"ansible_host": miner.address, "dragonmint_polled_at": miner.polled_at}
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

    def _name(self, miner: scan.Found, variables: Mapping[str, Any], taken: Mapping[str, str]) -> str:
        name, problem = self._desired_name(miner, variables)
        if problem is None and name in taken:
            problem = f"the name '{name}' is already taken by {taken[name]}"
        if problem is None:
            return name
        if miner.state == scan.POLLED:
            text = f"hostname does not give a usable name for {miner.address}: {problem}."
            if self.get_option("strict"):
                raise InvalidInput(f"{text} Correct hostname, or remove strict.")
            self._warn(f"{text} The host is named after its address.")
        if miner.address in taken:
            raise InvalidInput(f"hostname gives two hosts the name {miner.address}. Correct it.")
        return miner.address

    def _desired_name(self, miner: scan.Found, variables: Mapping[str, Any]) -> tuple[str, str | None]:
        """Returns the name of a host, and the reason why it can't be used, if any."""
        expression = self.get_option("hostname")
        if expression == "ipaddress":
            return miner.address, None
        if expression == "mac":
            mac = variables.get("dragonmint_expected_mac")
            return (mac.replace(":", "-"), None) if mac else ("", "the miner does not report its MAC address")
        try:
            name = self._compose(expression, variables)
        except Exception as error:  # noqa: BLE001 - what a user's expression raises can be anything
            return "", str(error)
        text = str(name)
        if not _NAME.fullmatch(text) or text in (*constants.LOCALHOST, "all", "ungrouped"):
            return "", f"{printable(repr(text))} is not a valid host name; use letters, digits and ._-@+"
        return text, None

    def _construct(self, name: str, variables: Mapping[str, Any], strict: bool) -> None:
        variables = {**variables, "inventory_hostname": name}
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)

    def _compare(self, name: str, known: Mapping[str, Any]) -> None:
        """Sets the desired state of a host as its variables, and adds the host to the groups of its drift."""
        host = self.inventory.get_host(name)
        variables = combine_vars(get_group_vars(host.get_groups()), host.get_vars())
        settings = desired.merged(self._entries_of(name, host, variables))
        for key, value in desired.variables(settings).items():
            self.inventory.set_variable(name, key, value)
        verdicts = {
            setting: self._comparison(name, setting, options, variables)(known)
            for setting, options in settings.items()
            if setting != "autotune" or name not in self._curtailed
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
            raise InvalidInput(f"Invalid desired {setting} for {name}: {error}") from error

    def _names_of(self, group: str) -> set[str]:
        """The names that a group from the source may have once it is created."""
        return {group, self._sanitize_group_name(group)}

    def _show_progress(self, counts: scan.Counts) -> None:
        if sys.stderr.isatty():
            self._show(f"{100 * counts.addresses // counts.total} % done, {_summary(counts)}")

    def _show(self, text: str) -> None:
        """Not to standard output, which may be meant for JSON."""
        self.display.display(f"{self._path.name}: {text}", stderr=True)

    def _warn(self, text: str) -> None:
        self.display.warning(f"{self._path.name}: {text}")


def _summary(counts: scan.Counts) -> str:
    states = ", ".join(f"{count} {state}" for state, count in counts.states.items())
    return (
        f"{counts.addresses} addresses: {counts.silent} silent, {counts.unknown} open but unknown, "
        f"{counts.identified} identified ({states}, {counts.filtered} filtered out), {counts.seconds:.1f} s"
    )
