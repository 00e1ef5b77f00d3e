// The table of operations: what a method and a path mean for balancing.
import { describe, expect, it } from 'vitest';
import { type Operation, operationNames, operationOf } from '../../src/call/operations.ts';

/** method, path, name, place, creates, ids */
type Row = [string, string, string, Operation['place'], boolean, string[]];

const FREE: Row[] = [
  ['post', '/chat/completions', 'chat', 'anywhere', false, []],
  ['get', '/chat/completions/chatcmpl-1', 'chat', 'anywhere', false, ['chatcmpl-1']],
  ['get', '/chat/completions/chatcmpl-1/messages', 'chat', 'anywhere', false, ['chatcmpl-1']],
  ['post', '/completions', 'completions', 'anywhere', false, []],
  ['post', '/embeddings', 'embeddings', 'anywhere', false, []],
  ['post', '/moderations', 'moderations', 'anywhere', false, []],
  ['post', '/images/generations', 'images', 'anywhere', false, []],
  ['post', '/audio/speech', 'audio', 'anywhere', false, []],
  ['post', '/audio/transcriptions', 'audio', 'anywhere', false, []],
  ['get', '/models', 'models', 'anywhere', false, []],
  ['get', '/models/gpt-5', 'models', 'anywhere', false, []],
  ['post', '/responses', 'responses', 'anywhere', false, []],
  ['get', '/responses/resp_1', 'responses', 'anywhere', false, ['resp_1']],
  ['post', '/responses/resp_1/cancel', 'responses', 'anywhere', false, ['resp_1']],
  ['get', '/responses/resp_1/input_items', 'responses', 'anywhere', false, ['resp_1']],
  ['post', '/responses/compact', 'responses', 'anywhere', false, []],
  ['post', '/responses/input_tokens', 'responses', 'anywhere', false, []],
  ['get', '/v9/unheard-of/thing', 'other', 'anywhere', false, []],
  ['post', '/v9/unheard-of', 'other', 'anywhere', false, []],
  ['get', '/', 'other', 'anywhere', false, []],
  ['get', '', 'other', 'anywhere', false, []],
];

const SPREAD: Row[] = [
  ['post', '/conversations', 'conversations', 'anywhere', true, []],
  ['post', '/conversations/conv_1', 'conversations', 'anywhere', false, ['conv_1']],
  ['post', '/conversations/conv_1/items', 'conversations', 'anywhere', true, ['conv_1']],
  ['delete', '/conversations/conv_1', 'conversations', 'anywhere', false, ['conv_1']],
];

