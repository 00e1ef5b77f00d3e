// One who leads, or belongs to those who do, that says and does only what it is told to.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { PROTOCOL } from '../../../src/state/process/frame.ts';
import { Heir } from '../../../src/state/process/heir.ts';
import { Member } from '../../../src/state/process/member.ts';
import { Place } from '../../../src/state/process/place.ts';
import { socketFolder } from './remote-member.ts';

export const HOUR = 3_600_000;

/** One end of a connection. */
function end(socket: Socket) {
  const frames: unknown[][] = [];
  socket.on('error', () => undefined);
  createInterface(socket)
    .on('line', (line) => frames.push(JSON.parse(line)))
    .on('error', () => undefined);
  return {
    frames,
    get gone() {
      return socket.destroyed;
    },
    say: (...said: unknown[][]) => socket.write(said.map((frame) => `${JSON.stringify(frame)}\n`).join('')),
    async heard(kind: string, second?: unknown): Promise<unknown[]> {
      const find = () => frames.find((frame) => frame[0] === kind && (second ?? frame[1]) === frame[1]);
      await expect.poll(find, { timeout: 5_000 }).toBeDefined();
      return find()!;
    },
    close: () => void socket.destroy(),
  };
}
export type End = ReturnType<typeof end>;

/** A meeting place of its own. */
export function stage() {
  const folder = socketFolder();
  const place = new Place(folder.path, 'app');
  place.prepare();
  return {
    place,
    member: () => new Member(systemClock, place),
    /** Joins whoever leads. */
    async guest(id: string, version = 0, mark = ''): Promise<End> {
      const socket = connect(place.path);
      await once(socket, 'connect');
      const guest = end(socket);
      guest.say(['hi', PROTOCOL, id, version, [], version > 0, mark]);
      await guest.heard('hi');
      return guest;
    },
    /** Leads from now on, whoever did before; its members come one after the other. */
    async leader() {
      const { server, identity } = (await Heir.seize(place, place.current()))!;
      const ends: End[] = [];
      server.on('connection', (socket) => ends.push(end(socket)));
      return {
        async welcome(number = 0) {
          await expect.poll(() => ends[number], { timeout: 5_000 }).toBeDefined();
          await ends[number]!.heard('hi');
          ends[number]!.say(['hi', identity]);
          return ends[number]!;
        },
        die() {
          server.close();
          for (const each of ends) each.close();
        },
      };
    },
    /** One that knows everything, and lives. */
    async heir() {
      const heir = await Heir.open(place);
      place.name(heir.mark);
      return heir;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Whether it comes to anything within some turns of the event loop. */
export async function soon(work: Promise<unknown>): Promise<boolean> {
  let over = false;
  void work.then(() => {
    over = true;
  });
  for (let turns = 0; turns < 50 && !over; turns++) await turn();
  return over;
}
