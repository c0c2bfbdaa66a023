import { foldProviderName } from '../pricing/providers.ts';

/** Older and foreign names (folded) → the value of gen_ai.provider.name that they mean now. */
const CURRENT: Readonly<Record<string, string>> = {
  'aws-bedrock': 'aws.bedrock',
  'amazon-bedrock': 'aws.bedrock',
  'amazon.bedrock': 'aws.bedrock',
  aws: 'aws.bedrock',
  bedrock: 'aws.bedrock',
  'bedrock-converse': 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  'az.ai.openai': 'azure.ai.openai',
  'az.ai.inference': 'azure.ai.inference',
  'azure-ai': 'azure.ai.inference',
  claude: 'anthropic',
  cohere: 'cohere',
  gemini: 'gcp.gemini',
  google: 'gcp.gemini',
  'google.generative-ai': 'gcp.gemini',
  'google-genai': 'gcp.gemini',
  'google-gla': 'gcp.gemini',
  'google.vertex': 'gcp.vertex_ai',
  'google-vertex': 'gcp.vertex_ai',
  'vertex-ai': 'gcp.vertex_ai',
  vertexai: 'gcp.vertex_ai',
  'gcp.vertex-ai': 'gcp.vertex_ai',
  'gcp.gen-ai': 'gcp.gen_ai',
  'gcp.vertex.agent': 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  mistralai: 'mistral_ai',
  'mistral-ai': 'mistral_ai',
  moonshot: 'moonshot_ai',
  'moonshot-ai': 'moonshot_ai',
  xai: 'x_ai',
  'x-ai': 'x_ai',
  watsonx: 'ibm.watsonx.ai',
  'text-completion-openai': 'openai',
};

/** What the Vercel AI SDK and LiteLLM append to a provider's name. */
const CAPABILITY =
  /[.](?:chat|completions?|embeddings?|textembedding|image|live|messages|realtime|reranking|responses|speech|text|transcription)$/;

/** Frameworks that name themselves where the provider should be. */
const FRAMEWORKS: ReadonlySet<string> = new Set([
  'ag2', 'agno', 'autogen', 'autogen-core', 'claude-agent-sdk', 'crewai', 'dspy', 'google-adk', 'haystack', 'langchain', 'langgraph', 'llama-index', 'llamaindex', 'mastra', 'microsoft.agent-framework',
  'openai-agents', 'pydantic-ai', 'semantic-kernel', 'smolagents', 'spring-ai', 'strands-agents', 'unknown', 'none', 'other', 'traceloop',
]); // prettier-ignore

/** A provider's name in the current conventions; as it came (trimmed, lower case) where they do not know it; undefined: it is none. */
export function providerName(name: string): string | undefined {
  const folded = foldProviderName(name);
  if (FRAMEWORKS.has(folded)) return undefined;
  const known = CURRENT[folded];
  if (known !== undefined) return known;
  const bare = folded.replace(CAPABILITY, '');
  return CURRENT[bare] ?? (bare === folded ? name.trim().toLowerCase() : bare);
}

const MAKERS: readonly [RegExp, string][] = [
  [
    /^(?:gpt-|chatgpt-|o[134](?:-|$)|text-embedding-|dall-e|whisper-|tts-|davinci|codex-|computer-use-|omni-moderation)/,
    'openai',
  ],
  [/^claude-/, 'anthropic'],
  [/^(?:gemini-|gemma-|learnlm)/, 'gcp.gemini'],
  [/^(?:mistral-|ministral-|codestral|magistral|pixtral|open-mi[sx]tral)/, 'mistral_ai'],
  [/^command-/, 'cohere'],
  [/^deepseek-/, 'deepseek'],
  [/^grok-/, 'x_ai'],
  [/^(?:kimi-|moonshot-)/, 'moonshot_ai'],
  [/^sonar/, 'perplexity'],
];

/** us.anthropic.claude-sonnet-4-20250514-v1:0, amazon.nova-pro-v1:0 */
const BEDROCK_MODEL =
  /^(?:arn:aws:bedrock:|(?:(?:us|eu|apac|global|jp|au|ca|sa)\.)?(?:anthropic|amazon|meta|cohere|mistral|deepseek|ai21|stability|openai)\.[a-z])/;

/** Who makes the model of a name, for emitters that never tell who served it; undefined where the name does not say. */
export function makerOf(model: string): string | undefined {
  const name = model.toLowerCase();
  if (BEDROCK_MODEL.test(name)) return 'aws.bedrock';
  const slash = name.indexOf('/');
  // openai/gpt-4o: a gateway's name with the provider in it.
  if (slash > 0) {
    const prefix = name.slice(0, slash);
    const known = CURRENT[foldProviderName(prefix)];
    if (known !== undefined) return known;
    return makerOf(name.slice(name.lastIndexOf('/') + 1));
  }
  return MAKERS.find(([pattern]) => pattern.test(name))?.[1];
}
