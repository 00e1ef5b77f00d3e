/** The collections of a fault server: what can be created, read, listed and acted upon by id. Data for `healthy-objects.ts`. */

/** How the objects of one collection look. */
export interface Kind {
  readonly prefix: string;
  readonly object: string;
  /** Fields a fresh object has besides those of the request. */
  readonly fresh?: Readonly<Record<string, unknown>>;
}

const row = (prefix: string, object: string, fresh: Record<string, unknown> = {}): Kind => ({ prefix, object, fresh });
const counts = { in_progress: 0, completed: 1, failed: 0, cancelled: 0, total: 1 };
const done = { status: 'completed' };
const active = { status: 'active' };
const session = { type: 'realtime', expires_at: 0, client_secret: null };

/** Collections by path; `*` stands for an id. */
export const KINDS: Readonly<Record<string, Kind>> = {
  files: row('file-', 'file', { purpose: 'assistants', status: 'processed', filename: 'file', bytes: 0 }),
  uploads: row('upload_', 'upload', { status: 'pending' }),
  'uploads/*/parts': row('part_', 'upload.part'),
  batches: row('batch_', 'batch', { status: 'validating', output_file_id: null, error_file_id: null }),
  vector_stores: row('vs_', 'vector_store', { ...done, name: null, usage_bytes: 0, file_counts: counts }),
  'vector_stores/*/files': row('file-', 'vector_store.file', { ...done, usage_bytes: 0, last_error: null }),
  'vector_stores/*/file_batches': row('vsfb_', 'vector_store.file_batch', { ...done, file_counts: counts }),
  'vector_stores/*/file_batches/*/files': row('file-', 'vector_store.file', { ...done, usage_bytes: 0 }),
  assistants: row('asst_', 'assistant', { name: null, tools: [] }),
  threads: row('thread_', 'thread', { tool_resources: null }),
  'threads/*/messages': row('msg_', 'thread.message', { ...done, attachments: [] }),
  'threads/*/runs': row('run_', 'thread.run', { ...done, required_action: null, last_error: null }),
  'threads/*/runs/*/steps': row('step_', 'thread.run.step', done),
  conversations: row('conv_', 'conversation'),
  'conversations/*/items': row('msg_', 'conversation.item', { type: 'message', ...done }),
  containers: row('cntr_', 'container', { status: 'running' }),
  'containers/*/files': row('cfile_', 'container.file', { source: 'user' }),
  evals: row('eval_', 'eval'),
  'evals/*/runs': row('evalrun_', 'eval.run', done),
  'evals/*/runs/*/output_items': row('outputitem_', 'eval.run.output_item'),
  'fine_tuning/jobs': row('ftjob-', 'fine_tuning.job', { status: 'queued', fine_tuned_model: null, result_files: [] }),
  'fine_tuning/jobs/*/events': row('ftevent-', 'fine_tuning.job.event'),
  'fine_tuning/jobs/*/checkpoints': row('ftckpt_', 'fine_tuning.job.checkpoint'),
  'fine_tuning/checkpoints/*/permissions': row('cp_', 'checkpoint.permission'),
  videos: row('video_', 'video', { status: 'queued', progress: 0 }),
  'videos/characters': row('char_', 'video.character'),
  skills: row('skill_', 'skill', { default_version: '1', latest_version: '1' }),
  'skills/*/versions': row('', 'skill.version'),
  responses: row('resp_', 'response'),
  'responses/*/input_items': row('msg_', 'response.item'),
  'chat/completions': row('chatcmpl-', 'chat.completion'),
  'chat/completions/*/messages': row('msg_', 'chat.completion.message'),
  'audio/voices': row('voice_', 'audio.voice'),
  'audio/voice_consents': row('cons_', 'audio.voice_consent'),
  'realtime/calls': row('rtc_', 'realtime.call'),
  'realtime/sessions': row('sess_', 'realtime.session', session),
  'realtime/transcription_sessions': row('sess_', 'realtime.transcription_session', session),
  'realtime/client_secrets': row('ek_', 'realtime.client_secret'),
  'realtime/translations/client_secrets': row('ek_', 'realtime.client_secret'),
  'live/sessions': row('live_', 'live.session', active),
  'chatkit/sessions': row('cksess_', 'chatkit.session', { ...active, client_secret: 'secret' }),
  'chatkit/threads': row('cthr_', 'chatkit.thread', { status: { type: 'active' } }),
  'chatkit/threads/*/items': row('cthi_', 'chatkit.thread_item'),
  agents: row('agent_', 'agent'),
  'agents/sessions': row('asess_', 'agent.session', { status: 'idle' }),
  'agents/sessions/*/events': row('aevt_', 'agent.session.event'),
  'agents/sessions/*/items': row('aitem_', 'agent.session.item'),
  'agents/sessions/*/turns': row('turn_', 'agent.session.turn', done),
  'agents/sessions/*/turns/*/items': row('aitem_', 'agent.session.item'),
  'agents/sessions/*/artifacts': row('artf_', 'agent.session.artifact'),
  'agents/sessions/*/traces': row('trace_', 'agent.session.trace'),
  'agents/sessions/*/subagents': row('sub_', 'agent.session.subagent'),
  'agents/sessions/*/subagents/*/items': row('aitem_', 'agent.session.item'),
  'agents/sessions/*/subagents/*/turns': row('turn_', 'agent.session.turn', done),
  'agents/sessions/*/subagents/*/turns/*/items': row('aitem_', 'agent.session.item'),
  'agents/environments': row('env_', 'agent.environment', { status: 'ready' }),
  'agents/environments/*/files': row('envfile_', 'agent.environment.file'),
  'agents/environments/templates': row('envtmpl_', 'agent.environment.template'),
  'agents/automations': row('auto_', 'agent.automation', active),
  'agents/automations/*/invocations': row('inv_', 'agent.automation.invocation', done),
  vaults: row('vault_', 'vault', active),
  'vaults/*/credentials': row('cred_', 'vault.credential', active),
  webhook_endpoints: row('we_', 'webhook_endpoint', active),
  'safety/alerts': row('alert_', 'safety.alert'),
  'safety/cases': row('case_', 'safety.case'),
};

