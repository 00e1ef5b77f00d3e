// The promise: while one of three endpoints refuses, answers 500 or drops connections, no call is lost, and what the client
// says about its attempts is what the servers saw.
import { describe, expect, it } from 'vitest';
import { type Attempt, attemptsOf } from '../../src/index.ts';
import type { Script } from '../../src/testing/index.ts';
import { chat, FULL, many, tally } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const CALLS = FULL ? 10_000 : 1_000;
const CONCURRENCY = 64;
const MINUTES = 300_000;

interface Row {
  readonly what: string;
  readonly script: Script;
  /** Verdicts its failed attempts may have. */
  readonly verdicts: readonly string[];
  /** An attempt leaves no request at the server. */
  readonly refuses?: true;
}

const ROWS: readonly Row[] = [
  { what: 'refuses connections', script: [], verdicts: ['connect-failed'], refuses: true },
  { what: 'answers 500', script: 500, verdicts: ['server-error'] },
  { what: 'drops connections', script: 'reset', verdicts: ['connection-lost'] },
  { what: 'closes connections', script: 'close', verdicts: ['connection-lost'] },
  {
    what: 'cuts its answers',
    script: { step: 'cut-body', after: 20 },
    verdicts: ['connection-lost', 'bad-reply'],
  },
  {
    what: 'answers 500 every other time',
    script: { repeat: [500, 'ok'] },
    verdicts: ['server-error', 'ok'],
  },
];

describe(`${CALLS} calls at concurrency ${CONCURRENCY}, one endpoint of three`, () => {
  it.each(ROWS)('$what: none is lost', { timeout: MINUTES }, async ({ script, verdicts, refuses }) => {
    await using stage = await openStage(
      {
        a: { script: [], server: { remember: 0 } },
        b: { script, server: { remember: 0 } },
        c: { script: [], server: { remember: 0 } },
      },
      { strategy: 'round-robin' },
    );
    const { client, servers } = stage;
    if (refuses) await servers.b.refuse();
    const results = await many(CALLS, CONCURRENCY, async () => {
      const promise = chat(client);
      try {
        const answer = await promise;
        return {
          text: answer.choices[0]?.message.content,
          served: answer.system_fingerprint,
          attempts: attemptsOf(answer),
        };
      } catch (error) {
        return { lost: error, attempts: attemptsOf(error) };
      }
    });
    const calls = results.map((result) =>
      result.status === 'fulfilled' ? result.value : { lost: result.reason, attempts: [] as Attempt[] },
    );
    expect(calls.filter((call) => 'lost' in call).map(({ lost }) => String(lost))).toEqual([]);
    // Each answer is of the endpoint that the client says served it.
    for (const { text, served, attempts } of calls as { text: string; served: string; attempts: Attempt[] }[]) {
      expect(attempts.at(-1)).toMatchObject({ endpoint: served, verdict: 'ok', status: 200, billed: 'yes' });
      expect(text).toContain(served);
      expect(attempts.length).toBeLessThanOrEqual(3);
    }
    const attempts = calls.flatMap((call) => call.attempts);
    const made = tally(attempts.map(({ endpoint }) => endpoint));
    expect({ a: made.a, b: refuses ? 0 : made.b, c: made.c }).toEqual({
      a: servers.a.calls,
      b: servers.b.calls,
      c: servers.c.calls,
    });
    for (const { endpoint, verdict } of attempts) expect(endpoint === 'b' ? verdicts : ['ok']).toContain(verdict);
    // It was met, and then mostly left alone.
    expect(made.b).toBeGreaterThan(0);
    for (const name of ['a', 'b', 'c'] as const) {
      const state = stage.state(name);
      const own = attempts.filter(({ endpoint }) => endpoint === name);
      expect(state).toMatchObject({ inFlight: 0, attempts: own.length });
      expect(state.successes).toBe(own.filter(({ verdict }) => verdict === 'ok').length);
    }
  });

  it('it comes and goes: none is lost', { timeout: MINUTES }, async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
    const { servers, client } = stage;
    let done = 0;
    let toggling = Promise.resolve();
    const results = await many(CALLS, CONCURRENCY, async () => {
      const answer = await chat(client);
      done += 1;
      if (done % 200 === 0) toggling = toggling.then(() => servers.b.accept());
      else if (done % 200 === 100) toggling = toggling.then(() => servers.b.refuse());
      return answer;
    });
    await toggling;
    expect(results.flatMap((r) => (r.status === 'rejected' ? [String(r.reason)] : []))).toEqual([]);
  });
});
