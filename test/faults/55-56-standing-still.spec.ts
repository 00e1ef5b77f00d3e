// Rows 55 and 56: this process itself stands still, because it computes or because it was stopped. Each in a process of its own.
import { expect, it } from 'vitest';
import type { EndpointSnapshot } from '../../src/index.ts';
import type { Script, Step } from '../../src/testing/index.ts';
import { FULL } from '../support/calls.ts';
import { startChild } from '../support/live-child.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const STALL = new URL('./children/stall.ts', import.meta.url);
const SUSPEND = new URL('./children/suspend.ts', import.meta.url);

/** Stands still for longer than calls may take, and far longer than answers need. */
const [CALLS, TIMEOUT, STILL] = FULL ? [200, 2_000, 5_000] : [20, 1_000, 1_500];
const slow = (script: Script = []) => ({ script, server: { latency: 100 } });

interface Stalled {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** From the end of the stall until the last call from before it had ended. */
  readonly ms: number;
  readonly events: readonly string[];
  readonly endpoints: readonly EndpointSnapshot[];
}

/** Plain calls and streams in turn, under way while the process stands still, and as many made the moment it goes on. */
async function stalled(endpoints: Parameters<typeof openStage>[0], timeout: number, calls = CALLS) {
  await using stage = await openStage(endpoints, { strategy: 'round-robin', timeout, maxRetries: 0 });
  const sent = () => Object.values(stage.servers).reduce((sum, server) => sum + server.calls, 0);
  await using child = startChild(STALL, { options: stage.options, calls, stall: STILL });
  await child.line();
  await Promise.all(Object.values(stage.servers).map((server) => server.until(() => sent() === 2 * calls)));
  child.tell();
  return { ...(await child.line<Stalled>()), sent: sent() };
}

row(55, 'event loop stalled for seconds', 'answered calls succeed; nothing counts', () => {
  const all = (how: string) => new Array<string>(CALLS).fill(how);
  const quiet = { breaker: 'closed', failures: 0, excluded: null, inFlight: 0 };

  it('calls and streams whose answer came meanwhile succeed, though their deadline passed; none is sent twice', async () => {
    const { before, after, sent, endpoints, events } = await stalled({ a: slow(), b: slow() }, TIMEOUT);
    expect({ before, after, sent }).toEqual({ before: all('ok'), after: all('ok'), sent: 3 * CALLS });
    expect(endpoints).toMatchObject([quiet, quiet]);
    expect(events).toEqual(['attempt-end', 'attempt-start', 'call-end', 'call-start']);
  });

  it('an only endpoint is not taken for silent by the calls made the moment the loop goes on', async () => {
    const { before, after, sent, endpoints } = await stalled({ a: slow() }, TIMEOUT);
    expect({ before, after, sent }).toEqual({ before: all('ok'), after: all('ok'), sent: 3 * CALLS });
    expect(endpoints).toMatchObject([quiet]);
  });

  it('a call without an answer ends a moment later, and counts against nobody', async () => {
    const [calls, step]: [number, Step] = [4, 'black-hole'];
    const script: Script = ({ number }) => (number > calls && number <= 2 * calls ? step : 'ok');
    const { before, ms, endpoints } = await stalled({ a: slow(script) }, TIMEOUT, calls);
    expect(before).toEqual(new Array(calls).fill('APIConnectionTimeoutError: Request timed out.'));
    expect(ms).toBeLessThan(1_000);
    expect(endpoints).toMatchObject([{ breaker: 'closed', failures: 0 }]);
  });
});

interface Suspended {
  /** How each call under way ended, and how long after the process went on, in ms. */
  readonly before: Readonly<Record<string, readonly [how: string, ms: number][]>>;
  readonly after: Readonly<Record<string, readonly string[]>>;
  readonly endpoints: readonly EndpointSnapshot[];
}

row(
  56,
  'process suspended (SIGSTOP, laptop asleep)',
  'answered or over within a second; old failures forgotten',
  () => {
    const calls = 3;
    /** What each model gets: in the round before, under way, and after. */
    const PLAYS: Readonly<Record<string, readonly Step[]>> = {
      answers: ['ok', { step: 'ok', delay: 200 }, 'ok'],
      hangs: ['ok', 'black-hole', 'ok'],
      old: [500, { step: 'ok', delay: 200 }, 500],
    };
    let told: Promise<Suspended> | undefined;
    const suspended = () => {
      told ??= suspend();
      return told;
    };

    async function suspend(): Promise<Suspended> {
      const seen = new Map<string, number>();
      const script: Script = ({ model = '' }) => {
        const before = seen.get(model) ?? 0;
        seen.set(model, before + 1);
        return PLAYS[model]?.[Math.floor(before / calls)];
      };
      await using stage = await openStage(
        // Idle connections are closed while nobody is there to notice.
        { a: { script, server: { idleCloseAfter: 300 } } },
        {
          ...{ timeout: TIMEOUT, maxRetries: 0, retryBudget: false },
          // Old and new failures together would open it, the new ones alone do not.
          breaker: {
            consecutiveFailures: 100,
            volumeThreshold: 4,
            errorThresholdPercentage: 60,
            rollingCountTimeout: 1_000,
          },
        },
      );
      await using child = startChild(SUSPEND, { options: stage.options, calls, models: Object.keys(PLAYS) });
      await child.line();
      await stage.servers.a.until((server) => server.calls === 2 * calls * Object.keys(PLAYS).length);
      child.signal('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, STILL));
      child.signal('SIGCONT');
      return await child.line<Suspended>();
    }

    it('calls that were answered meanwhile succeed, the others time out, all within a second', async () => {
      const { before } = await suspended();
      const how = Object.fromEntries(Object.entries(before).map(([model, ends]) => [model, ends.map(([end]) => end)]));
      const [ok, late] = [new Array(calls).fill('ok'), new Array(calls).fill('APIConnectionTimeoutError')];
      expect(how).toEqual({ answers: ok, hangs: late, old: ok });
      expect(Math.max(...Object.values(before).flatMap((ends) => ends.map(([, ms]) => ms)))).toBeLessThan(1_000);
    });

    it('connections that were closed meanwhile cost the next calls nothing', async () => {
      const { answers, hangs } = (await suspended()).after;
      expect([answers, hangs]).toEqual([new Array(calls).fill('ok'), new Array(calls).fill('ok')]);
    });

    it('failures from before lie outside of the breaker’s window', async () => {
      const { after, endpoints } = await suspended();
      expect(after.old).toEqual(new Array(calls).fill('InternalServerError'));
      expect(endpoints).toMatchObject([{ breaker: 'closed', models: [], failures: 2 * calls, inFlight: 0 }]);
    });
  },
);
