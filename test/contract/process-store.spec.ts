// What every store promises, kept by `processStore()` between threads and between processes: each check plays on two members
// that are really apart, whoever of them leads. The primary of the cluster uses it as well.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { processStore } from '../../src/index.ts';
import { sharedStoreContract } from '../../src/testing/index.ts';
import { type Kind, type RemoteMember, remoteMember, socketFolder } from '../state/process/remote-member.ts';

describe.each<Kind>(['thread', 'fork', 'cluster'])('a store in each %s', (kind) => {
  const folder = socketFolder();
  const members: RemoteMember[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) members.push(await remoteMember(kind, { name: 'contract', folder: folder.path }));
  });
  afterAll(async () => {
    for (const member of members) await member.kill();
    folder[Symbol.dispose]();
  });

  const primary = processStore({ name: 'contract', folder: folder.path });
  const stores = () => [...members.map(({ store }) => store), ...(kind === 'cluster' ? [primary] : [])];
  let turn = 0;
  const next = () => stores()[turn++ % stores().length]!;
  it.concurrent.each(sharedStoreContract(next, { shared: true }))('$promise', ({ check }) => check());
});
