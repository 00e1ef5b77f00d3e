/** The endpoints of a configuration made ready for the library: named, those without a key left out, Anthropic's in OpenAI's words. */
import type { EndpointOptions } from '../../config/endpoint-options.ts';
import { type Env, readEnv } from '../../config/inheritance.ts';
import { resolveSettings } from '../../config/resolve-settings.ts';
import { shownURL } from '../../endpoint/secrets.ts';
import { ConfigurationError } from '../../errors.ts';
import { anthropicFetch } from './anthropic-fetch.ts';
import type { FoundProblems } from './invalid.ts';
import type { GatewayEndpoint, Given, LibraryOptions, SkippedEndpoint, Source } from './settings.ts';

/** Where Anthropic is. */
export const ANTHROPIC_URL = 'https://api.anthropic.com/v1';

/** An endpoint as it was written, and where that stands. */
export interface WrittenEndpoint {
  readonly options: Readonly<Record<string, unknown>>;
  /** Its path in messages. */
  readonly path: string;
  readonly source: Source;
  /** The same as it was written, references not filled in. */
  readonly given: Given;
  /** Where its key comes from, when that is known already. */
  readonly keyFrom?: string | undefined;
}

type Type = GatewayEndpoint['type'];
const typeOf = ({ options }: WrittenEndpoint): Type =>
  ['azure', 'anthropic'].includes(options.type as string) ? (options.type as Type) : 'openai';

/** Names as the library would give them: by type and number, around those that are taken. */
export function namesOf(written: readonly WrittenEndpoint[]): string[] {
  const taken = new Set(written.flatMap(({ options }) => (typeof options.name === 'string' ? [options.name] : [])));
  const counts = new Map<Type, number>();
  return written.map((each) => {
    const type = typeOf(each);
    let number = (counts.get(type) ?? 0) + 1;
    counts.set(type, number);
    if (typeof each.options.name === 'string') return each.options.name;
    while (taken.has(`${type}-${number}`)) number += 1;
    taken.add(`${type}-${number}`);
    return `${type}-${number}`;
  });
}

/** Why an endpoint does not take part, if it has no key. */
function keyless({ options }: WrittenEndpoint, env: Env): string | undefined {
  if (options.apiKey === '') return 'its key is empty';
  const { apiKeyEnv } = options;
  if (typeof apiKeyEnv !== 'string' || options.apiKey !== undefined) return undefined;
  return readEnv(env, apiKeyEnv) === undefined ? 'the variable of its apiKeyEnv is not set' : undefined;
}

/** Below its own address the API begins with /v1, which OpenAI's addresses say and Anthropic's do not. */
function withVersion(address: unknown): string {
  const url = typeof address === 'string' && address !== '' ? address : ANTHROPIC_URL;
  return /^https?:\/\/[^/]+\/?$/.test(url) ? `${url.replace(/\/$/, '')}/v1` : url;
}

function forLibrary({ options }: WrittenEndpoint, name: string, type: Type): EndpointOptions {
  if (type !== 'anthropic') return { ...options, name } as EndpointOptions;
  // Its API for OpenAI's clients has chat alone; its own is one that the library does not know.
  const { type: _, baseURL, operations = ['chat', 'other'], ...rest } = options;
  return { ...rest, name, baseURL: withVersion(baseURL), operations, fetch: anthropicFetch } as EndpointOptions;
}

const namesIn = ({ options: { models, modelMap } }: WrittenEndpoint): string[] => [
  ...new Set([
    ...(Array.isArray(models) ? (models as string[]) : []),
    ...Object.keys((modelMap as object | undefined) ?? {}),
  ]),
];

/** Checks the options by the library's own rules. @returns where each endpoint is. */
function checked(
  endpoints: readonly EndpointOptions[],
  options: LibraryOptions,
  paths: readonly string[],
  env: Env,
  problems: FoundProblems,
): string[] {
  try {
    return resolveSettings({ ...options, endpoints }, env).endpoints.map(({ baseURL }) => shownURL(baseURL));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { path, message } of error.issues)
      problems.add(
        path.replace(/^endpoints\[(\d+)\]/, (_, index) => paths[Number(index)] as string),
        // Here an empty key means that there is none now.
        message.replace(", or apiKey: '' if it needs none", ', any word if it needs none'),
      );
    return [];
  }
}

/** Where its key comes from. */
function keyFromOf({ keyFrom, options: { apiKey, apiKeyEnv } }: WrittenEndpoint): string {
  return keyFrom ?? (typeof apiKeyEnv === 'string' ? apiKeyEnv : apiKey === undefined ? 'environment' : 'file');
}

function skippedOne(each: WrittenEndpoint, name: string, why: string): SkippedEndpoint {
  const { options, source, given } = each;
  const address = [options.baseURL, options.endpoint].find((one) => typeof one === 'string' && one !== '');
  const baseURL = typeof address === 'string' && URL.canParse(address) ? shownURL(address) : '';
  return { name, type: typeOf(each), source, given, baseURL, keyFrom: keyFromOf(each), why };
}

/** The endpoints that take part, and those that do not. */
export function readyEndpoints(
  written: readonly WrittenEndpoint[],
  names: readonly string[],
  options: LibraryOptions,
  env: Env,
  problems: FoundProblems,
): { endpoints: GatewayEndpoint[]; skipped: SkippedEndpoint[] } {
  const skipped: SkippedEndpoint[] = [];
  const there = written.flatMap((each, index) => {
    const name = names[index] as string;
    const why = keyless(each, env);
    if (why !== undefined) skipped.push(skippedOne(each, name, why));
    return why === undefined ? [{ each, name, type: typeOf(each) }] : [];
  });
  const ready = there.map(({ each, name, type }) => forLibrary(each, name, type));
  const paths = there.map(({ each }) => each.path);
  const urls = ready.length > 0 ? checked(ready, options, paths, env, problems) : [];
  const endpoints = there.map(({ each, name, type }, index): GatewayEndpoint => {
    return {
      name,
      type,
      source: each.source,
      given: each.given,
      options: ready[index] as EndpointOptions,
      baseURL: urls[index] ?? '',
      names: namesIn(each),
      open: each.options.models === undefined,
      keyFrom: keyFromOf(each),
    };
  });
  return { endpoints, skipped };
}