const HOME: Row[] = [
  ['post', '/threads', 'threads', 'home', true, []],
  ['post', '/threads/runs', 'threads', 'home', true, []],
  ['post', '/threads/thread_1/runs', 'threads', 'home', true, ['thread_1']],
  ['get', '/threads/thread_1/runs/run_1', 'threads', 'home', false, ['thread_1', 'run_1']],
  ['post', '/threads/thread_1/runs/run_1/cancel', 'threads', 'home', false, ['thread_1', 'run_1']],
  ['post', '/threads/thread_1/runs/run_1/submit_tool_outputs', 'threads', 'home', false, ['thread_1', 'run_1']],
  ['get', '/threads/thread_1/runs/run_1/steps/step_1', 'threads', 'home', false, ['thread_1', 'run_1', 'step_1']],
  ['post', '/files', 'files', 'home', true, []],
  ['get', '/files', 'files', 'home', false, []],
  ['get', '/files/file-1/content', 'files', 'home', false, ['file-1']],
  ['delete', '/files/file-1', 'files', 'home', false, ['file-1']],
  ['post', '/uploads', 'uploads', 'home', true, []],
  ['post', '/uploads/up_1/parts', 'uploads', 'home', true, ['up_1']],
  ['post', '/uploads/up_1/complete', 'uploads', 'home', false, ['up_1']],
  ['post', '/batches', 'batches', 'home', true, []],
  ['post', '/batches/batch_1/cancel', 'batches', 'home', false, ['batch_1']],
  ['post', '/assistants', 'assistants', 'home', true, []],
  ['post', '/assistants/asst_1', 'assistants', 'home', false, ['asst_1']],
  ['post', '/vector_stores', 'vector_stores', 'home', true, []],
  ['post', '/vector_stores/vs_1/search', 'vector_stores', 'home', false, ['vs_1']],
  ['post', '/vector_stores/vs_1/files', 'vector_stores', 'home', true, ['vs_1']],
  ['post', '/vector_stores/vs_1/file_batches', 'vector_stores', 'home', true, ['vs_1']],
  ['get', '/vector_stores/vs_1/file_batches/vsfb_1/files', 'vector_stores', 'home', false, ['vs_1', 'vsfb_1']],
  ['post', '/fine_tuning/jobs', 'fine_tuning', 'home', true, []],
  ['post', '/fine_tuning/jobs/ft_1/pause', 'fine_tuning', 'home', false, ['ft_1']],
  ['post', '/fine_tuning/alpha/graders/run', 'fine_tuning', 'home', false, []],
  ['post', '/fine_tuning/jobs/ft_1/resume', 'fine_tuning', 'home', false, ['ft_1']],
  ['get', '/fine_tuning/jobs/ft_1/events', 'fine_tuning', 'home', false, ['ft_1']],
  ['get', '/fine_tuning/jobs/ft_1/checkpoints', 'fine_tuning', 'home', false, ['ft_1']],
  ['post', '/fine_tuning/jobs/ft_1/cancel', 'fine_tuning', 'home', false, ['ft_1']],
  ['post', '/fine_tuning/checkpoints/ft:x/permissions', 'fine_tuning', 'home', true, ['ft:x']],
  ['post', '/fine_tuning/alpha/graders/validate', 'fine_tuning', 'home', false, []],
  ['post', '/containers', 'containers', 'home', true, []],
  ['get', '/containers/cntr_1/files/cfile_1/content', 'containers', 'home', false, ['cntr_1', 'cfile_1']],
  ['post', '/evals', 'evals', 'home', true, []],
  ['post', '/evals/eval_1/runs', 'evals', 'home', true, ['eval_1']],
  ['post', '/videos', 'videos', 'home', true, []],
  ['post', '/videos/video_1/remix', 'videos', 'home', true, ['video_1']],
  ['post', '/skills', 'skills', 'home', true, []],
  ['get', '/skills/skill_1/versions/2/content', 'skills', 'home', false, ['skill_1']],
  ['post', '/videos/edits', 'videos', 'home', true, []],
  ['post', '/videos/extensions', 'videos', 'home', true, []],
  ['post', '/videos/characters', 'videos', 'home', true, []],
  ['get', '/videos/characters/char_1', 'videos', 'home', false, ['char_1']],
  ['get', '/evals/eval_1/runs/run_1/output_items/o_1', 'evals', 'home', false, ['eval_1', 'run_1', 'o_1']],
  ['post', '/realtime/sessions', 'realtime', 'home', true, []],
  ['post', '/realtime/transcription_sessions', 'realtime', 'home', true, []],
  ['post', '/realtime/calls', 'realtime', 'home', true, []],
  ['post', '/realtime/calls/rtc_1/accept', 'realtime', 'home', false, ['rtc_1']],
  ['post', '/realtime/calls/rtc_1/refer', 'realtime', 'home', false, ['rtc_1']],
  ['post', '/realtime/calls/rtc_1/reject', 'realtime', 'home', false, ['rtc_1']],
  ['get', '/chatkit/threads/cthr_1/items', 'chatkit', 'home', false, ['cthr_1']],
  ['post', '/chatkit/sessions/cksess_1/cancel', 'chatkit', 'home', false, ['cksess_1']],
  ['post', '/agents', 'agents', 'home', true, []],
  ['get', '/agents/sessions/s_1/turns/t_1/artifacts', 'agents', 'home', false, ['s_1', 't_1']],
  ['post', '/realtime/client_secrets', 'realtime', 'home', true, []],
  ['post', '/realtime/calls/rtc_1/hangup', 'realtime', 'home', false, ['rtc_1']],
  ['post', '/chatkit/sessions', 'chatkit', 'home', true, []],
  ['post', '/vaults/v_1/credentials', 'vaults', 'home', true, ['v_1']],
  ['post', '/webhook_endpoints', 'webhook_endpoints', 'home', true, []],
  ['post', '/audio/voices', 'audio', 'home', true, []],
  ['get', '/audio/voice_consents/cons_1', 'audio', 'home', false, ['cons_1']],
  ['delete', '/models/ft:gpt-4o:org::1', 'models', 'home', false, ['ft:gpt-4o:org::1']],
  ['get', '/fine_tuning/checkpoints/ft:m:o::1/permissions', 'fine_tuning', 'home', false, ['ft:m:o::1']],
  ['post', '/organization/projects/proj_1/api_keys', 'organization', 'home', true, []],
  ['delete', '/projects/proj_1/roles/role_1', 'projects', 'home', false, []],
  ['get', '/safety/alerts/al_1', 'safety', 'home', false, ['al_1']],
  ['get', '/webhook_event_types', 'webhook_event_types', 'home', false, []],
  ['post', '/webhook_endpoints/we_1/rotate_secret', 'webhook_endpoints', 'home', true, ['we_1']],
  ['post', '/live/sessions', 'live', 'home', true, []],
  ['post', '/live/sessions/live_1/fork', 'live', 'home', true, ['live_1']],
  ['post', '/live/sessions/live_1/hangup', 'live', 'home', false, ['live_1']],
  ['post', '/realtime/translations/client_secrets', 'realtime', 'home', true, []],
  ['post', '/agents/automations/auto_1/invocations', 'agents', 'home', true, ['auto_1']],
  ['post', '/agents/environments/env_1/files', 'agents', 'home', true, ['env_1']],
  ['get', '/agents/sessions/s_1/subagents/sub_1/turns/t_1/items', 'agents', 'home', false, ['s_1', 'sub_1', 't_1']],
  ['post', '/skills/skill_1/versions', 'skills', 'home', true, ['skill_1']],
  ['post', '/evals/eval_1/runs/run_1/cancel', 'evals', 'home', false, ['eval_1', 'run_1']],
];

