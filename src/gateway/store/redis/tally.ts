/** Counts together what client keys use at several gateways. */
import type { KeyStanding, KeyUse, Numbered } from '../gateway-store.ts';
import { sound } from '../write-bounds.ts';
import type { RedisConnection } from './connection.ts';
import { TALLY } from './scripts.ts';

/** Answers as Lua has them: `false` for nothing, numbers as text. */
type Told = readonly [calls: string | false, tokens: string | false, day: string, month: string];

const level = (text: string | false) => (text === false ? undefined : Number(text));

/** Adds uses, once however often they are sent, and tells what is left. */
export async function tally(
  connection: RedisConnection,
  prefix: string,
  { by, number }: Numbered,
  uses: readonly KeyUse[],
): Promise<KeyStanding[]> {
  const all = uses.map((use) => ({ ...use, tokens: sound(use.tokens), cost: sound(use.cost) }));
  const told = await connection.run(TALLY, [`${prefix}done:${by}`], [number, prefix, JSON.stringify(all)]);
  return (JSON.parse(told as string) as Told[]).map(([calls, tokens, day, month]) => ({
    ...{ calls: level(calls), tokens: level(tokens), day: Number(day), month: Number(month) },
  }));
}
