// The table of operations knows every path of the SDK: a resource that a newer SDK adds fails here, not at its users.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../src/affinity/place.ts';
import { bodies, queries } from '../../src/affinity/places.ts';
import { operationOf } from '../../src/call/operations.ts';
import type { OwnedId } from '../../src/call/owned-id.ts';
import { MARK, type SdkCall, walkSdk } from './support/sdk-walk.ts';

/** What a method that posts does; one with a new name has to be looked at. */
const MAKES = new Set(
  'create createAndRun createCharacter upload compact edit extend remix fork test rotateSecret'.split(' '),
);
const CHANGES = new Set(
  'update cancel complete submitToolOutputs pause resume run validate search accept hangup refer reject activate deactivate archive updateRateLimit'.split(
    ' ',
  ),
);
const ANSWERS = new Set('create compact count edit generate createVariation'.split(' '));

/** Paths of the account itself: all of it stays at home, and nothing is followed. */
const ADMIN = /^\/(organization|projects)\//;
/** Marked segments that are names within the object before. */
const isName = (path: string, segment: string) =>
  path.endsWith(`/versions/${segment}`) || path.includes(`/versions/${segment}/`);
const isModel = (segment: string) => /checkpoint|model$/i.test(segment);

/** The marked segments of a path that are ids, each with the path up to it. */
function idsOf(path: string): { id: string; at: string }[] {
  const segments = path.split('?', 1)[0]!.split('/');
  return segments.flatMap((id, index) =>
    id.startsWith(MARK) && !isName(path, id) ? [{ id, at: segments.slice(0, index + 1).join('/') }] : [],
  );
}

/** `/files/mark-fileID` and `/files/mark-file_id` are one path. */
const shape = (path: string) => path.split('?', 1)[0]!.replaceAll(new RegExp(`${MARK}[^/]+`, 'g'), '*');