describe.each([
  ['may go anywhere', FREE],
  ['may be made anywhere, once', SPREAD],
  ['belongs to one account', HOME],
])('an operation that %s', (_, rows) => {
  it.each(rows)('%s %s is %s', (method, path, name, place, creates, ids) => {
    const operation = operationOf(method, path);
    expect(operation).toMatchObject({ name, place, creates });
    expect(operation.ids.map(({ id }) => id)).toEqual(ids);
  });
});

it.each<[string, (string | undefined)[]]>([
  ['/files/file-1/content', ['/files/file-1']],
  ['/vector_stores/vs_1/files/file-1', ['/vector_stores/vs_1', '/vector_stores/vs_1/files/file-1']],
  ['/uploads/upload_1/parts', [undefined]],
  ['/realtime/calls/rtc_1/accept', [undefined]],
])('the ids in %s are read at %j', (path, places) => {
  expect(operationOf('post', path).ids.map(({ readAt }) => readAt)).toEqual(places);
});

it('decodes ids, and leaves alone what cannot be', () => {
  expect(operationOf('get', '/files/a%2Fb').ids).toEqual([{ id: 'a/b', readAt: '/files/a%2Fb' }]);
  expect(operationOf('get', '/files/%E0%A4').ids).toEqual([{ id: '%E0%A4', readAt: '/files/%E0%A4' }]);
});

