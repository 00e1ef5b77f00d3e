/**
 * Checks one step of a fault script and brings it into its long form (an object); `script.ts` puts the steps in order.
 */
import {
  anything,
  type Check,
  checkFields,
  count,
  duration,
  either,
  flag,
  headers,
  hint,
  isObject,
  object,
  oneOf,
  positive,
  show,
  suggest,
  text,
  textOrNull,
  times,
} from './check.ts';
import { type PlainName, STEP_NAMES, type StepName } from './step-names.ts';
import type { NamedStep, RawStep, RedirectStep, StatusStep, Step, StreamStep } from './steps.ts';

/** A step in its long form, checked. */
export type LongStep = StatusStep | StreamStep | RedirectStep | RawStep | (NamedStep & { step: PlainName });

const bytes: Check = (value) => (value instanceof Uint8Array ? undefined : 'bytes');
const pause: Check = (value) =>
  isObject(value) && Object.keys(value).join() === 'wait' && !duration(value.wait) ? undefined : '{ wait: ms }';
const every =
  (check: Check, wanted: string): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => !check(item)) ? undefined : wanted;
const toolCall: Check = (value) =>
  isObject(value) && typeof value.name === 'string' ? undefined : 'an object with a name';
const status: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599
    ? undefined
    : 'an HTTP status from 200 to 599';
const place = either(oneOf('headers'), count);

const common = { times, delay: duration, headers };
const answer = {
  text,
  toolCalls: every(toolCall, 'a list of { name, arguments }'),
  finishReason: textOrNull,
};
const settings: Record<string, Check> = {
  ...answer,
  before: oneOf('body', 'answer'),
  after: count,
  cut: oneOf('reset', 'close'),
  bytes: positive,
  every: duration,
  encoding: oneOf('gzip', 'br', 'deflate'),
};

const streamFields: Record<string, Check> = {
  ...common,
  ...answer,
  stream: either(count, every(either(text, object), 'a list of objects and strings')),
  gap: duration,
  chunkBytes: positive,
  cutAfter: place,
  cutAtByte: count,
  cut: oneOf('reset', 'close', 'end', 'half-frame'),
  stallAfter: place,
  errorAfter: place,
  error: object,
  errorAs: oneOf('key', 'event'),
  garbageAfter: place,
  commentsAfter: place,
  every: duration,
  endMarker: flag,
  keepOpen: flag,
};

/** What may stand in a step, by the field that says which kind it is; the first that is present decides. */
const SHAPES: Record<string, Record<string, Check>> = {
  stream: streamFields,
  redirect: { ...common, redirect: text, status: oneOf(301, 302, 303, 307, 308) },
  raw: {
    ...common,
    raw: either(text, bytes, every(either(text, bytes, pause), 'a list of strings, bytes and pauses')),
    end: oneOf('reset', 'close', 'open'),
  },
  status: {
    ...common,
    status,
    retryAfter: hint,
    retryAfterMs: hint,
    shouldRetry: flag,
    code: textOrNull,
    type: text,
    message: text,
    body: anything,
    stallBody: flag,
  },
};

/** Settings that do nothing without one of others. */
const NEEDS: Record<string, readonly (keyof StreamStep)[]> = {
  cut: ['cutAfter', 'cutAtByte'],
  error: ['errorAfter'],
  errorAs: ['errorAfter'],
  every: ['commentsAfter'],
};

/** Where faults may strike in a stream: one of these at most. */
const STRIKES = ['cutAfter', 'cutAtByte', 'stallAfter', 'errorAfter', 'garbageAfter', 'commentsAfter'] as const;

/** Checks a step and writes it out in full. @throws TypeError that names the place and the mistake */
export function parseStep(step: Step | unknown, path: string): LongStep {
  if (typeof step === 'number') return parseStep({ status: step }, path);
  if (typeof step === 'string') return parseNamed({ step }, path);
  if (!isObject(step)) throw new TypeError(`${path}: a step is a status, a name or an object, got ${show(step)}`);
  if ('step' in step) return parseNamed(step, path);
  const kind = Object.keys(SHAPES).find((field) => field in step);
  if (!kind) throw unknownKind(step, path);
  checkFields(step, SHAPES[kind] ?? {}, path);
  if (kind === 'stream') checkStream(step as unknown as StreamStep, path);
  if (kind === 'status') checkStatus(step as unknown as StatusStep, path);
  return step as unknown as LongStep;
}

function parseNamed(step: Record<string, unknown>, path: string): LongStep {
  const { step: name, ...rest } = step;
  if (typeof name !== 'string' || !Object.hasOwn(STEP_NAMES, name)) {
    const names = Object.keys(STEP_NAMES);
    throw new TypeError(`${path}: unknown step ${show(name)}${suggest(String(name), names)}`);
  }
  const row: { takes?: readonly string[]; means?: object } = STEP_NAMES[name as StepName];
  if (row.means) return parseStep({ ...row.means, ...rest }, path);
  const taken = Object.fromEntries((row.takes ?? []).map((field) => [field, settings[field] ?? anything]));
  checkFields(rest, { ...common, ...taken }, path);
  return step as unknown as LongStep;
}

function unknownKind(step: Record<string, unknown>, path: string): TypeError {
  const field = Object.keys(step)[0] ?? '';
  const near = suggest(field, ['step', ...Object.keys(SHAPES)]);
  return new TypeError(
    `${path}: an object step needs one of status, stream, redirect, raw or step, got ${show(step)}${near.includes('did you mean') ? near : ''}`,
  );
}

function checkStatus(step: StatusStep, path: string): void {
  const isHealthy = step.status < 300 && step.body === undefined;
  const idle = (['code', 'type', 'message'] as const).find((field) => step[field] !== undefined);
  if (idle && step.body !== undefined) throw new TypeError(`${path}.${idle}: has no effect beside body`);
  const field = idle ?? (step.stallBody === undefined ? undefined : 'stallBody');
  if (field && isHealthy)
    throw new TypeError(`${path}.${field}: has no effect on a healthy answer; give a body or a status of 300 and more`);
}

function checkStream(step: StreamStep, path: string): void {
  const strikes = STRIKES.filter((field) => step[field] !== undefined);
  if (strikes.length > 1) throw new TypeError(`${path}: only one of ${strikes.join(' and ')} can happen in one stream`);
  for (const [field, needed] of Object.entries(NEEDS))
    if (field in step && !needed.some((other) => step[other] !== undefined))
      throw new TypeError(`${path}.${field}: has no effect without ${needed.join(' or ')}`);
  const own = (['text', 'toolCalls', 'finishReason'] as const).find((field) => step[field] !== undefined);
  if (own && typeof step.stream !== 'number')
    throw new TypeError(`${path}.${own}: has no effect beside events of your own`);
  if (step.toolCalls) return;
  const events = typeof step.stream === 'number' ? step.stream : step.stream.length;
  for (const field of strikes) {
    const at = step[field];
    if (field !== 'cutAtByte' && typeof at === 'number' && at > events)
      throw new TypeError(`${path}.${field}: ${at} lies beyond the stream's ${events} events`);
  }
  if (typeof step.stream === 'number' && step.text !== undefined && step.text.length < step.stream)
    throw new TypeError(`${path}.text: ${step.text.length} characters are too few for ${step.stream} events`);
}
