// What the figures are to come to, and what is so far from it that something must have broken. Only ratios, counts and bytes are
// held to it: milliseconds say as much about the machine as about the code.
import { round } from './cells.ts';
import type { Finding } from './outcome.ts';

/** One goal. */
export interface Goal {
  /** Which finding it speaks of. */
  readonly about: string;
  /** In words. */
  readonly says: string;
  readonly limit: number;
  /** Where a check fails, as long as the goal itself is out of reach: what was reached shall not be lost. */
  readonly reached?: number;
  /** Whether the figure must be at least, not at most, that. */
  readonly least?: true;
  /** `load`: taken while others may disturb, so that the control must be quiet. `time`: never fails a check. */
  readonly kind: 'load' | 'count' | 'time';
  readonly unit: '×' | 'µs' | 'ms' | 'ns' | 'KB' | '';
}

/** How far beyond its goal a figure fails a check. */
export const FAR = 1.5;
/** Where the control must lie for a check of figures under load. */
export const QUIET = [0.8, 1.25] as const;

const load = (about: string, says: string, limit: number, least?: true, reached?: number): Goal => ({
  ...{ about, says, limit, kind: 'load', unit: '×' },
  ...(least && { least }),
  ...(reached !== undefined && { reached }),
});
const count = (about: string, says: string, limit: number, unit: Goal['unit'] = ''): Goal => ({
  ...{ about, says, limit, kind: 'count', unit },
});
const time = (about: string, says: string, limit: number, unit: Goal['unit']): Goal => ({
  ...{ about, says, limit, kind: 'time', unit },
});

/** All of them, in the order of the parts. */
export const goals: readonly Goal[] = [
  ...[1, 16, 64].flatMap((atOnce) => [
    load(`chat.${atOnce}.fast.cpu`, `plain call, fast transport, CPU, ${atOnce} at once`, 0.5),
    load(`chat.${atOnce}.fast.rate`, `plain call, fast transport, calls per second, ${atOnce} at once`, 1.8, true),
    load(`chat.${atOnce}.standard.cpu`, `plain call, standard transport, CPU, ${atOnce} at once`, 1.03),
  ]),
  ...[16, 64].map((atOnce) =>
    load(`tls.${atOnce}.fast.cpu`, `the same over TLS, fast transport, CPU, ${atOnce} at once`, 0.55),
  ),
  ...[1, 16].flatMap((atOnce) => [
    load(`stream.${atOnce}.fast.cpu`, `stream of 200 chunks, fast transport, CPU, ${atOnce} at once`, 0.75),
    load(`stream.${atOnce}.standard.cpu`, `stream of 200 chunks, standard transport, CPU, ${atOnce} at once`, 1.02),
  ]),
  time('own.more', 'own work of a call, beyond the SDK’s', 5, 'µs'),
  // What 5 µs are beside the 50 µs or so that the SDK takes.
  load('own.times', 'the same, beside what the SDK takes', 1.1),
  count('heap.fast', 'heap of a call under way, fast transport', 0.65, '×'),
  count('heap.standard', 'heap of a call under way, standard transport', 1.1, '×'),
  count('vision.fast.serialised', 'body of 20 MB, three attempts, fast transport: made into text', 1),
  count('vision.standard.serialised', 'body of 20 MB, three attempts, standard transport: made into text', 1),
  load('vision.fast.longest', 'the same, longest stall, fast transport', 1.1),
  load('vision.standard.longest', 'the same, longest stall, standard transport', 1.3),
  load('vision.fast.all', 'the same, all stalls together, fast transport', 1.5),
  load('vision.standard.all', 'the same, all stalls together, standard transport', 3),
  count('endpoints.timers', '1,000 endpoints: timers', 1),
  count('endpoints.breaker.built', '1,000 endpoints: heap of a breaker as built', 2, 'KB'),
  count('endpoints.breaker.called', '1,000 endpoints: heap of a breaker after a call to each', 2, 'KB'),
  count('endpoints.more', '1,000 endpoints: heap of each beyond a plain SDK client, after a call to each', 4, 'KB'),
  time('endpoints.construction', '1,000 endpoints: construction', 50, 'ms'),
  time('import.more', 'import, beyond the SDK’s', 60, 'ms'),
  time('pick.slowest', 'the slowest pick', 200, 'ns'),
  load('redis.chat', 'plain call with a Redis store, CPU, beside one without', 1.05),
  load('redis.ids', 'the same of a call whose id is shared', 1.05),
  count('redis.failed', 'calls that failed while Redis was away', 0),
  time('redis.p99', 'a Redis that is away, added to the p99', 1, 'ms'),
  ...[16, 64].flatMap((atOnce) => [
    load(`gateway.chat.${atOnce}.cpu.portkey`, `plain call, CPU, times Portkey’s, ${atOnce} at once`, 0.12),
    load(
      `gateway.chat.${atOnce}.cpu.pass-through`,
      `plain call, CPU, times the pass-through’s, ${atOnce} at once`,
      1.3,
      undefined,
      7,
    ),
    load(`gateway.chat.${atOnce}.rate.portkey`, `calls per second, times Portkey’s, ${atOnce} at once`, 6, true),
  ]),
  load('gateway.chat.16.rate.nginx', 'calls per second, times nginx’s, 16 at once', 0.45, true),
  load('gateway.chat.1.cpu.pass-through', 'plain call, CPU, times the pass-through’s, 1 at once', 1.3),
  load('gateway.chat.1.added.portkey', 'added to the median, times what Portkey adds, 1 at once', 0.2),
  count('gateway.chat.64.rss.portkey', 'memory, times Portkey’s, after calls 64 at once', 0.6, '×'),
  ...[1, 16].map((atOnce) =>
    load(
      `gateway.stream.${atOnce}.cpu.pass-through`,
      `stream, CPU, times the pass-through’s, ${atOnce} at once`,
      1.2,
      undefined,
      2.4,
    ),
  ),
  time('gateway.body.1.more', 'body of 20 MB, CPU beyond the pass-through’s', 10, 'ms'),
];

/** Whether a goal is the gateway's; all others are the client's. */
export const isGateways = ({ about }: Pick<Goal, 'about'>): boolean => about.startsWith('gateway.');

/** A goal beside what was found. */
export interface Judged {
  readonly goal: Goal;
  readonly found: Finding;
  readonly met: boolean;
  /** So far beyond that a check fails. */
  readonly far: boolean;
  /** The control was too restless for it to be judged. */
  readonly noisy: boolean;
}

/** What was found, goal by goal; goals of parts that did not run are left out. */
export function judge(findings: readonly Finding[]): Judged[] {
  return goals.flatMap((goal) => {
    const found = findings.find(({ about }) => about === goal.about);
    if (!found) return [];
    const { limit, least, kind } = goal;
    const within = (end: number) => (least ? found.value >= end : found.value <= end);
    const { control = 1 } = found;
    const noisy = kind === 'load' && (control < QUIET[0] || control > QUIET[1]);
    const { reached = least ? limit / FAR : limit * FAR } = goal;
    return [{ goal, found, met: within(limit), far: kind !== 'time' && !noisy && !within(reached), noisy }];
  });
}

/** A figure with its unit. */
export const withUnit = (value: number, { unit }: Goal): string => {
  const text = unit === '' ? String(value) : round(value);
  return unit === '×' ? `${text}×` : unit === '' ? text : `${text} ${unit}`;
};
