// The lists of an account against the SDK itself: one that a new SDK adds fails here, and not at a user's.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectionOf, collectionPaths } from '../../src/call/collections.ts';

const resources = join(dirname(createRequire(import.meta.url).resolve('openai')), 'resources');

/** Paths without an id that the SDK's own resources list. */
const listed = readdirSync(resources, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .flatMap((file) => [...readFileSync(join(resources, file), 'utf8').matchAll(/getAPIList\(\s*'\/([^']+)'/g)])
  .map((match) => match[1] as string);

/** Asked about at home: they belong to no account of one endpoint. */
const ELSEWHERE = /^(organization|projects|webhook_endpoints)\b/;

describe('the lists of an account', () => {
  it('are all that the SDK has', () => {
    const own = listed.filter((path) => !ELSEWHERE.test(path));
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter((path) => !collectionPaths.includes(path))).toEqual([]);
  });

  it.each([
    ['/files', 'files'],
    ['files', 'files'],
    ['/files?limit=2', 'files'],
    ['/fine_tuning/jobs/', 'fine_tuning/jobs'],
    ['/models', 'models'],
    ['/files/file-1', undefined],
    ['/threads/thread_1/messages', undefined],
    ['/organization/projects', undefined],
    ['/toString', undefined],
    ['https://a.example/files', undefined],
  ])('%s', (path, found) => expect(collectionOf(path)?.path).toBe(found));
});
