// Prompt caches: a conversation goes back to the endpoint that has its prompt in its cache, and leaves everybody else alone.
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, read, servedBy, tally } from '../support/calls.ts';
import { openStage, type Stage, type StageOptions } from '../support/stage.ts';

const ABC = { a: [], b: [], c: [] };
const LONG = 'You are a careful assistant. '.repeat(200);

type Message = { role: 'system' | 'user' | 'assistant'; content: string };

/** The messages of a conversation after so many turns. */
const talk = (name: string, turns: number): Message[] => [
  { role: 'system', content: LONG },
  ...Array.from({ length: turns }, (_, turn): Message[] => [
    { role: 'user', content: turn === 0 ? name : `and ${turn}` },
    { role: 'assistant', content: 'Yes.' },
  ]).flat(),
];

/** The endpoints that served the turns of a conversation, one turn after another. */
async function turns(stage: Stage, name: string, from = 1, to = 6): Promise<(string | undefined)[]> {
  const served: (string | undefined)[] = [];
  for (let turn = from; turn <= to; turn++)
    served.push(servedBy(await chat(stage.client, { messages: talk(name, turn).slice(0, -1) })));
  return served;
}

const open = (options: StageOptions = {}, scripts = ABC) => openStage(scripts, { strategy: 'round-robin', ...options });

