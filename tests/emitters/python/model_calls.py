"""The calls that every Python driver makes: an ordinary application that knows nothing of telemetry."""

QUESTION = [{"role": "user", "content": "What is 2 + 2?"}]
REFUSED = [{"role": "user", "content": "please refuse"}]


def openai_calls(client, responses=True):
    """Chats, streams with and without usage, an embedding, a refusal and, where asked for, the Responses API."""
    chat = client.chat.completions.create
    chat(model="gpt-4o-mini", messages=QUESTION, user="user-1")
    chat(model="gpt-4o", messages=QUESTION)
    chat(model="o3-mini", messages=QUESTION)
    for _ in chat(model="gpt-5-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}):
        pass
    for _ in chat(model="gpt-4o-mini", messages=QUESTION, stream=True):
        pass
    client.embeddings.create(model="text-embedding-3-small", input="What is 2 + 2?")
    refused(lambda: chat(model="gpt-4o", messages=REFUSED))
    if responses:
        client.responses.create(model="gpt-5-mini", input="What is 2 + 2?")
        for _ in client.responses.create(model="o3-mini", input="What is 2 + 2?", stream=True):
            pass


def anthropic_calls(client):
    """Messages that read and write the cache, two kinds of streams, and a refusal."""

    def message(model, messages=QUESTION, **more):
        return client.messages.create(model=model, max_tokens=256, messages=messages, **more)

    message("claude-haiku-4-5")
    message("claude-sonnet-4-5")
    message("claude-opus-4-5")
    for _ in message("claude-haiku-4-5", stream=True):
        pass
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=256, messages=QUESTION) as stream:
        for _ in stream:
            pass
    refused(lambda: message("claude-haiku-4-5", REFUSED))


def refused(call):
    try:
        call()
    except Exception as error:  # each SDK has a class of its own
        if "429" not in str(error) and getattr(error, "status_code", None) != 429:
            raise
    else:
        raise AssertionError("The call was answered; it should have been refused.")
