/**
 * How telemetry names the provider of a model → the id that @pydantic/genai-prices gives it. The package's own ids need
 * no row. Names are compared in lower case with '_' and spaces as '-', so `mistral_ai` and `Mistral AI` are one.
 */
const ALIASES: Readonly<Record<string, string>> = {
  // OpenTelemetry gen_ai.provider.name
  'aws.bedrock': 'aws',
  'azure.ai.inference': 'azure',
  'azure.ai.openai': 'azure',
  'gcp.gemini': 'google',
  'gcp.gen-ai': 'google',
  'gcp.vertex-ai': 'google',
  'mistral-ai': 'mistral',
  'moonshot-ai': 'moonshotai',
  // gen_ai.system of older conventions, OpenLLMetry, OpenInference
  'az.ai.inference': 'azure',
  'az.ai.openai': 'azure',
  bedrock: 'aws',
  fireworks: 'fireworks',
  gemini: 'google',
  mistralai: 'mistral',
  moonshot: 'moonshotai',
  'together-ai': 'together',
  'vertex-ai': 'google',
  vertexai: 'google',
  xai: 'x-ai',
  // Vercel AI SDK (what follows is without '.chat', '.messages', …; see CAPABILITIES)
  'amazon-bedrock': 'aws',
  'azure-openai': 'azure',
  'bedrock.anthropic': 'aws',
  'google.vertex': 'google',
  'google.vertex.anthropic': 'google',
  'google-vertex': 'google',
  'vertex.anthropic': 'google',
  togetherai: 'together',
  // LiteLLM
  'azure-ai': 'azure',
  'azure-text': 'azure',
  'bedrock-converse': 'aws',
  'cohere-chat': 'cohere',
  'fireworks-ai': 'fireworks',
  'text-completion-openai': 'openai',
  'vertex-ai-beta': 'google',
  voyage: 'voyageai',
  // LangChain, pydantic-ai, LlamaIndex and how people write them
  'amazon-nova': 'aws',
  azureopenai: 'azure',
  claude: 'anthropic',
  'google-ai-studio': 'google',
  'google-anthropic-vertex': 'google',
  'google-gemini': 'google',
  'google-genai': 'google',
  'google-gla': 'google',
  'google-vertexai': 'google',
  grok: 'x-ai',
  'novita-ai': 'novita',
  'openai-chat': 'openai',
  'openai-responses': 'openai',
  'voyage-ai': 'voyageai',
  'workers-ai': 'cloudflare',
  'x.ai': 'x-ai',
  'z-ai': 'zai',
  'z.ai': 'zai',
  zhipu: 'zhipuai',
  'zhipu-ai': 'zhipuai',
};

/** The Vercel AI SDK appends what a model object does: openai.chat, google.generative-ai. */
const CAPABILITIES =
  /\.(?:chat|completion|embedding|generative-ai|image|live|messages|realtime|reranking|responses|speech|text|transcription)$/;

/** Software that runs on the user's own machines. What they cost is in no list. */
const SELF_HOSTED: ReadonlySet<string> = new Set([
  'gpt4all',
  'hosted-vllm',
  'jan',
  'koboldcpp',
  'llama-cpp',
  'llama.cpp',
  'llamacpp',
  'llamafile',
  'lm-studio',
  'lmstudio',
  'local',
  'localai',
  'mlx',
  'ollama',
  'ollama-chat',
  'sglang',
  'tensorrt-llm',
  'text-generation-inference',
  'tgi',
  'triton',
  'vllm',
  'xinference',
]);

/**
 * Gateways that pass the provider's own price on. Who serves the model is the part of its name before the slash
 * (`openai/gpt-4o`); without one it is not known. Gateways with prices of their own (OpenRouter) are providers.
 */
const GATEWAYS: ReadonlySet<string> = new Set([
  'ai-gateway',
  'bifrost',
  'cloudflare-ai-gateway',
  'gateway',
  'helicone',
  'kong',
  'litellm',
  'litellm-proxy',
  'portkey',
  'vercel',
  'vercel-ai-gateway',
]);

export type ProviderKind = { id: string } | 'gateway' | 'self_hosted' | 'unknown';

/**
 * The provider that a name means. A name that the tables do not have is unknown: neither a resemblance (`my-openai-proxy`)
 * nor the model's name decides who sends the bill.
 * @param bookIds the price book's provider ids by their folded form
 */
export function resolveProvider(name: string, bookIds: ReadonlyMap<string, string>): ProviderKind {
  const folded = foldProviderName(name);
  return lookUp(folded, bookIds) ?? lookUp(folded.replace(CAPABILITIES, ''), bookIds) ?? 'unknown';
}

/** The form in which provider names are compared. */
export function foldProviderName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[_\s]+/g, '-');
}

function lookUp(folded: string, bookIds: ReadonlyMap<string, string>): ProviderKind | undefined {
  const id = (Object.hasOwn(ALIASES, folded) ? ALIASES[folded] : undefined) ?? bookIds.get(folded);
  if (id !== undefined) return { id };
  if (SELF_HOSTED.has(folded)) return 'self_hosted';
  if (GATEWAYS.has(folded)) return 'gateway';
  return undefined;
}
