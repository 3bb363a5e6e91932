#!/usr/bin/env python3
"""Reads what flake-outputs.nix gives: tells which of its tests failed, and what is wrong with the
scripts for virtual machines, as far as that can be seen without running them."""

import ast
import builtins
import json
import sys
from unittest import TestCase

# What the test driver of nixpkgs gives to a script (nixos/lib/test-driver, 2026), as far as a script
# here might want it: names, and methods of a machine.
DRIVER = {"machines", "os", "retry", "start_all", "subtest", "t"}
MACHINE = {
    "block",
    "copy_from_host",
    "crash",
    "execute",
    "fail",
    "get_unit_info",
    "get_unit_property",
    "reboot",
    "require_unit_state",
    "shutdown",
    "start",
    "succeed",
    "systemctl",
    "unblock",
    "wait_for_closed_port",
    "wait_for_file",
    "wait_for_open_port",
    "wait_for_unit",
    "wait_until_fails",
    "wait_until_succeeds",
}


def bound(tree):
    """The names that a script gives a meaning to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def faults(script, machines):
    """What is wrong with a script, a line each."""
    try:
        tree = ast.parse(script)
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}"
        return
    # The only machine of a test is called so whatever its name is.
    machines = set(machines) | ({"machine"} if len(machines) == 1 else set())
    known = machines | DRIVER | set(dir(builtins)) | set(bound(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in known:
            yield f"line {node.lineno}: nothing is called {node.id}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in machines and node.attr not in MACHINE:
                yield f"line {node.lineno}: a machine has no method {node.attr}"
            if node.value.id == "t" and not hasattr(TestCase, node.attr):
                yield f"line {node.lineno}: there is no assertion {node.attr}"


def main(file):
    with open(file, encoding="utf-8") as outputs:
        given = json.load(outputs)
    wrong = [
        f"{each['name']}: expected {each['expected']}, but there is {each['result']}"
        for each in given["failures"]
    ]
    for name, test in given["scripts"].items():
        wrong += [f"{name}: {fault}" for fault in faults(test["testScript"], test["machines"])]
    for each in wrong:
        print(f"failed: {each}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
