// What a call holds while its endpoint has not answered: the heap with 1,000 of them under way, after collecting.
import { kb, threeOf } from '../cells.ts';
import { Child } from '../child.ts';
import type { ClientSpec } from '../client.ts';
import { type ContenderName, contenders } from '../contenders.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting, urlsOf } from '../setting.ts';
import { median, ratios, spread } from '../statistics.ts';

const CALLS = 1_000;

/** Bytes for each call, in a fresh process. */
async function bytesOf(of: ContenderName, { mock, ...setting }: Setting): Promise<number> {
  // All five: the fast transport opens at most 256 connections to one endpoint.
  const urls = urlsOf({ mock, ...setting }, 'hold', { all: true });
  const child = Child.start('client.ts', { names: [of], urls } satisfies ClientSpec);
  const hold = async (calls: number) => {
    await child.ask({ do: 'hold', of, calls });
    await mock.ask({ do: 'holds', count: calls });
  };
  const finish = async () => {
    await mock.ask({ do: 'release' });
    await child.ask({ do: 'finish' });
  };
  try {
    // What the first calls of a process bring along is not theirs.
    for (let i = 0; i < 3; i++) {
      await hold(20);
      await finish();
    }
    const before = await child.ask<number>({ do: 'heap' });
    await hold(CALLS);
    const bytes = ((await child.ask<number>({ do: 'heap' })) - before) / CALLS;
    await finish();
    return bytes;
  } finally {
    await child.end();
  }
}

/** Heap per call under way. */
export async function heap(setting: Setting): Promise<Outcome> {
  const ours = ['raw', 'standard', 'fast', 'control'] as const;
  const names: readonly ContenderName[] = [...ours, ...setting.peers];
  const held = await inTurns(names, roundsOf(setting, 3, 1), (name) => bytesOf(name, setting), 0);
  const times = (name: ContenderName) => spread(ratios(held[name], held.raw));
  return {
    tables: [
      {
        title: `Heap of a call under way, with ${CALLS.toLocaleString('en')} held open, after collecting`,
        head: ['', 'each', "times the plain SDK's"],
        rows: names.map((name) => {
          const each = kb(median(held[name]));
          return [
            contenders[name].title.replace('3 endpoints', '5 endpoints'),
            each,
            name === 'raw' ? '1' : threeOf(times(name)),
          ];
        }),
      },
    ],
    findings: (['standard', 'fast'] as const).map((name) => {
      const found = times(name);
      return { about: `heap.${name}`, value: found.median, spread: found };
    }),
  };
}
