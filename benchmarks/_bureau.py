"""A bureau in a process of its own that takes everything, each call for a fixed time, and knows
when each came: ``python -m benchmarks._bureau SECONDS``.

It prints its port and serves until its input ends, one line at a time answered with what came since
the line before: how many listings, the seconds from the first to the last of them, and the most
calls of any kind within one second, wherever that begins.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

LISTING = b"POST /v1/negativacoes "


class Tally(NamedTuple):
    listings: int
    seconds: float
    most_in_a_second: int


class Bureau:
    """The running process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"

    def tally(self) -> Tally:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Tally(*json.loads(self._process.stdout.readline()))


@contextmanager
def running_bureau(seconds: float) -> Iterator[Bureau]:
    """Start it; every call takes so long."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._bureau", str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Bureau(process, int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


# --- the process ---------------------------------------------------------------------------------

arrivals: list[tuple[float, bool]] = []


async def _serve(seconds: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                came = time.monotonic()
                await reader.readexactly(_length(head))
                is_listing = head.startswith(LISTING)
                arrivals.append((came, is_listing))
                body = json.dumps(_answer(head, len(arrivals))).encode()
                await asyncio.sleep(seconds - (time.monotonic() - came))
                writer.write(
                    b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % (202 if is_listing else 200, len(body)) + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(_tally()), flush=True)
        arrivals.clear()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _answer(head: bytes, number: int) -> dict[str, object]:
    if head.startswith(b"POST /oauth/token"):
        return {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
    if head.startswith(LISTING):
        return {"protocolo": f"B{time.time_ns()}-{number}", "situacao": "RECEBIDA"}
    return {"itens": [], "proximo": None}


def _tally() -> Tally:
    moments = sorted(came for came, _ in arrivals)
    listings = [came for came, is_listing in arrivals if is_listing]
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return Tally(len(listings), max(listings) - min(listings) if listings else 0.0, most)


if __name__ == "__main__":
    with suppress(PermissionError):
        os.nice(-10)  # it is the clock: what it notes late would look like a call that came late
    asyncio.run(_serve(float(sys.argv[1])))
