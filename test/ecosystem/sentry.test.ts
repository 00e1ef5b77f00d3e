// Sentry 11 and 10. Version 11 hooks the SDK's methods; version 10 replaces the exported constructor by one that hands back
// Proxies of plain clients.
import { test } from 'node:test';
import { type Format, followInProcess } from './support/traced-process.ts';

const formats: Format[] = ['esm', 'cjs'];

for (const SENTRY of ['@sentry/node', 'sentry-10'])
  for (const format of formats) {
    test(`${SENTRY}, ${format}, manual: instrumentOpenAiClient`, () =>
      followInProcess({ format, tracer: 'sentry', env: { SENTRY, MODE: 'manual' } }));

    test(`${SENTRY}, ${format}, automatic`, () =>
      followInProcess({ format, tracer: 'sentry', flags: ['--import', `${SENTRY}/import`], env: { SENTRY } }));
  }
