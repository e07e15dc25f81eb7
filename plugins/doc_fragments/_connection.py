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
      - The host name or IP address of the miner.
      - An IPv4 address has 4 plain decimal numbers. Notations that resolvers read differently than people do, such as
        V(010.1.0.25) or V(10.25), are refused. An IPv6 address may be in brackets.
      - "Defaults to the first of these variables that is set: C(dragonmint_host), C(ansible_host),
        C(inventory_hostname)."
    type: str
    required: true
  port:
    description:
      - The port of the miner's web server. The default is 80, or 443 with O(scheme=https).
      - The variable C(ansible_port) is not used, since it usually is the port of ssh. If it is set to anything but 22,
        80 or 443 and this option is not, the task fails instead of connecting to the wrong port.
      - Defaults to the variable C(dragonmint_port).
    type: int
  scheme:
    description:
      - The firmware itself serves V(http) only. Use V(https) for miners behind a TLS proxy.
      - Defaults to the variable C(dragonmint_scheme).
    type: str
    choices: [http, https]
    default: http
  username:
    description:
      - The user to log in as, C(admin) or C(guest). A guest can read most things and change nothing.
      - "Defaults to the first of these variables that is set: C(dragonmint_username), C(ansible_user); then to
        E(DRAGONMINT_USERNAME) in the environment of the controller."
    type: str
    default: admin
  password:
    description:
      - The password of O(username).
      - If it is not set, the login from C(-u) and C(-k) of C(ansible-playbook) is used, if both are given. AWX passes a
        machine credential in this way.
      - "Defaults to the first of these variables that is set: C(dragonmint_password), C(ansible_password),
        C(ansible_ssh_pass); then to E(DRAGONMINT_PASSWORD) in the environment of the controller."
    type: str
    required: true
  fallback_passwords:
    description:
      - Passwords to try in this order, once each, after the miner has refused O(password). One run can then reach both
        miners with the fleet's password and miners with the factory password, which is C(dragonadmin), C(admin) on
        Innosilicon, or C(innoadmin) on some Innosilicon firmware of May 2018.
      - Text that is a JSON list is used as this list. Any other text is a single password, but one that begins with
        C([") is refused.
      - Defaults to the variable C(dragonmint_fallback_passwords); then to E(DRAGONMINT_FALLBACK_PASSWORDS) in the
        environment of the controller.
    type: list
    elements: str
  auth:
    description:
      - How to log in. V(basic) sends the login with each request. V(jwt) sends it once, and a token from then on.
      - Defaults to the variable C(dragonmint_auth).
    type: str
    choices: [basic, jwt]
    default: basic
  timeout:
    description:
      - How many seconds to wait for the miner to accept a connection, and again for its complete answer.
      - Defaults to the variable C(dragonmint_timeout).
    type: float
    default: 10
  retries:
    description:
      - How often to repeat a read that was refused, dropped or answered with an error of the web server, with
        increasing pauses. Changes are never repeated, and neither are reads that timed out.
      - Defaults to the variable C(dragonmint_retries).
    type: int
    default: 3
  validate_certs:
    description:
      - Whether to verify the certificate with O(scheme=https).
      - Defaults to the variable C(dragonmint_validate_certs).
    type: bool
    default: true
  ca_path:
    description:
      - A PEM file or a folder with the certificates of the CAs to trust with O(scheme=https), instead of those that the
        system trusts.
      - Defaults to the variable C(dragonmint_ca_path); then to E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) in the
        environment of the controller.
    type: path
  expected_mac:
    description:
      - The expected MAC address of the miner. The task refuses to change a device with another MAC address.
      - An empty text is an error, since it would disable this check.
      - Defaults to the variable C(dragonmint_expected_mac).
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
