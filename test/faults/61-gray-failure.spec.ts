// Row 61: an endpoint that answers well, but far too slowly. Promised under round robin: rescue, and no more calls to it while
// it is silent. Preferring the quicker ones is a strategy's affair.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { type ManualClock, manualClock, type Script } from '../../src/testing/index.ts';
import { chat, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { row } from './row.ts';

/** What the healthy ones take, and the sick one, in virtual ms. */
const [USUAL, GRAY] = [2_000, 48_000];

/** A server that answers after so much virtual time. */
const after = (clock: ManualClock, ms: () => number): Script => {
  return () =>
    new Promise((resolve) => {
      clock.after(ms(), () => resolve('ok'));
    });
};

/** Makes a call and lets time pass until it is over. @returns its virtual ms, and what it was made of */
async function timed(stage: Stage, clock: ManualClock) {
  const from = clock.now();
  const requests = () => Object.values(stage.servers).reduce((sum, server) => sum + server.calls, 0);
  const before = requests();
  let over = false;
  const call = chat(stage.client).finally(() => {
    over = true;
  });
  while (requests() === before) await turn();
  while (!over) {
    await clock.advance(100);
    await turn();
  }
  const answer = await call;
  return { ms: clock.now() - from, by: servedBy(answer), verdicts: attemptsOf(answer).map(({ verdict }) => verdict) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Three endpoints that are known well, and then `a` takes twenty times as long as its slowest did. */
async function gray() {
  const clock = manualClock();
  let sick = USUAL;
  const well = after(clock, () => USUAL);
  const scripts = { a: after(clock, () => sick), b: well, c: well };
  const stage = await openStage(scripts, { clock, strategy: 'round-robin' });
  for (let call = 0; call < 66; call++) await timed(stage, clock);
  sick = GRAY;
  stage.events.clear();
  return Object.assign(stage, { clock });
}

const verdict = 'rescued, then left alone for a while; none lost; in the long run its times are learned';

row(61, 'gray failure: twenty times slower than usual, no errors', verdict, () => {
  it('the first call that falls on it is rescued after 20 s and answered by another; then nobody is sent there', async () => {
    await using stage = await gray();
    const calls: Awaited<ReturnType<typeof timed>>[] = [];
    while (!calls.at(-1)?.verdicts.includes('abandoned')) calls.push(await timed(stage, stage.clock));
    const rescued = calls.at(-1)!;
    expect(rescued).toMatchObject({ verdicts: ['abandoned', 'ok'], by: expect.stringMatching(/b|c/) });
    expect(rescued.ms).toBeLessThanOrEqual(20_000 + USUAL + 300);
    expect(stage.state('a')).toMatchObject({ excluded: 'unresponsive', breaker: 'closed', cooldowns: [] });
    const before = stage.servers.a.calls;
    for (let call = 0; call < 2; call++) expect((await timed(stage, stage.clock)).ms).toBeLessThanOrEqual(USUAL + 300);
    expect(stage.servers.a.calls).toBe(before);
  });

  it('no call is lost, none takes longer than the sick endpoint does, and those of the others are as quick as ever', async () => {
    await using stage = await gray();
    const calls = [];
    for (let call = 0; call < 40; call++) calls.push(await timed(stage, stage.clock));
    expect(Math.max(...calls.map(({ ms }) => ms))).toBeLessThanOrEqual(GRAY + 300);
    const elsewhere = calls.filter(({ by, verdicts }) => by !== 'a' && verdicts.length === 1);
    expect(elsewhere.length).toBeGreaterThan(calls.length / 2);
    expect(Math.max(...elsewhere.map(({ ms }) => ms))).toBeLessThanOrEqual(USUAL + 300);
  });

  it('an endpoint that answers, however late, is not ejected and cools nothing down', async () => {
    await using stage = await gray();
    for (let call = 0; call < 40; call++) await timed(stage, stage.clock);
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', cooldowns: [], inFlight: 0 });
    expect([stage.events.of('endpoint-ejected'), stage.events.of('endpoint-cooldown')]).toEqual([[], []]);
  });
});
