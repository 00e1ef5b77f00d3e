/** What happened: the log of calls, the sums of what was used, and the last ten minutes by second. */
import { z } from 'zod';
import { expected } from '../../config/fields.ts';
import { endpointStates } from '../figures/status-pages.ts';
import { type UsageField, usageFields } from '../store/call-record.ts';
import { invalid } from './admin-error.ts';
import { packageVersion } from './package-version.ts';
import type { AdminRoute, AdminSurroundings } from './route.ts';
import { callRecord, liveEndpoint, second, storeState, usageRow } from './shapes.ts';

const LONGEST = 256;
const name = z
  .string()
  .max(LONGEST, { error: `must have at most ${LONGEST} characters` })
  .optional();
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a day such as 2030-01-31' })
  .optional();
const digits = (what: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be ${what}` })
    .optional();

/** The running second is told when it is over. */
function live(after: string | undefined, { around, running, store }: AdminSurroundings): object {
  const { clock, figures, since, live: figuresBySecond } = around;
  const { settings, pools } = running();
  const sources = new Map(settings.endpoints.map((endpoint) => [endpoint.name, endpoint.source]));
  const snapshots = pools.clients.map((client) => client.balancer.snapshot());
  const budgets = snapshots.flatMap(({ retryBudget }) => retryBudget ?? []);
  return {
    ...{ now: clock.date(), since, running: figures.running },
    endpoints: endpointStates(running()).map((state) => ({ ...state, source: sources.get(state.name) })),
    waiting: snapshots.reduce((sum, { waiting }) => sum + waiting, 0),
    // Each pool has one of its own; the scarcest says whether there is trouble.
    retryBudget: budgets.length > 0 ? Math.min(...budgets) : null,
    seconds: figuresBySecond.after(Number(after ?? 0)),
    ...{ store: store.state, version: packageVersion },
  };
}

function fieldsOf(by: string | undefined): UsageField[] {
  const fields = (by ?? '').split(',').filter((field) => field !== '');
  const isField = (field: string): field is UsageField => (usageFields as readonly string[]).includes(field);
  if (!fields.every(isField))
    throw invalid(
      [{ path: 'by', message: `must name some of ${usageFields.join(', ')}, with commas between` }],
      'invalid_query',
    );
  return [...new Set(fields as UsageField[])];
}

/** The routes. */
export const logRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: '/admin/log', does: 'A page of the log of calls, the newest first.' },
    query: {
      limit: digits('a number of calls, at most 1000'),
      before: z.string().max(LONGEST).optional().describe('The next of the page before.'),
      ...{ model: name, endpoint: name, key: name },
      status: z
        .string(expected("a status such as 429, or 'failed'"))
        .regex(/^(\d{3}|failed)$/, { error: "must be a status such as 429, or 'failed'" })
        .optional(),
    },
    replies: { 200: z.strictObject({ calls: z.array(callRecord), next: z.string().nullable() }) },
    async run({ query: { limit, status, before, model, endpoint, key } }, { store }) {
      const page = await store.calls.page({
        ...{ before, model, endpoint, key },
        limit: limit === undefined ? undefined : Number(limit),
        status: status === undefined || status === 'failed' ? status : Number(status),
      });
      return { status: 200, body: page };
    },
  },
  {
    ...{ method: 'GET', path: '/admin/usage', does: 'Sums of what was used, by any of day, key, model, endpoint.' },

    query: { from: day, to: day, key: name, by: z.string().max(LONGEST).optional().describe('Such as key,day.') },
    replies: { 200: z.strictObject({ usage: z.array(usageRow) }) },
    async run({ query: { from, to, key, by } }, { store }) {
      return { status: 200, body: { usage: await store.calls.usage({ from, to, key, by: fieldsOf(by) }) } };
    },
  },
  {
    ...{
      method: 'GET',
      path: '/admin/live',
      does: 'What happens now, and the last ten minutes by second.',
    },
    query: { after: digits('a second, as the last one told').describe('Only seconds after this one.') },
    replies: {
      200: z.strictObject({
        ...{ now: z.number(), since: z.number(), running: z.number(), endpoints: z.array(liveEndpoint) },
        ...{ waiting: z.number(), retryBudget: z.number().nullable(), seconds: z.array(second) },
        ...{ store: storeState, version: z.string() },
      }),
    },
    run: ({ query: { after } }, admin) => ({ status: 200, body: live(after, admin) }),
  },
];
