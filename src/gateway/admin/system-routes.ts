/** The gateway as a whole: its configuration, read again or handed out, a test call, and the description of all routes. */
import { z } from 'zod';
import { strict, text } from '../../config/fields.ts';
import { exported } from './config-export.ts';
import { type AdminRoute, changeable, checked, nothing } from './route.ts';
import { attempt, decision, warnings } from './shapes.ts';
import { testCall } from './test-call.ts';

const LONGEST_MODEL = 256;
const count = z.number();
const testBody = strict({
  model: text('a model name').max(LONGEST_MODEL).describe('A public model name, as clients ask for it.'),
});

/** The routes. */
export const systemRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: '/admin/config', does: 'All that counts, as a file could hold it; keys are references.' },
    replies: { 200: z.strictObject({ config: z.looseObject({}), source: z.string(), warnings }) },
    run(_, { running, store }) {
      const { settings } = running();
      const config = exported(settings, store.keys.list());
      return { status: 200, body: { config, source: settings.source, warnings: settings.warnings } };
    },
  },
  {
    ...{ method: 'POST', path: '/admin/reload', body: nothing, errors: [409] },
    does: 'Reads the configuration file again; one that is wrong changes nothing.',
    replies: { 200: z.strictObject({ endpoints: count, groups: count, clientKeys: count, warnings }) },
    run(_, admin) {
      const { endpoints, groups, clientKeys, warnings: notes } = changeable(admin).refresh();
      const keys = clientKeys.length + admin.store.keys.list().length;
      const counts = { endpoints: endpoints.length, groups: groups.length, clientKeys: keys };
      return { status: 200, body: { ...counts, warnings: notes } };
    },
  },
  {
    ...{ method: 'POST', path: '/admin/test', body: testBody },
    does: 'Makes a real call of a few tokens to a model, and tells how it went. It costs what such a call costs.',
    replies: {
      200: z.strictObject({
        ...{ ok: z.boolean(), status: z.number(), endpoint: z.string().nullable(), ms: z.number() },
        ...{ attempts: z.array(attempt), decisions: z.array(decision), error: z.string().optional() },
      }),
    },
    async run({ body, signal }, admin) {
      const { model } = checked(testBody, body, 'invalid_test');
      return { status: 200, body: await testCall(model, admin, signal) };
    },
  },
];
