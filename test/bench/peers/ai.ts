// The AI SDK with OpenAI's models, alone and with those who balance it. Speaks chat completions, as all others here do.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, streamText } from 'ai';
import { createFallback } from 'ai-fallback';
import { createRetryableModel, httpStatus } from 'ai-retry/language-model';
import type { Client, Surroundings } from '../contenders.ts';

(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

const ASK = { prompt: 'Say hello. '.repeat(60), maxRetries: 0 };

const modelsOf = ({ urls }: Surroundings) =>
  urls.map((baseURL, index) => createOpenAI({ baseURL, apiKey: `key-${index}` }).chat('gpt-4o'));

function clientOf(model: LanguageModel): Client {
  return {
    chat: async () => (await generateText({ model, ...ASK })).text,
    async stream() {
      let chunks = 0;
      for await (const text of streamText({ model, ...ASK }).textStream) if (text) chunks++;
      return chunks;
    },
  };
}

/** One endpoint. */
export const alone = (given: Surroundings): Client => clientOf(modelsOf(given)[0]!);

/** All endpoints, the next one when one fails. */
export const withFallback = (given: Surroundings): Client => clientOf(createFallback({ models: modelsOf(given) }));

/** The same. */
export function withRetry(given: Surroundings): Client {
  const [model, ...others] = modelsOf(given);
  return clientOf(
    createRetryableModel({
      model: model!,
      retries: others.map((other) => httpStatus(429, 500, 503).switch({ model: other })),
    }),
  );
}