describe.each(['openai', 'openai-6', 'openai-6-low'])('every call of the resources of %s', async (name) => {
  const { OpenAI } = (await import(name)) as typeof import('openai');
  const { calls, silent } = walkSdk(OpenAI);
  const shown = new Set(calls.filter(({ verb }) => verb === 'get').map(({ path }) => shape(path)));
  const each = (check: (call: SdkCall) => unknown) =>
    calls.flatMap((call) => {
      const wrong = check(call);
      return wrong === undefined ? [] : [`${call.method}: ${call.verb} ${call.path} ${String(wrong)}`];
    });

  it('is walked', () => {
    expect(calls.length).toBeGreaterThan(100);
    expect(silent.filter((method) => method !== 'beta.agents.environments.files.upload')).toEqual([]);
    expect(calls.filter(({ path }) => /undefined|\[object/.test(path))).toEqual([]);
  });

  it('is known to the table', () => {
    expect(each(({ verb, path }) => (operationOf(verb, path).name === 'other' ? 'is in no row' : undefined))).toEqual(
      [],
    );
  });

  it('has its ids where the path has them, and nothing else taken for one', () => {
    const wrong = each(({ verb, path }) => {
      const wanted = ADMIN.test(path) || /^\/models\//.test(path) ? [] : idsOf(path).map(({ id }) => id);
      const found = operationOf(verb, path).ids.map(({ id }) => id);
      return wanted.join() === found.join() ? undefined : `has ids ${JSON.stringify(found)}`;
    });
    expect(wrong).toEqual([]);
  });

  it('tells where the API shows its objects, and only there', () => {
    const wrong = each(({ verb, path }) => {
      const ids = operationOf(verb, path).ids;
      const places = idsOf(path).filter(({ id }) => !isModel(id));
      const bad = places.find(({ id, at }) => {
        const found = ids.find((each) => each.id === id);
        return found && found.readAt !== (shown.has(shape(at)) ? at : undefined);
      });
      return bad && `is said to be shown at ${ids.find(({ id }) => id === bad.id)?.readAt}`;
    });
    // An older SDK lacks some reads that the API has.
    if (name === 'openai') expect(wrong).toEqual([]);
  });

  it('is of the account when it is about the account', () => {
    expect(
      each(({ verb, path }) => (ADMIN.test(path) && operationOf(verb, path).place !== 'home' ? 'roams' : undefined)),
    ).toEqual([]);
  });

  it('is known to make an object or not', () => {
    const wrong = each(({ method, verb, path }) => {
      if (verb !== 'post') return operationOf(verb, path).creates ? 'is said to make something' : undefined;
      const does = method.split('.').at(-1) as string;
      const { creates, place, stream } = operationOf(verb, path);
      if (place === 'anywhere' && stream !== 'assistants' && !ADMIN.test(path))
        return creates || !(ANSWERS.has(does) || CHANGES.has(does)) ? 'is an answer' : undefined;
      if (!MAKES.has(does) && !CHANGES.has(does)) return `does nobody knows what`;
      return creates === MAKES.has(does) ? undefined : creates ? 'makes nothing' : 'makes an object';
    });
    expect(wrong).toEqual([]);
  });
});

describe('the walk', async () => {
  const { OpenAI: Base } = await import('openai');

  it('finds a resource nobody has heard of', () => {
    class Novelties {
      _client: { get(path: string): unknown };
      constructor(client: Novelties['_client']) {
        this._client = client;
      }
      retrieve(noveltyID: string) {
        return this._client.get(`/novelties/${noveltyID}`);
      }
    }
    class Newer extends Base {
      novelties = new Novelties(this as unknown as Novelties['_client']);
    }
    const found = walkSdk(Newer).calls.filter(({ method }) => method === 'novelties.retrieve');
    expect(found).toEqual([{ method: 'novelties.retrieve', verb: 'get', path: '/novelties/mark-noveltyID' }]);
    expect(operationOf('get', found[0]!.path).name).toBe('other');
  });
});

/** Fields called an id that lead nowhere by themselves: handed out, part of a path, made up by the caller, or of one event. */
const NOT_FOLLOWED = new Set(
  `error_file_id output_file_id remixed_from_video_id first_id last_id response_id item_id previous_item_id message_id
   conversation_id eval_id upload_id vector_store_id vault_id automation_id subagent_id turn_id fine_tuning_job_id webhook_endpoint_id
   call_id tool_call_id caller_id connector_id segment_id group_id field_id field_ids datasource_item_id client_id
   event_id client_event_id source_event_id trigger_id stream_id request_id delegation_id
   sender_agent_id recipient_agent_id recipient_agent_ids parent_agent_id project_id project_ids organization_id`.split(
    /\s+/,
  ),
);

/** The fields of the SDK's types that are called an id, those of the account's administration left out. */
function idFields(): Set<string> {
  const root = join(dirname(createRequire(import.meta.url).resolve('openai')), 'resources');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => file.endsWith('.d.ts') && !file.startsWith('admin'))
    .map((file) => readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, ''));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/^\s+'?([a-z]\w*_ids?)'?\??:/gm)].map(([, name]) => name as string)),
  );
}

/** Every field that a place of the tables names, with the ids found there. */
function named(place: Place, name = '', found = new Map<string, OwnedId[]>()): Map<string, OwnedId[]> {
  const id = place.text?.('ft:x');
  if (id) found.set(name, [...(found.get(name) ?? []), id]);
  for (const [field, inner] of place.fields ?? []) named(inner, field, found);
  if (place.each) named(place.each, name, found);
  for (const type of ['item_reference', 'mcp_approval_response', 'code_interpreter_call', 'shell_call', 'file_id']) {
    const also = place.also?.({ type });
    if (also) named(also, name, found);
  }
  return found;
}

describe('the tables of bodies and queries', async () => {
  const { OpenAI } = await import('openai');
  const found = new Map<string, OwnedId[]>();
  for (const place of [...bodies.values(), ...queries.values()]) named(place, '', found);

  it('send readers to paths that the API has', () => {
    const shown = new Set(
      walkSdk(OpenAI)
        .calls.filter(({ verb }) => verb === 'get')
        .map(({ path }) => shape(path)),
    );
    const places = new Set([...found.values()].flat().flatMap(({ readAt }) => readAt ?? []));
    expect(places.size).toBeGreaterThan(10);
    const lacking = [...places].map((path) => path.replace(/[^/]+$/, '*')).filter((path) => !shown.has(path));
    // What an older major lacks the API has.
    if (walkSdk(OpenAI).calls.some(({ path }) => path.startsWith('/vaults'))) expect(lacking).toEqual([]);
  });

  it('know every field of the SDK that is called an id', () => {
    const unheard = [...idFields()].filter((field) => !found.has(field) && !NOT_FOLLOWED.has(field));
    expect(unheard).toEqual([]);
  });
});
