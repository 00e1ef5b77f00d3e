/** Whether an endpoint answers: one `GET` of its list of models, which costs nothing. */
import { APIConnectionError, APIError } from 'openai';
import type { GatewayEndpoint } from '../../gateway/config/settings.ts';
import { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import { counted } from '../columns.ts';

/** What came of it. */
export interface Reached {
  readonly ok: boolean;
  /** In words, for the table. */
  readonly says: string;
  /** The endpoint's models, as far as it lists them. */
  readonly models: readonly string[] | undefined;
}

const TIMEOUT = 10_000;

/** The innermost code of a connection that failed, such as `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  let code = '';
  for (let cause = error; typeof cause === 'object' && cause !== null; cause = (cause as { cause?: unknown }).cause) {
    const own = (cause as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
  }
  return code === '' ? 'no connection' : code;
}

function failure(error: unknown): Reached {
  const models = undefined;
  if (error instanceof APIConnectionError) return { ok: false, says: `not reached: ${codeOf(error)}`, models };
  const status = error instanceof APIError ? error.status : undefined;
  if (status === 401 || status === 403) return { ok: false, says: `refuses the key (${status})`, models };
  // It is there, and speaks HTTP; some list no models.
  if (status === 404 || status === 405 || status === 501)
    return { ok: true, says: `there, lists no models (${status})`, models };
  return { ok: false, says: status === undefined ? 'fails: no reply that can be read' : `answers ${status}`, models };
}

/** Reaches one endpoint. Never rejects. */
export async function reach({ options, name, type }: GatewayEndpoint): Promise<Reached> {
  const pool = new LoadBalancedOpenAI([options], {
    maxRetries: 0,
    timeout: TIMEOUT,
    logLevel: 'off',
    shareState: false,
  });
  const key = 'apiKey' in options ? String(options.apiKey) : '';
  // Its own API takes the key so, and not as a Bearer token.
  const own = { 'x-api-key': key, 'anthropic-version': '2023-06-01', authorization: null };
  const headers = type === 'anthropic' ? own : {};
  const startedAt = performance.now();
  try {
    const client = pool.balancer.endpoint(name).withOptions({ maxRetries: 0 });
    const { data } = (await client.get('/models', { headers, timeout: TIMEOUT })) as { data?: { id?: unknown }[] };
    const models = Array.isArray(data) ? data.map(({ id }) => String(id)) : undefined;
    const ms = Math.round(performance.now() - startedAt);
    return {
      ok: true,
      says: `ok, ${models ? counted(models.length, 'model') : 'no list of models'}, ${ms} ms`,
      models,
    };
  } catch (error) {
    return failure(error);
  } finally {
    await pool.close();
  }
}
