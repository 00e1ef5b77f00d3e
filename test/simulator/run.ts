// One run: a strategy in a scenario with a seed, on virtual time, and what came of it.
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { seedOf } from './chance.ts';
import { SimulatedClient, type Told } from './client.ts';
import { oracle } from './oracle.ts';
import { BAD, ENDPOINTS, perSecond, type Scenario } from './scenarios.ts';
import { Server } from './server.ts';
import { VirtualClock } from './virtual-clock.ts';
import { type Work, workload } from './workload.ts';

/** What is run. */
export interface Run {
  readonly scenario: Scenario;
  /** The library's options, the strategy among them; `'oracle'` sees into the servers. */
  readonly options: Omit<LoadBalancedOpenAIOptions, 'strategy'> & {
    strategy: LoadBalancedOpenAIOptions['strategy'] | 'oracle';
  };
  readonly clients: number;
  readonly seed: number;
  /** How long calls arrive, in ms. */
  readonly ms: number;
  /** Whether calls ask for streams. @default true */
  readonly stream?: boolean;
}

/** What came of a run. Shares from 0 to 1, times in ms. */
export interface Measured {
  readonly calls: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly success: number;
  /** Attempts beyond the one that serves, per call. */
  readonly wasted: number;
  /** The same over the whole run, also where the rest was measured while a fault lasted. */
  readonly wastedInAll: number;
  /** Share of the attempts that went to the bad endpoint. */
  readonly toBad: number;
  /** Served calls, per second in which calls came. */
  readonly goodput: number;
  /** The success of those ten seconds of arrivals that fared worst. */
  readonly worstTen: number;
}

/** What a failed call counts as at least: nobody's time is saved by failing fast. */
const FAILED = 60_000;

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function worstOf(told: readonly Told[], ms: number): number {
  const tens = Array.from({ length: Math.ceil(ms / 10_000) }, () => ({ all: 0, good: 0 }));
  for (const { at, error } of told) {
    const ten = tens[Math.floor(at / 10_000)] as { all: number; good: number };
    ten.all += 1;
    if (error === undefined) ten.good += 1;
  }
  return Math.min(...tens.filter(({ all }) => all > 0).map(({ all, good }) => good / all));
}

function wastedOf(told: readonly Told[]): number {
  const good = told.filter(({ error }) => error === undefined).length;
  return (told.reduce((sum, { attempts }) => sum + attempts, 0) - good) / told.length;
}

function measure(
  ms: number,
  told: readonly Told[],
  sent: readonly { at: number; endpoint: string }[],
): Omit<Measured, 'wastedInAll'> {
  const times = told.map(({ error, ms }) => (error === undefined ? ms : Math.max(FAILED, ms))).sort((a, b) => a - b);
  const good = told.filter(({ error }) => error === undefined).length;
  return {
    calls: told.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
    success: good / told.length,
    wasted: wastedOf(told),
    toBad: sent.filter(({ endpoint }) => endpoint === BAD).length / sent.length,
    goodput: (good * 1_000) / ms,
    worstTen: worstOf(told, ms),
  };
}

/** Runs it. The same run gives the same figures, always. */
export async function simulate({ scenario, options, clients, seed, ms, stream = true }: Run): Promise<Measured> {
  const clock = new VirtualClock(seedOf(seed, 3));
  const fault = scenario.fault?.(ms);
  const serverOf = (name: string, index: number) =>
    new Server(name, name === BAD ? fault : undefined, clock, scenario.quotas?.[index]);
  const servers = new Map(ENDPOINTS.map((name, index) => [name, serverOf(name, index)]));
  const calls = workload(seed, ms, perSecond(scenario), clients);
  const sent: { at: number; endpoint: string }[] = [];
  const strategy = options.strategy === 'oracle' ? oracle(servers) : options.strategy;
  const parts = {
    servers,
    clock,
    stream,
    options: { ...options, strategy },
    sent: (endpoint: string) => void sent.push({ at: clock.now(), endpoint }),
  };
  const fleet = Array.from({ length: clients }, () => new SimulatedClient(parts));
  const told: Told[] = [];
  const arrive = (index: number) => {
    const work = calls[index] as Work;
    void fleet[work.client]?.call(work, (each) => void told.push(each));
    const next = calls[index + 1];
    if (next) clock.after(next.at - clock.now(), () => arrive(index + 1));
  };
  clock.after((calls[0] as Work).at, () => arrive(0));
  await clock.run(() => told.length === calls.length);
  // A fault that comes and goes is measured while it is there.
  const during = ({ at }: { at: number }) => fault?.is !== 'hole' || (at >= fault.from && at < fault.until);
  return { ...measure(ms, told.filter(during), sent.filter(during)), wastedInAll: wastedOf(told) };
}
