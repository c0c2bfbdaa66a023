from __future__ import annotations

import random
import time
import unittest
from email.utils import formatdate
from typing import Any, List, Tuple
from unittest import mock

from support import (
    PATIENCE,
    Behaviour,
    ClientTest,
    Handler,
    Received,
    accept,
    accept_then_close,
    answering,
    counts,
    hang,
    llm_call,
    reset,
    store_then_reset,
)

from promptops import RejectedEvent, delivery
from promptops.wakeup import Wakeup


class DeliveryTest(ClientTest):
    def test_a_full_batch_goes_at_once_and_the_rest_waits_for_the_interval(self) -> None:
        collector = self.collector()
        client = self.client(collector, batch_size=10, flush_interval=0.05)
        for number in range(25):
            client.record(llm_call(input_tokens=number))
        collector.wait_for_requests(3)
        self.assertEqual([len(request.events) for request in collector.requests], [10, 10, 5])
        self.assertEqual([event["input_tokens"] for event in collector.events], list(range(25)))

    def test_bodies_are_compressed_from_1_kib_on(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        client.record(llm_call())
        client.flush(PATIENCE)
        for _ in range(50):
            client.record(llm_call())
        client.flush(PATIENCE)
        small, large = collector.requests
        self.assertNotIn("Content-Encoding", small.headers)
        self.assertEqual(large.headers["Content-Encoding"], "gzip")
        self.assertLess(len(large.body), 5_000)
        self.assertEqual(len(large.events), 50)

    def test_compression_can_be_switched_off(self) -> None:
        collector = self.collector()
        client = self.client(collector, gzip=False)
        for _ in range(50):
            client.record(llm_call())
        client.flush(PATIENCE)
        self.assertNotIn("Content-Encoding", collector.requests[0].headers)
        self.assertEqual(len(collector.requests[0].events), 50)

    def test_passing_failures_are_retried_with_the_same_events(self) -> None:
        for status in (408, 429, 500, 502, 503, 504):
            with self.subTest(status=status):
                collector = self.collector(answering(status), answering(status))
                client = self.client(collector)
                client.record(llm_call())
                result = client.flush(PATIENCE)
                self.assertEqual((result.sent, result.remaining), (1, 0))
                self.assertEqual(client.stats(), (1, 1, 0, 0, 0, 0, 2))
                self.assertEqual(len({request.body for request in collector.requests}), 1)
        self.assertEqual({error.status for error in self.errors.values}, {408, 429, 500, 502, 503, 504})
        self.assertTrue(all(error.will_retry and error.kind == "http" for error in self.errors.values))

    def test_a_connection_reset_after_the_body_is_retried_with_the_same_ids(self) -> None:
        collector = self.collector(reset)
        client = self.client(collector)
        client.record(llm_call())
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).sent, 2)
        first, second = collector.requests
        self.assertEqual(first.ids, second.ids)
        self.assertEqual(client.stats().retries, 1)
        self.assertEqual(self.errors.values[0].kind, "network")

    def test_a_lost_answer_ends_as_duplicate_not_as_a_second_event(self) -> None:
        collector = self.collector(store_then_reset)
        client = self.client(collector)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.assertEqual(len(collector.stored), 1)
        self.assertEqual(client.stats(), (1, 0, 1, 0, 0, 0, 1))

    def test_an_answer_cut_in_the_middle_is_no_answer(self) -> None:
        def half_an_answer(handler: Handler, received: Received) -> None:
            body = handler.server.collector.store(received.events)
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + str(body).encode()[:10])
            handler.wfile.flush()
            handler.close_connection = True

        collector = self.collector(half_an_answer)
        client = self.client(collector)
        client.record(llm_call())
        client.flush(PATIENCE)
        self.assertEqual(client.stats(), (1, 0, 1, 0, 0, 0, 1))

    def test_a_collector_restart_loses_nothing(self) -> None:
        collector = self.collector()
        client = self.client(collector, batch_size=5)
        for number in range(10):
            client.record(llm_call(input_tokens=number))
        client.flush(PATIENCE)
        collector.close()
        for number in range(10, 30):
            client.record(llm_call(input_tokens=number))
        self.errors.wait_for(lambda errors: len(errors) >= 3)
        self.assertEqual(client.stats().queued, 20)
        revived = self.collector(port=collector.port)
        self.assertEqual(client.flush(PATIENCE).remaining, 0)
        self.assertEqual([event["input_tokens"] for event in revived.events], list(range(10, 30)))

    def test_a_keep_alive_connection_is_used_again(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        for _ in range(3):
            client.record(llm_call())
            client.flush(PATIENCE)
        self.assertEqual(len({request.connection for request in collector.requests}), 1)

    def test_a_connection_that_the_server_closed_while_idle_is_no_failure(self) -> None:
        collector = self.collector(accept_then_close, accept_then_close)
        # With such waits between retries a test with a failure would not end in time.
        client = self.client(collector, retry_initial_delay=600, retry_max_delay=600)
        for _ in range(3):
            client.record(llm_call())
            self.assertEqual(client.flush(PATIENCE).remaining, 0)
        self.assertEqual(client.stats().accepted, 3)
        self.assertEqual(self.errors.values, [])

    def test_other_refusals_are_not_retried_but_counted_and_told(self) -> None:
        for status in (400, 401, 403, 404, 422):
            with self.subTest(status=status):
                collector = self.collector(answering(status))
                client = self.client(collector)
                client.record(llm_call())
                client.record(llm_call())
                result = client.flush(PATIENCE)
                self.assertEqual((result.sent, result.dropped, result.remaining), (0, 2, 0))
                self.assertEqual(len(collector.requests), 1)
                error = self.errors.values[-1]
                self.assertEqual((error.kind, error.status, error.events, error.will_retry), ("http", status, 2, False))
                self.assertEqual(error.message, f"HTTP {status}: Status {status}: as the test wants it")
                client.record(llm_call())
                self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.drops.wait_for(lambda drops: [drop.reason for drop in drops] == ["refused"] * 5)

    def test_a_redirect_is_not_followed_and_says_where_it_leads(self) -> None:
        collector = self.collector(answering(301, b"", {"Location": "https://elsewhere.example/"}))
        client = self.client(collector)
        client.record(llm_call())
        client.flush(PATIENCE)
        self.assertIn("redirects to https://elsewhere.example/; set base_url", self.errors.values[0].message)

    def test_too_large_a_batch_is_halved_until_it_fits(self) -> None:
        def at_most_3(handler: Handler, received: Received) -> None:
            if len(received.events) > 3:
                answering(413)(handler, received)
            else:
                accept(handler, received)

        collector = self.collector(*[at_most_3] * 50)
        client = self.client(collector)
        for number in range(16):
            client.record(llm_call(input_tokens=number))
        self.assertEqual(client.flush(PATIENCE).sent, 16)
        self.assertEqual([event["input_tokens"] for event in collector.stored.values()], list(range(16)))
        self.assertEqual(self.errors.values, [])

    def test_a_single_event_that_is_too_large_is_dropped_alone(self) -> None:
        def refuses_the_big_one(handler: Handler, received: Received) -> None:
            if any(event.get("prompt_id") == "big" for event in received.events):
                answering(413)(handler, received)
            else:
                accept(handler, received)

        collector = self.collector(*[refuses_the_big_one] * 50)
        client = self.client(collector)
        for number in range(9):
            client.record(llm_call(prompt_id="big" if number == 4 else "small"))
        result = client.flush(PATIENCE)
        self.assertEqual((result.sent, result.dropped), (8, 1))
        self.drops.wait_for(lambda drops: [drop.reason for drop in drops] == ["too_large"])
        self.assert_ledger_adds_up(client)

    def test_rejected_events_are_counted_and_named(self) -> None:
        listed = [{"index": 1, "event_id": "b", "field": "input_tokens", "reason": "must be a whole number"}, "garbage"]
        collector = self.collector(answering(200, counts(3, accepted=1, duplicate=1, rejected=1, errors=listed)))
        client = self.client(collector)
        for name in "abc":
            client.record(llm_call(event_id=name))
        result = client.flush(PATIENCE)
        self.assertEqual((result.sent, result.rejected, result.remaining), (2, 1, 0))
        self.assertEqual(client.stats(), (3, 1, 1, 1, 0, 0, 0))
        (error,) = self.errors.values
        self.assertEqual((error.kind, error.events, error.will_retry), ("rejected", 1, False))
        self.assertEqual(error.rejected, (RejectedEvent(1, "b", "input_tokens", "must be a whole number"),))
        self.assertIn("the first because input_tokens must be a whole number", error.message)

    def test_a_batch_of_which_all_is_rejected_comes_as_422_and_counts_as_rejected(self) -> None:
        problem = {
            "title": "No event of the batch could be accepted",
            "status": 422,
            **counts(2, accepted=0, rejected=2),
        }
        collector = self.collector(answering(422, problem))
        client = self.client(collector)
        client.record(llm_call())
        client.record(llm_call())
        client.flush(PATIENCE)
        self.assertEqual(client.stats(), (2, 0, 0, 2, 0, 0, 0))

    def test_multi_status_is_a_success(self) -> None:
        collector = self.collector(answering(207, counts(1, accepted=1)))
        client = self.client(collector)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).sent, 1)

    def test_an_answer_that_is_not_the_collectors_counts_nothing_as_delivered(self) -> None:
        strange: List[Any] = [
            b"<html>hello</html>",
            b"",
            b"[1]",
            b'{"accepted": "1"}',
            counts(9, accepted=9),
            b"[" * 100_000,
        ]
        for body in strange:
            with self.subTest(body=body if isinstance(body, dict) else body[:20]):
                collector = self.collector(answering(200, body))
                client = self.client(collector)
                client.record(llm_call())
                result = client.flush(PATIENCE)
                self.assertEqual((result.sent, result.dropped), (0, 1))
                self.assertIn("check base_url", self.errors.values[-1].message)

    def test_events_that_an_answer_passes_over_are_counted_as_dropped(self) -> None:
        collector = self.collector(answering(200, counts(3, accepted=2)))
        client = self.client(collector)
        for _ in range(3):
            client.record(llm_call())
        client.flush(PATIENCE)
        self.assertEqual(client.stats(), (3, 2, 0, 0, 1, 0, 0))

    def test_retries_end_when_their_budget_is_spent(self) -> None:
        collector = self.collector(*[answering(503)] * 1000)
        client = self.client(collector, retry_budget=0.05)
        client.record(llm_call())
        result = client.flush(PATIENCE)
        self.assertEqual((result.sent, result.dropped, result.remaining), (0, 1, 0))
        (drop,) = self.drops.wait_for(lambda drops: len(drops) == 1)
        self.assertEqual(drop.reason, "retries_exhausted")
        self.assertFalse(self.errors.values[-1].will_retry)
        self.assertGreater(client.stats().retries, 0)

    def test_nobody_answers(self) -> None:
        client = self.client(None, retry_budget=0.05)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).dropped, 1)
        self.assertIn("cannot reach http://127.0.0.1:9 (ConnectionRefusedError", self.errors.values[0].message)

    def test_a_slow_collector_is_given_up_on_and_tried_again(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector, request_timeout=0.1)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.assertEqual(client.stats().retries, 1)

    def test_unexpected_faults_of_the_client_do_not_end_the_thread(self) -> None:
        collector = self.collector()
        client = self.client(collector)
        with (
            mock.patch.object(delivery.Delivery, "_judge", side_effect=ZeroDivisionError),
            self.assertLogs("promptops", "ERROR"),
        ):
            client.record(llm_call())
            self.assertEqual(client.flush(PATIENCE).dropped, 1)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.assertEqual(self.drops.values[0].reason, "internal_error")

    def test_any_mix_of_faults_delivers_every_event_exactly_once(self) -> None:
        seed = 20261124
        chance = random.Random(seed)
        faults: List[Behaviour] = [reset, store_then_reset, answering(503), answering(429), accept_then_close, accept]
        collector = self.collector(*[chance.choice(faults) for _ in range(120)])
        client = self.client(collector, batch_size=7, max_queue_size=1_000)
        for number in range(400):
            client.record(llm_call(input_tokens=number))
        result = client.flush(PATIENCE)
        self.assertEqual(result.remaining, 0)
        self.assertEqual(
            sorted(event["input_tokens"] for event in collector.stored.values()), list(range(400)), f"seed {seed}"
        )
        stats = client.stats()
        self.assertEqual(stats.accepted + stats.duplicate, 400)
        self.assert_ledger_adds_up(client)


