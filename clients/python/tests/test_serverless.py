from __future__ import annotations

import asyncio
import threading
import time
import unittest
from typing import Any

from support import PATIENCE, ClientTest, answering, hang, llm_call


class ServerlessTest(ClientTest):
    def test_there_is_no_thread_and_flush_sends(self) -> None:
        collector = self.collector()
        client = self.client(collector, serverless=True, batch_size=10)
        client.initialize()
        for _ in range(25):
            client.record(llm_call())
        self.assertEqual(client.stats().queued, 25)
        result = client.flush(PATIENCE)
        self.assertEqual((result.sent, result.remaining), (25, 0))
        self.assertEqual([len(request.events) for request in collector.requests], [10, 10, 5])
        self.assertNotIn("promptops-sender", [thread.name for thread in threading.enumerate()])

    def test_flush_ends_at_its_deadline_and_the_next_one_sends_the_same_events(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector, serverless=True)
        client.record(llm_call())
        start = time.monotonic()
        self.assertEqual(client.flush(0.2).remaining, 1)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(client.flush(PATIENCE).sent, 1)
        first, second = collector.requests
        self.assertEqual(first.ids, second.ids)

    def test_flush_does_not_sleep_towards_a_retry_that_lies_beyond_its_deadline(self) -> None:
        collector = self.collector(answering(503, headers={"Retry-After": "600"}))
        client = self.client(collector, serverless=True)
        client.record(llm_call())
        start = time.monotonic()
        self.assertEqual(client.flush(300).remaining, 1)
        self.assertLess(time.monotonic() - start, 5)

    def test_drops_are_told_at_the_flush(self) -> None:
        collector = self.collector()
        client = self.client(collector, serverless=True, batch_size=1, max_queue_size=1)
        client.record(llm_call())
        client.record(llm_call())
        client.flush(PATIENCE)
        self.assertEqual([(drop.reason, drop.count) for drop in self.drops.values], [("queue_full", 1)])

    def test_shutdown_drops_and_tells_what_it_cannot_send(self) -> None:
        client = self.client(None, serverless=True)
        client.record(llm_call())
        client.record(llm_call(metadata={"x": object()}))
        client.shutdown(0.1)
        self.assertEqual(client.stats(), (2, 0, 0, 0, 2, 0, client.stats().retries))
        self.assertEqual({drop.reason for drop in self.drops.values}, {"shutdown", "not_serialisable"})

    def test_a_handler_flushes_before_it_returns(self) -> None:
        collector = self.collector()
        client = self.client(collector, serverless=True)

        @client.serverless_handler
        def handler(event: Any, context: Any) -> str:
            """Answers."""
            client.record(llm_call(user_id=event))
            return "done"

        self.assertEqual(handler("u-1", None), "done")
        self.assertEqual((handler.__name__, handler.__doc__), ("handler", "Answers."))
        self.assertEqual(collector.events[0]["user_id"], "u-1")

    def test_a_handler_flushes_before_it_raises(self) -> None:
        collector = self.collector()
        client = self.client(collector, serverless=True)

        @client.serverless_handler(timeout=PATIENCE)
        def handler() -> None:
            with client.track(model_provider="openai", model_name="gpt-4o"):
                raise KeyError("x")

        with self.assertRaises(KeyError):
            handler()
        self.assertEqual(collector.events[0]["error_type"], "KeyError")

    def test_an_async_handler_flushes_too(self) -> None:
        collector = self.collector()
        client = self.client(collector, serverless=True)

        @client.serverless_handler(timeout=PATIENCE)
        async def handler(user: str) -> str:
            client.record(llm_call(user_id=user))
            return user

        self.assertEqual(asyncio.run(handler("u-2")), "u-2")
        self.assertEqual(collector.events[0]["user_id"], "u-2")

    def test_a_handler_works_with_a_thread_as_well(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        client.serverless_handler(lambda: client.record(llm_call()))()
        self.assertEqual(client.stats().accepted, 1)


if __name__ == "__main__":
    unittest.main()
