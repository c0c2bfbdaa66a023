"""Langfuse's SDK, by its drop-in for OpenAI's."""

# guide: begin
from langfuse.openai import OpenAI

client = OpenAI(max_retries=0)
# guide: end

from langfuse import get_client

from model_calls import openai_calls

openai_calls(client)
get_client().flush()
