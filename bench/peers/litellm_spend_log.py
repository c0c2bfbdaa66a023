"""How many calls a second LiteLLM's own code takes as far as its spend log goes without a database: each call of standard input (a line of JSON as
bench/load.ts posts it) through get_logging_payload and enqueue_spend_logs, and each hundred through dequeue_spend_logs and jsonify_object to
where Prisma's engine would take over. Needs the package litellm[proxy]: `python litellm_spend_log.py --seconds 60 < calls.ndjson`.
Nothing is stored: the engine is a binary that is downloaded from Prisma's own site.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from datetime import datetime, timedelta

from litellm import ModelResponse, Usage
from litellm.constants import SPEND_LOG_QUEUE_SIZE_THRESHOLD
from litellm.proxy.spend_tracking.spend_tracking_utils import get_logging_payload
from litellm.proxy.utils import PrismaClient, dequeue_spend_logs, enqueue_spend_logs


class Queue:
    """What those functions use of a PrismaClient, which cannot be made without the engine."""

    def __init__(self):
        self.spend_log_transactions = []
        self._spend_log_transactions_lock = asyncio.Lock()

    jsonify_object = PrismaClient.jsonify_object


def as_litellm_tells(call, number):
    """The arguments of its logging callback for one call."""
    start = datetime.fromisoformat(call["timestamp"])
    end = start + timedelta(milliseconds=call["response_time_ms"])
    metadata = {"user_api_key": "0" * 64, "user_api_key_team_id": call["project_id"], "user_api_key_user_id": call.get("user_id")}
    kwargs = {
        "model": call["model_name"],
        "custom_llm_provider": call["model_provider"],
        "call_type": "acompletion",
        "litellm_call_id": f"call-{number}",
        "stream": call["stream"],
        "cache_hit": call["cache_hit"],
        "user": call.get("user_id"),
        "response_cost": 0.001,
        "litellm_params": {"metadata": metadata, "proxy_server_request": {}, "litellm_session_id": call.get("session_id")},
        "optional_params": {},
    }
    response = ModelResponse(
        id=f"response-{number}",
        model=call["model_name"],
        usage=Usage(prompt_tokens=call.get("input_tokens", 0), completion_tokens=call.get("output_tokens", 0)),
    )
    return kwargs, response, start, end


async def run(calls, seconds):
    queue = Queue()
    written = taken = 0
    latencies = []
    began = time.perf_counter()
    for number in itertools.count():
        kwargs, response, start, end = as_litellm_tells(calls[number % len(calls)], number)
        sent = time.perf_counter()
        payload = get_logging_payload(kwargs=kwargs, response_obj=response, start_time=start, end_time=end)
        payload["startTime"], payload["endTime"] = payload["startTime"].isoformat(), payload["endTime"].isoformat()
        await enqueue_spend_logs(queue, (payload,))
        latencies.append(time.perf_counter() - sent)
        taken += 1
        if len(queue.spend_log_transactions) >= SPEND_LOG_QUEUE_SIZE_THRESHOLD:
            written += len([queue.jsonify_object(row) for row in await dequeue_spend_logs(queue, 10_000)])
            if time.perf_counter() - began >= seconds:
                return written, time.perf_counter() - began, latencies


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    calls = [json.loads(line) for line in sys.stdin]
    asyncio.run(run(calls, 2))
    written, seconds, latencies = asyncio.run(run(calls, options.seconds))
    latencies.sort()
    print(
        f"LiteLLM spend log up to its database client, one process: {written / seconds:,.0f} events/s; a call p50 "
        f"{latencies[len(latencies) // 2] * 1000:.2f} ms, p99 {latencies[len(latencies) * 99 // 100] * 1000:.2f} ms; nothing stored"
    )


if __name__ == "__main__":
    main()
