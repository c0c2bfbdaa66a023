"""pydantic-ai by Logfire's SDK, which sends to any OTLP endpoint that the environment names."""

# guide: begin
import logfire

logfire.configure(send_to_logfire=False, service_name="shop")
logfire.instrument_pydantic_ai()
# guide: end

from agent_calls import agent_calls

agent_calls()
