// Who takes over knows what was answered: by the files of those who know it, whoever is quick, slow, or gone.
import { rmSync, symlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Guest } from '../../../src/state/process/guest.ts';
import { lesson } from '../../../src/state/process/guest.ts';
import { Heir, lives } from '../../../src/state/process/heir.ts';
import { Ledger } from '../../../src/state/process/ledger.ts';
import { Member } from '../../../src/state/process/member.ts';
import { manualClock } from '../../../src/testing/index.ts';
import { type End, HOUR, soon, stage } from './stage.ts';

const UNTIL = Date.now() + HOUR;
/** A record, as the one who leads tells it. */
const record = (key: string, value: string, version: number) => ['k', key, value, UNTIL, version];

/** Has told a member everything, and put it among the heirs. */
async function crown(line: End, place: ReturnType<typeof stage>['place']): Promise<string> {
  line.say(['K', 1]);
  const [, , mark] = await line.heard('h', 1);
  expect(place.name(mark as string)).toBe(true);
  line.say(['e', mark]);
  return mark as string;
}

describe('the place', () => {
  it('goes to one of those who saw the same one leave', async () => {
    using on = stage();
    const all = await Promise.all([on.heir(), on.heir(), Heir.open(on.place), Heir.open(on.place)]);
    expect(on.place.inherit(all[0]!.mark, undefined)).toBeDefined();
    expect(on.place.inherit(all[1]!.mark, undefined)).toBeUndefined();
    expect(on.place.take(all[2]!.mark, undefined)).toBeUndefined();
    expect(on.place.heirs).toEqual([all[1]!.mark]);
    for (const each of all) each.close();
  });

  it("is nobody's who has been struck out, or was about to take it when somebody else did", async () => {
    using on = stage();
    const all = await Promise.all([on.heir(), Heir.open(on.place), Heir.open(on.place)]);
    expect(on.place.take(all[1]!.mark, undefined)).toBeDefined();
    // As they would have it who looked before that.
    const seen = on.place.current();
    expect([on.place.inherit(all[0]!.mark, seen), on.place.take(all[2]!.mark, seen)]).toEqual([undefined, undefined]);
    for (const each of all) each.close();
  });
});

it('nobody becomes an heir of one who was deposed', async () => {
  using on = stage();
  const member = on.member();
  await member.ask('s', 'n', '7', HOUR);
  const deputy = await on.guest('deputy', 7);
  // What it knew under somebody else is of no use.
  await deputy.heard('n');
  const [, term] = await deputy.heard('K');
  deputy.say(['g', 1, 'n']);
  await deputy.heard('=', 1);
  const next = await on.leader();
  const heir = await Heir.open(on.place);
  deputy.say(['h', term, heir.mark]);
  await expect.poll(() => deputy.gone).toBe(true);
  expect(on.place.heirs).toEqual([]);
  next.die();
  heir.close();
});

it('one who was deposed takes nothing away from who leads now', async () => {
  using on = stage();
  await on.member().ask('s', 'n', '7', HOUR);
  const witness = await on.guest('witness');
  const [, term] = await witness.heard('K');
  const heir = await Heir.open(on.place);
  witness.say(['h', term, heir.mark]);
  await witness.heard('e', heir.mark);
  const deputy = await on.guest('deputy');
  const [, second] = await deputy.heard('K');
  const other = await Heir.open(on.place);
  deputy.say(['h', second, other.mark]);
  await deputy.heard('e', other.mark);
  // Its next one awaits the other heir, with the mark that it has.
  expect(on.place.inherit(heir.mark, on.place.current())).toBeDefined();
  deputy.close();
  await expect.poll(() => witness.gone).toBe(true);
  expect(on.place.heirs).toEqual([other.mark]);
  heir.close();
  other.close();
});

it('one who takes over, and fails on the way, is not in the way of others', async () => {
  using on = stage();
  const take = on.place.take.bind(on.place);
  on.place.take = (mark, seen) => {
    take(mark, seen);
    throw new Error('EMFILE');
  };
  await expect(Heir.seize(on.place, undefined)).rejects.toThrow('EMFILE');
  expect([on.place.current() === undefined, await lives(on.place.path)]).toEqual([false, false]);
});

it('an heir that takes over, and fails on the way, is not in the way of others either', async () => {
  using on = stage();
  const first = await on.leader();
  const greeting = on.member().ask('g', 'n').catch(String);
  const line = await first.welcome();
  line.say(['d', -1], record('n', '7', 5));
  await crown(line, on.place);
  const inherit = on.place.inherit.bind(on.place);
  on.place.inherit = (mark, seen) => {
    inherit(mark, seen);
    throw new Error('EMFILE');
  };
  first.die();
  expect([await greeting, await lives(on.place.path)]).toEqual(['Error: EMFILE', false]);
});

