// weave: `wrapOpenAI`, and its automatic mode, which replaces the constructor by one whose instances are Proxies on which the
// SDK's own methods fail.
import { test } from 'node:test';
import { followCalls, staysOurs } from './support/traced-calls.ts';
import { followInProcess } from './support/traced-process.ts';
import { following, wrap } from './tracers/weave.ts';

test('wrapOpenAI: one call in the trace per call', () =>
  followCalls({ ...following, wrap, unseen: [...(following.unseen ?? []), 'withOptions'] }));

test('wrapOpenAI: the client is ours in what only ours has, and tells no key', () => staysOurs({ ...following, wrap }));

test('automatic, CommonJS', () => followInProcess({ format: 'cjs', tracer: 'weave' }));
