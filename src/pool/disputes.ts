/**
 * Names that mean one endpoint here and another one elsewhere, and releases that speak otherwise. Each is told to the user
 * once: what is shared by name would steer calls by what is true somewhere else.
 * A name is in dispute for as long as somebody is heard who means another endpoint by it. What is merely kept in the store may
 * be of processes that are gone, such as those before a release: so everybody who has such a name says so, and hears of the others.
 */
import { quoted } from '../call/describe.ts';
import type { Clock } from '../clock.ts';
import type { Place } from './places.ts';
import { type Foreign, VERSION } from './sync-message.ts';

/** Different things said, and names in dispute; more only arise from names that others make up. */
const LIMIT = 100;
/** Whoever has a name in dispute says so every so often, in ms; whom nobody heard three times is gone. */
const SAID_AGAIN = 20_000;
const SILENT = 3.5 * SAID_AGAIN;
/** Others who are asked answer within this time, in ms; each of them at most once within the other. */
const ANSWERED = 10_000;
const APART = 4_000;
/** How often all of that is looked at, in ms. */
const LOOK = 1_000;

/** A name and an address, here or elsewhere. */
type Where = Pick<Place, 'name' | 'address'>;

/** One name. */
interface Dispute {
  /** Until when others count as there, in monotonic ms. */
  until: number;
  /** What the user is told if they are. */
  reason: string;
  saidAt: number;
  /** Somebody asked who has not been answered. */
  asked: boolean;
  /** Whether one's own word came back since: only who hears himself can tell that somebody else is gone. */
  echoed: boolean;
}

/** Whom disputes are told. */
export interface DisputeParts {
  readonly clock: Clock;
  /** The places of this process with a name. */
  readonly named: (name: string) => readonly Where[];
  /** Told what is wrong and what to do. */
  readonly complain: (reason: string) => void;
  /** Says to others that an endpoint is there. @param asks who has another one by that name shall say so too. */
  readonly say: (place: Where, asks: boolean) => void;
  /** A name is in dispute no more. */
  readonly settled: (name: string) => void;
}

/** What is in dispute on one store. */
export class Disputes {
  readonly #said = new Set<string>();
  readonly #open = new Map<string, Dispute>();
  readonly #parts: DisputeParts;
  #cancelLook: (() => void) | undefined;

  constructor(parts: DisputeParts) {
    this.#parts = parts;
  }

  /** Whether others mean another endpoint by that name. */
  about(name: string): boolean {
    return this.#open.has(name);
  }

  /** Others have an endpoint of the same name somewhere else. @param known how: kept in the store, or heard of them, who may ask. */
  conflict({ name, address }: Where, elsewhere: string, known: 'kept' | 'heard' | 'asks'): void {
    const now = this.#parts.clock.now();
    const reason = `the endpoint ${quoted(name)} is ${quoted(address)} here and ${quoted(elsewhere)} in another process on this store, so nothing is shared about it: give different endpoints different names, and the same one the same baseURL`;
    let dispute = this.#open.get(name);
    if (!dispute) {
      if (this.#open.size >= LIMIT) return;
      dispute = { until: now + ANSWERED, reason, saidAt: now, asked: false, echoed: false };
      this.#open.set(name, dispute);
      this.#speak(name, dispute, known === 'kept');
    } else if (known === 'asks') dispute.asked = true;
    if (known !== 'kept') {
      dispute.until = now + SILENT;
      this.#say(reason);
    }
    this.#lookLater();
  }

  /** One's own word that an endpoint is there came back. */
  echo(name: string): void {
    const dispute = this.#open.get(name);
    if (dispute) dispute.echoed = true;
  }

  /** Another release speaks otherwise. */
  foreign({ version }: Foreign): void {
    this.#say(
      `another process on this store shares facts in version ${version}, this one in version ${VERSION}, so neither hears the other: use one release of load-balanced-openai, or a store (a prefix) for each`,
    );
  }

  /** Looks no more. */
  stop(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#open.clear();
  }

  #speak(name: string, dispute: Dispute, asks: boolean): void {
    dispute.saidAt = this.#parts.clock.now();
    dispute.asked = false;
    dispute.echoed = false;
    for (const place of this.#parts.named(name)) this.#parts.say(place, asks);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#parts.clock.after(LOOK, () => this.#look(), false);
  }

  #look(): void {
    this.#cancelLook = undefined;
    const now = this.#parts.clock.now();
    for (const [name, dispute] of this.#open) this.#lookAt(name, dispute, now);
    if (this.#open.size > 0) this.#lookLater();
  }

  #lookAt(name: string, dispute: Dispute, now: number): void {
    const here = new Set(this.#parts.named(name).map(({ address }) => address));
    const silent = now >= dispute.until;
    const [since, wait] = [now - dispute.saidAt, dispute.asked ? APART : SAID_AGAIN];
    if (here.size === 0) this.#open.delete(name);
    else if (here.size === 1 && silent && dispute.echoed) {
      this.#open.delete(name);
      this.#parts.settled(name);
    } else if (here.size > 1 || (silent && since >= APART)) {
      // Two clients of this very process; or nobody can be heard, so that nobody is known to be gone.
      this.#say(dispute.reason);
      dispute.until = now + ANSWERED;
      if (since >= APART) this.#speak(name, dispute, true);
    } else if (since >= wait) this.#speak(name, dispute, false);
  }

  #say(reason: string): void {
    if (this.#said.has(reason) || this.#said.size >= LIMIT) return;
    this.#said.add(reason);
    this.#parts.complain(reason);
  }
}
