/**
 * What the SDK's own clients take: the names, so that a typing error is noticed, and the few values that are checked here
 * because the SDK would only fail later, in the middle of a call. Values pass through untouched.
 */
import type { ClientOptions } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import { z } from 'zod';
import { duration, expected, func, lazily, text, thing, whole, word } from './fields.ts';

/** Options of `new OpenAI()` in the versions supported (6.0 to 7.57). */
export const clientKeys = [
  'apiKey',
  'adminAPIKey',
  'organization',
  'project',
  'webhookSecret',
  'baseURL',
  'dataResidency',
  'timeout',
  'fetchOptions',
  'fetch',
  'maxRetries',
  'defaultHeaders',
  'defaultQuery',
  'dangerouslyAllowBrowser',
  'logLevel',
  'logger',
  'workloadIdentity',
  'x509Transport',
  'credential',
  'provider',
] as const;

/** What `new AzureOpenAI()` takes besides. */
export const azureKeys = ['apiVersion', 'endpoint', 'deployment', 'azureADTokenProvider'] as const;

/** SDK options of one endpoint, before inheritance. */
export type SdkOptions = Omit<ClientOptions, 'apiKey'> &
  Pick<AzureClientOptions, (typeof azureKeys)[number]> & { apiKey?: ClientOptions['apiKey'] };

const orNull = (schema: z.ZodType) => schema.nullish();

/** True for text that can travel in a header: no blank, no line break, ASCII only. Copying a key often adds one. */
export const isSendable = (key: string) => /^[\x21-\x7e]*$/.test(key);

/** What is wrong with a key that is not sendable. */
export const UNSENDABLE =
  'holds a blank, a line break or a character that no header can carry; copy the key again, or trim() it';

const key = lazily(() => z.string(expected('a key')).refine(isSendable, { error: UNSENDABLE }));

const url = lazily(() =>
  z.string(expected('a URL such as https://api.openai.com/v1')).superRefine((value, context) => {
    const message = urlProblem(value);
    if (message) context.addIssue({ code: 'custom', message, params: { code: 'invalid_url' } });
  }),
);

/** What is wrong with a URL, in words that do not repeat it; `undefined` when it is fine. Empty text means "not set" to the SDK. */
export function urlProblem(value: string): string | undefined {
  if (value === '') return undefined;
  const example = 'expected a URL such as https://api.openai.com/v1';
  let protocol: string;
  try {
    ({ protocol } = new URL(value));
  } catch {
    return /^[\w-]+(\.[\w-]+)+/.test(value) ? `has no scheme; put https:// in front of it` : `is no URL; ${example}`;
  }
  if (protocol === 'https:' || protocol === 'http:') return undefined;
  return /^[\w.-]+:\d+/.test(value)
    ? 'has no scheme; put http:// or https:// in front of it'
    : `is neither http nor https; ${example}`;
}

const isHeaders = (value: unknown) =>
  Array.isArray(value)
    ? value.every((row) => Array.isArray(row) && typeof row[0] === 'string')
    : typeof value === 'object' && value !== null;

const common = () => ({
  apiKey: z.union([key(), func('a function'), z.null()], expected('a key, or a function that returns one')).optional(),
  adminAPIKey: orNull(key()),
  organization: orNull(z.string(expected('an organization id'))),
  project: orNull(z.string(expected('a project id'))),
  webhookSecret: orNull(z.string(expected('a webhook secret'))),
  baseURL: orNull(url()),
  timeout: duration().int(expected('a whole number of ms')).optional(),
  fetch: func('a function like fetch').optional(),
  fetchOptions: thing().optional(),
  defaultHeaders: orNull(z.custom(isHeaders, expected('headers: an object, pairs of name and value, or Headers'))),
  defaultQuery: thing('an object of query parameters').optional(),
  dataResidency: orNull(z.string(expected('a region such as eu'))),
  logLevel: orNull(word('a log level', ['off', 'error', 'warn', 'info', 'debug'])),
  logger: thing('a logger with error, warn, info and debug').optional(),
});

/** SDK options beside a pool. */
export const clientFields = lazily(() =>
  z.object({
    ...common(),
    maxRetries: whole('a whole number of 0 or more', 0).optional(),
  }),
);

/** SDK options of an endpoint. */
export const endpointFields = lazily(() =>
  z.object({
    ...common(),
    endpoint: url().optional(),
    apiVersion: text('an API version such as 2024-10-21').optional(),
    deployment: text('a deployment name').optional(),
    azureADTokenProvider: func('a function that returns a token').optional(),
  }),
);
