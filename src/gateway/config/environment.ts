/**
 * The endpoints that the environment describes, for a gateway without endpoints of its own: `OPENAI_API_KEYS`, `ANTHROPIC_API_KEYS`,
 * their singular names, and `SERVICE_ENDPOINTS`. Every key on every address of its service.
 */
import { endpointsOfEnvironment } from '../../config/environment.ts';
import { type Env, readEnv } from '../../config/inheritance.ts';
import { kindOf, Problems } from '../../config/problems.ts';
import { isSendable, UNSENDABLE, urlProblem } from '../../config/sdk-options.ts';
import type { ConfigurationError } from '../../errors.ts';

/** An endpoint as a file would have it. */
export interface FoundEndpoint {
  readonly name: string;
  readonly type: 'openai' | 'anthropic';
  readonly apiKey: string;
  readonly baseURL?: string;
  /** Which key it is: `key 2 of OPENAI_API_KEYS`. */
  readonly keyFrom: string;
}

/** Notes a problem at a path. */
type Note = (path: string, message: string) => void;

function anthropicURLs(env: Env, note: Note): string[] {
  let services: unknown;
  try {
    services = JSON.parse(readEnv(env, 'SERVICE_ENDPOINTS') ?? '{}');
  } catch {
    // Noted where the other service is read.
    return [];
  }
  const list = (services as { anthropic?: unknown } | null)?.anthropic;
  if (!Array.isArray(list)) return [];
  return list.flatMap((url: unknown, index) => {
    const message = typeof url === 'string' && url !== '' ? urlProblem(url) : `must be a URL, got ${kindOf(url)}`;
    if (message !== undefined) note(`SERVICE_ENDPOINTS.anthropic[${index}]`, message);
    return message === undefined ? [url as string] : [];
  });
}

function anthropicKeys(env: Env, note: Note): { key: string; from: string }[] {
  const listed = (env.ANTHROPIC_API_KEYS ?? '').split(',').map((key) => key.trim());
  const keys = listed.filter((key) => key !== '');
  for (const [index, key] of keys.entries())
    if (!isSendable(key)) note(`ANTHROPIC_API_KEYS[${index}]`, `${UNSENDABLE}; separate keys by commas`);
  if (keys.length > 0) return keys.map((key, index) => ({ key, from: `key ${index + 1} of ANTHROPIC_API_KEYS` }));
  const single = readEnv(env, 'ANTHROPIC_API_KEY');
  return single === undefined ? [] : [{ key: single, from: 'ANTHROPIC_API_KEY' }];
}

function openai(env: Env, note: Note): Omit<FoundEndpoint, 'name'>[] {
  const problems = new Problems();
  const found = endpointsOfEnvironment(env, problems);
  try {
    problems.throwIfAny();
  } catch (error) {
    for (const { path, message } of (error as ConfigurationError).issues) note(path, message);
  }
  const single = readEnv(env, 'OPENAI_API_KEY');
  const plural = (env.OPENAI_API_KEYS ?? '').split(',').some((key) => key.trim() !== '');
  if (found.length === 0)
    return single === undefined || plural ? [] : [{ type: 'openai', apiKey: single, keyFrom: 'OPENAI_API_KEY' }];
  const keys = [...new Set(found.map(({ apiKey }) => apiKey))];
  return found.map(({ apiKey, ...rest }) => ({
    type: 'openai',
    apiKey,
    ...rest,
    keyFrom: plural ? `key ${keys.indexOf(apiKey) + 1} of OPENAI_API_KEYS` : 'OPENAI_API_KEY',
  }));
}

/** What the environment describes; empty when it names no key. */
export function endpointsFromEnvironment(env: Env, note: Note): FoundEndpoint[] {
  const urls = anthropicURLs(env, note);
  const keys = anthropicKeys(env, note);
  const places = urls.length > 0 ? urls.map((baseURL) => ({ baseURL })) : [{}];
  const anthropic = places.flatMap((place) =>
    keys.map(({ key, from }) => ({ type: 'anthropic' as const, apiKey: key, ...place, keyFrom: from })),
  );
  const counts = { openai: 0, anthropic: 0 };
  return [...openai(env, note), ...anthropic].map((endpoint) => {
    counts[endpoint.type] += 1;
    return { name: `${endpoint.type}-${counts[endpoint.type]}`, ...endpoint };
  });
}
