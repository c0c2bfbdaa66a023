from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List
from urllib.parse import parse_qsl, urlsplit

import support  # noqa: F401
from promptops import BudgetExceeded, ClientConfig, PromptOpsClient

# Long enough for a busy machine where an answer is expected; the tests of the deadline set their own.
PATIENCE = 20.0
Answer = Callable[["Handler"], None]


def budget(**fields: Any) -> Dict[str, Any]:
    resets_at = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "budget_id": 7,
        "name": "Checkout",
        "decision": "block",
        "enforcement": "block",
        "measure": "cost",
        "percent": 103.2,
        "spent": "103.2",
        "limit": "100",
        "period_start": "2026-11-01T00:00:00+01:00",
        "period_end": "2026-12-01T00:00:00+01:00",
        "resets_at": resets_at,
        "is_lower_bound": False,
        **fields,
    }


def verdict(**fields: Any) -> Dict[str, Any]:
    return {
        "decision": "block",
        "budgets": [budget()],
        "dimensions": ["project_id", "user_id", "metadata.team"],
        "as_of": "2026-11-24T06:00:00.000Z",
        "stale_seconds": 1.2,
        "stale": False,
        **fields,
    }


def answering(body: Any, status: int = 200, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.keys.append(self.headers["Authorization"])
        self.server.answer(self)

    def log_message(self, *_: object) -> None:
        pass


class Collector(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Answer = answering(verdict())
        self.asked: List[str] = []
        self.keys: List[str] = []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what the tests make."""


class BudgetTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = Collector()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.released.set)

    def client(self, url: str = "", **options: Any) -> PromptOpsClient:
        client = PromptOpsClient(
            ClientConfig(
                base_url=url or f"http://127.0.0.1:{self.server.server_address[1]}",
                api_key="po_test",
                defaults={"project_id": "checkout"},
                budget={"timeout": PATIENCE, **options},  # type: ignore[typeddict-item]
            )
        )
        self.addCleanup(client.shutdown, 0)
        return client

    def test_a_budget_that_blocks_stops_the_call_and_is_named(self) -> None:
        client = self.client(mode="block")
        entered = False
        with self.assertRaises(BudgetExceeded) as caught:
            with client.with_budget(user_id="u-1"):
                entered = True
        self.assertFalse(entered)
        self.assertEqual(
            str(caught.exception),
            'the call was not made: budget "Checkout": $103.2 of $100 spent (103.2 %) from 2026-11-01T00:00:00+01:00 to '
            "2026-12-01T00:00:00+01:00, as of 2026-11-24T06:00:00.000Z",
        )
        self.assertEqual(caught.exception.budget.limit, "100")
        self.assertEqual(caught.exception.as_of, "2026-11-24T06:00:00.000Z")
        self.assertEqual(client.budget.stats(), (1, 1, 0, 0, 1))
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((str(again), again.budget), (str(caught.exception), caught.exception.budget))

    def test_the_mode_warn_tells_and_lets_go(self) -> None:
        told: List[Any] = []
        client = self.client(on_warning=lambda one, whole: told.append((one.name, one.decision, whole.decision)))
        with client.with_budget() as found:
            self.assertEqual(found.decision, "block")
        self.assertEqual(told, [("Checkout", "block", "block")])
        self.assertEqual(client.budget.stats().warned, 1)

    def test_without_a_callback_the_log_tells_once(self) -> None:
        self.server.answer = answering(verdict(decision="warn", budgets=[budget(decision="warn", is_lower_bound=True)]))
        client = self.client(mode="block")
        with self.assertLogs("promptops", "WARNING") as logs:
            for _ in range(3):
                client.budget.guard()
        self.assertEqual(len(logs.output), 1)
        self.assertIn('budget "Checkout": at least $103.2 of $100', logs.output[0])

    def test_a_callback_that_raises_does_no_harm(self) -> None:
        client = self.client(on_warning=lambda *_: 1 / 0)
        with self.assertLogs("promptops", "ERROR"):
            client.budget.guard()

    def test_functions_and_coroutines_can_be_guarded(self) -> None:
        client = self.client(mode="block")

        @client.with_budget(user_id="u-1")
        def call(value: int) -> int:
            return value

        @client.with_budget(user_id="u-1")
        async def acall(value: int) -> int:
            return value

        async def block() -> None:
            async with client.with_budget(user_id="u-1"):
                self.fail("entered")

        with self.assertRaises(BudgetExceeded):
            call(1)
        for coroutine in (acall(1), block()):
            with self.assertRaises(BudgetExceeded):
                asyncio.run(coroutine)
        self.assertEqual(len(self.server.asked), 1)
        self.server.answer = answering(verdict(decision="allow", budgets=[]))
        fresh = self.client(mode="block")
        self.assertEqual(fresh.with_budget()(lambda: "answer")(), "answer")

    def test_the_question_has_the_fields_of_the_call_and_of_the_defaults(self) -> None:
        self.client().budget.check(
            {"model_name": "gpt-4o"},
            user_id="ü&=",
            prompt_id="",
            stream=True,
            input_tokens=5,
            metadata={"team": "search", "nested": {"a": 1}},
        )
        query = urlsplit(self.server.asked[0])
        self.assertEqual(query.path, "/v1/analytics/budgets/check")
        self.assertEqual(
            dict(parse_qsl(query.query)),
            {
                "project_id": "checkout",
                "model_name": "gpt-4o",
                "user_id": "ü&=",
                "stream": "true",
                "metadata.team": "search",
            },
        )
        self.assertEqual(self.server.keys, ["Bearer po_test"])

    def test_calls_that_are_alike_to_the_budgets_are_asked_about_once(self) -> None:
        client = self.client(cache=60)
        client.budget.check(user_id="u-1", session_id="s-0")
        threads = [
            threading.Thread(target=client.budget.check, kwargs={"user_id": "u-2", "session_id": f"s-{number}"})
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.budget.check(user_id="u-3")
        self.assertEqual(client.budget.stats()[:2], (10, 3))
        self.assertEqual(len(self.server.asked), 3)

    def test_an_answer_is_asked_for_anew_after_its_time(self) -> None:
        self.server.answer = answering(verdict(decision="allow", budgets=[]))
        client = self.client(mode="block", cache=1e-6)
        client.budget.guard()
        client.budget.guard()  # now the dimensions are known
        self.server.answer = answering(verdict())
        with self.assertRaises(BudgetExceeded):
            client.budget.guard()

    def test_a_slow_collector_holds_a_call_up_for_the_timeout_and_later_ones_not_at_all(self) -> None:
        def slow(handler: Handler) -> None:
            self.server.released.wait(PATIENCE)
            answering(verdict())(handler)

        self.server.answer = slow
        client = self.client(mode="block", timeout=0.05, cache=60)
        started = time.monotonic()
        found = client.budget.check()
        self.assertGreaterEqual(time.monotonic() - started, 0.045)
        self.assertEqual((found.decision, found.known), ("allow", False))
        self.assertEqual(found.reason, "the collector did not answer within 0.05 s")
        again = time.monotonic()
        for _ in range(100):
            client.budget.guard()
        self.assertLess(time.monotonic() - again, 1.0)
        self.assertEqual(client.budget.stats()[:3], (101, 1, 101))
        self.server.released.set()
        deadline = time.monotonic() + PATIENCE
        while not client.budget.check().known and time.monotonic() < deadline:
            time.sleep(0.001)
        # The late answer counts.
        with self.assertRaises(BudgetExceeded):
            client.budget.guard()

    def test_asyncio_goes_on_while_a_check_waits(self) -> None:
        self.server.answer = lambda _: self.server.released.wait(PATIENCE) and None
        client = self.client(timeout=0.2)
        turns = 0

        async def scenario() -> None:
            nonlocal turns
            waiting = asyncio.ensure_future(client.budget.acheck())
            while not waiting.done():
                turns += 1
                await asyncio.sleep(0)
            self.assertFalse(waiting.result().known)

        asyncio.run(scenario())
        self.assertGreater(turns, 10)

    def test_bad_answers_stop_no_call(self) -> None:
        cases: Dict[str, Answer] = {
            "HTTP 503": answering({"title": "away"}, 503),
            "HTTP 401": answering({"title": "key"}, 401),
            "HTTP 302": answering(b"", 302, Location="http://elsewhere/"),
            "not that of a collector": answering(b"<html>"),
            "not that of a collector ": answering(b""),
            "not that of a collector  ": answering([1, 2]),
            "not that of a collector   ": answering(verdict(decision="explode")),
            "not that of a collector    ": answering(verdict(budgets=[None])),
            "not that of a collector     ": answering(b"[" * 100_000),
            "cannot reach": lambda handler: handler.connection.close(),
            "no recent figures": answering(verdict(decision="allow", budgets=[], stale=True)),
        }
        for reason, answer in cases.items():
            with self.subTest(reason):
                self.server.answer = answer
                client = self.client(mode="block")
                found = client.budget.check()
                self.assertEqual((found.decision, found.known), ("allow", False))
                self.assertIn(reason.strip(), found.reason or "")
                client.budget.guard()
                # Not asked again for every call.
                self.assertEqual(client.budget.stats()[:3], (2, 1, 2))

    def test_an_answer_that_stops_in_the_middle_holds_no_call_up(self) -> None:
        def half(handler: Handler) -> None:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"decision":')
            self.server.released.wait(PATIENCE)

        self.server.answer = half
        started = time.monotonic()
        self.assertFalse(self.client(mode="block", timeout=0.05).budget.check().known)
        self.assertLess(time.monotonic() - started, 4)

    def test_a_collector_that_is_away_is_not_asked_about_each_call(self) -> None:
        client = self.client("http://127.0.0.1:9", mode="block", cache=60)
        for number in range(20):
            client.budget.guard(user_id=f"u-{number}")
        self.assertEqual(client.budget.stats()[:3], (20, 1, 20))

    def test_the_last_answer_decides_while_it_cannot_be_renewed(self) -> None:
        client = self.client(mode="block", cache=1e-6)
        for _ in range(2):
            with self.assertRaises(BudgetExceeded):
                client.budget.guard()
        self.server.answer = answering({}, 500)
        with self.assertRaises(BudgetExceeded):
            client.budget.guard()

    def test_a_budget_of_an_ended_period_stops_nothing(self) -> None:
        self.server.answer = answering(verdict(budgets=[budget(resets_at="2026-01-01T00:00:00.000Z")]))
        self.assertEqual(self.client(mode="block").budget.guard().decision, "allow")

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_a_forked_child_asks_by_itself(self) -> None:
        client = self.client(mode="block")
        client.budget.check()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                found = client.budget.check()
                code = 0 if found.known and client.budget.stats()[:2] == (1, 1) else 2
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(len(self.server.asked), 2)

    def test_a_client_that_is_switched_off_lets_every_call_go(self) -> None:
        client = PromptOpsClient(ClientConfig(telemetry={"enabled": False}, budget={"mode": "block"}))
        self.assertFalse(client.budget.guard().known)

    def test_wrong_settings_are_named(self) -> None:
        wrong: Any = {"mode": "panic", "timeout": 0, "cach": 5, "on_warning": 3}
        with self.assertRaises(ValueError) as caught:
            ClientConfig(base_url="http://x", api_key="k", budget=wrong)
        for text in (
            "budget.cach is not a setting (did you mean cache?)",
            "budget.mode must be 'warn' or 'block'",
            "budget.timeout must be a number of seconds above 0",
            "budget.on_warning must be callable",
        ):
            self.assertIn(text, str(caught.exception))


if __name__ == "__main__":
    sys.exit(unittest.main())
