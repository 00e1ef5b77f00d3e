// Whose quota an endpoint draws on, as its replies tell.
import { expect, it } from 'vitest';
import { EndpointState } from '../../src/endpoint/endpoint-state.ts';
import { QuotaOwners } from '../../src/endpoint/quota-owners.ts';
import { manualClock } from '../../src/testing/index.ts';
import { collectGarbage } from '../support/parts.ts';

const HERE = 'https://api.example/v1';
const state = () => new EndpointState(false, manualClock(), () => undefined);
const from = (organization: string, project?: string) =>
  new Headers({ 'openai-organization': organization, ...(project ? { 'openai-project': project } : {}) });

it('two that name the same organisation and project at one address share a quota, told once', () => {
  const owners = new QuotaOwners();
  const [a, b, c] = [state(), state(), state()];
  expect(owners.note(a, HERE, from('acme', 'p'))).toBe(false);
  expect(owners.note(b, 'https://api.example/other', from('acme', 'p'))).toBe(true);
  expect(owners.note(b, HERE, from('acme', 'p'))).toBe(false);
  expect(owners.note(c, HERE, from('acme', 'p'))).toBe(true);
  expect(new Set([a.quota, b.quota, c.quota]).size).toBe(1);
  expect([...a.quota.members]).toEqual([a, b, c]);
});

it.each([
  ['another organisation', HERE, from('other', 'p')],
  ['another project', HERE, from('acme', 'q')],
  ['another address', 'https://relay.example/v1', from('acme', 'p')],
  ['no organisation', HERE, new Headers()],
  ['an endless one', HERE, from('x'.repeat(300), 'p')],
])('not with %s', (_, baseURL, headers) => {
  const owners = new QuotaOwners();
  const [a, b] = [state(), state()];
  owners.note(a, HERE, from('acme', 'p'));
  expect(owners.note(b, baseURL, headers)).toBe(false);
  expect(a.quota).not.toBe(b.quota);
});

it('whoever names one and then another draws on none with others, for good', () => {
  const owners = new QuotaOwners();
  const [a, b] = [state(), state()];
  owners.note(a, HERE, from('acme'));
  owners.note(b, HERE, from('acme'));
  const shared = a.quota;
  owners.note(b, HERE, from('other'));
  expect([a.quota === shared, b.quota === shared, [...shared.members]]).toEqual([true, false, [a]]);
  expect(owners.note(b, HERE, from('acme'))).toBe(false);
  expect(b.quota).not.toBe(shared);
});

it('whose key is gone for good is forgotten, so that rotated keys do not pile up', async () => {
  const owners = new QuotaOwners();
  const last = state();
  for (let key = 0; key < 100; key++) owners.note(state(), HERE, from('acme'));
  await collectGarbage();
  owners.note(last, HERE, from('acme'));
  expect(last.quota.members).toEqual([last]);
});
