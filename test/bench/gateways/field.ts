// Gateways that are measured side by side: each a process of its own in front of the same endpoints, warm, and in turns.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Child } from '../child.ts';
import { CHUNKS, CONTENT } from '../replies.ts';
import { inTurns } from '../rounds.ts';
import { type Gateway, type GatewayKind, type GatewayName, gateways } from './gateways.ts';
import type { Aim, Ask, Served } from './generator.ts';

/** What one turn cost. */
export interface Turn extends Served {
  /** CPU of the gateway for each call, µs. */
  readonly cpu: number;
  /** Memory of the gateway after it, bytes. */
  readonly rss: number;
}

/** What each did in its turns. */
export type Turned = Readonly<Partial<Record<GatewayName, readonly Turn[]>>>;

/** How many calls a turn may have at most, however cheap they are. */
const MOST_CALLS = 8_000;

/** Whether a program is installed. */
function installed(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Those of these that can be had. @param peers whether those of npm are installed */
export function present(names: readonly GatewayName[], peers: boolean): GatewayName[] {
  return names.filter((name) => {
    const { title, command, peer }: GatewayKind = gateways[name];
    const lacks = command !== undefined && !installed(command);
    if (lacks) console.log(`${title} is left out: it is not installed (Debian: apt-get install ${command}).`);
    return !lacks && (peers || peer !== true);
  });
}

/** Whether that is what the endpoints said. */
const isWhole = (ask: Ask, said: string) =>
  ask === 'stream' ? said.split('"content":" word').length - 1 === CHUNKS : said.includes(CONTENT);

/** Some gateways and who calls them. */
export class Field {
  /** Those that take part. */
  names: readonly GatewayName[];
  readonly #running = new Map<GatewayName, Gateway>();
  /** µs of a call, about. */
  readonly #cost = new Map<GatewayName, number>();
  readonly #generator = Child.start('gateways/generator.ts', {});

  constructor(names: readonly GatewayName[]) {
    this.names = names;
  }

  /**
   * Starts all and lets each take so many calls. One of npm that cannot do it is left out.
   * @throws Error when another one cannot.
   */
  async warm(ask: Ask, urls: readonly string[], calls: number): Promise<void> {
    for (const name of this.names) {
      const { title, peer }: GatewayKind = gateways[name];
      try {
        this.#running.set(name, await gateways[name].start(urls));
        const { cpu, rate } = await this.#turn(name, ask, Math.min(16, calls), calls);
        this.#cost.set(name, cpu > 0 ? cpu : 1e6 / rate);
      } catch (error) {
        if (!peer) throw error;
        this.names = this.names.filter((each) => each !== name);
        console.log(`${title} is left out of ${ask}: ${(error as Error).message.split('\n')[0]}`);
      }
    }
  }

  /** Turns that take each gateway about as much CPU, interleaved. @param ms of CPU that a turn is to take */
  turns(ask: Ask, atOnce: number, rounds: number, ms: number): Promise<Turned> {
    return inTurns(this.names, rounds, (name) => {
      const calls = Math.ceil((ms * 1_000) / (this.#cost.get(name) as number));
      return this.#turn(name, ask, atOnce, Math.min(MOST_CALLS, Math.max(2 * atOnce, calls)));
    });
  }

  async #turn(name: GatewayName, ask: Ask, atOnce: number, calls: number): Promise<Turn> {
    const { program, port, path, headers } = this.#running.get(name) as Gateway;
    const aim: Aim = { port, path, headers, ask, atOnce };
    const said = await this.#generator.ask<string>({ do: 'open', ...aim });
    if (!isWhole(ask, said)) throw new Error(`${ask}: answered with ${said.length} characters of something else`);
    const before = program?.cpu() ?? 0;
    const served = await this.#generator.ask<Served>({ do: 'run', calls, atOnce });
    const cpu = (((program?.cpu() ?? 0) - before) * 1_000) / calls;
    const rss = program?.rss() ?? 0;
    await this.#generator.ask({ do: 'shut' });
    return { ...served, cpu, rss };
  }

  /** Ends all. */
  async end(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ program }) => program?.end()));
    await this.#generator.end();
  }
}
