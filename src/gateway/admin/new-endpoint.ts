/**
 * What becomes of an endpoint that was sent: what the store is to hold, or what is wrong with it. Pure. Why so strict: whoever may
 * send this may not therefore read the environment of the process, nor learn a key by giving its endpoint another address.
 */
import type { Given } from '../config/settings.ts';
import { urlProblem } from '../outside/public-address.ts';
import { ALLOW, addressesIn } from '../outside/stored-address.ts';
import type { Issue } from './admin-error.ts';
import { HIDDEN, KEY_OPTIONS, VALUE_OPTIONS } from './views.ts';

/** What is to be stored, or why nothing is. */
export type NewEndpoint =
  | { readonly is: 'right'; readonly options: Given }
  | { readonly is: 'wrong'; readonly issues: readonly Issue[] };

/** Every text in a value, with its path. */
function* textsIn(value: unknown, path: string): Generator<readonly [path: string, text: string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* textsIn(one, `${path}[${index}]`);
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) {
      const inner = path === '' ? name : `${path}.${name}`;
      yield [inner, name];
      yield* textsIn(one, inner);
    }
}

const REFERENCE = 'holds ${…}, which only a configuration file may: it would read the environment of the gateway';

/** References in a body. */
export function referenceIssues(body: Given): Issue[] {
  const paths = [...textsIn(body, '')].filter(([, text]) => text.includes('${')).map(([path]) => path);
  return [...new Set(paths)].map((path) => ({ path, message: REFERENCE }));
}

/** Where they are who have an address that everybody knows. */
const KNOWN: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com',
  anthropic: 'https://api.anthropic.com',
};

/** Where an endpoint's key goes. */
function destinationOf({ type = 'openai', baseURL, endpoint, dataResidency = '' }: Given): string {
  const origin = (url: unknown) => (typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : '');
  const own = origin(baseURL) || origin(endpoint);
  return JSON.stringify([type, own || (dataResidency === '' ? KNOWN[String(type)] : ''), dataResidency]);
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

const AGAIN = 'must be given again: the address is another one, and a secret goes only where it was meant for';

/** What was left out, or stands as not shown, taken from what is there. */
function completed(body: Given, before: Given | undefined, issues: Issue[]): Given {
  const options: Record<string, unknown> = { ...body };
  const isSame = before !== undefined && destinationOf(body) === destinationOf(before);
  for (const name of KEY_OPTIONS) {
    if (body[name] !== undefined || before?.[name] === undefined) continue;
    if (isSame) options[name] = before[name];
    else issues.push({ path: name, message: AGAIN });
  }
  for (const name of VALUE_OPTIONS) {
    const values = entriesOf(body[name]);
    if (!values.some(([, value]) => value === HIDDEN)) continue;
    const known = new Map(entriesOf(before?.[name]));
    options[name] = Object.fromEntries(
      values.map(([key, value]) => {
        if (value !== HIDDEN) return [key, value];
        if (!isSame || !known.has(key)) issues.push({ path: `${name}.${key}`, message: AGAIN });
        return [key, known.get(key)];
      }),
    );
  }
  return options;
}

/**
 * What is to be stored.
 * @param name of the path. @param before what the store holds of that name.
 */
export function newEndpoint(name: string, body: Given, before: Given | undefined, allowInsecure: boolean): NewEndpoint {
  const { name: written, ...rest } = body;
  const issues = referenceIssues(rest);
  if (written !== undefined && written !== name)
    issues.push({ path: 'name', message: `must be the one of the address (${name}), or left out` });
  if (rest.apiKeyEnv !== undefined)
    issues.push({ path: 'apiKeyEnv', message: 'would read the environment of the gateway; give the key as apiKey' });
  if (rest.apiKey === '')
    issues.push({ path: 'apiKey', message: 'is empty; give a key, any word if none is needed, or leave it as it is' });
  if (!allowInsecure)
    for (const { path, url } of addressesIn(rest)) {
      const problem = urlProblem(url);
      if (problem !== undefined) issues.push({ path, message: `${problem}; ${ALLOW}` });
    }
  const options = completed(rest, before, issues);
  return issues.length > 0 ? { is: 'wrong', issues } : { is: 'right', options };
}