describe("by default a conversation's turns go back", () => {
  it.each(['round-robin', 'random', 'least-busy'] as const)('under %s', async (strategy) => {
    await using stage = await open({ strategy });
    for (const name of ['one', 'two', 'three', 'four']) expect(new Set(await turns(stage, name)).size, name).toBe(1);
  });

  it('while first turns are spread as the strategy says', async () => {
    await using stage = await open();
    const served: (string | undefined)[] = [];
    for (let name = 0; name < 9; name++) served.push(...(await turns(stage, `talk ${name}`, 1, 2)));
    expect(tally(served as string[])).toEqual({ a: 6, b: 6, c: 6 });
  });

  it('as streams, responses and raw replies, too', async () => {
    await using stage = await open();
    const { client, servers } = stage;
    const ask = [
      async () => void (await read(await chatStream(client, { messages: talk('stream', 1) }))),
      async () => void (await client.responses.create({ model: 'gpt-5', instructions: LONG, input: 'hello' })),
      async () => void (await chat(client, { messages: talk('raw', 1) }).asResponse()),
    ];
    for (const one of ask) {
      const before = Object.values(servers).map(({ calls }) => calls);
      for (let turn = 0; turn < 6; turn++) await one();
      const after = Object.values(servers).map(({ calls }, index) => calls - before[index]!);
      expect(after.sort()).toEqual([0, 0, 6]);
    }
  });

  it('for ten minutes after the last one', async () => {
    const clock = manualClock();
    await using stage = await open({ clock });
    const home = servedBy(await chat(stage.client, { messages: talk('one', 1) }));
    await clock.advance(599_000);
    expect(servedBy(await chat(stage.client, { messages: talk('one', 2) }))).toBe(home);
    await clock.advance(600_000);
    expect(servedBy(await chat(stage.client, { messages: talk('one', 3) }))).not.toBe(home);
  });

  it('through every clone of the client', async () => {
    await using stage = await open();
    const clone = stage.client.withOptions({ timeout: 60_000 });
    const [home] = await turns(stage, 'one', 1, 1);
    for (let turn = 2; turn < 6; turn++)
      expect(servedBy(await chat(clone, { messages: talk('one', turn) }))).toBe(home);
  });

  it('to the endpoint that served the last one, where another failed it', async () => {
    await using stage = await open({ strategy: 'priority' }, { a: [503], b: [], c: [] } as never);
    // Within one group, else the priority decides.
    const equal = { a: { script: [503], priority: 1 }, b: { script: [], priority: 1 }, c: { script: [], priority: 1 } };
    await using second = await openStage(equal, { strategy: 'priority' });
    const answer = await chat(second.client, { messages: talk('one', 1) });
    expect(attemptsOf(answer).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    expect(new Set(await turns(second, 'one', 2, 6))).toEqual(new Set(['b']));
    expect(await turns(stage, 'one', 1, 3)).toEqual(['b', 'a', 'a']);
  });

  it('and still fail over', async () => {
    await using stage = await open();
    const [home] = (await turns(stage, 'one', 1, 2)) as ('a' | 'b' | 'c')[];
    stage.servers[home!].script([500]);
    const answer = await chat(stage.client, { messages: talk('one', 3) });
    expect(attemptsOf(answer).map(({ verdict }) => verdict)).toEqual(['server-error', 'ok']);
    expect(attemptsOf(answer)[0]!.endpoint).toBe(home);
    expect(new Set(await turns(stage, 'one', 4, 6))).toEqual(new Set([servedBy(answer)]));
  });

  it('but a pinned one goes where it is pinned, and an id where it was made', async () => {
    await using stage = await open();
    const [home] = await turns(stage, 'one', 1, 2);
    const other = ['a', 'b', 'c'].find((name) => name !== home)!;
    expect(servedBy(await chat(stage.client.balancer.pin(other), { messages: talk('one', 3) }))).toBe(other);
    expect(servedBy(await chat(stage.client, { messages: talk('one', 4) }))).toBe(other);
  });
});

describe('calls stay as the strategy says', () => {
  it('with short prompts', async () => {
    await using stage = await open();
    const served = [];
    for (let call = 0; call < 9; call++) served.push(servedBy(await chat(stage.client, { prompt_cache_key: 'k' })));
    expect(served.join('')).toBe('abcabcabc');
  });

  it('with `cache: false`', async () => {
    await using stage = await open({ affinity: { cache: false } });
    expect((await turns(stage, 'one')).join('')).toBe('abcabc');
  });

  it('in embeddings, however long', async () => {
    await using stage = await open();
    for (let call = 0; call < 6; call++) await stage.client.embeddings.create({ model: 'e', input: LONG });
    expect(Object.values(stage.servers).map(({ calls }) => calls)).toEqual([2, 2, 2]);
  });
});

describe("the strategy 'prompt-cache'", () => {
  const strategy = 'prompt-cache';
  const key = (name: string) => ({ prompt_cache_key: name });
  const KEYS = Array.from({ length: 12 }, (_, index) => `key ${index}`);
  const homes = async (client: LoadBalancedOpenAI) => {
    const found: (string | undefined)[] = [];
    for (const name of KEYS) found.push(servedBy(await chat(client, key(name))));
    return found;
  };

  it('has one home for all calls that share what tells them, for every client', async () => {
    await using stage = await open({ strategy });
    const first = await homes(stage.client);
    expect(new Set(first).size).toBe(3);
    expect(await homes(stage.client)).toEqual(first);
    const other = new LoadBalancedOpenAI({ ...stage.options, shareState: false });
    expect(await homes(other)).toEqual(first);
    await other.close();
  });

  it.each<[string, (index: number) => [body: Record<string, unknown>, options?: object]]>([
    ['user', (index) => [{ user: 'u', messages: talk(`${index}`, 1) }]],
    ['safety_identifier', (index) => [{ safety_identifier: 'u', messages: talk(`${index}`, 1) }]],
    ['a session header', (index) => [{ messages: talk(`${index}`, 1) }, { headers: { 'x-session-id': 's' } }]],
    ['the beginning of the prompt', (index) => [{ messages: talk('one', index + 1) }]],
  ])('knows calls by %s', async (_, call) => {
    await using stage = await open({ strategy });
    const served = new Set<string | undefined>();
    for (let index = 0; index < 6; index++) served.add(servedBy(await chat(stage.client, ...call(index))));
    expect(served.size).toBe(1);
  });

  it('sends the calls of an endpoint that is out to their second homes, the others nowhere else, and back afterwards', async () => {
    const clock = manualClock();
    await using stage = await open({ strategy, clock });
    const before = await homes(stage.client);
    const gone = before[0] as 'a';
    stage.servers[gone].script([{ status: 429, retryAfter: 30 }]);
    await chat(stage.client, key(KEYS[0]!));
    const during = await homes(stage.client);
    before.forEach((home, index) => {
      if (home === gone) expect(during[index]).not.toBe(gone);
      else expect(during[index]).toBe(home);
    });
    expect(await homes(stage.client)).toEqual(during);
    await clock.advance(31_000);
    expect(await homes(stage.client)).toEqual(before);
  });

  it('does not overload a home: with many calls at once the others help', async () => {
    const slow = { repeat: [{ step: 'ok', delay: 50 }] } as never;
    await using stage = await open({ strategy }, { a: slow, b: slow, c: slow });
    await Promise.all(Array.from({ length: 60 }, () => chat(stage.client, key('hot'))));
    const calls = Object.values(stage.servers).map((server) => server.calls);
    expect(Math.max(...calls)).toBeLessThanOrEqual(25);
    expect(Math.min(...calls)).toBeGreaterThanOrEqual(10);
  });

  it('takes turns with calls that have nothing to tell them by', async () => {
    await using stage = await open({ strategy });
    for (let call = 0; call < 6; call++) await stage.client.embeddings.create({ model: 'e', input: 'x' });
    expect(Object.values(stage.servers).map(({ calls }) => calls)).toEqual([2, 2, 2]);
  });
});
