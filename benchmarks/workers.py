"""What more than one worker costs and moves, with nginx and Redis as they ship.

    .venv/bin/python -m benchmarks.workers routing
    .venv/bin/python -m benchmarks.workers turns
    .venv/bin/python -m benchmarks.workers throughput

`routing` puts nginx before small servers that only tell who they are: how evenly conversations are
spread, how many move when a worker comes or goes, and what nginx costs. `turns` starts the program
itself, first alone and with its state in memory, then as two workers with Redis behind nginx, and
takes processor time, which a busy machine distorts less than waiting does. `throughput` has one
deployment answer with one of its workers and with both, in turns: read the ratio only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from benchmarks.crowd import Answer, crowd, own_address, processor
from tests.deployed import Deployed
from tests.program import start_program
from tests.proxied import Proxy, RedisAsShipped

ROUTE = "X-Sidedoor-Conversation"
CONVERSATIONS = 2_000
ROUNDS = 5


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("routing", "turns", "throughput"))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
    {"routing": routing, "turns": turns, "throughput": throughput}[parser.parse_args().what]()


@contextmanager
def _teller() -> Iterator[int]:
    """Run a server that answers with its own port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Tell the port."""
            told = str(self.server.server_port).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Keep still."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def routing() -> None:
    """Print how conversations are spread over two to six workers, and what moves."""
    ids = [secrets.token_hex(16) for _ in range(CONVERSATIONS)]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ports = [stack.enter_context(_teller()) for _ in range(6)]
        proxy = Proxy(Path(folder))
        os.chmod(folder, 0o755)
        proxy.serve(*ports[:2])
        proxy.unlimited()
        proxy.start()
        stack.callback(proxy.stop)
        print(
            "| workers | largest share, of an even one | moved from the row above | an even move |"
        )
        print("|---|---|---|---|")
        before: dict[str, str] = {}
        for count in range(2, 7):
            proxy.serve(*ports[:count])
            proxy.reload()
            now = _met(proxy.port, ids)
            largest = max(Counter(now.values()).values()) * count / len(ids)
            moved = sum(now[i] != before[i] for i in before) / len(ids)
            print(f"| {count} | {largest:.2f} | {moved:.0%} | {1 / count if before else 0:.0%} |")
            before = now


def _met(port: int, ids: list[str]) -> dict[str, str]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return {i: client.get("/chat/", headers={ROUTE: i}).text for i in ids}


def turns() -> None:
    """Print what an answer costs, alone and as one of two workers."""
    script = str(Path(sys.executable).with_name("sidedoor"))
    print("| what | answers | median wait | processor time an answer |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        alone = start_program(Path(folder), script, "run", settings={"SIDEDOOR_PROXIES": "1"})
        try:
            before = processor(alone.process.pid)
            answers = asyncio.run(crowd(f"http://127.0.0.1:{alone.address[1]}", 16, 6, 0.0))
            _row("one, state in memory", answers, processor(alone.process.pid) - before)
        finally:
            alone.stop()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.chmod(folder, 0o755)
        redis, proxy = RedisAsShipped(Path(folder)), Proxy(Path(folder))
        stack.callback(redis.stop)
        settings = {"SIDEDOOR_REDIS_URL": redis.url, "SIDEDOOR_PROXIES": "2", "SIDEDOOR_JOBS": "0"}
        workers = []
        for number in range(2):
            (Path(folder) / str(number)).mkdir()
            started = start_program(Path(folder) / str(number), script, "run", settings=settings)
            workers.append(started)
            stack.callback(started.stop)
        proxy.serve(*(worker.address[1] for worker in workers))
        proxy.unlimited()
        proxy.start()
        stack.callback(proxy.stop)
        ours = [worker.process.pid for worker in workers]
        parts: dict[str, list[int]] = {
            "two, with Redis behind nginx": ours,
            "beside it nginx": proxy.processes(),
            "beside it Redis": [redis.process.pid],
        }
        before_each = {part: sum(map(processor, pids)) for part, pids in parts.items()}
        answers = asyncio.run(crowd(f"http://127.0.0.1:{proxy.port}", 16, 6, 0.0, own=_own_number))
        for part, pids in parts.items():
            _row(part, answers, sum(map(processor, pids)) - before_each[part])
        with Redis.from_url(redis.url) as client:
            keys = client.keys("sidedoor:*")
            held: list[Any] = [client.memory_usage(key) for key in keys]
            talks = len(client.keys("sidedoor:chat:*"))
            print(
                f"\nRedis holds {sum(held) / talks / 1024:.1f} KB a conversation ({talks} of them)."
            )


def throughput() -> None:
    """Print answers a second of one worker and of two, and their ratio, round by round."""
    with tempfile.TemporaryDirectory() as folder:
        deployed = Deployed(Path(folder), settings={"SIDEDOOR_PROXIES": "2"})
        try:
            deployed.start("first", "second")
            deployed.proxy.unlimited()
            deployed.serve("first", "second")
            _answers_a_second(deployed, "first", "second")  # both are warm afterwards
            print("| round | one worker | two workers | ratio |")
            print("|---|---|---|---|")
            ratios = []
            for number in range(ROUNDS):
                one = _answers_a_second(deployed, "first")
                two = _answers_a_second(deployed, "first", "second")
                ratios.append(two / one)
                print(f"| {number + 1} | {one:.1f} | {two:.1f} | {ratios[-1]:.2f} |", flush=True)
            print(f"| median | | | {statistics.median(ratios):.2f} |")
        finally:
            deployed.stop()


def _answers_a_second(deployed: Deployed, *workers: str) -> float:
    deployed.proxy.serve(*(deployed.programs[name].address[1] for name in workers))
    deployed.proxy.reload()
    began = time.perf_counter()
    address = f"http://127.0.0.1:{deployed.proxy.port}"
    answers = asyncio.run(crowd(address, 16, 6, 0.0, own=_own_number_and_address))
    return len(answers) / (time.perf_counter() - began)


def _own_number(_: int) -> dict[str, str]:
    return {ROUTE: secrets.token_hex(16)}


def _own_number_and_address(number: int) -> dict[str, str]:
    return {**_own_number(number), **own_address(number)}  # or one address writes too fast


def _row(what: str, answers: list[Answer], used: float) -> None:
    median = 1000 * statistics.median(answer.seconds for answer in answers)
    each = 1000 * used / len(answers)
    print(f"| {what} | {len(answers)} | {median:.0f} ms | {each:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
