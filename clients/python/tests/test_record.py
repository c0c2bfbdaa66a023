from __future__ import annotations

import threading
import unittest
from typing import Any, Dict, Iterator, List, Mapping
from unittest import mock

from support import PATIENCE, ClientTest, hang, llm_call

from promptops import ClientConfig, Drop, PromptOpsClient


class HostileMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 1


class RecordTest(ClientTest):
    def test_an_event_arrives_as_recorded(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        self.assertTrue(client.record(llm_call(input_tokens=5, metadata={"team": "search"}), output_tokens=7))
        self.assertEqual(client.flush(PATIENCE).sent, 1)
        (event,) = collector.events
        self.assertEqual(event["input_tokens"], 5)
        self.assertEqual(event["output_tokens"], 7)
        self.assertEqual(event["metadata"], {"team": "search"})
        self.assertEqual(collector.requests[0].path, "/v1/client/usage/log")
        self.assertEqual(collector.requests[0].headers["Authorization"], "Bearer po_test")
        self.assertEqual(client.stats(), (1, 1, 0, 0, 0, 0, 0))

    def test_defaults_give_way_to_the_event_and_metadata_is_merged(self) -> None:
        collector = self.collector()
        defaults = {"project_id": "checkout", "environment": "production", "metadata": {"team": "search", "tier": 1}}
        client = self.client(collector, defaults=defaults)
        client.record(llm_call(environment="staging", metadata={"tier": 2}))
        client.record(llm_call(environment=None))
        client.flush(PATIENCE)
        first, second = collector.events
        self.assertEqual((first["project_id"], first["environment"]), ("checkout", "staging"))
        self.assertEqual(first["metadata"], {"team": "search", "tier": 2})
        self.assertNotIn("environment", second)
        self.assertEqual(second["metadata"], {"team": "search", "tier": 1})

    def test_what_the_caller_changes_afterwards_changes_nothing(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        metadata = {"step": 1}
        event: Dict[str, Any] = llm_call(metadata=metadata, user_id="u")
        client.record(event)
        metadata["step"] = 2
        event["user_id"] = "other"
        client.flush(PATIENCE)
        self.assertEqual(collector.events[0]["metadata"], {"step": 1})
        self.assertEqual(collector.events[0]["user_id"], "u")
        self.assertNotIn("event_id", event)

    def test_garbage_never_raises_and_is_counted(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        no_events: List[Any] = ["text", b"x", 42, object(), [("a", 1)], HostileMapping(), mock.MagicMock()]
        for garbage in no_events:
            self.assertFalse(client.record(garbage))
        unserialisable: List[Any] = [{"metadata": {"x": object()}}, {(1, 2): 3}, {"cost_usd": float("nan")}]
        for garbage in unserialisable:
            self.assertTrue(client.record(garbage))
        client.record(llm_call())
        result = client.flush(PATIENCE)
        self.assertEqual((result.sent, result.dropped, result.remaining), (1, 3, 0))
        self.assertEqual(client.stats().dropped, 10)
        self.assertEqual(len(collector.events), 1)
        drops = self.drops.wait_for(lambda told: sum(drop.count for drop in told) == 10)
        self.assertEqual({drop.reason for drop in drops}, {"invalid", "not_serialisable"})
        self.assert_ledger_adds_up(client)

    def test_one_bad_event_costs_only_itself(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        for number in range(50):
            client.record(llm_call(input_tokens=number, metadata={"bad": object()} if number == 25 else {}))
        client.flush(PATIENCE)
        self.assertEqual([event["input_tokens"] for event in collector.events], [n for n in range(50) if n != 25])

    def test_a_full_queue_drops_the_newest_counts_them_and_says_so(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector, batch_size=2, max_queue_size=10)
        client.record(llm_call())
        client.record(llm_call())
        collector.wait_for_requests(1)
        taken = [client.record(llm_call(input_tokens=number)) for number in range(20)]
        # The two on their way count as well: memory is bounded as a whole.
        self.assertEqual(taken, [True] * 8 + [False] * 12)
        self.assertEqual(client.stats(), (22, 0, 0, 0, 12, 10, 0))
        collector.released.set()
        self.assertEqual(client.flush(PATIENCE).remaining, 0)
        self.assertEqual([event["input_tokens"] for event in collector.events[-8:]], list(range(8)))
        told = self.drops.wait_for(lambda drops: sum(drop.count for drop in drops) == 12)
        self.assertTrue(all(drop == Drop("queue_full", drop.count, "10 events were waiting") for drop in told))
        self.assert_ledger_adds_up(client)

    def test_a_full_queue_does_not_call_the_callback_for_every_event(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector, batch_size=1, max_queue_size=1)
        client.record(llm_call())
        collector.wait_for_requests(1)
        for _ in range(5_000):
            client.record(llm_call())
        collector.released.set()
        client.flush(PATIENCE)
        told = self.drops.wait_for(lambda drops: sum(drop.count for drop in drops) == 5_000)
        self.assertLess(len(told), 50)

    def test_many_threads_lose_nothing(self) -> None:
        collector = self.collector()
        client = self.client(collector, max_queue_size=100_000)

        def work(worker: int) -> None:
            for number in range(500):
                client.record(llm_call(user_id=f"{worker}-{number}"))

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.flush(PATIENCE)
        self.assertEqual(client.stats(), (4_000, 4_000, 0, 0, 0, 0, 0))
        self.assertEqual(len({event["user_id"] for event in collector.events}), 4_000)
        self.assertEqual(len({event["event_id"] for event in collector.events}), 4_000)

    def test_a_callback_that_raises_harms_nobody(self) -> None:
        collector = self.collector()

        def raising(_: object) -> None:
            raise RuntimeError("from the application")

        config = ClientConfig(base_url=collector.url, api_key="k", on_drop=raising, on_error=raising)
        client = PromptOpsClient(config)
        self.addCleanup(client.shutdown, 0)
        with self.assertLogs("promptops", "ERROR") as logs:
            client.record(llm_call(metadata={"x": object()}))
            client.flush(PATIENCE)
            client.record(llm_call())
            self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.assertIn("the on_drop callback raised", logs.output[0])

    def test_without_callbacks_drops_go_to_the_log(self) -> None:
        collector = self.collector()
        with self.assertLogs("promptops", "WARNING") as logs:
            with PromptOpsClient(ClientConfig(base_url=collector.url, api_key="k")) as client:
                client.record(llm_call(metadata={"x": object()}))
        self.assertIn("1 event(s) dropped (not_serialisable)", "".join(logs.output))

    def test_a_recording_finaliser_in_the_middle_of_recording_does_not_deadlock(self) -> None:
        client = self.client(None)
        queue = client._sender._queue

        # As if the garbage collector ran a finaliser at the worst moment: with the lock held.
        with queue._lock:
            client.record(llm_call())
            client._sender.refuse("from a finaliser")
        self.assertEqual(client.stats().recorded, 2)

    def test_after_shutdown_events_are_dropped_and_counted(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        client.record(llm_call())
        client.shutdown(PATIENCE)
        self.assertFalse(client.record(llm_call()))
        self.assertEqual(client.stats(), (2, 1, 0, 0, 1, 0, 0))
        client.flush(0)
        self.assertEqual(self.drops.values[-1].reason, "closed")


if __name__ == "__main__":
    unittest.main()
