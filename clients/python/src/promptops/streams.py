"""Looks at the pieces of a stream as they pass, without changing it."""

from __future__ import annotations

import inspect
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Callable, Optional

#: Called with each piece.
OnPiece = Callable[[Any], None]
#: Called once at the end: with None when the stream ran out, with the exception that ended it, or with GeneratorExit when
#: its consumer left early.
OnEnd = Callable[[Optional[BaseException]], None]


class _Wrapper:
    """Passes everything that it does not define on to the wrapped stream."""

    def __init__(self, source: Any, on_piece: OnPiece, on_end: Optional[OnEnd]) -> None:
        self._source = source
        self._on_piece = on_piece
        self._on_end = on_end

    def _end(self, error: Optional[BaseException]) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(error)

    def __getattr__(self, name: str) -> Any:
        if name == "_source":
            raise AttributeError(name)
        return getattr(self._source, name)

    def __del__(self) -> None:
        # A consumer that breaks out of its loop just lets the stream go.
        if "_on_end" in self.__dict__:
            self._end(GeneratorExit())


class ObservedStream(_Wrapper, Iterator):  # type: ignore[type-arg]
    """A synchronous stream, e.g. what `openai.chat.completions.create(stream=True)` returns."""

    def __init__(self, source: Any, on_piece: OnPiece, on_end: Optional[OnEnd]) -> None:
        super().__init__(source, on_piece, on_end)
        self._pieces = source if hasattr(source, "__next__") else iter(source)

    def __next__(self) -> Any:
        try:
            piece = next(self._pieces)
        except StopIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise
        self._on_piece(piece)
        return piece

    def close(self) -> None:
        try:
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        finally:
            self._end(GeneratorExit())

    def __enter__(self) -> ObservedStream:
        enter = getattr(self._source, "__enter__", None)
        if enter is not None:
            enter()
        return self

    def __exit__(self, *exception: Any) -> Any:
        try:
            leave = getattr(self._source, "__exit__", None)
            return leave(*exception) if leave is not None else None
        finally:
            self._end(exception[1] or GeneratorExit())


class AsyncObservedStream(_Wrapper, AsyncIterator):  # type: ignore[type-arg]
    """An asynchronous stream."""

    def __init__(self, source: Any, on_piece: OnPiece, on_end: Optional[OnEnd]) -> None:
        super().__init__(source, on_piece, on_end)
        self._pieces = source if hasattr(source, "__anext__") else source.__aiter__()

    async def __anext__(self) -> Any:
        try:
            piece = await self._pieces.__anext__()
        except StopAsyncIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise
        self._on_piece(piece)
        return piece

    async def close(self) -> None:
        await self._close("close")

    async def aclose(self) -> None:
        await self._close("aclose")

    async def _close(self, preferred: str) -> None:
        try:
            for name in (preferred, "aclose", "close"):
                close = getattr(self._source, name, None)
                if close is not None:
                    closing = close()
                    if inspect.isawaitable(closing):
                        await closing
                    break
        finally:
            self._end(GeneratorExit())

    async def __aenter__(self) -> AsyncObservedStream:
        enter = getattr(self._source, "__aenter__", None)
        if enter is not None:
            await enter()
        return self

    async def __aexit__(self, *exception: Any) -> Any:
        try:
            leave = getattr(self._source, "__aexit__", None)
            return await leave(*exception) if leave is not None else None
        finally:
            self._end(exception[1] or GeneratorExit())


def is_stream(answer: Any) -> bool:
    """Whether an answer is still to be read piece by piece. Files and mocks are iterators too, and no answers."""
    return (
        isinstance(answer, (Iterator, AsyncIterator))
        and not isinstance(answer, io.IOBase)
        and type(answer).__module__ not in ("unittest.mock", "mock", "mock.mock")
    )


def observe_stream(source: Any, on_piece: OnPiece, on_end: Optional[OnEnd]) -> Any:
    """Wraps anything that can be iterated, asynchronously if it can be."""
    if isinstance(source, AsyncIterable):
        return AsyncObservedStream(source, on_piece, on_end)
    return ObservedStream(source, on_piece, on_end)
