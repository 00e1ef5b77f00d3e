/**
 * What a member has to take over with: what it was told, and a socket. With both, as an heir, it does so at once; anybody else
 * only when no heir lives.
 */
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';
import { Heir, hangsUp, lives } from './heir.ts';
import type { Joined } from './join.ts';
import { Ledger } from './ledger.ts';
import { GONE_AFTER, NEWCOMER, STEP, WELCOME_WITHIN } from './pace.ts';
import type { Place } from './place.ts';
import { Receipt } from './receipt.ts';
import type { Taken } from './state.ts';
import type { Wire } from './wire.ts';

/** The seat of one member. */
export class Seat {
  readonly #clock: Clock;
  readonly #place: Place;
  readonly #asked: () => void;
  readonly #receipt = new Receipt();
  /** What it was told so far, as a whole. It may be older than what others know. */
  #ledger: Ledger;
  /** What it is being told, where that is everything. */
  #next: Ledger | undefined;
  /** While it is told what it lacks: up to which version it lacks nothing. */
  #lacksAfter: number | undefined;
  #heir: Heir | undefined;
  /** Whether the one who leads has said that this is an heir. */
  #named = false;
  /** Who told it everything. */
  #of: string | undefined;
  #turn = 0;
  /** When an heir was seen to have time while who leads had no room. */
  #signAt = Number.NEGATIVE_INFINITY;

  /** @param asked told when somebody thinks that nobody leads */
  constructor(clock: Clock, place: Place, asked: () => void) {
    this.#clock = clock;
    this.#place = place;
    this.#asked = asked;
    this.#ledger = new Ledger(clock);
  }

  /** What it says of itself to the one who leads: what it knows, and its socket. */
  get greeting(): [version: number, mark: string] {
    return [this.#lacksAfter ?? this.#ledger.version, this.#heir?.mark ?? ''];
  }

  /** Takes in what a deputy is told. @param of who says so @returns whether it was that @throws when it is nonsense */
  hear(frame: Frame, wire: Wire | undefined, of?: string): boolean {
    const [kind, first, , , version] = frame;
    if (kind === 'k' || kind === 'l') (this.#next ?? this.#ledger).hear(frame);
    if (kind === 'k') this.#receipt.note(wire, Number(version));
    else if (kind === 'n') this.#resign();
    else if (kind === 'd' && Number(first) < 0) {
      this.#resign();
      this.#next = new Ledger(this.#clock);
    } else if (kind === 'd') this.#lacksAfter = Number(first);
    else if (kind === 'K') void this.#ready(wire, of, first);
    else if (kind === 'e') this.#named = first === this.#heir?.mark;
    else return kind === 'l';
    return true;
  }

  /**
   * Takes over, if it is for this one to do so now.
   * @param found what came of joining the one who was `seen` to lead
   * @param waited how long it has been looking, in ms
   */
  async take(found: Joined, seen: string | undefined, waited: number): Promise<Taken | undefined> {
    if (found === 'busy' && waited < WELCOME_WITHIN.first) return undefined;
    const heir = this.#heir;
    if (heir && (this.#named || (seen !== undefined && this.#of === seen))) {
      // One after the other: two at the same moment would depose each other.
      const [first] = this.#place.heirs;
      if (first !== heir.mark && waited < STEP) return undefined;
      const identity = this.#inherit(heir, seen);
      if (identity !== undefined) {
        this.#heir = undefined;
        return this.#taken({ server: heir.crown(), identity });
      }
      if (this.#place.heirs.includes(heir.mark)) return undefined;
    }
    const others = await Promise.all(this.#place.heirs.map((mark) => lives(this.#place.heir(mark))));
    // Who was never told anything lets those go first who were.
    if (seen !== undefined && this.#ledger.version === 0 && waited < NEWCOMER) return undefined;
    // Who leads has no room for one more. An heir that has time hears it still, or takes over by itself.
    if (found === 'busy' && waited >= GONE_AFTER && (await this.#anySign())) return undefined;
    const silent = Math.min(waited, this.#clock.now() - this.#signAt);
    if (silent < GONE_AFTER && (found !== 'refused' || others.includes(true))) return undefined;
    const socket = await Heir.seize(this.#place, seen);
    // All who knew more are gone.
    return socket && this.#taken(socket);
  }

  /** Puts a socket in place again where all files were removed. */
  async restore(): Promise<Omit<Taken, 'ledger'> | undefined> {
    try {
      if (this.#place.current() !== undefined) return undefined;
      this.#place.prepare();
      return await Heir.seize(this.#place, undefined);
    } catch {
      // Those who have joined are answered as before.
      return undefined;
    }
  }

  #inherit(heir: Heir, seen: string | undefined): string | undefined {
    try {
      return this.#place.inherit(heir.mark, seen);
    } catch (error) {
      // It may be in the place, and would hang up on everybody.
      this.#resign();
      throw error;
    }
  }

  async #anySign(): Promise<boolean> {
    const signs = await Promise.all(this.#place.heirs.map((mark) => hangsUp(this.#clock, this.#place.heir(mark))));
    if (signs.includes(true)) this.#signAt = this.#clock.now();
    return signs.includes(true);
  }

  #taken(socket: Omit<Taken, 'ledger'>): Taken {
    const ledger = this.#ledger;
    this.#resign();
    // Whoever leads next tells this one everything.
    this.#ledger = new Ledger(this.#clock);
    return { ...socket, ledger };
  }

  /** It was told everything: says so as soon as it has a socket. */
  async #ready(wire: Wire | undefined, of: string | undefined, term: unknown): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.#of = of;
    this.#lacksAfter = undefined;
    this.#ledger = this.#next ?? this.#ledger;
    this.#next = undefined;
    // Where no more sockets can be made it is no heir.
    const heir = this.#heir ?? (await Heir.open(this.#place, this.#asked).catch(() => undefined));
    if (turn !== this.#turn) {
      if (heir !== this.#heir) heir?.close();
      return;
    }
    this.#heir = heir;
    if (heir) wire?.send(['h', term, heir.mark]);
  }

  /** It lacks something from now on. */
  #resign(): void {
    this.#turn += 1;
    this.#named = false;
    this.#of = undefined;
    this.#lacksAfter = undefined;
    this.#heir?.close();
    this.#heir = undefined;
    this.#next = undefined;
  }
}
