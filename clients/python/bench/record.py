"""How long record() holds up its caller: python3 bench/record.py [events]

The client sends to a collector in another process while the times are taken, so the interpreter is shared with encoding,
compression and sending, as in production. Three loads, because they take different paths:
  flat out   as fast as one thread can, into a queue with room for all
  full       the same into a queue that is full most of the time: most events are dropped
  paced      about 3,000 a second with sleeps between, far more than a process makes LLM calls: caches are cold
What the machine itself costs is told by an empty function with the same arguments, called just as often between them.
"""

from __future__ import annotations

import http.server
import json
import math
import multiprocessing
import sys
import time
from gzip import decompress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Callable, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from promptops import ClientConfig, PromptOpsClient  # noqa: E402

WARM_UP = 1_000
BAR_US = 20.0


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer in one packet, as real servers send them.
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = decompress(body)
        count = len(json.loads(body)["events"])
        answer = json.dumps(
            {"received": count, "accepted": count, "duplicate": 0, "rejected": 0, "errors": []}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def serve(parent: Connection) -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    parent.send(server.server_address[1])
    server.serve_forever()


EVENT = {
    "project_id": "checkout",
    "prompt_id": "summarise-order",
    "model_provider": "openai",
    "model_name": "gpt-4o",
    "input_tokens": 1200,
    "cache_read_tokens": 900,
    "output_tokens": 310,
    "response_time_ms": 1840.5,
    "status": "success",
    "metadata": {"team": "search"},
}


def empty(**_: object) -> None:
    pass


def measure(record: Callable[..., object], events: int, pause_seconds: float) -> Tuple[List[int], List[int]]:
    """Nanoseconds of each call of `record`, and of each call of the empty function, sorted."""
    taken, floor = [], []
    for number in range(WARM_UP + events):
        start = time.perf_counter_ns()
        empty(**EVENT)
        middle = time.perf_counter_ns()
        record(**EVENT)
        end = time.perf_counter_ns()
        if number >= WARM_UP:
            floor.append(middle - start)
            taken.append(end - middle)
        if pause_seconds:
            time.sleep(pause_seconds)
    return sorted(taken), sorted(floor)


def percentile(ordered: List[int], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] / 1000


def main() -> int:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    collector = context.Process(target=serve, args=(far,), daemon=True)
    collector.start()
    port = near.recv()
    missed = False
    for name, count, pause, room in (
        ("flat out", events, 0.0, 2 * events + WARM_UP),
        ("full", events, 0.0, 1_000),
        ("paced", max(1, events // 10), 0.0003, 10_000),
    ):
        config = ClientConfig(
            base_url=f"http://127.0.0.1:{port}",
            api_key="po_bench",
            telemetry={"max_queue_size": room},
            on_drop=lambda drop: None,
        )
        client = PromptOpsClient(config)
        taken, floor = measure(client.record, count, pause)
        client.shutdown(120)
        p99 = percentile(taken, 0.99)
        missed = missed or p99 >= BAR_US
        stats = client.stats()
        print(
            f"record(), {name}: {len(taken)} events, p50 {percentile(taken, 0.5):.2f} us, p99 {p99:.2f} us, "
            f"p99.9 {percentile(taken, 0.999):.2f} us, max {taken[-1] / 1000:.0f} us "
            f"(empty function p50 {percentile(floor, 0.5):.2f}, p99 {percentile(floor, 0.99):.2f}); "
            f"accepted {stats.accepted}, dropped {stats.dropped}"
        )
    collector.terminate()
    print(f"bar, p99 < {BAR_US:.0f} us: {'MISSED' if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
