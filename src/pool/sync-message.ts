/**
 * What processes tell each other, as text. Pure. Times are ms that are left or have passed: clocks of machines differ.
 * Why checked so closely: a channel is open to whatever else writes there, and what comes in changes where calls go.
 */
import { quoted } from '../call/describe.ts';
import { isAccount, mayBeOne } from '../endpoint/account.ts';

/** What was found out about an endpoint. Models by the endpoint's own names, `undefined` = the endpoint as a whole. */
export type Fact = {
  readonly endpoint: string;
  /** Where it is, without credentials: one that is called the same may be another one. */
  readonly address: string;
  /** Whose quota it draws on; empty = that cannot be compared. */
  readonly account: string;
} & (
  | {
      readonly is: 'cooldown';
      readonly scope: 'endpoint' | 'model' | 'operation' | 'use';
      readonly key: string;
      readonly ms: number;
      readonly reason: string;
      readonly pause: boolean;
      /** How many without a hint there were in a row. */
      readonly inRow: number;
    }
  /** A call that began `age` ms ago succeeded. */
  | { readonly is: 'disproved'; readonly model: string; readonly operation: string; readonly age: number }
  | {
      readonly is: 'ejected';
      readonly model: string | undefined;
      readonly ms: number;
      readonly failingFor: number;
      readonly sure: boolean;
    }
  | { readonly is: 'restored'; readonly model: string | undefined }
  /** So many attempts run there. */
  | { readonly is: 'load'; readonly running: number }
  /** It is there; who has another endpoint by that name is asked to say so too. */
  | { readonly is: 'here'; readonly asks: boolean }
);

/** Facts of one process. */
export interface Message {
  /** Which process: a random text. */
  readonly from: string;
  readonly facts: readonly Fact[];
}

/** The shape of what is told. Another one is for another release. */
export const VERSION = 1;
/** Facts in one message. */
export const MOST_FACTS = 200;
/** The longest pause that one process may impose on others, in ms. */
const LONGEST_MS = 10 * 60_000;
const LONGEST_TEXT = 512;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_TEXT;
const isName = (value: unknown): value is string => isText(value) && value !== '';
const isModel = (value: unknown): value is string | undefined => value === undefined || isName(value);
const isMs = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);
const isCount = (value: unknown): value is number => isMs(value) && Number.isInteger(value) && value <= 1_000_000;
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isScope = (value: unknown) =>
  value === 'endpoint' || value === 'model' || value === 'operation' || value === 'use';

type Check = (value: unknown) => boolean;

/** What each kind of fact holds. */
const SHAPES: Readonly<Record<Fact['is'], Readonly<Record<string, Check>>>> = {
  cooldown: { scope: isScope, key: isText, ms: isMs, reason: isText, pause: isFlag, inRow: isCount },
  disproved: { model: isName, operation: isName, age: isMs },
  ejected: { model: isModel, ms: isMs, failingFor: isMs, sure: isFlag },
  restored: { model: isModel },
  load: { running: isCount },
  here: { asks: isFlag },
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A fact, if that is what it is: with its own fields only, none of them longer than any of us would tell. */
export function factOf(value: unknown): Fact | undefined {
  if (!isRecord(value) || !isName(value.endpoint) || !isName(value.address) || !Object.hasOwn(SHAPES, String(value.is)))
    return undefined;
  const shape = SHAPES[value.is as Fact['is']];
  const { is, endpoint, address, account = '' } = value;
  if (!isAccount(account)) return undefined;
  const fact: Record<string, unknown> = { is, endpoint, address, account };
  for (const [name, check] of Object.entries(shape)) {
    if (!check(value[name])) return undefined;
    fact[name] = name === 'ms' ? Math.min(value[name] as number, LONGEST_MS) : value[name];
  }
  return fact as Fact;
}

/** What a quota leads to: of no account but its own. */
const OF_ACCOUNT: ReadonlySet<Fact['is']> = new Set(['cooldown', 'disproved']);

/** Whether a fact about an endpoint says something of it to whoever has that account there. */
export function concerns({ is, account }: Pick<Fact, 'is' | 'account'>, own: string): boolean {
  return !OF_ACCOUNT.has(is) || mayBeOne(account, own);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Another release speaks otherwise. */
export interface Foreign {
  /** In words, for the user. */
  readonly version: string;
}

/** The object in a text of this release, whatever it holds; `undefined` when it is none of the library's. */
export function versioned(text: string): Record<string, unknown> | Foreign | undefined {
  const found = parsed(text);
  if (!isRecord(found) || typeof found.v !== 'number') return undefined;
  return found.v === VERSION ? found : { version: quoted(String(found.v)) };
}

/** True for what `versioned` found of another release. */
export function isForeign(found: object): found is Foreign {
  return 'version' in found && !('v' in found);
}

/** A message as text. */
export function written({ from, facts }: Message): string {
  return JSON.stringify({ v: VERSION, from, facts });
}

/** A message read; what of it nobody of us would tell is left out. `undefined` = it is none. */
export function read(text: string): Message | Foreign | undefined {
  const found = versioned(text);
  if (!found || isForeign(found)) return found;
  const { from, facts } = found;
  if (!isName(from) || !Array.isArray(facts)) return undefined;
  return { from, facts: facts.slice(0, MOST_FACTS).flatMap((each) => factOf(each) ?? []) };
}
