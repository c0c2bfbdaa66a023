"""OpenLIT."""

# guide: begin
import openlit

openlit.init()
# guide: end

from anthropic import Anthropic
from openai import OpenAI

from model_calls import anthropic_calls, openai_calls

openai_calls(OpenAI(max_retries=0))
anthropic_calls(Anthropic(max_retries=0))
