/** Claude Code, asked as scripts ask it (`claude -p`): questions, a tool, a subagent, a refusal. */
import { configuration, runAgent } from './agent-runs.js';

const ask = (model, prompt, more = {}) => ({ args: ['-p', prompt, '--model', model], ...more });

await runAgent(
  {
    program: 'claude',
    shell: await configuration('claude-code.sh'),
    // Its anonymous user, who is made up at the first start otherwise.
    home: { '.claude.json': JSON.stringify({ userID: '7'.repeat(64) }) },
    env: {
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'claude-haiku-4-5',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    },
  },
  [
    ask('claude-haiku-4-5', 'What is 2 + 2?'),
    ask('claude-opus-4-5', 'What is 2 + 2?'),
    ask('claude-sonnet-4-5', 'What is 2 + 2? please use a tool'),
    ask('claude-sonnet-4-5', 'What is 2 + 2? please use an agent'),
    ask('claude-haiku-4-5', 'What is 2 + 2? please stumble'),
    ask('claude-haiku-4-5', 'please refuse', { fails: true }),
  ],
);
