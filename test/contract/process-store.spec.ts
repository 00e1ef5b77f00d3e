// What every store promises, kept by `processStore()` between threads and between processes: each check plays on two members
// that are really apart, whoever of them leads.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { sharedStoreContract } from '../../src/testing/index.ts';
import { type RemoteMember, remoteMember, socketFolder } from '../state/process/remote-member.ts';

describe.each(['thread', 'fork'] as const)('a store in each %s', (kind) => {
  const folder = socketFolder();
  const members: RemoteMember[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) members.push(await remoteMember(kind, { name: 'contract', folder: folder.path }));
  });
  afterAll(async () => {
    for (const member of members) await member.kill();
    folder[Symbol.dispose]();
  });

  let turn = 0;
  const next = () => members[turn++ % members.length]!.store;
  it.concurrent.each(sharedStoreContract(next, { shared: true }))('$promise', ({ check }) => check());
});
