/**
 * The model map applied to one attempt: the caller's options become this endpoint's options. Pure; step 3 of a call.
 * Why so careful about copying: the SDK keys the parser choice by the body's identity, and a body with `toJSON` would be
 * sent with other content once spread. A body that does not map is never copied.
 */
import { FormBytes } from './form-bytes.ts';
import { JsonText } from './json-text.ts';
import { type MappedModel, type ModelMap, mapModel } from './model-map.ts';

/** The part of the SDK's request options that a model map may touch. */
export interface LocalizableOptions {
  method?: string;
  path?: string;
  body?: unknown;
  __metadata?: Record<string, unknown>;
}

/** The model a call names: in the JSON body, in a form field, or in the SDK's metadata for multipart uploads. */
export function modelOf(options: LocalizableOptions): string | undefined {
  const { body } = options;
  let model: unknown;
  if (body instanceof FormData) model = body.get('model');
  else if (body instanceof JsonText) model = body.outline.model;
  else if (body instanceof FormBytes) model = body.model;
  else if (typeof body === 'object' && body !== null) model = (body as { model?: unknown }).model;
  model ??= options.__metadata?.model;
  return typeof model === 'string' && model !== '' ? model : undefined;
}

const MODELS = '/models/';

/** The model that a call asks about by its name, as in `GET /models/gpt-5`. */
export function modelInPath({ method, path }: LocalizableOptions): string | undefined {
  if (method !== 'get' || !path?.startsWith(MODELS)) return undefined;
  try {
    return decodeURIComponent(path.slice(MODELS.length).split(/[?#]/, 1)[0] as string) || undefined;
  } catch {
    return undefined;
  }
}

/** A copy that asks about the endpoint's own model. */
function withOwnPath<Options extends LocalizableOptions>(options: Options, map: ModelMap): Options {
  const name = modelInPath(options);
  const own = name === undefined ? undefined : mapModel(map, name);
  return own ? { ...options, path: MODELS + encodeURIComponent(own.model) } : { ...options };
}

/** True for an object that is sent as its fields say, also when they are copied. */
export function isPlain(body: unknown): body is Record<string, unknown> {
  if (body === null || body === undefined) return false;
  const prototype = Object.getPrototypeOf(body) as unknown;
  return (
    (prototype === Object.prototype || prototype === null) &&
    typeof (body as { toJSON?: unknown }).toJSON !== 'function'
  );
}

function localizeBody(body: unknown, mapped: MappedModel): unknown {
  if (body instanceof FormData) {
    if (!body.has('model')) return body;
    const copy = new FormData();
    for (const [key, value] of body.entries()) copy.append(key, key === 'model' ? mapped.model : value);
    return copy;
  }
  if (body instanceof FormBytes) return body.model === undefined ? body : body.withModel(mapped.model);
  if (body instanceof JsonText) {
    if (!('model' in body.outline)) return body;
    return mapped.body || mapped.omit ? body.withValue(rewritten(body.value, mapped)) : body.withModel(mapped.model);
  }
  return isPlain(body) && 'model' in body ? rewritten(body, mapped) : body;
}

function rewritten(body: Readonly<Record<string, unknown>>, mapped: MappedModel): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...body, model: mapped.model, ...mapped.body };
  for (const field of mapped.omit ?? []) delete copy[field];
  return copy;
}

function applied<Options extends LocalizableOptions>(options: Options, mapped: MappedModel): Options {
  const copy = { ...options };
  if (copy.body !== undefined) copy.body = localizeBody(copy.body, mapped);
  if (copy.__metadata && 'model' in copy.__metadata) copy.__metadata = { ...copy.__metadata, model: mapped.model };
  return copy;
}

/** The caller's options with another model in the place of the one they name: a shallow copy. */
export function withModel<Options extends LocalizableOptions>(options: Options, model: string): Options {
  return applied(options, { model, body: undefined, omit: undefined });
}

/**
 * The caller's options as this endpoint needs them: always a fresh shallow copy (the SDK writes into it),
 * with the model renamed in the body, a form field, the metadata or the path when the map says so.
 */
export function localize<Options extends LocalizableOptions>(
  options: Options,
  model: string | undefined,
  map: ModelMap,
): { options: Options; model: string | undefined } {
  if (model === undefined) return { options: withOwnPath(options, map), model };
  const mapped = mapModel(map, model);
  if (mapped === undefined || (mapped.model === model && !mapped.body && !mapped.omit))
    return { options: { ...options }, model };
  return { options: applied(options, mapped), model: mapped.model };
}
