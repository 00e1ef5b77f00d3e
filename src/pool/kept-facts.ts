/**
 * What is kept of an endpoint for processes that start later: where it is, and what keeps calls away from it, until when by
 * the wall clock. Pure. One text for each endpoint, found by its name, and one for each account there that has to pause.
 */
import { createHash } from 'node:crypto';
import { type Fact, type Foreign, factOf, isForeign, VERSION, versioned } from './sync-message.ts';

/** A fact that keeps calls away. */
export type KeptFact = Extract<Fact, { is: 'cooldown' | 'ejected' }>;

/** What is known of one endpoint. */
export interface Kept {
  readonly address: string;
  readonly facts: readonly KeptFact[];
}

/** How long it is kept, in ms: it is told anew three times within that. */
export const KEPT_FOR = 15 * 60_000;
/** Facts kept of one endpoint, those that last longest, and how many letters of them: nobody reads a longer text. */
const MOST = 40;
const LETTERS = 15_000;

/** The key of an endpoint, or of an account there. */
export function keyOfEndpoint(name: string, account = ''): string {
  const hash = createHash('sha256').update(account === '' ? name : JSON.stringify([name, account]));
  return `lbo:1:${account === '' ? 'endpoint' : 'account'}:${hash.digest('base64url')}`;
}

/** As text. @param date now, by the wall clock */
export function keep({ address, facts }: Kept, date: number): string {
  const longest = [...facts].sort((a, b) => b.ms - a.ms).slice(0, MOST);
  const dated = longest.map(({ ms, endpoint: _, address: __, account: ___, ...fact }) => ({
    ...fact,
    until: Math.round(date + ms),
  }));
  let left = LETTERS;
  const fitting = dated.filter((fact) => {
    left -= JSON.stringify(fact).length;
    return left >= 0;
  });
  return JSON.stringify({ v: VERSION, address, at: Math.round(date), facts: fitting });
}

/** Read again, what is over left out. @param endpoint its name: whatever the text says, it is about this one, and this account */
export function kept(text: string, endpoint: string, date: number, account = ''): Kept | Foreign | undefined {
  const found = versioned(text);
  if (!found || isForeign(found)) return found;
  const { address, facts, at } = found;
  const age = typeof at === 'number' && at < date ? date - at : 0;
  if (typeof address !== 'string' || address === '' || !Array.isArray(facts)) return undefined;
  const alive = facts.slice(0, MOST).flatMap((each): KeptFact[] => {
    if (typeof each !== 'object' || each === null) return [];
    const fact = factOf({
      ...each,
      endpoint,
      address,
      account,
      ms: Number((each as { until?: unknown }).until) - date,
    });
    // Nothing has succeeded there since it was written, or it would have been written anew.
    if (fact?.is === 'ejected') return [{ ...fact, failingFor: fact.failingFor + age }];
    return fact?.is === 'cooldown' ? [fact] : [];
  });
  return { address, facts: alive };
}
