/** Codex CLI, asked as scripts ask it (`codex exec`): questions, a tool, a refusal. */
import process from 'node:process';
import { configuration, runAgent } from './agent-runs.js';

const STUB = `
check_for_update_on_startup = false
model_provider = "stub"

[analytics]
enabled = false

[model_providers.stub]
name = "stub"
base_url = "${process.env['OPENAI_BASE_URL']}"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 0

`;
const SPANS = process.env['CODEX_SPANS'] ? await configuration('codex-spans.toml') : '';

const ask = (model, prompt, more = {}) => ({
  args: ['exec', '--skip-git-repo-check', '--model', model, prompt],
  ...more,
});

await runAgent(
  {
    program: 'codex',
    home: { '.codex/config.toml': STUB + (await configuration('codex.toml')) + SPANS },
  },
  [
    ask('gpt-5-mini', 'What is 2 + 2?'),
    ask('o3-mini', 'What is 2 + 2?'),
    ask('gpt-5-mini', 'What is 2 + 2? please use a tool'),
    ask('o3-mini', 'What is 2 + 2? please stumble'),
    ask('gpt-4o', 'please refuse', { fails: true }),
  ],
);
