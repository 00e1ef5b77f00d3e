/**
 * The user's own word on an outcome, `classify`, laid over our verdict. What is no verdict is left out and said, so that a typing
 * error neither breaks a call nor goes unnoticed.
 */
import type { Outcome, Verdict } from '../call/outcome.ts';
import { verdict, verdictNames } from './verdicts.ts';

/** Is told of what was left out, and why. */
export type Complain = (why: Error) => void;

type Rule = readonly [must: string, fits: (value: unknown) => boolean];

const oneOf = (...words: readonly string[]): Rule => [
  `must be ${words.map((word) => `'${word}'`).join(', ')}`,
  (value) => words.includes(value as string),
];
const flag: Rule = ['must be true or false', (value) => typeof value === 'boolean'];
const isTime = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const SCOPES = ['endpoint', 'model', 'operation', 'use'];

function isCooldown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { ms, grows, scope, reason, pause } = value as Record<string, unknown>;
  const { first, longest } = (grows ?? { first: 0, longest: 0 }) as Record<string, unknown>;
  const times = (ms === undefined || isTime(ms)) && isTime(first) && isTime(longest);
  return times && SCOPES.includes(scope as string) && typeof reason === 'string' && typeof pause === 'boolean';
}

const RULES: Readonly<Record<keyof Verdict, Rule>> = {
  name: ['must be a name of the table of verdicts', (value) => verdictNames.has(value as string)],
  health: oneOf('success', 'failure', 'neutral'),
  scope: oneOf('endpoint', 'model'),
  next: oneOf('throw', 'another', 'same'),
  cooldown: [`must be { ms, scope: '${SCOPES.join("' | '")}', reason, pause }`, isCooldown],
  ownPause: ['must be a duration in ms', isTime],
  again: flag,
  maybeExecuted: flag,
  reason: oneOf('content-filter', 'context-length', 'unsupported-parameter'),
};

/** What of the user's answer is a verdict. */
function partOf(said: unknown, complain: Complain): Partial<Verdict> {
  if (typeof said !== 'object' || said === null) {
    if (said !== undefined) complain(new TypeError(`it returned ${said === null ? 'null' : `a ${typeof said}`}`));
    return {};
  }
  if (typeof (said as { then?: unknown }).then === 'function') {
    // Nobody waits for it; nor shall its rejection end the process.
    Promise.resolve(said).catch(() => undefined);
    complain(new TypeError('it returned a promise; it must answer at once'));
    return {};
  }
  const part: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(said)) {
    const rule = Object.hasOwn(RULES, field) ? RULES[field as keyof Verdict] : undefined;
    if (value === undefined) continue;
    if (rule?.[1](value)) part[field] = value;
    else complain(new TypeError(`${field.slice(0, 40)} ${rule?.[0] ?? 'is no part of a verdict'}; it was left out`));
  }
  return part;
}

/**
 * Our verdict with the user's word over it: a `name` brings its row of the table along, every other field stands for itself.
 * @param complain is told of what is no verdict.
 */
export function withOwnWord(found: Verdict, said: unknown, outcome: Outcome, complain: Complain): Verdict {
  const { name = found.name, ...rest } = partOf(said, complain);
  const { maybeExecuted, again } = found;
  const row = name === found.name ? found : { ...verdict(name), maybeExecuted, again };
  const whole = { ...row, ...rest };
  // A good reply is handed out by now, and an error cannot be returned.
  return outcome.is === 'reply' || whole.next === 'return' ? { ...whole, next: found.next } : whole;
}
