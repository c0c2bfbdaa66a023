"""LiteLLM's proxy, started as its users start it, and an application that calls it."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from openai import OpenAI

from model_calls import QUESTION, REFUSED, refused

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
key = f"sk-{secrets.token_hex(24)}"
proxy = subprocess.Popen(
    [sys.executable, "-c", "from litellm import run_server; run_server()", "--config",
     str(Path(__file__).with_suffix(".yaml")), "--host", "127.0.0.1", "--port", str(port)],
    env={**os.environ, "LITELLM_MASTER_KEY": key},
)
try:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5).close()
            break
        except OSError:
            if proxy.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0, timeout=60)
    chat = client.chat.completions.create
    for model in ("gpt-4o-mini", "gpt-4o", "o3-mini", "claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"):
        chat(model=model, messages=QUESTION, max_tokens=256, user="user-1")
    for _ in chat(model="gpt-5-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}):
        pass
    client.embeddings.create(model="text-embedding-3-small", input="What is 2 + 2?", encoding_format="float")
    client.responses.create(model="gpt-5-mini", input="What is 2 + 2?")
    refused(lambda: chat(model="gpt-4o", messages=REFUSED, extra_body={"num_retries": 0}))
    # It exports every five seconds, and not all of it when it is stopped.
    time.sleep(float(os.environ.get("OTEL_BSP_SCHEDULE_DELAY", "5000")) / 1000 + 2)
finally:
    proxy.terminate()
    proxy.wait(timeout=30)
