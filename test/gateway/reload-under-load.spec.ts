// Configuration after configuration while calls come at a steady rate: none of them fails, nothing of the old ones is kept, and what
// is known of an endpoint that stayed as it was is still known.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { HttpLine } from '../support/http-lines.ts';
import { startChild } from '../support/live-child.ts';
import type { Reloaded, ReloadingSpec } from '../support/reloading-gateway.ts';

const { reloads, every, rate } = process.env.FULL
  ? { reloads: [200, 800] as const, every: 20, rate: 500 }
  : { reloads: [30, 90] as const, every: 10, rate: 150 };
const all = reloads[0] + reloads[1];
/** A pool that is kept holds about 100 KB; an endpoint that was used and is remembered about 20 KB. */
const MOST_GROWTH = 8 * 2 ** 20;

/** Clients that call at a steady rate, whatever becomes of the calls. */
class Steady {
  readonly outcomes: Record<string, number> = {};
  readonly #url: string;
  readonly #idle: HttpLine[] = [];
  readonly #underway = new Set<Promise<void>>();

  constructor(url: string) {
    this.#url = url;
  }

  async call(): Promise<void> {
    const line = this.#idle.pop() ?? new HttpLine(this.#url);
    const { outcome } = await line.call('main');
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    this.#idle.push(line);
  }

  /** Calls until that is over. @returns how many */
  async until(over: Promise<unknown>): Promise<number> {
    let isOver = false;
    void over.finally(() => {
      isOver = true;
    });
    const begun = performance.now();
    let sent = 0;
    while (!isOver) {
      const due = Math.floor(((performance.now() - begun) / 1_000) * rate);
      // A machine that is busy with other things falls behind; it does not catch up at once.
      while (sent < due && this.#underway.size < 400) {
        const work: Promise<void> = this.call().finally(() => this.#underway.delete(work));
        this.#underway.add(work);
        sent += 1;
      }
      await pause(5);
    }
    await Promise.all(this.#underway);
    return sent;
  }

  close(): void {
    for (const line of this.#idle) line.close();
  }
}

it(`takes ${all} configurations under ${rate} calls a second without losing a call`, async () => {
  await using a = await faultServer({ name: 'a', latency: 4, remember: 1 });
  await using b = await faultServer({ name: 'b', latency: 8, remember: 1 });
  await using broken = await faultServer({ name: 'broken', script: () => 500, remember: 1 });
  const spec: ReloadingSpec = { changing: [a.url, b.url], staying: broken.url, reloads, every };
  await using child = startChild(new URL('../support/reloading-gateway.ts', import.meta.url), spec);
  const { url } = await child.line<{ url: string }>();
  const clients = new Steady(url);
  // More than it takes until the one that stays is known to be broken.
  for (let calls = 0; calls < 100; calls++) await clients.call();
  const known = broken.calls;
  expect(known).toBeGreaterThan(0);

  let sent = 100;
  const held: Reloaded[] = [];
  for (const _ of reloads) {
    child.tell();
    sent += await clients.until(child.line());
    child.tell();
    held.push(await child.line<Reloaded>());
  }
  child.tell();
  clients.close();

  expect(clients.outcomes).toEqual({ 200: sent });
  expect(sent).toBeGreaterThan((all * every * rate) / 2_000);
  expect(broken.calls).toBe(known);
  const [early, late] = held as [Reloaded, Reloaded];
  expect(late.complaints).toEqual([]);
  // Those of the last configuration, and of the one before.
  expect(late.clients).toBeLessThan(10);
  expect(late.heap - early.heap).toBeLessThan(MOST_GROWTH);
  // Nobody waits for a configuration to be taken.
  expect(late.longest).toBeLessThan(1_000);
});
