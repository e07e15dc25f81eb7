# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that forks programs for warm.py: it imports what they will need, and forks once per request.

Its imports must not depend on a request, except for the constants of Ansible, which a fork reads again. A fork becomes
the program at the end of this file, so that the interpreter handles its end: exit code, last output, exit handlers.
Standard library only, for any Python that Ansible runs on.
"""

import atexit
import builtins
import functools
import gc
import importlib
import io
import json
import os
import pickle
import resource
import runpy
import selectors
import shutil
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

# Standard input, output and error, and the pipe for the exit status.
PASSED_FDS = 4
FINDER = "ansible.utils.collection_loader._collection_finder"


def main(listener):
    """Serves requests until the last client has gone; returns in a fork, with the program's arguments."""
    clients, running = {listener}, {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                ready = key.fileobj
                if ready is listener:
                    client, _address = listener.accept()
                    clients.add(client)
                    selector.register(client, selectors.EVENT_READ)
                elif ready in running:
                    selector.unregister(ready)
                    report(ready, *running.pop(ready))
                elif (asked := received(ready)) is None:
                    selector.unregister(ready)
                    ready.close()
                    clients.remove(ready)
                    if clients == {listener}:
                        os._exit(0)
                elif pid := os.fork():
                    process = confirm(ready, pid, asked[1])
                    running[process] = (pid, asked[1][-1])
                    selector.register(process, selectors.EVENT_READ)
                else:
                    take_streams(asked[1], [*running, *(status for _pid, status in running.values())], clients)
                    return asked[0]


def confirm(client, pid, fds):
    """Tells a client the pid of its program, and returns the descriptor that becomes ready when it has ended."""
    for fd in fds[:-1]:
        os.close(fd)
    with suppress(ConnectionError):
        client.sendall(pid.to_bytes(4, "big"))
    return os.pidfd_open(pid)


def take_streams(fds, others, sockets):
    """In a fork: makes these the standard streams, and closes what belongs to the process that forked."""
    for number, fd in enumerate(fds[:-1]):
        os.dup2(fd, number)
    for fd in (*fds, *others):
        os.close(fd)
    for one in sockets:
        one.close()


def received(connection):
    """Returns a request and its descriptors, or None if the client has gone."""
    with suppress(ConnectionError):
        head, fds, _flags, _address = socket.recv_fds(connection, 4, PASSED_FDS)
        left, body = int.from_bytes(head, "big"), b""
        while left and (piece := connection.recv(left)):
            left, body = left - len(piece), body + piece
        if body and not left:
            return json.loads(body), fds
        for fd in fds:
            os.close(fd)
    return None


def report(process, pid, status):
    os.close(process)
    _pid, code = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        os.write(status, os.waitstatus_to_exitcode(code).to_bytes(4, "big", signed=True))
    os.close(status)


def parse_metadata_once():
    """Parses the redirects of Ansible's own plugins, which takes longer than everything else at the start of a play."""
    finder = importlib.import_module(FINDER)
    own = Path(importlib.import_module("ansible").__file__).parent / "config/ansible_builtin_runtime.yml"
    text, name = own.read_bytes(), ("ansible.builtin", "runtime.yml")
    parse, known = finder._meta_yml_to_dict, finder._meta_yml_to_dict(text, name)
    finder._meta_yml_to_dict = lambda *wanted: known if wanted == (text, name) else parse(*wanted)


def compile_once(folder):
    """Makes the loader of collections, which stores no bytecode, use that of this folder's files from here."""
    finder = importlib.import_module(FINDER)
    known = {}

    def compile_(source, filename, mode, flags, dont_inherit):
        asked = (source, filename, mode, flags, dont_inherit)
        return known.get(asked) or builtins.compile(*asked)

    for path in Path(folder).rglob("*.py"):
        asked = (path.read_bytes(), str(path), "exec", 0, True)
        known[asked] = builtins.compile(*asked)
    finder.compile = compile_


def import_collection(folder):
    """Imports the plugins in a collection's folder. Nothing remains of the finder, since each program has its own."""
    finder = importlib.import_module(FINDER)._AnsibleCollectionFinder
    root = Path(folder).parents[3]
    top, *_names = collection = Path(folder).relative_to(root).parent.parts
    finder([str(root)], False)._install()
    for path in Path(folder).rglob("*.py"):
        if path.parent.name != "doc_fragments":
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    prepare_loaders()
    finder._remove()
    # The packages above it know only this root; a program may have more.
    for name in list(sys.modules):
        if name.startswith(top) and not name.startswith(".".join(collection)):
            del sys.modules[name]


def prepare_loaders():
    """Reads which filters and tests there are, and from the documentation of imported plugins which settings they have.

    A fork reads the values of these settings, and everything again if it has other folders with plugins.
    """
    loaders = importlib.import_module("ansible.plugins.loader")
    for name, module in list(sys.modules.items()):
        root, _plugins, path = name.partition(".plugins.")
        kind, _dot, plugin = path.partition(".")
        loader = getattr(loaders, f"{kind}_loader", None)
        if loader and hasattr(module, "DOCUMENTATION"):
            loader._load_config_defs(plugin if root == "ansible" else name, module, module.__file__)
    for loader in (loaders.filter_loader, loaders.test_loader):
        loader._ensure_non_collection_wrappers()
    # What each task looks for.
    for loader, name in ((loaders.connection_loader, "local"), (loaders.shell_loader, "sh")):
        loader.get(name, class_only=True)


def fill_caches():
    """Computes what the process of each task would compute again."""
    kinds = [importlib.import_module("ansible.playbook.base").FieldAttributeBase]
    for kind in kinds:
        kinds += kind.__subclasses__()
        kind.fattributes  # noqa: B018 - a cached property
    # Since ansible-core 2.21.
    with suppress(ImportError, AttributeError):
        result = importlib.import_module("ansible._internal._task").UnifiedTaskResult
        for is_module in (False, True):
            result.get_result_key_to_resolved_field_mapping(source_is_module=is_module)


def prepare_settings(constants):
    """Reads the definitions of Ansible's own settings, and compiles the templates of their defaults: that takes longer
    than reading the values of all settings.
    """
    manager = importlib.import_module("ansible.config.manager")
    read, known = manager.ConfigManager._read_config_yaml_file, {}

    def read_once(self, path):
        if path not in known:
            known[path] = pickle.dumps(read(self, path))
        return pickle.loads(known[path])

    environment = manager.NativeEnvironment()
    environment.from_string = functools.cache(environment.from_string)
    manager.ConfigManager._read_config_yaml_file = read_once
    manager.NativeEnvironment = lambda: environment
    # To read the settings makes another folder.
    forget_temporary_folder(constants)
    read_settings_again(constants)
    forget_temporary_folder(constants)


def read_settings_again(constants):
    """Reads the values of all settings, without the documentation of plugins."""
    definitions = constants.config._plugins
    importlib.reload(constants).config._plugins = definitions


def forget_temporary_folder(constants):
    """Removes the folder that is made with the constants, and the handler that would remove it after each program."""
    path = importlib.import_module("ansible.utils.path")
    atexit.unregister(path.cleanup_tmp_file)
    shutil.rmtree(constants.DEFAULT_LOCAL_TMP)


def reopened(stream, mode):
    """Returns a standard stream for what its descriptor is now, as the interpreter makes it."""
    fd = stream.fileno()
    buffer = open(fd, mode, closefd=False)  # noqa: SIM115 - it stays open to the end
    buffer.raw.name = stream.name
    line_buffering = stream is sys.stderr or os.isatty(fd)
    text = io.TextIOWrapper(buffer, stream.encoding, stream.errors, "\n", line_buffering)
    text.mode = stream.mode
    return text


def become(request):
    """In a fork: sets up the environment of the request, as a new process would find it."""
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    # The interpreter adds this variable if there is no other locale.
    added = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
    os.environ.clear()
    os.environ.update({**added, **request["env"]})
    time.tzset()
    tempfile.tempdir = None
    resource.setrlimit(resource.RLIMIT_NOFILE, request["files"])
    sys.stdin = sys.__stdin__ = reopened(sys.stdin, "rb")
    sys.stdout = sys.__stdout__ = reopened(sys.stdout, "wb")
    sys.stderr = sys.__stderr__ = reopened(sys.stderr, "wb")
    sys.argv[:] = request["argv"]
    if "ansible.constants" in sys.modules:
        read_settings_again(sys.modules["ansible.constants"])


listener = socket.socket(fileno=int(sys.argv[1]))
wanted = json.loads(sys.argv[2])
sys.path[0] = wanted["folder"]
for name in wanted["modules"]:
    importlib.import_module(name)
has_ansible = "ansible.constants" in sys.modules
if has_ansible or wanted["collection"]:
    parse_metadata_once()
if wanted["collection"]:
    (import_collection if has_ansible else compile_once)(wanted["collection"])
if has_ansible:
    fill_caches()
    prepare_settings(sys.modules["ansible.constants"])
gc.collect()
gc.freeze()
request = main(listener)
become(request)
if request["module"]:
    sys.path[0] = request["cwd"]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
else:
    sys.path[0] = str(Path(request["argv"][0]).parent)
    runpy.run_path(request["argv"][0], run_name="__main__")
