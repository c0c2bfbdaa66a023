from __future__ import annotations

import asyncio
import unittest
from types import SimpleNamespace
from typing import Any, Dict, Iterator, Optional
from unittest import mock

from support import PATIENCE, ClientTest, Collector
from test_usage import ANTHROPIC_MESSAGE, OPENAI_CHAT

from promptops import PromptOpsClient
from promptops.tracking import http_status_of


class TrackingTest(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        self.server: Collector = self.collector()
        self.tracker: PromptOpsClient = self.client(self.server)

    def event(self) -> Dict[str, Any]:
        """The one event that was recorded."""
        self.tracker.flush(PATIENCE)
        (event,) = self.server.events
        return event


class RateLimitError(Exception):
    def __init__(self, status_code: Any = 429) -> None:
        super().__init__("slow down")
        self.status_code = status_code


class TrackTest(TrackingTest):
    def test_a_call_is_timed_and_its_usage_read(self) -> None:
        with self.tracker.track(model_provider="openai", model_name="gpt-4o", prompt_id="summarise") as call:
            call.first_token()
            call.first_token()
            self.assertEqual(call.usage(OPENAI_CHAT)["input_tokens"], 1200)
            call.set(user_id="u-1")
        event = self.event()
        self.assertEqual((event["status"], event["prompt_id"], event["user_id"]), ("success", "summarise", "u-1"))
        self.assertEqual((event["input_tokens"], event["cache_read_tokens"]), (1200, 900))
        self.assertGreaterEqual(event["response_time_ms"], event["time_to_first_token_ms"])
        self.assertGreaterEqual(event["time_to_first_token_ms"], 0)
        # What the application says wins over what the answer says.
        self.assertEqual(event["model_name"], "gpt-4o")
        self.assertEqual(event["service_tier"], "default")

    def test_the_model_comes_from_the_answer_when_nobody_said_it(self) -> None:
        with self.tracker.track(model_provider="openai") as call:
            call.usage(OPENAI_CHAT)
        self.assertEqual(self.event()["model_name"], "gpt-4o-2024-08-06")

    def test_the_timestamp_is_the_start_of_the_call(self) -> None:
        with mock.patch("promptops.tracking.time.time_ns", return_value=1_764_000_000_000_000_000):
            with self.tracker.track(model_provider="openai", model_name="gpt-4o"):
                pass
        self.assertEqual(self.event()["timestamp"], "2025-11-24T16:00:00.000000Z")

    def test_times_are_milliseconds(self) -> None:
        ticks = iter([100.0, 100.25, 101.5])
        with mock.patch("promptops.tracking.time.perf_counter", lambda: next(ticks)):
            with self.tracker.track(model_provider="openai", model_name="gpt-4o") as call:
                call.first_token()
        event = self.event()
        self.assertEqual((event["time_to_first_token_ms"], event["response_time_ms"]), (250.0, 1500.0))

    def test_an_exception_is_recorded_and_goes_on_unchanged(self) -> None:
        raised = RateLimitError()
        with self.assertRaises(RateLimitError) as caught:
            with self.tracker.track(model_provider="openai", model_name="gpt-4o"):
                raise raised
        self.assertIs(caught.exception, raised)
        self.assertIsNone(raised.__cause__ or raised.__context__)
        event = self.event()
        self.assertEqual((event["status"], event["error_type"], event["status_code"]), ("error", "RateLimitError", 429))

    def test_an_error_type_of_the_application_is_kept(self) -> None:
        with self.assertRaises(RateLimitError):
            with self.tracker.track(model_provider="openai", model_name="gpt-4o") as call:
                call.set(error_type="rate_limit_exceeded", status="success")
                raise RateLimitError()
        event = self.event()
        self.assertEqual((event["status"], event["error_type"]), ("error", "rate_limit_exceeded"))

    def test_even_an_interrupt_is_recorded(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            with self.tracker.track(model_provider="openai", model_name="gpt-4o"):
                raise KeyboardInterrupt
        self.assertEqual(self.event()["error_type"], "KeyboardInterrupt")

    def test_statuses_of_exceptions(self) -> None:
        def status(**attributes: Any) -> Optional[int]:
            error = Exception()
            error.__dict__.update(attributes)
            return http_status_of(error)

        self.assertEqual(status(status_code=503), 503)
        self.assertEqual(status(code=429), 429)
        self.assertEqual(status(code="rate_limit", status=400), 400)
        self.assertEqual(status(response=SimpleNamespace(status_code=500)), 500)
        for nothing in (
            {},
            {"status_code": "429"},
            {"code": 7},
            {"status_code": True},
            {"status_code": mock.Mock(), "response": mock.Mock()},
        ):
            self.assertIsNone(status(**nothing))

    def test_an_async_block(self) -> None:
        async def main() -> None:
            async with self.tracker.track(model_provider="anthropic") as call:
                await asyncio.sleep(0)
                call.usage(ANTHROPIC_MESSAGE)

        asyncio.run(main())
        self.assertEqual(self.event()["input_tokens"], 5095)

    def test_a_cancelled_task_is_an_error(self) -> None:
        async def main() -> None:
            entered = asyncio.Event()

            async def work() -> None:
                async with self.tracker.track(model_provider="anthropic", model_name="claude"):
                    entered.set()
                    await asyncio.Event().wait()

            task = asyncio.ensure_future(work())
            await entered.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        self.assertEqual(self.event()["error_type"], "CancelledError")

    def test_a_stream_inside_the_block(self) -> None:
        pieces = [
            {"object": "chat.completion.chunk", "model": "gpt-4o", "usage": None},
            {**OPENAI_CHAT, "object": "chat.completion.chunk"},
        ]
        with self.tracker.track(model_provider="openai") as call:
            self.assertEqual(list(call.stream(iter(pieces))), pieces)
        event = self.event()
        self.assertEqual((event["stream"], event["output_tokens"]), (True, 310))
        self.assertIn("time_to_first_token_ms", event)

    def test_an_async_stream_inside_the_block(self) -> None:
        async def pieces() -> Any:
            yield {"type": "message_start", "message": ANTHROPIC_MESSAGE}
            yield {"type": "message_delta", "usage": {"output_tokens": 500}}

        async def main() -> None:
            async with self.tracker.track(model_provider="anthropic") as call:
                async for _ in call.stream(pieces()):
                    pass

        asyncio.run(main())
        event = self.event()
        self.assertEqual((event["stream"], event["input_tokens"], event["output_tokens"]), (True, 5095, 500))

    def test_a_generator_that_is_left_inside_the_block_is_aborted_not_failed(self) -> None:
        tracker = self.client(self.server, defaults={"metadata": {"team": "search"}})

        def pieces() -> Iterator[int]:
            with tracker.track(model_provider="openai", model_name="gpt-4o"):
                yield 1
                yield 2

        stream = pieces()
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        tracker.flush(PATIENCE)
        (event,) = self.server.events
        self.assertEqual(event["status"], "success")
        self.assertEqual(event["metadata"], {"team": "search", "aborted": True})
        self.assertNotIn("error_type", event)

    def test_garbage_given_to_a_call_does_not_raise(self) -> None:
        with self.tracker.track(model_provider="openai", model_name="gpt-4o", metadata=object()) as call:
            call.usage(object())
            call.usage(mock.MagicMock())
            call.set(nonsense=object())
        self.assertEqual(self.tracker.flush(PATIENCE).dropped, 1)

    def test_a_call_is_recorded_once(self) -> None:
        with self.tracker.track(model_provider="openai", model_name="gpt-4o") as call:
            call.end()
        call.end()
        self.event()


if __name__ == "__main__":
    unittest.main()
