/** How a member joins whoever leads. */
import { connect } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';
import { NOBODY } from './heir.ts';
import type { Place } from './place.ts';
import { Wire } from './wire.ts';

/** What came of an attempt to join: nobody is there, somebody who has no time now, or somebody who does not say a word. */
export type Joined = 'joined' | 'refused' | 'busy' | 'silent';

/** There is somebody, who is too busy to look up; or who was there a moment ago. */
const BUSY: readonly (string | undefined)[] = ['EAGAIN', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', undefined];

/** What a member does with what it is told. */
export interface MemberEvents {
  /** It has joined. */
  welcome(wire: Wire, frame: Frame): void;
  frame(frame: Frame): void;
  /** The one who leads is gone, after the welcome. */
  gone(wire: Wire): void;
}

/**
 * Joins whoever leads.
 * @param patience how long it may take to answer the greeting, in ms
 * @throws Error when this process cannot even ask
 */
export function join(
  clock: Clock,
  place: Place,
  greeting: Frame,
  patience: number,
  events: MemberEvents,
): Promise<Joined> {
  return new Promise((resolve, reject) => {
    let welcomed = false;
    let silent = false;
    const wire: Wire = new Wire(connect({ path: place.path }), {
      frame(frame) {
        if (welcomed) {
          events.frame(frame);
          return;
        }
        if (frame[0] !== 'hi' || typeof frame[1] !== 'string') throw new TypeError('no welcome');
        welcomed = true;
        cancel();
        events.welcome(wire, frame);
        resolve('joined');
      },
      gone(error) {
        cancel();
        if (welcomed) events.gone(wire);
        else if (silent) resolve('silent');
        else if (NOBODY.includes(error?.code)) resolve('refused');
        else if (BUSY.includes(error?.code)) resolve('busy');
        else reject(error);
      },
    });
    const giveUp = () => {
      silent = true;
      wire.cut();
    };
    const cancel = clock.after(patience, giveUp, false);
    wire.send(greeting);
  });
}
