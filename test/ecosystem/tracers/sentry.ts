// Sentry, version `SENTRY`, either by its wrapper (`MODE=manual`) or on its own; what it sends is kept in place of being sent.
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import type OpenAI from 'openai';
import type { Following, Trace } from '../support/traced-calls.ts';

const { SENTRY = '@sentry/node', MODE, FORMAT } = process.env;
type Sentry = typeof import('@sentry/node');
// The format of the application decides which copy it meets.
const Sentry: Sentry = FORMAT === 'cjs' ? createRequire(import.meta.url)(SENTRY) : await import(SENTRY);

interface Said {
  readonly op: unknown;
  readonly what: string;
  readonly status: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}
const said: Said[] = [];

/** Version 11 sends spans one by one, version 10 within the transaction of the outermost. */
function hear(line: string): void {
  const item = JSON.parse(line);
  for (const { name, status, attributes = {} } of item.items ?? []) {
    const values = Object.entries(attributes as Record<string, { value: unknown }>).map(([key, { value }]) => [
      key,
      value,
    ]);
    said.push({ op: attributes['sentry.op']?.value, what: name, status, attributes: Object.fromEntries(values) });
  }
  for (const { op, description, status, data } of item.spans ?? [])
    said.push({ op, what: description, status, attributes: data });
  if (item.transaction) {
    const { op, status, data } = item.contexts.trace;
    said.push({ op, what: item.transaction, status, attributes: data });
  }
}

Sentry.init({
  dsn: 'https://key@sentry.invalid/1',
  tracesSampleRate: 1,
  integrations: (usual) => (MODE === 'manual' ? usual.filter(({ name }) => name !== 'OpenAI') : usual),
  transport: (options) =>
    Sentry.createTransport(options, async ({ body }) => {
      const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
      for (const line of text.split('\n')) if (line.startsWith('{')) hear(line);
      return { statusCode: 200 };
    }),
});

const open = new Set<unknown>();
Sentry.getClient()?.on('spanStart', (span) => void open.add(span));
Sentry.getClient()?.on('spanEnd', (span) => void open.delete(span));

const manual: Partial<Following> = {
  wrap: (client: OpenAI) => Sentry.instrumentOpenAiClient(client),
  unseen: [
    'chat.completions.parse',
    'chat.completions.stream',
    'responses.stream',
    'asResponse of a stream',
    'withOptions',
    'post',
  ],
  // It parses every reply itself, also one whose raw response was asked for.
  failWithRawOnly: { asResponse: /Body is unusable/ },
};

const automatic: Record<string, Partial<Following>> = {
  '@sentry/node': {
    unseen: ['chat.completions.parse', 'responses.stream', 'post'],
    unpriced: ['chat.completions.stream', 'asResponse', 'asResponse of a stream'],
  },
  // The replaced constructor makes clients as by hand; a clone of the plain SDK is made by the one beneath.
  'sentry-10': {
    ...manual,
    wrap: (client) => client,
    unseen: ['chat.completions.parse', 'chat.completions.stream', 'responses.stream', 'asResponse of a stream', 'post'],
    seenOfOursOnly: ['withOptions'],
  },
};

export const following: Following = {
  ...(MODE === 'manual' ? manual : automatic[SENTRY]),
  async traces(): Promise<Trace[]> {
    // Where a raw response was asked for it parses the reply behind its user's back, and is done a little later.
    for (let turn = 0; open.size > 0 && turn < 1_000; turn++) await setImmediate();
    // That of a stream which nobody reads parsed never ends.
    open.clear();
    await Sentry.flush(1_000);
    return said
      .splice(0)
      .filter(({ op }) => /^gen_ai/.test(String(op)))
      .map(({ what, status, attributes }) => ({
        what,
        model: attributes['gen_ai.response.model'] ?? attributes['gen_ai.request.model'],
        input: attributes['gen_ai.usage.input_tokens'],
        output: attributes['gen_ai.usage.output_tokens'],
        error: status === 'ok' ? undefined : status,
      }));
  },
};
