// Cluster workers share one store, with and without their primary, and are replaced one after the other under load: no call
// fails, nothing is asked for twice, and they end by themselves.
import { expect, it } from 'vitest';
import { runChild } from '../../support/child.ts';
import { COMPILED } from '../../support/compiled.ts';
import { socketFolder } from './remote-member.ts';

const SIZE = process.env.FULL ? { workers: 8, rounds: 3 } : { workers: 3, rounds: 1 };

interface Outcome {
  calls: number;
  total: number;
  found: number;
  lost: number;
  asked: number;
  kept: string;
  failures: string[];
  degraded: string[];
}

const modes = [true, false];
it.each(modes)(
  'a rolling restart costs no call; the primary uses the store: %s',
  { timeout: 120_000 },
  async (primaryUses) => {
    using folder = socketFolder();
    const script = new URL('./children/cluster.ts', import.meta.url);
    const outcome = await runChild<Outcome>(script, { ...SIZE, primaryUses, folder: folder.path }, 110_000, COMPILED);
    expect(outcome).toMatchObject({ failures: [], lost: 0, kept: 'x', total: outcome.calls });
    expect(outcome.calls).toBeGreaterThan(50);
    expect(outcome.asked).toBeGreaterThan(20);
    // Ids that others made are known without asking around, but where a busy machine answers too late for a call to wait.
    expect(outcome.found).toBeGreaterThan(outcome.asked / 2);
    for (const reason of outcome.degraded) expect(reason).toBe('read: no answer within 50 ms');
  },
);
