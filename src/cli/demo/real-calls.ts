/**
 * `demo --real`: five small calls to the endpoints that the environment describes, each with the way it took.
 * Prints names, statuses and times, never a key; an error of a server is told by status and code, since its text may quote one.
 */
import type { OpenAI } from 'openai';
import { ConfigurationError, explain, LoadBalancedOpenAI, LoadBalancerError } from '../../index.ts';

/** What the calls need. */
export interface RealCallsOptions {
  readonly env: NodeJS.ProcessEnv;
  /** @default 'gpt-4o-mini' */
  readonly model?: string | undefined;
}

const NO_KEYS = [
  'demo --real needs a key in the environment:',
  "  OPENAI_API_KEYS='key-1,key-2'       a pool, one endpoint per key",
  "  OPENAI_API_KEY='key'                one endpoint; OPENAI_BASE_URL says where, if elsewhere",
  `  SERVICE_ENDPOINTS='{"openai":["https://…/v1","https://…/v1"]}'`,
  '                                      with one of the two above: every key on every URL',
].join('\n');

/** Long enough for a short answer; the SDK's ten minutes are too long to watch. */
const TIMEOUT_MS = 60_000;

type Real = (client: OpenAI, model: string) => Promise<{ said: string; result: object }>;

const list: Real = async (client) => {
  const result = await client.models.list();
  return { said: `${result.data.length} models`, result };
};

const ask =
  (question: string): Real =>
  async (client, model) => {
    const result = await client.chat.completions.create({ model, messages: [{ role: 'user', content: question }] });
    return { said: result.choices[0]?.message.content ?? '', result };
  };

const stream: Real = async (client, model) => {
  const messages = [{ role: 'user' as const, content: 'Count from one to five, in words.' }];
  const result = await client.chat.completions.create({ model, messages, stream: true });
  let said = '';
  for await (const chunk of result) said += chunk.choices[0]?.delta.content ?? '';
  return { said, result };
};

const CALLS: readonly (readonly [kind: string, call: Real])[] = [
  ['list', list],
  ['chat', ask('Say hello in one word.')],
  ['chat', ask('Name one colour, in one word.')],
  ['stream', stream],
  ['chat', ask('Say goodbye in one word.')],
];

/** The pool of the environment; a single key is a pool of one, so that it can be told who answered. */
function poolOf(env: NodeJS.ProcessEnv): LoadBalancedOpenAI {
  const options = { timeout: TIMEOUT_MS, logLevel: 'off' } as const;
  const client = new LoadBalancedOpenAI(options);
  if (client.balancer.snapshot().endpoints.length > 0) return client;
  return new LoadBalancedOpenAI([{ name: 'openai', apiKey: env.OPENAI_API_KEY?.trim() }], options);
}

function failureOf(error: unknown): string {
  if (error instanceof LoadBalancerError) return error.message;
  if (!(error instanceof Error)) return 'something that is no error was thrown';
  const { status, code } = error as { status?: unknown; code?: unknown };
  return [error.constructor.name, status, code].filter((part) => part !== undefined && part !== null).join(' ');
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 60);

/** Makes the calls and prints them. @returns 0 when all went well, 1 when one failed, 2 when the environment is not set up */
export async function realCalls({ env, model = 'gpt-4o-mini' }: RealCallsOptions): Promise<number> {
  const keys = `${env.OPENAI_API_KEYS ?? ''},${env.OPENAI_API_KEY ?? ''}`.split(',');
  if (keys.every((key) => key.trim() === '')) {
    console.error(NO_KEYS);
    return 2;
  }
  let client: LoadBalancedOpenAI;
  try {
    client = poolOf(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return 2;
  }
  const endpoints = client.balancer.snapshot().endpoints.map(({ name, baseURL }) => `  ${name}  ${baseURL}`);
  console.log(`Five small calls, asking ${model}, to:\n${endpoints.join('\n')}\n`);
  let failed = 0;
  for (const [index, [kind, call]] of CALLS.entries()) {
    const label = `${index + 1}  ${kind.padEnd(6)}`;
    try {
      const { said, result } = await call(client, model);
      console.log(`${label}  ${explain(result)}  "${oneLine(said)}"`);
    } catch (error) {
      failed += 1;
      console.log(`${label}  failed: ${failureOf(error)}  ${explain(error)}`);
    }
  }
  await client.close();
  console.log(`\n5 calls, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
