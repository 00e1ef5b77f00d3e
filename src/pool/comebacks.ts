/**
 * Slow start in a pool: an endpoint that recovered or joined takes only a part of its fair share, whatever the strategy thinks
 * of it. Why counted and not drawn: a strategy that follows the load would choose an idle endpoint over and over, and a tenth of
 * all calls is ten times its share among a hundred.
 */
import type { Clock } from '../clock.ts';
import type { SlowStartSettings } from '../config/settings.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { shareOf } from '../endpoint/slow-start.ts';
import type { Candidate } from '../strategy/strategy.ts';
import type { Tiers } from './tiers.ts';

/** What one endpoint may still take, in calls, as of so many picks. */
interface Credit {
  left: number;
  at: number;
}

/** Models looked at; more only arise from made-up names. */
const LIMIT = 500;
/** After a while without calls no more than so many come at once; with one alone, what is left over would be lost each time. */
const MOST = 2;
/** Tenths do not add up to a whole. */
const CRUMB = 1e-9;

/** The endpoints of one pool that are on their way to their full share. */
export class Comebacks {
  /** By model: picks since its first endpoint came back, and what each of them may take. */
  readonly #ramps = new Map<string, { picks: number; readonly credits: Map<Endpoint, Credit> }>();
  /** Endpoints that joined: when, and how much had succeeded there before. */
  readonly #joined = new Map<Endpoint, { readonly since: number; readonly before: number }>();
  readonly #settings: SlowStartSettings | false;
  readonly #clock: Clock;

  constructor(settings: SlowStartSettings | false, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** One more endpoint in a running pool: its caches are cold. Those of the start share the load from the start. */
  joined(endpoint: Endpoint): void {
    this.#joined.set(endpoint, { since: this.#clock.now(), before: endpoint.state.successes });
  }

  /** One that is drained takes nothing any more. */
  left(endpoint: Endpoint): void {
    this.#joined.delete(endpoint);
    for (const [key, { credits }] of this.#ramps)
      if (credits.delete(endpoint) && credits.size === 0) this.#ramps.delete(key);
  }

  /** Share of its fair share that an endpoint takes, in (0, 1]. @param key by public name. */
  share(endpoint: Endpoint, key: string): number {
    const settings = this.#settings;
    if (!settings) return 1;
    const share = endpoint.state.breakers.share(endpoint.keyOf(key), settings);
    const joined = this.#joined.size === 0 ? undefined : this.#joined.get(endpoint);
    if (!joined) return share;
    const { since, before } = joined;
    const own = shareOf({ since, successes: endpoint.state.successes - before }, settings, this.#clock.now());
    if (own === 1) this.#joined.delete(endpoint);
    return Math.min(share, own);
  }

  /** May the strategy's choice among `candidates` be taken for a call with this health key? */
  admits(choice: Endpoint, key: string, candidates: readonly Endpoint[], tiers: Tiers): boolean {
    let ramp = this.#ramps.size === 0 ? undefined : this.#ramps.get(key);
    if (ramp) ramp.picks += 1;
    const share = this.share(choice, key);
    if (share === 1) {
      if (ramp?.credits.delete(choice) && ramp.credits.size === 0) this.#ramps.delete(key);
      return true;
    }
    if (!ramp) {
      ramp = { picks: 0, credits: new Map() };
      if (this.#ramps.size >= LIMIT) this.#ramps.delete(this.#ramps.keys().next().value as string);
      this.#ramps.set(key, ramp);
    }
    // The first one passes at once.
    const credit = ramp.credits.get(choice) ?? { left: 1, at: ramp.picks };
    ramp.credits.set(choice, credit);
    const earned = share * fairShare(choice, tiers.of(candidates)) * (ramp.picks - credit.at);
    credit.left = Math.min(MOST, credit.left + earned);
    credit.at = ramp.picks;
    if (credit.left < 1 - CRUMB) return false;
    credit.left -= 1;
    return true;
  }
}

function fairShare(endpoint: Candidate, peers: readonly Candidate[]): number {
  let total = 0;
  for (const { weight } of peers) total += weight;
  return total === 0 ? 1 / peers.length : endpoint.weight / total;
}
