#!/usr/bin/env python3
"""Vernal beside Socket.IO and Django Channels on two nodes that share a Redis: see README.md."""

import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PLACE = pathlib.Path(__file__).resolve().parent
LOAD = PLACE / "target/release/load"
CLIENTS = 200
# The first rates of the search: messages in a second.
FIRST = {1: 20, 50: 400}
LATE = 100_000
# All clients are with one of the nodes.
ALONE = ["vernal-one", "vernal-local"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(core, words, **more):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, words)], **more)


def wait_for(port, process, name):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"{name} ended")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"{name} does not listen")


def cpu(process):
    """Seconds of the processor that a process has taken."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def command(name, python, port):
    if name.startswith("vernal"):
        return [PLACE / "target/release/node"]
    if name == "socketio":
        return ["node", PLACE / "peers/socketio/server.js"]
    words = ["-m", "uvicorn", "--app-dir", PLACE / "peers/channels", "--port", port, "--log-level", "error"]
    return [python, *words, "--ws", "websockets", "--ws-per-message-deflate", "false", "chat:application"]


class Nodes:
    """Two nodes on one core, Redis and the clients on the other."""

    def __init__(self, name, python):
        self.name, self.folder = name, tempfile.mkdtemp(prefix="nodes-bench-")
        redis = free_port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        words = ["redis-server", "--port", redis, "--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self.redis = pinned(1, words, **quiet)
        wait_for(redis, self.redis, "redis-server")
        self.ports, self.nodes = [free_port(), free_port()], []
        for port in self.ports:
            env = dict(os.environ, REDIS_URL=f"redis://127.0.0.1:{redis}", PORT=str(port), VERNAL_PORT=str(port))
            env |= {"VERNAL_HOST": "127.0.0.1", "VERNAL_LOG": "error"} | ({"LOCAL": "1"} if name == "vernal-local" else {})
            node = pinned(0, command(name, python, port), env=env, **quiet)
            self.nodes.append(node)
            wait_for(port, node, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [*self.nodes, self.redis]:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def measure(self, rooms, rate, seconds):
        kind = "socketio" if self.name == "socketio" else "plain"
        ports = [self.ports[0]] * 2 if self.name in ALONE else self.ports
        words = [LOAD, kind, *ports, CLIENTS, rooms, rate, seconds]
        load = pinned(1, words, stdout=subprocess.PIPE, text=True)
        line = load.stdout.readline()
        if line.strip() != "begin":
            sys.exit(f"{self.name}: the clients say {line!r}")
        before = sum(map(cpu, self.nodes)), cpu(self.redis)
        end = load.stdout.readline()
        after = sum(map(cpu, self.nodes)), cpu(self.redis)
        load.wait()
        told = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", end)}
        heard = max(told["heard"], 1)
        return {
            "rate": rate,
            "whole": told["heard"] >= told["expected"] and told["seconds"] < seconds * 1.05,
            "heard": told["heard"] / told["expected"],
            "p50": told["p50"],
            "p99": told["p99"],
            "cpu": (after[0] - before[0]) / heard * 1e6,
            "redis": (after[1] - before[1]) / heard * 1e6,
        }

    def top(self, rooms, seconds):
        """The highest rate at which all is heard, and 99 of 100 within LATE microseconds."""
        best, rate, step = 0, FIRST[rooms], 2.0
        while step > 1.1:
            one = self.measure(rooms, int(rate), seconds)
            if one["whole"] and one["p99"] < LATE:
                best, rate = int(rate), rate * step
            else:
                step = step**0.5
                rate = best * step if best else rate / 2
                if rate < 2:
                    break
        return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="python3", help="the Python that has peers/channels/requirements.txt")
    parser.add_argument("--seconds", type=int, default=10, help="how long each measurement takes")
    parser.add_argument("--search", type=int, default=4, help="how long each step of the search takes")
    parser.add_argument("--rooms", type=int, nargs="*", default=[1, 50])
    arguments = parser.parse_args()
    print("| rooms | messages/s | | CPU of nodes, µs a delivery | of Redis | p50, ms | p99, ms | heard |")
    print("|---|---|---|---|---|---|---|---|")

    def show(rooms, name, one):
        cells = [rooms, one["rate"], name, f"{one['cpu']:.2f}", f"{one['redis']:.2f}"]
        cells += [f"{one['p50'] / 1000:.1f}", f"{one['p99'] / 1000:.1f}", f"{one['heard']:.4f}"]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)

    for rooms in arguments.rooms:
        for peer in ["socketio", "channels"]:
            with Nodes(peer, arguments.python) as nodes:
                top = nodes.top(rooms, arguments.search)
                print(f"<!-- {peer}, {rooms} rooms: top {top} messages/s -->", flush=True)
                half = max(top // 2, 1)
                show(rooms, peer, nodes.measure(rooms, half, arguments.seconds))
            with Nodes("vernal", arguments.python) as nodes:
                show(rooms, "vernal", nodes.measure(rooms, half, arguments.seconds))
        with Nodes("vernal", arguments.python) as nodes:
            top = nodes.top(rooms, arguments.search)
            half = max(top // 2, 1)
            show(rooms, "vernal, half of its top", nodes.measure(rooms, half, arguments.seconds))
        for name, words in [("vernal-one", "`Rooms::redis`"), ("vernal-local", "`Rooms::new`")]:
            with Nodes(name, arguments.python) as nodes:
                show(rooms, f"vernal, one node, {words}", nodes.measure(rooms, half, arguments.seconds))


if __name__ == "__main__":
    main()
