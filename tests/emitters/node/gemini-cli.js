/** Gemini CLI, asked as scripts ask it (`gemini -p`): questions, a tool, a refusal. */
import { configuration, runAgent } from './agent-runs.js';

const ask = (model, prompt, more = {}) => ({
  args: ['--skip-trust', '--model', model, '--prompt', prompt],
  ...more,
});

await runAgent(
  {
    program: 'gemini',
    shell: await configuration('gemini-cli.sh'),
    home: {
      '.gemini/settings.json': JSON.stringify({
        general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
        privacy: { usageStatisticsEnabled: false },
        security: { auth: { selectedType: 'gemini-api-key' } },
      }),
      '.gemini/installation_id': '7'.repeat(32),
    },
    env: { GEMINI_API_KEY: 'stub' },
  },
  [
    ask('gemini-2.5-flash-lite', 'What is 2 + 2?'),
    ask('gemini-2.5-flash', 'What is 2 + 2?'),
    ask('gemini-2.5-pro', 'What is 2 + 2? please use a tool'),
    ask('gemini-2.5-flash', 'What is 2 + 2? please stumble'),
    ask('gemini-2.5-pro', 'please refuse', { fails: true }),
  ],
);
