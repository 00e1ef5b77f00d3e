// The promise: an id that this process did not see is found by itself: a read asks every endpoint once, a write finds out where
// its id belongs by GET first, and what was found is remembered.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { failure } from '../support/calls.ts';
import { openStage, type Stage, type StageOptions } from '../support/stage.ts';

const server = { objects: { files: 2, vector_stores: 1, threads: 1, batches: 1, responses: 1, assistants: 1 } };
const three = (options: StageOptions = {}) =>
  openStage(
    { a: { script: [], server }, b: { script: [], server }, c: { script: [], server } },
    { strategy: 'round-robin', ...options },
  );
const routes = (stage: Stage) =>
  Object.fromEntries(
    Object.entries(stage.servers).map(([name, { requests }]) => [
      name,
      requests.map(({ method, route }) => `${method} ${route}`),
    ]),
  );
const calls = (stage: Stage) => Object.values(stage.servers).map((each) => each.calls);

describe('a read', () => {
  it('finds the id with one GET at each endpoint, and remembers who has it', async () => {
    await using stage = await three();
    const file = await stage.client.files.retrieve('file-b-1');
    expect(file.id).toBe('file-b-1');
    expect(calls(stage)).toEqual([1, 1, 1]);
    expect(
      attemptsOf(file)
        .map(({ endpoint, beside }) => [endpoint, beside])
        .sort(),
    ).toEqual([
      ['a', 'lookup'],
      ['b', 'lookup'],
      ['c', 'lookup'],
    ]);
    await stage.client.files.retrieve('file-b-1');
    await stage.client.files.delete('file-b-1');
    expect(calls(stage)).toEqual([1, 3, 1]);
    expect(stage.events.of('affinity-missed')).toEqual([]);
  });

  it('nobody has it: the SDK’s NotFoundError, and no endpoint is blamed', async () => {
    await using stage = await three();
    const error = await failure(stage.client.files.retrieve('file-x'));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(calls(stage)).toEqual([1, 1, 1]);
    for (const name of ['a', 'b', 'c'] as const)
      expect(stage.state(name)).toMatchObject({ failures: 0, cooldowns: [], excluded: null });
  });
});

describe('a write', () => {
  it('finds the owner of the id in its path by GET, and goes there', async () => {
    await using stage = await three();
    const gone = await stage.client.files.delete('file-c-1');
    expect(gone.deleted).toBe(true);
    expect(routes(stage)).toEqual({
      a: ['GET /files/file-c-1'],
      b: ['GET /files/file-c-1'],
      c: ['GET /files/file-c-1', 'DELETE /files/file-c-1'],
    });
  });
});
