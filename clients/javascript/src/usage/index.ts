export type { UsageFields } from './fields.ts';
export { UsageReader, usageFrom, usageFromAnthropic, usageFromGemini, usageFromOpenAI } from './reader.ts';