describe('a change is not answered', () => {
  it('by one who stood still while another one took over', async () => {
    using on = stage();
    const member = on.member();
    await member.ask('a', 'n', 1, HOUR);
    const asker = await on.guest('asker');
    asker.say(['g', 1, 'n']);
    await asker.heard('=', 1);
    // It looked a moment ago.
    const next = await on.leader();
    asker.say(['a', 2, 'n', 1, HOUR], ['v', Number.MAX_SAFE_INTEGER]);
    await expect.poll(() => asker.gone).toBe(true);
    expect(asker.frames.filter(([kind, op]) => kind === '=' && op === 2)).toEqual([]);
    next.die();
  });

  it('before a deputy that keeps silent is no heir any more', async () => {
    using on = stage();
    const member = on.member();
    await member.ask('g', 'n');
    const deputy = await on.guest('deputy');
    const [, term] = await deputy.heard('K');
    const heir = await Heir.open(on.place);
    deputy.say(['h', term, heir.mark]);
    await deputy.heard('e', heir.mark);
    expect(on.place.heirs).toEqual([heir.mark]);
    const answer = member.ask('a', 'n', 1, HOUR).then(() => on.place.heirs);
    await deputy.heard('k', 'n');
    expect([await soon(answer), on.place.heirs]).toEqual([false, [heir.mark]]);
    expect(await answer).toEqual([]);
    // It had no time, and has some again: it is told everything anew.
    await deputy.heard('n');
    const before = deputy.frames.length;
    deputy.say(['v', deputy.frames.find(([kind]) => kind === 'k')![4]]);
    await expect.poll(() => deputy.frames.slice(before).map(([kind]) => kind)).toEqual(['d', 'l', 'k', 'K']);
    // What it says of the first time does not count any more.
    const again = await Heir.open(on.place);
    deputy.say(['h', term, again.mark], ['g', 1, 'n']);
    await deputy.heard('=', 1);
    expect(on.place.heirs).toEqual([]);
    again.close();
    heir.close();
    deputy.close();
  });

  it('before the other heir has learnt it, or is struck out', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    const greeting = member.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5));
    await crown(line, on.place);
    const other = await on.heir();
    first.die();
    await greeting;
    const answer = member.ask('a', 'n', 1, HOUR);
    expect(await soon(answer)).toBe(false);
    // It has all that was answered, and something that nobody was told of: versions say nothing while it is learning.
    const heir = await on.guest('other', 9, other.mark);
    expect(await heir.heard('d')).toEqual(['d', 9]);
    const [, , value, , version] = await heir.heard('k', 'n');
    expect([value, Number(version) > 9]).toEqual(['8', true]);
    const [, term] = await heir.heard('K');
    heir.say(['v', version]);
    expect([await soon(answer), on.place.heirs]).toEqual([false, [other.mark]]);
    heir.say(['h', term, other.mark]);
    expect(await answer).toBe(8);
    expect(on.place.heirs).toEqual([other.mark]);
    other.close();
    heir.close();
  });

  it('before an heir that lives, and does not come, is struck out', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    const greeting = member.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5));
    await crown(line, on.place);
    const other = await on.heir();
    first.die();
    expect(await greeting).toBe('7');
    expect(on.place.heirs).toEqual([other.mark]);
    expect(await member.ask('a', 'n', 1, HOUR).then((total) => [total, on.place.heirs])).toEqual([8, []]);
    other.close();
  });
});

it('what one who leads no more has written since is earlier than anything the next one writes', async () => {
  const clock = manualClock();
  const [left, next, heir] = [new Ledger(clock), new Ledger(clock), new Ledger(clock)];
  next.begin();
  const kept = next.set('one', 1, 'n', 'kept', HOUR)!;
  await clock.advance(200);
  for (const each of [left.set('other', 1, 'n', 'lost', HOUR)!, kept]) heir.hear(each);
  expect(heir.get('n')).toBe('kept');
});

describe('who was told', () => {
  it('everything knows it when he takes over, at once', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    const greeting = member.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5), record('m', '8', 6));
    await line.heard('v', 6);
    await crown(line, on.place);
    first.die();
    expect([await greeting, await member.ask('g', 'm')]).toEqual(['7', '8']);
  });

  it('half of it does not pass for one who knows', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    const greeting = member.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5));
    await line.heard('v', 5);
    first.die();
    expect(await greeting).toBeNull();
  });

  it('everything, and then that it is a deputy no more, counts only when nobody lives who knows more', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    const greeting = member.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5));
    await crown(line, on.place);
    line.say(['n'], ['d', -1], record('n', '8', 6));
    await line.heard('v', 6);
    expect(on.place.heirs).toEqual([]);
    const heir = await on.heir();
    first.die();
    await pause(50);
    expect(await soon(greeting)).toBe(false);
    heir.close();
    expect(await greeting).toBe('7');
  });

  it('only a part of what is new says up to where it lacks nothing', async () => {
    using on = stage();
    const first = await on.leader();
    const member = on.member();
    member.ask('g', 'n').catch(() => undefined);
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5));
    const mark = await crown(line, on.place);
    // Another heir takes over, and has told only what came last when it is gone as well.
    const second = await on.leader();
    const heir = await Heir.open(on.place);
    first.die();
    const next = await second.welcome();
    expect((await next.heard('hi')).slice(3, 4)).toEqual([5]);
    next.say(['d', 5], record('late', 'x', 20));
    await next.heard('v', 20);
    const third = await on.leader();
    second.die();
    const last = await third.welcome();
    const [, , , version, , , told] = await last.heard('hi');
    expect([version, told]).toEqual([5, mark]);
    third.die();
    heir.close();
  });

  it('ends when it is a deputy no more, without a word that this was all', () => {
    const clock = manualClock();
    const ledger = new Ledger(clock);
    for (const key of ['a', 'b', 'c']) ledger.set('me', key.charCodeAt(0), key, 'x', HOUR);
    const guest = { term: 1, told: 0 } as Guest;
    expect([...lesson(guest, ledger, -1)].map(([kind]) => kind)).toEqual(['l', 'k', 'k', 'k', 'K']);
    const kinds: unknown[] = [];
    for (const [kind] of lesson(guest, ledger, -1)) {
      kinds.push(kind);
      if (kinds.length === 2) guest.term = -1;
    }
    expect(kinds).toEqual(['l', 'k']);
  });
});

