"""The decorator that tracks every call of a function: plain, async, generator, async generator."""

from __future__ import annotations

import functools
import inspect
from typing import Any, AsyncGenerator, Callable, Generator, TypeVar, cast

from .streams import is_stream, observe_stream
from .tracking import Call

Function = TypeVar("Function", bound=Callable[..., Any])


def tracked(function: Function, new_call: Callable[[], Call]) -> Function:
    """Returns a function of the same kind as `function` that records each of its calls.

    Of a plain or async function the returned answer's usage is read; a returned stream is watched until it ends, fails or is
    left. A generator is a stream from its first `next()` on.
    """
    wrapper: Callable[..., Any]
    if inspect.isasyncgenfunction(function):
        wrapper = _async_generator(function, new_call)
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator(function, new_call)
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine(function, new_call)
    else:
        wrapper = _plain(function, new_call)
    return cast(Function, functools.wraps(function)(wrapper))


def _plain(function: Callable[..., Any], new_call: Callable[[], Call]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = new_call().begin()
        try:
            answer = function(*args, **kwargs)
        except BaseException as error:
            call.end(error)
            raise
        if inspect.iscoroutine(answer):
            # A plain function that hands on a coroutine: it is over when that is.
            return _awaited(answer, call)
        return _finish(answer, call)

    return wrapper


def _coroutine(function: Callable[..., Any], new_call: Callable[[], Call]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await _awaited(function(*args, **kwargs), new_call().begin())

    return wrapper


async def _awaited(answer: Any, call: Call) -> Any:
    try:
        answer = await answer
    except BaseException as error:
        call.end(error)
        raise
    return _finish(answer, call)


def _finish(answer: Any, call: Call) -> Any:
    """Ends the call with its answer, or hands out the answer as a stream that ends it."""
    if is_stream(answer):
        call.streams()
        return observe_stream(answer, call.piece, call.end)
    call.usage(answer)
    call.end()
    return answer


def _generator(function: Callable[..., Any], new_call: Callable[[], Call]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with new_call() as call:
            call.streams()
            answer = yield from _observed(function(*args, **kwargs), call)
            call.usage(answer)
            return answer

    return wrapper


def _observed(source: Generator[Any, Any, Any], call: Call) -> Generator[Any, Any, Any]:
    """`yield from source` with a look at every piece; what the consumer sends or throws reaches `source` (PEP 380)."""
    resume: Callable[[], Any] = functools.partial(next, source)
    while True:
        try:
            piece = resume()
        except StopIteration as stop:
            return stop.value
        call.piece(piece)
        try:
            sent = yield piece
        except GeneratorExit:
            source.close()
            raise
        except BaseException as error:
            resume = functools.partial(source.throw, error)
        else:
            resume = functools.partial(source.send, sent)


def _async_generator(function: Callable[..., Any], new_call: Callable[[], Call]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with new_call() as call:
            call.streams()
            source: AsyncGenerator[Any, Any] = function(*args, **kwargs)
            resume: Callable[[], Any] = source.__anext__
            while True:
                try:
                    piece = await resume()
                except StopAsyncIteration:
                    return
                call.piece(piece)
                try:
                    sent = yield piece
                except GeneratorExit:
                    await source.aclose()
                    raise
                except BaseException as error:
                    resume = functools.partial(source.athrow, error)
                else:
                    resume = functools.partial(source.asend, sent)

    return wrapper