describe('the path', () => {
  it.each(['/files?limit=2', '/files#x', 'files', '//files/', '/files?after=file-1#y'])('may be %s', (path) => {
    expect(operationOf('get', path)).toMatchObject({ name: 'files', ids: [] });
  });

  it('may be none at all', () => {
    expect(operationOf('get', '')).toMatchObject({ name: 'other', ids: [], named: false });
    expect(operationOf('post', '/files')).toMatchObject({ creates: true, ids: [] });
  });

  it('has voices below audio only', () => {
    expect(operationOf('post', '/images/voices')).toMatchObject({ place: 'anywhere', creates: false });
  });

  it.each(['/constructor', '/toString/x', '/__proto__'])('of no API is other: %s', (path) => {
    expect(operationOf('get', path)).toMatchObject({ name: 'other', ids: [], json: false });
  });
});

it.each([
  ['post', '/chat/completions', 'post chat/completions'],
  ['get', '/chat/completions', 'get chat/completions'],
  ['get', '/chat/completions/chatcmpl-1/messages', 'get chat/completions/messages'],
  ['post', '/audio/speech?x=1', 'post audio/speech'],
  ['post', '/responses/compact', 'post responses/compact'],
  ['get', '/models/org/some-model', 'get models'],
  ['delete', '/files/file-1', 'delete files'],
  ['post', '/v2/thing', 'post other'],
])('%s %s goes by the route %s', (method, path, route) => {
  expect(operationOf(method, path).route).toBe(route);
});

it.each<[string, string, boolean]>([
  ['post', '/chat/completions', true],
  ['get', '/files/file-1', true],
  ['get', '/files/file-1/content', false],
  ['get', '/videos/video_1/content', false],
  ['post', '/audio/speech', false],
  ['post', '/audio/transcriptions', false],
  ['get', '/containers/cntr_1/files/cfile_1', true],
  ['get', '/containers/cntr_1/files/content/x', true],
  ['post', '/embeddings', true],
  ['get', '/unheard-of', false],
])('%s %s must answer with a JSON object: %s', (method, path, json) => {
  expect(operationOf(method, path).json).toBe(json);
});

it.each<[string, Operation['stream']]>([
  ['/chat/completions', 'chat'],
  ['/completions', 'completions'],
  ['/responses', 'responses'],
  ['/threads/thread_1/runs', 'assistants'],
  ['/images/generations', 'media'],
  ['/audio/speech', 'media'],
  ['/agents/sessions', 'other'],
  ['/unheard-of', 'other'],
])('a stream of %s is of the kind %s', (path, kind) => {
  expect(operationOf('post', path).stream).toBe(kind);
});

it.each<[string, string, boolean]>([
  ['get', '/models', false],
  ['get', '/models/gpt-5', true],
  ['get', '/files/file-1', true],
  ['post', '/threads/runs', false],
  ['post', '/chat/completions', false],
  ['get', '/unheard-of/x', false],
])('%s %s names one object or model: %s', (method, path, named) => {
  expect(operationOf(method, path).named).toBe(named);
});

it('knows by name what an endpoint may list in `operations`', () => {
  for (const [, , name] of [...FREE, ...SPREAD, ...HOME]) expect(operationNames).toContain(name);
  expect(operationNames).not.toContain('post');
});

it('remembers paths, but none with an id in it, and not without end', () => {
  expect(operationOf('post', '/chat/completions')).toBe(operationOf('post', '/chat/completions'));
  expect(operationOf('get', '/files/file-1')).not.toBe(operationOf('get', '/files/file-1'));
  for (let i = 0; i < 600; i++) operationOf('get', `/models/model-${i}`);
  expect(operationOf('get', '/embeddings')).toBe(operationOf('get', '/embeddings'));
  for (let i = 0; i < 600; i++) {
    operationOf('get', `/unheard-of/${i}`);
    operationOf('get', `/files?after=${i}`);
  }
  // However many paths of a vendor's own there are, a chat call's is not looked up anew each time.
  expect(operationOf('put', '/responses')).toBe(operationOf('put', '/responses'));
  expect(operationOf('get', '/unheard-of/late')).not.toBe(operationOf('get', '/unheard-of/late'));
  expect(operationOf('get', '/models/late')).toEqual(operationOf('get', '/models/later'));
});
