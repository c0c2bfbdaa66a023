from __future__ import annotations

import asyncio
import gc
import inspect
import io
import unittest
from typing import Any, AsyncIterator, Dict, Generator, Iterator, List
from unittest import mock

from support import PATIENCE
from test_tracking import RateLimitError, TrackingTest
from test_usage import ANTHROPIC_MESSAGE, GEMINI_ANSWER, OPENAI_CHAT

CHUNKS: List[Dict[str, Any]] = [
    {"object": "chat.completion.chunk", "model": "gpt-4o-mini", "usage": None, "n": 1},
    {"object": "chat.completion.chunk", "model": "gpt-4o-mini", "usage": None, "n": 2},
    {"object": "chat.completion.chunk", "model": "gpt-4o-mini", "usage": {"prompt_tokens": 10, "completion_tokens": 3}},
]


class SdkStream:
    """As openai.Stream is: an iterator with more to it."""

    def __init__(self, pieces: List[Any], fail_with: Any = None) -> None:
        self._pieces = iter(pieces)
        self._fail_with = fail_with
        self.response = "the HTTP response"
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._pieces)
        except StopIteration:
            if self._fail_with is not None:
                raise self._fail_with from None
            raise

    def __enter__(self) -> SdkStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True


class AsyncSdkStream:
    def __init__(self, pieces: List[Any]) -> None:
        self._pieces = iter(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> AsyncSdkStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.closed = True


class FunctionTest(TrackingTest):
    def test_a_function_is_timed_and_the_usage_of_its_answer_read(self) -> None:
        @self.tracker.tracked(model_provider="openai", prompt_id="p")
        def ask(question: str, *, loud: bool = False) -> Dict[str, Any]:
            """Asks."""
            return {**OPENAI_CHAT, "question": question, "loud": loud}

        self.assertEqual(ask("why", loud=True)["question"], "why")
        self.assertEqual((ask.__name__, ask.__doc__), ("ask", "Asks."))
        event = self.event()
        self.assertEqual(
            (event["input_tokens"], event["model_name"], event["prompt_id"]), (1200, "gpt-4o-2024-08-06", "p")
        )
        self.assertNotIn("stream", event)

    def test_without_parentheses(self) -> None:
        @self.tracker.tracked
        def ask() -> Dict[str, Any]:
            return GEMINI_ANSWER

        ask()
        self.assertEqual(self.event()["output_tokens"], 500)

    def test_methods(self) -> None:
        tracked = self.tracker.tracked(model_provider="openai")

        class Agent:
            name = "a"

            @tracked
            def ask(self) -> str:
                return self.name

        self.assertEqual(Agent().ask(), "a")
        self.assertEqual(self.event()["status"], "success")

    def test_an_exception_goes_on_unchanged(self) -> None:
        raised = RateLimitError()

        @self.tracker.tracked(model_provider="openai")
        def ask() -> None:
            raise raised

        with self.assertRaises(RateLimitError) as caught:
            ask()
        self.assertIs(caught.exception, raised)
        event = self.event()
        self.assertEqual((event["status"], event["error_type"], event["status_code"]), ("error", "RateLimitError", 429))

    def test_other_answers_pass_untouched(self) -> None:
        file = io.StringIO("a\nb")
        mocked = mock.MagicMock()
        answers = ["text", None, [1, 2], file, mocked, {"a": 1}]

        @self.tracker.tracked
        def ask(given: Any) -> Any:
            return given

        for answer in answers:
            self.assertIs(ask(answer), answer)
        self.tracker.flush(PATIENCE)
        self.assertEqual(len(self.server.events), len(answers))

    def test_a_coroutine_function(self) -> None:
        @self.tracker.tracked(model_provider="anthropic")
        async def ask() -> Dict[str, Any]:
            await asyncio.sleep(0)
            return ANTHROPIC_MESSAGE

        self.assertTrue(inspect.iscoroutinefunction(ask))
        self.assertIs(asyncio.run(ask()), ANTHROPIC_MESSAGE)
        self.assertEqual(self.event()["input_tokens"], 5095)

    def test_a_coroutine_that_raises(self) -> None:
        @self.tracker.tracked(model_provider="anthropic")
        async def ask() -> None:
            raise RateLimitError(529)

        with self.assertRaises(RateLimitError):
            asyncio.run(ask())
        self.assertEqual(self.event()["status_code"], 529)

    def test_a_plain_function_that_returns_a_coroutine_ends_with_it(self) -> None:
        async def inner() -> Dict[str, Any]:
            return OPENAI_CHAT

        @self.tracker.tracked
        def ask() -> Any:
            return inner()

        coroutine = ask()
        self.assertEqual(self.tracker.stats().recorded, 0)
        asyncio.run(coroutine)
        self.assertEqual(self.event()["input_tokens"], 1200)


class ReturnedStreamTest(TrackingTest):
    def test_a_returned_stream_is_recorded_when_it_has_run_out(self) -> None:
        stream = self.tracker.tracked(lambda: SdkStream(CHUNKS))()
        self.assertEqual(stream.response, "the HTTP response")
        self.assertEqual(next(stream), CHUNKS[0])
        self.assertEqual(self.tracker.stats().recorded, 0)
        self.assertEqual(list(stream), CHUNKS[1:])
        event = self.event()
        self.assertEqual((event["input_tokens"], event["output_tokens"], event["stream"]), (10, 3, True))
        self.assertEqual((event["model_name"], event["status"]), ("gpt-4o-mini", "success"))
        self.assertLessEqual(event["time_to_first_token_ms"], event["response_time_ms"])

    def test_leaving_its_with_block_early_closes_it_and_records_it_as_aborted(self) -> None:
        source = SdkStream(CHUNKS)
        with self.tracker.tracked(lambda: source)() as stream:
            for _ in stream:
                break
        self.assertTrue(source.closed)
        event = self.event()
        self.assertEqual((event["status"], event["metadata"]), ("success", {"aborted": True}))

    def test_closing_it_and_letting_it_go_records_it_once(self) -> None:
        source = SdkStream(CHUNKS)
        stream = self.tracker.tracked(lambda: source)()
        next(stream)
        stream.close()
        self.assertTrue(source.closed)
        del stream
        gc.collect()
        self.assertEqual(self.event()["metadata"], {"aborted": True})

    def test_a_stream_that_is_just_let_go_is_recorded(self) -> None:
        for _ in self.tracker.tracked(lambda: SdkStream(CHUNKS))():
            break
        gc.collect()
        event = self.event()
        self.assertEqual((event["metadata"], event["model_name"]), ({"aborted": True}, "gpt-4o-mini"))

    def test_the_duration_of_an_aborted_stream_ends_with_its_last_piece(self) -> None:
        ticks = iter([10.0, 11.0, 11.0, 500.0])
        with mock.patch("promptops.tracking.time.perf_counter", lambda: next(ticks)):
            stream = self.tracker.tracked(lambda: SdkStream(CHUNKS))()
            next(stream)
            stream.close()
        self.assertEqual(self.event()["response_time_ms"], 1000.0)

    def test_a_stream_that_fails_is_an_error(self) -> None:
        raised = RateLimitError(500)
        stream = self.tracker.tracked(lambda: SdkStream(CHUNKS[:1], raised))()
        with self.assertRaises(RateLimitError) as caught:
            list(stream)
        self.assertIs(caught.exception, raised)
        event = self.event()
        self.assertEqual((event["status"], event["status_code"], event["model_name"]), ("error", 500, "gpt-4o-mini"))

    def test_an_async_stream(self) -> None:
        source = AsyncSdkStream(CHUNKS)

        @self.tracker.tracked(model_provider="openai")
        async def ask() -> Any:
            return source

        async def main() -> List[Any]:
            async with await ask() as stream:
                return [piece async for piece in stream]

        self.assertEqual(asyncio.run(main()), CHUNKS)
        self.assertTrue(source.closed)
        event = self.event()
        self.assertEqual((event["output_tokens"], event["status"]), (3, "success"))
        self.assertNotIn("metadata", event)

    def test_an_async_stream_that_is_closed_early(self) -> None:
        source = AsyncSdkStream(CHUNKS)

        async def main() -> None:
            stream = self.tracker.tracked(lambda: source)()
            async for _ in stream:
                break
            await stream.close()

        asyncio.run(main())
        self.assertTrue(source.closed)
        self.assertEqual(self.event()["metadata"], {"aborted": True})


class GeneratorTest(TrackingTest):
    def test_a_generator_is_a_stream(self) -> None:
        @self.tracker.tracked(model_provider="openai")
        def ask() -> Iterator[Dict[str, Any]]:
            yield from CHUNKS

        self.assertTrue(inspect.isgeneratorfunction(ask))
        self.assertEqual(list(ask()), CHUNKS)
        event = self.event()
        self.assertEqual((event["output_tokens"], event["stream"], event["status"]), (3, True, "success"))
        self.assertIn("time_to_first_token_ms", event)

    def test_a_generator_that_never_starts_made_no_call(self) -> None:
        @self.tracker.tracked
        def ask() -> Iterator[int]:
            yield 1

        ask()
        gc.collect()
        self.assertEqual(self.tracker.stats().recorded, 0)

    def test_a_generator_that_its_consumer_leaves_is_recorded_as_aborted(self) -> None:
        cleaned = []

        @self.tracker.tracked(model_provider="openai")
        def ask() -> Iterator[Dict[str, Any]]:
            try:
                yield from CHUNKS
            finally:
                cleaned.append(True)

        for _ in ask():
            break
        gc.collect()
        self.assertEqual(cleaned, [True])
        event = self.event()
        self.assertEqual((event["status"], event["metadata"]), ("success", {"aborted": True}))

    def test_a_generator_that_raises(self) -> None:
        @self.tracker.tracked(model_provider="openai")
        def ask() -> Iterator[Dict[str, Any]]:
            yield CHUNKS[0]
            raise RateLimitError()

        with self.assertRaises(RateLimitError):
            list(ask())
        self.assertEqual(self.event()["error_type"], "RateLimitError")

    def test_what_is_sent_thrown_and_returned_reaches_the_other_side(self) -> None:
        @self.tracker.tracked(model_provider="openai")
        def ask() -> Generator[Any, Any, Any]:
            sent = yield "first"
            try:
                yield sent
            except KeyError:
                yield "caught"
            return OPENAI_CHAT

        stream = ask()
        self.assertEqual(next(stream), "first")
        self.assertEqual(stream.send("sent"), "sent")
        self.assertEqual(stream.throw(KeyError("x")), "caught")
        with self.assertRaises(StopIteration) as stop:
            next(stream)
        self.assertIs(stop.exception.value, OPENAI_CHAT)
        self.assertEqual(self.event()["input_tokens"], 1200)

    def test_an_async_generator_is_a_stream(self) -> None:
        @self.tracker.tracked(model_provider="openai")
        async def ask() -> AsyncIterator[Dict[str, Any]]:
            for chunk in CHUNKS:
                await asyncio.sleep(0)
                yield chunk

        async def main() -> List[Any]:
            return [piece async for piece in ask()]

        self.assertTrue(inspect.isasyncgenfunction(ask))
        self.assertEqual(asyncio.run(main()), CHUNKS)
        event = self.event()
        self.assertEqual((event["output_tokens"], event["stream"]), (3, True))

    def test_an_async_generator_that_is_left_early(self) -> None:
        cleaned = []

        @self.tracker.tracked(model_provider="openai")
        async def ask() -> AsyncIterator[Dict[str, Any]]:
            try:
                for chunk in CHUNKS:
                    yield chunk
            finally:
                await asyncio.sleep(0)
                cleaned.append(True)

        async def main() -> None:
            stream: Any = ask()
            async for _ in stream:
                break
            await stream.aclose()

        asyncio.run(main())
        self.assertEqual(cleaned, [True])
        self.assertEqual(self.event()["metadata"], {"aborted": True})

    def test_an_async_generator_takes_what_is_sent_and_thrown(self) -> None:
        @self.tracker.tracked(model_provider="openai")
        async def ask() -> Any:
            sent = yield "first"
            try:
                yield sent
            except KeyError:
                yield "caught"

        async def main() -> List[Any]:
            stream = ask()
            seen = [await stream.__anext__(), await stream.asend("sent"), await stream.athrow(KeyError("x"))]
            with self.assertRaises(StopAsyncIteration):
                await stream.__anext__()
            return seen

        self.assertEqual(asyncio.run(main()), ["first", "sent", "caught"])
        self.assertEqual(self.event()["status"], "success")


if __name__ == "__main__":
    unittest.main()
