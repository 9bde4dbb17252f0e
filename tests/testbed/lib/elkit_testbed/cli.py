# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""
import argparse
import json
import os
import sys

from . import inventory, mirror
from .errors import TestbedError
from .hosts import Hosts, lock
from .images import Images
from .keys import fingerprints
from .kinds import kinds
from .podman import Podman

FAULTS = ("slow", "hang", "dead", "404", "truncated", "tampered", "reset", "not-a-repomd", "stale")


def _parser():
    parser = argparse.ArgumentParser(prog="testbed", description="Hosts to test on. See tests/testbed/README.md.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    images = commands.add_parser("images", help="build or fetch the images")
    images.add_argument("--only", nargs="+", metavar="KIND", help="only these kinds")

    up = commands.add_parser("up", help="start hosts, and the mirror")
    up.add_argument("--fresh", action="store_true", help="replace hosts that are there already")
    up.add_argument("hosts", nargs="+", metavar="NAME[:KIND]")

    down = commands.add_parser("down", help="remove hosts of this testbed")
    down.add_argument("--all", action="store_true", help="every host, and the mirror")
    down.add_argument("names", nargs="*", metavar="NAME")

    commands.add_parser("list", help="the hosts there are")
    commands.add_parser("kinds", help="the kinds of host there are")
    commands.add_parser("mode", help="whether the images are official or look-alikes")
    commands.add_parser("inventory", help="write the inventory of the hosts that are up and print its path")
    commands.add_parser("keys", help="print the fingerprints of the package keys (JSON)")

    ssh = commands.add_parser("ssh", help="log in to a host, or run a command there, as admin")
    ssh.add_argument("name")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")

    inside = commands.add_parser("exec", help="run a command in a host as root, without ssh")
    inside.add_argument("name")
    inside.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")

    podman = commands.add_parser("podman", help="run podman where the hosts are")
    podman.add_argument("words", nargs=argparse.REMAINDER, metavar="-- ARGUMENTS")

    fleet = commands.add_parser("fleet", help="bring the number of fleet hosts to N")
    fleet.add_argument("number", type=int, metavar="N")
    fleet.add_argument("--kind", default="al9")

    fault = commands.add_parser("mirror-fault", help="faults of the mirror, per path prefix")
    actions = fault.add_subparsers(dest="action", required=True, metavar="set|clear|list")
    setting = actions.add_parser("set", help="from now on, paths that begin with PREFIX have this fault")
    setting.add_argument("fault", choices=FAULTS)
    setting.add_argument("prefix", nargs="?", default="/")
    clearing = actions.add_parser("clear", help="end the faults of PREFIX, or all")
    clearing.add_argument("prefix", nargs="?")
    actions.add_parser("list", help="print the faults (JSON)")
    return parser


def _words(words):
    return words[1:] if words[:1] == ["--"] else words


def _wanted(specs):
    """(name, kind) pairs from NAME[:KIND] words."""
    return [(name, kind or name) for name, _colon, kind in (spec.partition(":") for spec in specs)]


def _fleet(hosts, number, kind):
    """Bring the fleet to ``number`` hosts."""
    if not 0 <= number <= 200:
        raise TestbedError("a fleet has 0 to 200 hosts, not %d" % number)
    names = ["fleet-%03d" % index for index in range(1, number + 1)]
    hosts.remove([host for host in hosts.all().values() if host.fleet and host.name not in names])
    if names:
        hosts.up([(name, kind) for name in names], fleet=True)


def _fault(podman, options):
    """Carry out a mirror-fault command; print what faults there are then."""
    if options.action != "list":
        # The mirror takes whole lists; the lock keeps two of these commands from losing each other's faults.
        with lock("faults-lock"):
            kept = [item for item in mirror.control(podman, "GET", "/faults") if options.prefix not in (None, item["prefix"])]
            if options.action == "set":
                kept.append({"fault": options.fault, "prefix": options.prefix})
            mirror.control(podman, "PUT", "/faults", kept)
    print(json.dumps(mirror.control(podman, "GET", "/faults")))


def _run(options):
    podman = Podman()
    images = Images(podman)
    hosts = Hosts(podman, images)
    if options.command == "podman":
        command = podman.command(_words(options.words))
        os.execvp(command[0], command)
    if options.command == "ssh":
        command = hosts.ssh_command(hosts.one(options.name)) + _words(options.words)
        os.execvp(command[0], command)
    if options.command == "exec":
        terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
        command = podman.command(["exec", "--interactive", *terminal, hosts.one(options.name).container, *(_words(options.words) or ["bash"])])
        os.execvp(command[0], command)
    if options.command == "mirror-fault":
        _fault(podman, options)
        return
    if options.command == "kinds":
        print("\n".join(sorted(kinds())))
        return
    if options.command == "mode":
        print(images.mode())
        return
    if options.command == "list":
        for host in hosts.all().values():
            print("%-16s %-8s %-10s %-15s %s" % (host.name, host.kind, host.image,
                                                 host.address or "-", "up" if host.running else "stopped"))
        return
    with lock(), podman.namespace_kept():
        if options.command == "images":
            for name, tag in images.ensure(options.only).items():
                print("%s %s" % (name, tag))
        elif options.command == "up":
            hosts.up(_wanted(options.hosts), fresh=options.fresh)
            inventory.write(hosts, images)
        elif options.command == "fleet":
            _fleet(hosts, options.number, options.kind)
            inventory.write(hosts, images)
        elif options.command == "down":
            if options.all:
                hosts.down_all()
            elif not options.names:
                raise TestbedError("down what? name hosts, or say --all")
            else:
                hosts.down(options.names)
                inventory.write(hosts, images)
        elif options.command == "inventory":
            print(inventory.write(hosts, images))
        elif options.command == "keys":
            print(json.dumps(fingerprints(images), indent=2, sort_keys=True))
    if options.command == "down" and options.all:
        podman.drop_namespace()


def main():
    """Run the command; 0, or 1 with one message on stderr."""
    try:
        _run(_parser().parse_args())
    except TestbedError as error:
        print("testbed: error: %s" % error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0