class WaitTest(ClientTest):
    """How long the sender sleeps between attempts; the sleep itself is watched, not waited for."""

    def waits(self, *script: Behaviour, **telemetry: Any) -> Tuple[List[float], Any]:
        collector = self.collector(*script)
        slept: List[float] = []

        def watched(wakeup: Wakeup, seconds: float) -> None:
            slept.append(seconds)

        client = self.client(collector, serverless=True, **telemetry)
        with mock.patch.object(Wakeup, "sleep", watched), mock.patch("promptops.delivery.time", Clock(slept)):
            client.record(llm_call())
            client.flush(3600)
        return slept, client

    def test_retry_after_in_seconds_is_kept(self) -> None:
        slept, client = self.waits(answering(429, headers={"Retry-After": "7"}))
        self.assertEqual(client.stats().accepted, 1)
        self.assertAlmostEqual(sum(slept), 7, delta=0.1)

    def test_retry_after_as_a_date_is_kept(self) -> None:
        def in_30_seconds(handler: Handler, received: Received) -> None:
            # Measured from the answer's own Date, which the handler sets to now.
            answering(503, headers={"Retry-After": formatdate(time.time() + 30, usegmt=True)})(handler, received)

        slept, client = self.waits(in_30_seconds)
        self.assertEqual(client.stats().accepted, 1)
        self.assertAlmostEqual(sum(slept), 30, delta=2)

    def test_a_retry_after_beyond_the_budget_gets_a_last_try_at_its_end(self) -> None:
        slept, client = self.waits(answering(503, headers={"Retry-After": "86400"}), retry_budget=60)
        self.assertEqual(client.stats().accepted, 1)
        self.assertAlmostEqual(sum(slept), 60, delta=0.1)


class Clock:
    """The time module with a clock that the watched sleeps move on."""

    def __init__(self, slept: List[float]) -> None:
        self._slept = slept

    def monotonic(self) -> float:
        return time.monotonic() + sum(self._slept)


if __name__ == "__main__":
    unittest.main()
