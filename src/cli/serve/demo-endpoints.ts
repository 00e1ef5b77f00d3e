/** Endpoints for `serve --demo`: three servers on this machine that answer like OpenAI's and fail now and then. No key is needed. */
import { faultServer, type ServerRequest, type Step } from '../../testing/index.ts';

/** Demo endpoints and the configuration that uses them. */
export interface DemoEndpoints {
  readonly configuration: object;
  /** Stops the servers. */
  close(): Promise<void>;
}

const KEY = 'no-key-needed-here';
/** Pause between two pieces of a streamed answer, and before any answer, in ms. */
const [PIECE_MS, THINKING_MS] = [40, 250];

/** Every so many calls this happens. */
const FAULTS: Readonly<Record<string, { readonly every: number; readonly step: Step }>> = {
  openai: { every: 9, step: { status: 429, retryAfter: 3 } },
  'azure-eu': { every: 7, step: 'reset' },
  openrouter: { every: 5, step: 500 },
};

function answer(name: string) {
  const { every = 0, step = 'ok' } = FAULTS[name] ?? {};
  return ({ number, body }: ServerRequest): Step | undefined => {
    if (every > 0 && number % every === 0) return step;
    const { stream } = (body ?? {}) as { stream?: unknown };
    const text = `Hello from ${name}: this is a demo, and no model was asked.`;
    return stream === true ? { stream: 12, gap: PIECE_MS, text } : { step: 'ok', text };
  };
}

/** Starts the servers. */
export async function demoEndpoints(): Promise<DemoEndpoints> {
  const start = (name: string, models: string[]) =>
    faultServer({ name, models, script: answer(name), latency: THINKING_MS, remember: 1 });
  const openai = await start('openai', ['gpt-5', 'gpt-5-mini', 'text-embedding-3-small']);
  const azure = await start('azure-eu', ['prod-gpt5']);
  const openrouter = await start('openrouter', ['openai/gpt-5', 'openai/gpt-5-mini']);
  return {
    configuration: {
      endpoints: [
        { name: 'openai', apiKey: KEY, baseURL: openai.url },
        { name: 'azure-eu', type: 'azure', apiKey: KEY, endpoint: azure.origin, apiVersion: '2025-04-01-preview' },
        { name: 'openrouter', apiKey: KEY, baseURL: openrouter.url },
      ],
      groups: {
        'gpt-5': {
          strategy: 'least-busy',
          endpoints: [
            { endpoint: 'openai', model: 'gpt-5' },
            { endpoint: 'azure-eu', model: 'prod-gpt5' },
            { endpoint: 'openrouter', model: 'openai/gpt-5' },
          ],
          fallback: ['gpt-5-mini'],
        },
        'gpt-5-mini': {
          strategy: 'priority',
          endpoints: [
            { endpoint: 'openai', model: 'gpt-5-mini' },
            { endpoint: 'openrouter', model: 'openai/gpt-5-mini' },
          ],
        },
        'text-embedding-3-small': { endpoints: [{ endpoint: 'openai' }] },
      },
    },
    async close() {
      await Promise.all([openai.close(), azure.close(), openrouter.close()]);
    },
  };
}
