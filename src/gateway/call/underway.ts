/** The calls that run: each is held by the configuration it began with, and ended when its key does not hold any more. */
import type { IncomingMessage } from 'node:http';
import { Roll } from '../../call/roll.ts';
import type { Clock } from '../../clock.ts';
import { ClosedError } from '../../errors.ts';
import type { ClientKey } from '../config/settings.ts';
import type { GatewayLog } from '../http/log.ts';
import type { Generations } from '../running/generations.ts';
import type { Running } from '../running/running.ts';
import { answerWithin, type Traced } from './telemetry.ts';

/** A call or a socket. */
export interface RunningCall {
  /** Whose it is, as soon as `answer` was called. */
  readonly key: ClientKey | undefined;
  /** Never rejects. */
  answer(): Promise<void>;
  /** Ends it at once. @param why what its client is told. */
  interrupt(why: Error): void;
}

/** The wall clock may be set: it is looked at so often, in ms, while a key's end is waited for. */
const LOOK_AGAIN = 60_000;

/** All calls of one gateway. */
export class Underway {
  readonly #calls = new Roll<RunningCall>();
  readonly #parts: { readonly generations: Generations; readonly clock: Clock; readonly log: GatewayLog } & Traced;
  /** The look at the next expiry. */
  #next: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(parts: { readonly generations: Generations; readonly clock: Clock; readonly log: GatewayLog } & Traced) {
    this.#parts = parts;
  }

  /** A call begins. Resolves when it is over. */
  follow(message: IncomingMessage, begin: (running: Running) => RunningCall): Promise<void> {
    const { generations, telemetry } = this.#parts;
    const generation = generations.now;
    const call = begin(generation.running);
    const place = this.#calls.add(call);
    const over = answerWithin(telemetry, message, call);
    if (call.key?.expiresAt !== undefined) this.#lookAt(call.key.expiresAt);
    return generation.hold(over, () => place.leave());
  }

  /** Ends all, because the gateway does. */
  end(): void {
    for (const call of this.#calls) call.interrupt(new ClosedError());
  }

  /** Keys have changed, or time has passed: ends what runs with keys that do not hold any more. */
  look(): void {
    const { generations, log } = this.#parts;
    const { access } = generations.running;
    for (const call of this.#calls) {
      if (!call.key) continue;
      try {
        const { expiresAt } = access.still(call.key);
        if (expiresAt !== undefined) this.#lookAt(expiresAt);
      } catch (why) {
        log.info('a running call was ended', { key: call.key.name, why: (why as Error).message });
        call.interrupt(why as Error);
      }
    }
  }

  #lookAt(date: number): void {
    const { clock } = this.#parts;
    if (this.#next && this.#next.at <= date) return;
    this.#next?.cancel();
    const cancel = clock.after(
      Math.min(date - clock.date(), LOOK_AGAIN),
      () => {
        this.#next = undefined;
        this.look();
      },
      false,
    );
    this.#next = { at: date, cancel };
  }
}
