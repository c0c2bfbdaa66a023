"""The calls of the two drivers of pydantic-ai."""

import asyncio

from pydantic_ai import Agent

from model_calls import refused


async def stream(agent):
    async with agent.run_stream("What is 2 + 2?") as result:
        async for _ in result.stream_text():
            pass


def agent_calls():
    for model in ("openai-chat:gpt-4o-mini", "openai-chat:gpt-4o", "openai-chat:o3-mini", "openai-responses:gpt-5-mini"):
        Agent(model, name="sums").run_sync("What is 2 + 2?")
    for model in ("anthropic:claude-haiku-4-5", "anthropic:claude-sonnet-4-5", "anthropic:claude-opus-4-5"):
        Agent(model, name="sums").run_sync("What is 2 + 2?")
    asyncio.run(stream(Agent("openai-chat:gpt-5-mini", name="streams")))
    refused(lambda: Agent("openai-chat:gpt-4o", name="sums").run_sync("please refuse"))
