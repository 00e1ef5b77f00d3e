/**
 * What a fault server can be told when it starts, and the check of it.
 */
import {
  type Check,
  checkFields,
  count,
  duration,
  either,
  filled,
  isObject,
  object,
  positive,
  show,
  text,
  texts,
} from './check.ts';
import type { GateOptions } from './gate.ts';
import type { Script } from './script.ts';
import type { ServerRequest } from './server-request.ts';

/** Options of {@link faultServer}; all have defaults. */
export interface FaultServerOptions extends GateOptions {
  /** Its name, echoed in every answer: `system_fingerprint`, `x-served-by`, ids, texts. @default 'server-1', 'server-2', … */
  name?: string;
  /** What it does, request by request. @default healthy answers */
  script?: Script;
  /** The port on 127.0.0.1. @default a free one */
  port?: number;
  /** Wait (ms) before each answer, fixed or by request; a step's own `delay` comes on top. @default 0 */
  latency?: number | ((request: ServerRequest) => number);
  /** Close connections that were idle for so many ms, without having announced it (keep-alive race). @default never */
  idleCloseAfter?: number;
  /** So many objects per collection to begin with, such as `{ files: 45 }`, for lists and pages. */
  objects?: Readonly<Record<string, number>>;
  /** How many requests to remember, the last ones; `calls` counts them all. @default all */
  remember?: number;
  /** Certificate and key (PEM) to speak TLS. @default plain HTTP */
  tls?: { readonly cert: string; readonly key: string };
}

const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'a function');
const counts: Check = (value) =>
  isObject(value) && Object.values(value).every((n) => !count(n)) ? undefined : 'an object such as { files: 45 }';

const serverName: Check = (value) =>
  typeof value === 'string' && /^[\w.-]+$/.test(value) ? undefined : 'letters, digits, dots, dashes and underscores';

const FIELDS: Record<string, Check> = {
  name: serverName,
  script: () => undefined,
  port: (value) => (count(value) || Number(value) > 65_535 ? 'a port from 0 to 65535' : undefined),
  latency: either(duration, isFunction),
  idleCloseAfter: duration,
  objects: counts,
  remember: count,
  tls: object,
  apiKey: text,
  models: texts,
  rateLimit: object,
};

/** Refuses wrong options. @throws TypeError with the path of the mistake */
export function checkOptions(options: unknown): void {
  if (!isObject(options)) throw new TypeError(`faultServer: expected an object of options, got ${show(options)}`);
  checkFields(options, FIELDS, 'options');
  if (isObject(options.rateLimit)) {
    const { requests, perMs } = options.rateLimit;
    checkFields(
      { requests, perMs, ...options.rateLimit },
      { requests: positive, perMs: positive },
      'options.rateLimit',
    );
    for (const [field, value] of Object.entries({ requests, perMs }))
      if (value === undefined) throw new TypeError(`options.rateLimit.${field}: missing`);
  }
  if (isObject(options.tls)) checkFields(options.tls, { cert: filled, key: filled }, 'options.tls');
}
