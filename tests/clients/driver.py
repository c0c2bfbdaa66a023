"""Drives the Python client for tests/clients.test.ts: a command a line on stdin, an answer a line on stdout."""

import json
import sys

from promptops import ClientConfig, PromptOpsClient

base_url, api_key = sys.argv[1:3]
client = PromptOpsClient(
    ClientConfig(base_url=base_url, api_key=api_key, telemetry={"batch_size": 20, "flush_interval": 0.05})
)
recorded = 0
for line in sys.stdin:
    command, _, argument = line.strip().partition(" ")
    if command == "record":
        for _ in range(int(argument)):
            client.record(model_provider="openai", model_name="gpt-4o", user_id="python", input_tokens=10, output_tokens=recorded)
            recorded += 1
        print(json.dumps({"recorded": recorded}), flush=True)
    elif command == "track":
        try:
            with client.track(model_provider="anthropic", model_name="claude-sonnet-4-5", user_id="tracked") as call:
                call.usage({"usage": {"input_tokens": 226, "cache_read_input_tokens": 4096, "cache_creation_input_tokens": 0,
                                      "output_tokens": 134}, "model": "claude-sonnet-4-5", "type": "message"})
                if argument == "error":
                    raise TimeoutError("the provider did not answer")
        except TimeoutError:
            pass
        print(json.dumps({"tracked": True}), flush=True)
    elif command == "flush":
        result = client.flush(timeout=60)
        stats = client.stats()
        print(json.dumps({"remaining": result.remaining, "dropped": stats.dropped, "accepted": stats.accepted,
                          "duplicate": stats.duplicate, "rejected": stats.rejected}), flush=True)
client.shutdown(timeout=5)
