// What was answered is known to those who take over: nothing is answered before they have said that they have it.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { processStore } from '../../../src/index.ts';
import { PROTOCOL } from '../../../src/state/process/frame.ts';
import { socketFolder } from './remote-member.ts';

const HOUR = 3_600_000;

/** A member that says what it is told to, to the one who leads at the only socket of this folder. */
async function member(folder: string, version = 0) {
  const inside = join(folder, readdirSync(folder)[0]!);
  const socket = connect(join(inside, readdirSync(inside)[0]!));
  await once(socket, 'connect');
  const frames: unknown[][] = [];
  createInterface(socket).on('line', (line) => frames.push(JSON.parse(line)));
  const say = (frame: unknown[]) => socket.write(`${JSON.stringify(frame)}\n`);
  say(['hi', PROTOCOL, `member-${version}`, version, [], version > 0]);
  const heard = (kind: string, second?: unknown) =>
    expect.poll(() => frames.find((frame) => frame[0] === kind && (second ?? frame[1]) === frame[1])).toBeDefined();
  return { frames, say, heard, [Symbol.dispose]: () => void socket.destroy() };
}

it.each(['add', 'set'] as const)('%s is answered once the deputy says that it has it', async (what) => {
  using folder = socketFolder();
  const store = processStore({ folder: folder.path });
  await store.get('hello');
  using deputy = await member(folder.path);
  await deputy.heard('K');
  let answered = false;
  const answer = (what === 'add' ? store.add('n', 2, HOUR) : store.set('n', '2', HOUR)) as Promise<unknown>;
  void answer.then(() => {
    answered = true;
  });
  await deputy.heard('k', 'n');
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(answered).toBe(false);
  // What changes nothing does not wait.
  expect(await store.get('hello')).toBeNull();
  deputy.say(['v', deputy.frames.find(([kind]) => kind === 'k')?.[4]]);
  await answer;
  expect(deputy.frames).not.toContainEqual(['n']);
});

it('one that does not say so is told that it is a deputy no more, and holds up nobody', async () => {
  using folder = socketFolder();
  const store = processStore({ folder: folder.path });
  await store.get('hello');
  using deputy = await member(folder.path);
  await deputy.heard('K');
  expect(await store.add('n', 2, HOUR)).toBe(2);
  await deputy.heard('n');
  expect(await store.add('n', 2, HOUR)).toBe(4);
  expect(deputy.frames.filter(([kind]) => kind === 'k')).toHaveLength(1);
});

it('one that leaves without a word holds up nobody either', async () => {
  using folder = socketFolder();
  const store = processStore({ folder: folder.path });
  await store.get('hello');
  const deputy = await member(folder.path);
  await deputy.heard('K');
  const answer = store.add('n', 2, HOUR);
  await deputy.heard('k', 'n');
  deputy[Symbol.dispose]();
  expect(await answer).toBe(2);
});
