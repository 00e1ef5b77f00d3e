/**
 * The process that leads: answers the others, tells messages on, and keeps two deputies in the know. What it has answered, its
 * deputies have said to know before, so that nothing answered is lost when it is killed.
 */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { Deputies } from './deputies.ts';
import { atExit } from './exit.ts';
import { asNumber, asText, CHANNELS, type Frame, PROTOCOL } from './frame.ts';
import type { Guest } from './guest.ts';
import type { Ledger } from './ledger.ts';
import { Outbox } from './outbox.ts';
import type { Place } from './place.ts';
import { Recent } from './recent.ts';
import { Wire } from './wire.ts';

/** It asks whether it still leads at least this often, in ms, and before it does anything after a longer rest. */
const LAWFUL_FOR = 200;
/** Nobody has so many processes on one machine. */
const GUESTS = 1_000;
/** Says within this time who it is, in ms, or is sent away. */
const GREETING_WITHIN = 2_000;

/** What the hub needs of the process that it is in. */
export interface HubParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly place: Place;
  readonly server: Server;
  /** Who is at the place as long as this hub leads. */
  readonly identity: string;
  /** Tells a message to the listeners of this process. */
  hear(channel: string, message: string, from: string, change: number): void;
  /** Somebody else leads. */
  lost(): void;
}

/** Leads the processes of one app. */
export class Hub {
  readonly #parts: HubParts;
  readonly #guests = new Set<Guest>();
  readonly #outbox = new Outbox(() => this.#deputies.wires);
  readonly #deputies: Deputies;
  readonly #recent: Recent;
  readonly #stay: () => void;
  #lawfulUntil = 0;
  #deposed = false;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#recent = new Recent(parts.clock);
    const { clock, place, ledger } = parts;
    ledger.begin();
    const lawful = () => {
      this.#lawfulUntil = 0;
      return this.lawful();
    };
    this.#deputies = new Deputies({ clock, place, ledger, guests: this.#guests, lawful });
    parts.server.on('connection', (socket) => this.#receive(socket));
    // Whoever did not get in tries again.
    parts.server.on('error', () => undefined);
    parts.server.unref();
    // Others take over at the place; without them nothing is left there.
    this.#stay = atExit(() => void (this.#guests.size === 0 && place.leave(parts.identity)));
  }

  get ledger(): Ledger {
    return this.#parts.ledger;
  }

  /** Whether it still leads: it may have stood still, and somebody else has taken over. */
  lawful(): boolean {
    const { clock, place, identity } = this.#parts;
    if (this.#deposed) return false;
    if (clock.now() < this.#lawfulUntil) return true;
    if (place.replaced(identity)) {
      this.close();
      this.#parts.lost();
      return false;
    }
    this.#lawfulUntil = clock.now() + LAWFUL_FOR;
    return true;
  }

  /** Leads no more; its members go to whoever does. */
  close(): void {
    if (this.#deposed) return;
    this.#deposed = true;
    this.#stay();
    this.#parts.server.close();
    this.#deputies.drop();
    for (const { wire } of [...this.#guests]) wire.cut();
  }

  /** Runs it once the deputies know all that was changed so far; at once for a question that changes nothing. */
  safe([kind]: Frame, run: () => void): void {
    kind === 's' || kind === 'a' ? this.#deputies.when(this.#parts.ledger.version, run) : run();
  }

  /** Does what the member `from` wants. @returns the answer, to be told when it is `safe` @throws when it wants what nobody can */
  perform(from: string, [kind, op, key, ...rest]: Frame): unknown {
    const { ledger } = this.#parts;
    const change = asNumber(op);
    const name = asText(key);
    switch (kind) {
      case 'g':
        return ledger.get(name) ?? null;
      case 's':
        this.#deputies.record(ledger.set(from, change, name, asText(rest[0]), asNumber(rest[1])));
        return null;
      case 'a':
        this.#deputies.record(ledger.add(from, change, name, asNumber(rest[0]), asNumber(rest[1])));
        return Number(ledger.get(name) ?? 0);
      case 'p':
        this.#publish(from, change, name, asText(rest[0]));
        return null;
      case '+':
      case '-':
        return null;
      default:
        throw new TypeError('nobody asks this');
    }
  }

  #receive(socket: Socket): void {
    if (this.#deposed || this.#guests.size >= GUESTS) return void socket.destroy();
    const wire: Wire = new Wire(socket, {
      frame: (frame) => {
        if (this.lawful()) this.#take(guest, frame);
      },
      gone: () => {
        cancel();
        this.#guests.delete(guest);
        this.#deputies.gone(guest);
      },
      due: () => this.#outbox.add(wire),
    });
    const guest: Guest = {
      wire,
      channels: new Set(),
      id: undefined,
      term: 0,
      knows: 0,
      mark: undefined,
      learns: false,
      told: 0,
    };
    const cancel = this.#parts.clock.after(GREETING_WITHIN, () => guest.id ?? wire.cut(), false);
    this.#guests.add(guest);
  }

  #take(guest: Guest, frame: Frame): void {
    const [kind] = frame;
    if (kind === 'hi') this.#greet(guest, frame);
    else if (guest.id === undefined) throw new TypeError('who is this?');
    else if (kind === 'v') this.#deputies.heard(guest, asNumber(frame[1]));
    else if (kind === 'h') this.#deputies.ready(guest, frame[1], asText(frame[2]));
    else this.#reply(guest, guest.id, frame);
  }

  #reply({ wire, channels }: Guest, id: string, frame: Frame): void {
    const [kind, op, channel] = frame;
    if (kind === '+' && channels.size >= CHANNELS) throw new TypeError('too many channels');
    const answer = this.perform(id, frame);
    if (kind === '+') channels.add(channel);
    if (kind === '-') channels.delete(channel);
    this.safe(frame, () => wire.send(['=', op, answer]));
  }

  #greet(guest: Guest, [, protocol, id, version, channels, returns, mark]: Frame): void {
    if (protocol !== PROTOCOL || guest.id !== undefined || !Array.isArray(channels)) throw new TypeError('no greeting');
    guest.id = asText(id);
    for (const channel of channels.slice(0, CHANNELS)) guest.channels.add(asText(channel));
    guest.wire.send(['hi', this.#parts.identity]);
    if (returns) for (const message of this.#recent.on(guest.channels)) guest.wire.send(message);
    this.#deputies.greeted(guest, mark, asNumber(version));
  }

  #publish(from: string, change: number, channel: string, message: string): void {
    const frame = ['m', channel, message, from, change];
    this.#recent.keep(frame);
    for (const { channels, wire } of this.#guests) if (channels.has(channel)) wire.send(frame);
    queueMicrotask(() => this.#parts.hear(channel, message, from, change));
  }
}
