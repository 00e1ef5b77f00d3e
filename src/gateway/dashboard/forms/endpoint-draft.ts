/** An endpoint as a form holds it, and as a configuration does. Pure. What no field shows stays as it was. */
import type { EndpointConfig } from '../shapes.ts';

/** The form's fields. */
export interface EndpointDraft {
  readonly name: string;
  readonly type: string;
  readonly baseURL: string;
  /** Of Azure. */
  readonly endpoint: string;
  readonly apiVersion: string;
  /** Empty = as it is. */
  readonly apiKey: string;
  /** One a line. */
  readonly models: string;
  /** `public = own`, one a line. */
  readonly modelMap: string;
  readonly weight: string;
  readonly priority: string;
  readonly requestsPerMinute: string;
  readonly tokensPerMinute: string;
  readonly maxConcurrent: string;
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

const mapText = (map: Readonly<Record<string, unknown>> = {}): string =>
  Object.entries(map)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');

/** The fields of an endpoint; of none, those of a new one. */
export function endpointDraft(value: Partial<EndpointConfig> = {}): EndpointDraft {
  const { limits = {} } = value;
  return {
    name: text(value.name),
    type: value.type ?? 'openai',
    baseURL: value.type === 'azure' ? '' : text(value.baseURL),
    endpoint: text(value.endpoint),
    apiVersion: text(value.apiVersion),
    apiKey: '',
    models: (value.models ?? []).join('\n'),
    modelMap: mapText(value.modelMap),
    weight: text(value.weight),
    priority: text(value.priority),
    requestsPerMinute: text(limits.requestsPerMinute),
    tokensPerMinute: text(limits.tokensPerMinute),
    maxConcurrent: text(limits.maxConcurrent),
  };
}

/** A number, or the text as it stands, for the gateway to refuse it in words. */
export function numberOr(value: string): number | string | undefined {
  const trimmed = value.trim();
  if (trimmed === '') return undefined;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

const linesOf = (value: string): string[] =>
  value
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);

function mapOf(value: string): Record<string, unknown> {
  const entries = linesOf(value).map((line): [string, unknown] => {
    const [name = '', ...rest] = line.split('=');
    const own = rest.join('=').trim();
    if (!own.startsWith('{')) return [name.trim(), own];
    try {
      return [name.trim(), JSON.parse(own)];
    } catch {
      return [name.trim(), own];
    }
  });
  return Object.fromEntries(entries);
}

/** What an object holds, fields without a value left out; `undefined` for nothing at all. */
function filled(fields: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** What `GET` tells beside the options. */
const TOLD: readonly string[] = ['name', 'source', 'state', 'skipped', 'key', 'apiKey'];

/** The options of an endpoint as `PUT` takes them, without its key. */
export function endpointOptions(value: EndpointConfig): Record<string, unknown> {
  const options = Object.entries(value).filter(([name, each]) => !TOLD.includes(name) && each !== undefined);
  const { type, baseURL, ...rest } = Object.fromEntries(options);
  return { type, ...(type !== 'azure' && { baseURL }), ...rest };
}

/** The options that the form says. @param before what stood there. */
export function endpointBody(draft: EndpointDraft, before?: EndpointConfig): Record<string, unknown> {
  const models = linesOf(draft.models);
  const { limits, ...kept } = before ? endpointOptions(before) : {};
  const isAzure = draft.type === 'azure';
  const own = {
    type: draft.type,
    baseURL: isAzure ? undefined : draft.baseURL.trim() || undefined,
    endpoint: isAzure ? draft.endpoint.trim() || undefined : undefined,
    apiVersion: isAzure ? draft.apiVersion.trim() || undefined : undefined,
    apiKey: draft.apiKey === '' ? undefined : draft.apiKey.trim(),
    models: models.length === 0 ? undefined : models,
    modelMap: draft.modelMap.trim() === '' ? undefined : mapOf(draft.modelMap),
    weight: numberOr(draft.weight),
    priority: numberOr(draft.priority),
    limits: filled({
      ...(limits as object | undefined),
      requestsPerMinute: numberOr(draft.requestsPerMinute),
      tokensPerMinute: numberOr(draft.tokensPerMinute),
      maxConcurrent: numberOr(draft.maxConcurrent),
    }),
  };
  return filled({ ...kept, ...own }) ?? {};
}