/** What a `POST` there makes in a collection that stands elsewhere. */
export const MAKERS: Readonly<Record<string, string>> = {
  'videos/edits': 'videos',
  'videos/extensions': 'videos',
  'videos/*/remix': 'videos',
  'live/sessions/*/fork': 'live/sessions',
};

/** What `POST …/{id}/{action}` makes of an object's status; nothing = it stays as it is. */
export const ACTIONS: Readonly<Record<string, string | undefined>> = {
  cancel: 'cancelled',
  complete: 'completed',
  submit_tool_outputs: 'completed',
  pause: 'paused',
  resume: 'active',
  accept: 'active',
  hangup: 'ended',
  refer: 'referred',
  reject: 'rejected',
  rotate_secret: undefined,
  test: undefined,
};

/** Ids in a request's body that must exist here, by field. */
export const REFERENCES = ['input_file_id', 'training_file', 'file_id', 'assistant_id', 'agent_id', 'consent'] as const;

function fits(pattern: string, parts: readonly string[]): boolean {
  const steps = pattern.split('/');
  return steps.length === parts.length && steps.every((step, i) => step === '*' || step === parts[i]);
}

/** The kind of objects a collection holds; undefined when it is none. */
export function kindAt(parts: readonly string[]): Kind | undefined {
  const pattern = Object.keys(KINDS).find((each) => fits(each, parts));
  return pattern === undefined ? undefined : KINDS[pattern];
}

/** The collection in which a `POST` to this path makes an object, when it is not the path itself. */
export function makerAt(parts: readonly string[]): string | undefined {
  const pattern = Object.keys(MAKERS).find((each) => fits(each, parts));
  return pattern === undefined ? undefined : MAKERS[pattern];
}
