/** Groups: listed, put, deleted. Those of the file are shown, and changed in the file. */

import { z } from 'zod';
import { pathOf } from '../../config/problems.ts';
import { isObject } from '../config/check-shape.ts';
import { group } from '../config/schema.ts';
import { invalid } from './admin-error.ts';
import { told } from './endpoint-routes.ts';
import { groupOf, refuseInUse, refuseName, refuseNamed, unknown } from './find.ts';
import { referenceIssues } from './new-endpoint.ts';
import { type AdminRoute, type AdminSurroundings, changeable } from './route.ts';
import { groupView, warnings } from './shapes.ts';
import { groupShown } from './views.ts';

async function put(name: string, body: unknown, admin: AdminSurroundings) {
  const configuration = changeable(admin);
  refuseName(name);
  const { settings } = configuration;
  const known = settings.groups.find((each) => each.name === name);
  refuseNamed('group', name, known?.source, settings);
  const CODE = 'invalid_configuration';
  if (!isObject(body)) throw invalid([{ path: '', message: 'must be an object such as { endpoints }' }], CODE);
  const issues = referenceIssues(body);
  if (issues.length > 0) throw invalid(issues, CODE);
  const next = await told(() => configuration.change({ groups: { [name]: body } }), pathOf('groups', [name]));
  const shown = groupShown(groupOf(next, name), next.options);
  return { status: known ? 200 : 201, body: { group: shown, warnings: next.warnings } } as const;
}

async function remove(name: string, admin: AdminSurroundings) {
  const configuration = changeable(admin);
  const { groups } = admin.store.config.read();
  const { settings } = configuration;
  const known = settings.groups.find((each) => each.name === name);
  if (!Object.hasOwn(groups, name)) {
    refuseNamed('group', name, known?.source, settings);
    throw unknown('group', name, Object.keys(groups));
  }
  if (known?.source === 'store') refuseInUse('group', name, settings);
  await configuration.change({ groups: { [name]: null } });
  return { status: 200, body: { deleted: name } } as const;
}

const written = z.strictObject({ group: groupView, warnings });

/** The routes. */
export const groupRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: '/admin/groups', does: 'Lists the groups: public model names, and who serves them.' },
    replies: { 200: z.strictObject({ groups: z.array(groupView) }) },
    run(_, { running }) {
      const { groups, options } = running().settings;
      return { status: 200, body: { groups: groups.map((each) => groupShown(each, options)) } };
    },
  },
  {
    ...{ method: 'PUT', path: '/admin/groups/:name', does: 'Makes or replaces a group.', body: group },
    errors: [409],
    replies: { 200: written, 201: written },
    run: ({ name, body }, admin) => put(name, body, admin),
  },
  {
    ...{ method: 'DELETE', path: '/admin/groups/:name', does: 'Deletes a group.', errors: [404, 409] },
    replies: { 200: z.strictObject({ deleted: z.string() }) },
    run: ({ name }, admin) => remove(name, admin),
  },
];
