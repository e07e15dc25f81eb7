# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that every module has."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  host:
    description:
      - The address or host name of the miner.
      - If it is not given, the first one that is set of the variables C(dragonmint_host), C(ansible_host) and
        C(inventory_hostname), so usually the inventory host.
    type: str
    required: true
  port:
    description:
      - The port of the miner's web server. The default is 80, and 443 with O(scheme=https).
      - If it is not given, the variable C(dragonmint_port).
    type: int
  scheme:
    description:
      - The firmware itself speaks V(http) only. V(https) is for miners behind a proxy.
      - If it is not given, the variable C(dragonmint_scheme).
    type: str
    choices: [http, https]
    default: http
  username:
    description:
      - The user to log in as, C(admin) or C(guest). A guest can read most things and change nothing.
      - If it is not given, the first one that is set of the variables C(dragonmint_username) and C(ansible_user) and
        the
        environment variable E(DRAGONMINT_USERNAME) of the controller.
    type: str
    default: admin
  password:
    description:
      - The password of that user.
      - If it is not given, the first one that is set of the variables C(dragonmint_password) and C(ansible_password)
        and
        the environment variable E(DRAGONMINT_PASSWORD) of the controller. One of them is required.
    type: str
    required: true
  fallback_passwords:
    description:
      - Passwords to try in this order, once each, after the miner refused O(password). This way one run can reach
        miners
        with the fleet's password and others that still have the factory's.
      - If it is not given, the variable C(dragonmint_fallback_passwords).
    type: list
    elements: str
  auth:
    description:
      - How to log in. V(basic) sends the login along with each request. V(jwt) sends it once and a token from then on.
      - If it is not given, the variable C(dragonmint_auth).
    type: str
    choices: [basic, jwt]
    default: basic
  timeout:
    description:
      - How many seconds the miner has to accept a connection, and again to answer in full.
      - If it is not given, the variable C(dragonmint_timeout).
    type: float
    default: 10
  retries:
    description:
      - How often to repeat a read that was refused, dropped or answered with an error of the web server, with growing
        pauses. Changes are never sent again, and neither are reads that timed out.
      - If it is not given, the variable C(dragonmint_retries).
    type: int
    default: 3
  validate_certs:
    description:
      - Whether to check the certificate with O(scheme=https).
      - If it is not given, the variable C(dragonmint_validate_certs).
    type: bool
    default: true
  expected_mac:
    description:
      - The MAC address of the miner that is meant. Before anything is changed, a device with another one is refused.
      - If it is not given, the variable C(dragonmint_expected_mac).
    type: str
requirements:
  - requests >= 2.28 on the controller, or where the task is delegated to
notes:
  - The task runs within Ansible on the controller and sends HTTP requests to the miner. Neither C(connection) nor
    C(delegate_to) need to be set. Set C(gather_facts) to V(false) in the play, since Ansible's own facts would need
    ssh.
  - Delegated to another host than the controller, it runs on that host, which reaches the miner.
  - A miner that refuses connections is unreachable. All other errors are failures, and have an RV(ignore:error_code).
"""
