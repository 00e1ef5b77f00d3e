/** Lets a strategy pick, many times, and tells who got how much. */
import type { Candidate, Strategy, StrategyCall } from '../index.ts';

type Make = () => Strategy;

/** A call as strategies see it. */
export const CALL: StrategyCall = { operation: 'chat', model: 'gpt-5', stream: false, tokens: 0, now: 0 };

/** A candidate; only what is named differs. */
export const candidate = (name: string, changes: Partial<Candidate> = {}): Candidate => ({
  ...{ name, weight: 1, priority: 0, tags: [], inFlight: 0 },
  ...changes,
});

/** Candidates with these weights. */
export const weighing = (...weights: number[]) => weights.map((weight, i) => candidate(`${'abcdefgh'[i]}`, { weight }));

/** Picks once. @throws when the answer is not one of the candidates, the very object */
export function pick(strategy: Strategy, candidates: readonly Candidate[], call: StrategyCall = CALL): Candidate {
  const picked: unknown = strategy.pick(candidates, call);
  if (candidates.some((each) => each === picked)) return picked as Candidate;
  const given = candidates.map(({ name }) => name).join(', ');
  throw new Error(`pick() returned ${nameOf(picked)}, which is none of the candidates it was given (${given})`);
}

function nameOf(picked: unknown): string {
  if (picked instanceof Promise) return 'a promise';
  if (typeof picked !== 'object' || picked === null) return String(picked);
  return 'name' in picked ? `an object named '${picked.name}'` : 'an object without a name';
}

/** Picks so many times and tells each one's share of them, by name. */
export function shares(strategy: Strategy, candidates: readonly Candidate[], times: number): Record<string, number> {
  const counts = Object.fromEntries(candidates.map(({ name }) => [name, 0]));
  for (let i = 0; i < times; i++) {
    const { name } = pick(strategy, candidates);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / times]));
}

/** The same while calls run: so many at a time, each as long as the others. */
export function sharesUnderLoad(make: Make, weights: readonly number[], running: number, times: number) {
  const pool = weights.map((weight, i) => ({ ...candidate(`e${i}`, { weight }), inFlight: 0 }));
  const strategy = make();
  const queue: (typeof pool)[number][] = [];
  const counts = new Map(pool.map(({ name }) => [name, 0]));
  for (let i = 0; i < times; i++) {
    const picked = pick(strategy, pool) as (typeof pool)[number];
    counts.set(picked.name, (counts.get(picked.name) ?? 0) + 1);
    picked.inFlight += 1;
    queue.push(picked);
    const over = queue.length > running ? queue[i - running] : undefined;
    if (over) over.inFlight -= 1;
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const wanted = Object.fromEntries(pool.map(({ name, weight }) => [name, weight / total]));
  compare(Object.fromEntries([...counts].map(([name, count]) => [name, count / times])), wanted, 0.01);
}

/** More of them say nothing new. */
const SAID = 3;

/** @throws unless each share is within `tolerance` of the one it should be */
export function compare(got: Record<string, number>, wanted: Record<string, number>, tolerance: number): void {
  const off = Object.keys(wanted).filter((name) => !(Math.abs((got[name] ?? 0) - (wanted[name] ?? 0)) <= tolerance));
  if (off.length === 0) return;
  const percent = (share = 0) => `${(share * 100).toFixed(1)} %`;
  const said = off
    .slice(0, SAID)
    .map((name) => `'${name}' got ${percent(got[name])} instead of ${percent(wanted[name])}`);
  throw new Error(off.length > SAID ? `${said.join(', ')}, and ${off.length - SAID} more` : said.join(', '));
}
