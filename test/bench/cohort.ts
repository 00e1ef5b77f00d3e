// Clients that are measured side by side: each in a process of its own, warm, and in turns.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { ClientSpec, Turn, TurnOrder } from './client.ts';
import { type ContenderName, contenders } from './contenders.ts';
import { inTurns } from './rounds.ts';

/** Whoever reaches for another machine is refused. */
const LOOPBACK_ONLY = join(import.meta.dirname, '../ecosystem/support/loopback-only.ts');

/** How the turns are to be. */
export interface Turns {
  readonly what: 'chat' | 'stream';
  readonly atOnce: number;
  readonly rounds: number;
  /** How much CPU a turn is to take, ms. Why not by the clock: where others work as well, it would be a handful of calls. */
  readonly ms: number;
}

/** What each of them did in its turns. */
export type Turned = Readonly<Partial<Record<ContenderName, readonly Turn[]>>>;

/** Some clients, each in its own process. */
export class Cohort {
  /** Those that take part. */
  names: readonly ContenderName[];
  readonly #trusting: string | undefined;
  readonly #children: ReadonlyMap<ContenderName, Child>;

  /** @param cert of the endpoints, when they speak TLS */
  constructor(names: readonly ContenderName[], urls: readonly string[], cert?: string) {
    this.names = names;
    const trusting = cert === undefined ? undefined : mkdtempSync(join(tmpdir(), 'bench-'));
    const extra: Record<string, string> = {};
    if (trusting !== undefined && cert !== undefined) {
      extra.NODE_EXTRA_CA_CERTS = join(trusting, 'cert.pem');
      writeFileSync(extra.NODE_EXTRA_CA_CERTS, cert);
    }
    this.#trusting = trusting;
    const start = (name: ContenderName) => {
      const surroundings = 'peer' in contenders[name] ? { ...extra, NODE_OPTIONS: `--import=${LOOPBACK_ONLY}` } : extra;
      return Child.start('client.ts', { names: [name], urls } satisfies ClientSpec, surroundings);
    };
    this.#children = new Map(names.map((name) => [name, start(name)]));
  }

  /** @throws Error when that client cannot do it */
  ask<Result>(name: ContenderName, question: object): Promise<Result> {
    return (this.#children.get(name) as Child).ask<Result>(question);
  }

  /**
   * Lets each make so many calls, so that the engine has compiled what it will. One of npm that cannot do it is left out.
   * @throws Error when one of ours cannot
   */
  async warm(what: 'chat' | 'stream', calls: number): Promise<void> {
    for (const of of this.names) {
      try {
        await this.#run({ of, what, calls, atOnce: 16 });
      } catch (error) {
        if (!('peer' in contenders[of])) throw error;
        this.names = this.names.filter((name) => name !== of);
        console.log(`${contenders[of].title} is left out of ${what}: ${(error as Error).message.split('\n')[0]}`);
      }
    }
  }

  /** Turns of about equal length, interleaved; the first, which says how many calls that is, does not count. */
  async turns({ what, atOnce, rounds, ms }: Turns): Promise<Turned> {
    const calls = new Map<ContenderName, number>();
    return inTurns(this.names, rounds, async (of) => {
      const turn = await this.#run({ of, what, calls: calls.get(of) ?? 4 * atOnce, atOnce });
      calls.set(of, calls.get(of) ?? Math.max(2 * atOnce, Math.ceil((ms * 1_000) / turn.cpu)));
      return turn;
    });
  }

  #run(order: TurnOrder): Promise<Turn> {
    return this.ask<Turn>(order.of, { do: 'run', ...order });
  }

  /** Ends all. */
  async end(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.end()));
    if (this.#trusting !== undefined) rmSync(this.#trusting, { recursive: true });
  }
}
