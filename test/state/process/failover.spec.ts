// The one who leads is killed, stands still, or computes: what was answered is kept, what was asked is answered, and once.
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RemoteMember, remoteMember, seeded, socketFolder } from './remote-member.ts';

const HOUR = 3_600_000;
const KILLS = process.env.FULL ? 100 : 10;

/** Starts members of one app. */
async function crew(kind: 'thread' | 'fork', size: number, folder: string): Promise<RemoteMember[]> {
  const started = Array.from({ length: size }, () => remoteMember(kind, { name: 'crew', folder }));
  const members = await Promise.all(started);
  // All at once: one of them leads.
  await Promise.all(members.map(({ store }) => store.get('hello')));
  return members;
}

/** The one who leads, and the others. Between two there may be nobody for a moment. */
async function ranks(members: readonly RemoteMember[]): Promise<[RemoteMember, ...RemoteMember[]]> {
  for (let tries = 0; tries < 100; tries++) {
    const leads = await Promise.all(members.map((member) => member.leads()));
    const leading = members.filter((_, index) => leads[index]);
    if (leading.length === 1) return [leading[0]!, ...members.filter((_, index) => !leads[index])];
    await pause(20);
  }
  throw new Error('nobody leads, or several do');
}

/** The files of those who know everything that was answered. */
const heirs = (folder: string) =>
  readdirSync(folder, { recursive: true }).filter((file) => /\+[\w-]{6}$/.test(String(file)));

/** Adds and sets on some members, until it is told to stop. */
function load(members: readonly RemoteMember[], mark: string) {
  const done = { added: 0, failed: [] as unknown[], facts: [] as string[], slowest: 0 };
  let over = false;
  const lanes = members.flatMap((member, index) =>
    [0, 1, 2].map(async (lane) => {
      let failed = false;
      for (let turn = 0; !over && !failed; turn++) {
        const begun = performance.now();
        const key = `${mark}-${index}-${lane}-${turn}`;
        const added = member.store.add('counter', 1, HOUR).then(() => {
          done.added += 1;
        });
        const set = member.store.set(key, key, HOUR).then(() => done.facts.push(key));
        await Promise.all([added, set]).catch((error) => {
          failed = true;
          done.failed.push(error);
        });
        done.slowest = Math.max(done.slowest, performance.now() - begun);
      }
    }),
  );
  return async () => {
    over = true;
    await Promise.all(lanes);
    return done;
  };
}

describe.each(['thread', 'fork'] as const)('with a %s each', (kind) => {
  it(`${KILLS} times who leads is killed under load: nothing fails, is lost or done twice`, {
    timeout: 15_000 + KILLS * 5_000,
  }, async () => {
    using folder = socketFolder();
    const random = seeded(kind.length);
    const members = await crew(kind, 4, folder.path);
    let added = 0;
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const [leading, ...others] = await ranks(members);
        const heard: string[] = [];
        await others[0]!.store.subscribe(`news-${kill}`, (message) => heard.push(message));
        const stop = load(others, `${kill}`);
        // Set by the one that is killed, and answered: its deputies know.
        await leading.store.set(`led-${kill}`, 'x', HOUR);
        await pause(random() * 60);
        const gone = leading.kill();
        for (const text of ['a', 'b', 'c']) await others[1]!.store.publish(`news-${kill}`, text);
        await gone;
        await pause(random() * 30);
        const done = await stop();
        added += done.added;
        const [witness] = others;
        expect(done.failed).toEqual([]);
        expect(done.slowest).toBeLessThan(1_500);
        expect(await witness!.store.add('counter', 0, HOUR)).toBe(added);
        const keys = [...done.facts, `led-${kill}`];
        const lost = await Promise.all(keys.map(async (key) => ((await others[1]!.store.get(key)) ? [] : [key])));
        expect(lost.flat()).toEqual([]);
        await expect.poll(() => heard).toEqual(['a', 'b', 'c']);
        members.splice(members.indexOf(leading), 1, ...(await crew(kind, 1, folder.path)));
      }
    } finally {
      for (const member of members) await member.kill();
    }
  });

  it('computes for two seconds: another one takes over, and what both know comes together', async () => {
    using folder = socketFolder();
    const members = await crew(kind, 4, folder.path);
    try {
      await members[0]!.store.set('before', 'x', HOUR);
      const [leading, ...others] = await ranks(members);
      const heard: string[] = [];
      await leading.store.subscribe('news', (message) => heard.push(message));
      const stalled = leading.stall(2_000);
      const stop = load(others, 'stall');
      await pause(1_500);
      const done = await stop();
      expect(done.failed).toEqual([]);
      expect(done.facts.length).toBeGreaterThan(0);
      await stalled;
      const [next] = await ranks(members);
      expect(next).not.toBe(leading);
      for (const { store } of members) expect(await store.add('counter', 0, HOUR)).toBe(done.added);
      for (const key of ['before', ...done.facts]) expect(await leading.store.get(key)).toBeDefined();
      await others[0]!.store.publish('news', 'again');
      await expect.poll(() => heard).toEqual(['again']);
    } finally {
      for (const member of members) await member.kill();
    }
  });
});

it('two are killed one right after the other: the third one knows', { timeout: 180_000 }, async () => {
  using folder = socketFolder();
  const members = await crew('fork', 4, folder.path);
  let added = 0;
  try {
    for (let round = 0; round < (process.env.FULL ? 30 : 2); round++) {
      const [first, ...others] = await ranks(members);
      const stop = load(others, `${round}`);
      await pause(50);
      await first.kill();
      const [second] = await ranks(others);
      // Somebody else knows what is answered, as long as this machine gives it any time.
      await expect.poll(() => heirs(folder.path), { interval: 1 }).not.toEqual([]);
      const killed = second.kill();
      const done = await stop();
      await killed;
      // What was asked through the one that was killed has failed; it may have been done.
      for (const error of done.failed) expect(String(error)).toContain('killed');
      added += done.added;
      const left = others.filter((member) => member !== second);
      const total = await left[0]!.store.add('counter', 0, HOUR);
      expect(total).toBeGreaterThanOrEqual(added);
      expect(total).toBeLessThanOrEqual(added + 3);
      const lost = await Promise.all(done.facts.map(async (key) => ((await left[1]!.store.get(key)) ? [] : [key])));
      expect(lost.flat()).toEqual([]);
      added = total;
      members.splice(0, members.length, ...left, ...(await crew('fork', 2, folder.path)));
    }
  } finally {
    for (const member of members) await member.kill();
  }
});

it('a process that is stopped leads no more, and joins the others when it goes on', async () => {
  using folder = socketFolder();
  const members = await crew('fork', 3, folder.path);
  try {
    await members[0]!.store.set('before', 'x', HOUR);
    const [leading, ...others] = await ranks(members);
    leading.signal('SIGSTOP');
    const stop = load(others, 'stop');
    await pause(1_500);
    const done = await stop();
    expect(done.failed).toEqual([]);
    leading.signal('SIGCONT');
    expect(await leading.store.add('counter', 1, HOUR)).toBe(done.added + 1);
    expect(await others[0]!.store.add('counter', 0, HOUR)).toBe(done.added + 1);
    expect((await ranks(members))[0]).not.toBe(leading);
  } finally {
    for (const member of members) await member.kill();
  }
});
