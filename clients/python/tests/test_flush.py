from __future__ import annotations

import gc
import threading
import time
import unittest
import weakref
from typing import Any, List

from support import PATIENCE, ClientTest, answering, hang, llm_call

from promptops import ClientConfig, FlushResult, PromptOpsClient, lifecycle


class FlushTest(ClientTest):
    def test_with_nothing_to_send_it_returns_at_once_and_starts_nothing(self) -> None:
        before = threading.active_count()
        client = self.client(None)
        self.assertEqual(client.flush(PATIENCE), FlushResult(0, 0, 0, 0))
        self.assertEqual(threading.active_count(), before)

    def test_it_ends_at_its_deadline_and_tells_what_remains(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector)
        client.record(llm_call())
        client.record(llm_call())
        start = time.monotonic()
        self.assertEqual(client.flush(timeout=0.1), FlushResult(0, 0, 0, 2))
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(client.stats().queued, 2)

    def test_it_waits_only_for_what_was_recorded_before(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        stop = threading.Event()

        def keep_recording() -> None:
            while not stop.is_set():
                client.record(llm_call())

        thread = threading.Thread(target=keep_recording)
        thread.start()
        try:
            self.assertEqual(client.flush(PATIENCE).remaining, 0)
        finally:
            stop.set()
            thread.join()

    def test_it_does_not_wait_out_a_backoff(self) -> None:
        collector = self.collector(answering(500))
        client = self.client(collector, batch_size=1, retry_initial_delay=600, retry_max_delay=600)
        client.record(llm_call())
        self.errors.wait_for(lambda errors: len(errors) == 1)
        self.assertEqual(client.flush(PATIENCE).sent, 1)

    def test_it_keeps_the_time_that_the_server_asked_for(self) -> None:
        collector = self.collector(answering(503, headers={"Retry-After": "600"}))
        client = self.client(collector)
        client.record(llm_call())
        self.assertEqual(client.flush(0.2).remaining, 1)
        self.assertEqual(client.flush(0.2).remaining, 1)
        self.assertEqual(len(collector.requests), 1)

    def test_several_threads_may_flush(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        results: List[FlushResult] = []

        def work() -> None:
            client.record(llm_call())
            results.append(client.flush(PATIENCE))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([result.remaining for result in results], [0] * 8)
        self.assertEqual(len(collector.stored), 8)

    def test_a_callback_may_flush_without_waiting_for_itself(self) -> None:
        collector = self.collector(answering(400))
        results: List[FlushResult] = []

        def flush(_: object) -> None:
            results.append(client.flush(PATIENCE))

        client = PromptOpsClient(ClientConfig(base_url=collector.url, api_key="k", on_error=flush, on_drop=self.drops))
        self.addCleanup(client.shutdown, 0)
        client.record(llm_call())
        client.flush(PATIENCE)
        self.assertEqual(results, [FlushResult(0, 0, 0, 1)])

    def test_any_timeout_is_taken(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        timeouts: List[Any] = [None, "soon", float("nan"), float("inf"), 10**30]
        for timeout in timeouts:
            client.record(llm_call())
            self.assertEqual(client.flush(timeout).remaining, 0)
        self.assertEqual(client.flush(-1).remaining, 0)


class ShutdownTest(ClientTest):
    def test_it_delivers_ends_the_thread_and_may_be_repeated(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        client.record(llm_call())
        thread = client._sender._thread
        assert thread is not None
        self.assertEqual(client.shutdown(PATIENCE), FlushResult(1, 0, 0, 0))
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())
        self.assertEqual(client.shutdown(PATIENCE), FlushResult(0, 0, 0, 0))
        self.assertNotIn(client._sender, lifecycle._live)

    def test_what_is_left_at_the_deadline_is_dropped_and_counted(self) -> None:
        collector = self.collector(*[answering(503)] * 10_000)
        client = self.client(collector, batch_size=2)
        for _ in range(7):
            client.record(llm_call())
        self.assertEqual(client.shutdown(0.1).remaining, 7)
        self.drops.wait_for(lambda drops: sum(drop.count for drop in drops if drop.reason == "shutdown") == 7)
        self.assertEqual(client.stats().queued, 0)
        self.assert_ledger_adds_up(client)

    def test_the_last_chance_is_taken_even_before_the_time_that_the_server_asked_for(self) -> None:
        collector = self.collector(answering(503, headers={"Retry-After": "600"}))
        client = self.client(collector)
        client.record(llm_call())
        client.flush(0.2)
        self.assertEqual(client.shutdown(PATIENCE).sent, 1)

    def test_leaving_the_with_block_shuts_down(self) -> None:
        collector = self.collector()
        with PromptOpsClient(ClientConfig(base_url=collector.url, api_key="k")) as client:
            self.assertIs(client.initialize(), client)
            client.record(llm_call())
        self.assertEqual(client.stats().accepted, 1)
        self.assertFalse(client.record(llm_call()))

    def test_a_client_that_is_let_go_sends_what_it_has_and_leaves_nothing_behind(self) -> None:
        collector = self.collector()
        client = PromptOpsClient(ClientConfig(base_url=collector.url, api_key="k", telemetry={"flush_interval": 600}))
        client.record(llm_call())
        sender, thread, gone = client._sender, client._sender._thread, weakref.ref(client)
        assert thread is not None
        del client
        gc.collect()
        self.assertIsNone(gone())
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())
        self.assertEqual(len(collector.stored), 1)
        self.assertNotIn(sender, lifecycle._live)

    def test_an_unused_client_that_is_let_go_leaves_nothing_behind(self) -> None:
        client = PromptOpsClient(ClientConfig(base_url="http://127.0.0.1:9", api_key="k"))
        sender = client._sender
        del client
        gc.collect()
        self.assertNotIn(sender, lifecycle._live)


if __name__ == "__main__":
    unittest.main()