describe('one who was told nothing', () => {
  it('leaves a leader alone that has no room for one more, as long as an heir has time', async () => {
    using on = stage();
    const full = (await Heir.seize(on.place, undefined))!;
    let tried = 0;
    full.server.on('connection', (socket) => {
      tried += 1;
      socket.destroy();
    });
    const heir = await on.heir();
    const clock = manualClock();
    const answer = new Member(clock, on.place).ask('g', 'n').catch(String);
    const spend = async (ms: number) => {
      for (let spent = 0; spent < ms; spent += 50) {
        await soon(new Promise(() => undefined));
        await clock.advance(50);
      }
    };
    await spend(16_000);
    tried = 0;
    await spend(4_000);
    // It would get in soon if there were room.
    expect(tried).toBeGreaterThan(5);
    expect([on.place.current(), on.place.heirs]).toEqual([full.identity, [heir.mark]]);
    expect(await answer).toMatch(/gave no answer within 2000 ms/);
    // One who has not heard of it for so long, and finds nobody in the place, does not forget the heir for that.
    full.server.close();
    await spend(500);
    expect(on.place.current()).toBe(full.identity);
    heir.close();
    await spend(600);
    expect(on.place.current()).not.toBe(full.identity);
  });

  it('leads only when no heir lives', async () => {
    using on = stage();
    const first = await on.leader();
    const heir = await on.heir();
    first.die();
    const seen = on.place.current();
    const answer = on.member().ask('g', 'n');
    await pause(150);
    expect([on.place.current(), await soon(answer)]).toEqual([seen, false]);
    heir.close();
    expect(await answer).toBeNull();
    expect(on.place.current()).not.toBe(seen);
  });

  it('goes on at once after a crash of all', async () => {
    using on = stage();
    const first = await on.leader();
    await on.heir().then((heir) => heir.server.close());
    first.die();
    const begun = performance.now();
    expect(await on.member().ask('g', 'n')).toBeNull();
    expect(performance.now() - begun).toBeLessThan(300);
  });

  it('makes an heir look who has nothing to ask of the one that stands still', async () => {
    using on = stage();
    const first = await on.leader();
    const idle = on.member();
    const greeting = idle.ask('g', 'n');
    const line = await first.welcome();
    line.say(['d', -1], record('n', '7', 5), ['=', 1, null]);
    await greeting;
    await crown(line, on.place);
    // The one who leads says nothing from now on. Who comes anew is not welcomed.
    expect(await on.member().ask('g', 'n')).toBe('7');
    first.die();
  });
});

it('goes on with what it knows when somebody has cleaned up the files', async () => {
  using on = stage();
  const member = on.member();
  await member.ask('s', 'n', '7', HOUR);
  on.place.leave(on.place.current()!);
  await expect.poll(() => on.place.current(), { timeout: 2_000 }).toBeDefined();
  const guest = await on.guest('guest');
  guest.say(['g', 1, 'n']);
  expect(await guest.heard('=', 1)).toEqual(['=', 1, '7']);
  guest.close();
});

it('says why when it may not look at the place any more, and ends nothing', async () => {
  using on = stage();
  const leads = on.member();
  await leads.ask('g', 'n');
  const joined = on.member();
  await joined.ask('s', 'n', '7', HOUR);
  const seen = on.place.current()!;
  // A path that leads nowhere: nobody can look at what is behind it, not even root.
  rmSync(dirname(on.place.path), { recursive: true });
  symlinkSync(basename(dirname(on.place.path)), dirname(on.place.path));
  expect(() => on.place.current()).toThrow(/ELOOP/);
  expect(on.place.replaced(seen)).toBe(true);
  expect(on.place.strike('abcdef')).toBeUndefined();
  for (const member of [leads, joined])
    await expect
      .poll(() => member.ask('a', 'n', 1, HOUR).catch(String), { timeout: 3_000 })
      .toMatch(/is no folder: remove it, or give another folder/);
});
