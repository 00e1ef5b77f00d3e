/** The form of an endpoint. The gateway checks it; what it finds is shown at the fields. */
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { ChoiceField, Problems, TextField } from '../parts/field.tsx';
import { say } from '../say.ts';
import type { EndpointConfig } from '../shapes.ts';
import { saveEndpoint } from './change.ts';
import { type EndpointDraft, endpointBody, endpointDraft } from './endpoint-draft.ts';
import { endpointForm, type OpenForm } from './open-forms.ts';
import { useSaving } from './use-saving.ts';

const FIELDS = ['name', 'type', 'baseURL', 'endpoint', 'apiVersion', 'apiKey', 'models', 'modelMap', 'weight'];
const MORE = ['priority', 'limits.requestsPerMinute', 'limits.tokensPerMinute', 'limits.maxConcurrent'];

const close = (): void => {
  endpointForm.value = undefined;
};

/** The dialog. */
export function EndpointForm({ form }: { form: OpenForm<EndpointConfig> }) {
  const { value, isNew, refused } = form;
  const [draft, setDraft] = useState<EndpointDraft>(endpointDraft(value));
  const { issues, others, message, running, run } = useSaving([...FIELDS, ...MORE], refused);
  const set = (name: keyof EndpointDraft) => (next: string) => setDraft((now) => ({ ...now, [name]: next }));
  const field = (name: keyof EndpointDraft, path: string = name) => ({
    ...{ path, issues, value: draft[name], onChange: set(name) },
  });
  const submit = async (event: Event) => {
    event.preventDefault();
    const name = draft.name.trim();
    if (await run(() => saveEndpoint(name, endpointBody(draft, value), isNew ? undefined : value))) close();
  };
  const hint = value?.key?.hint;
  return (
    <Dialog title={say(isNew ? 'endpoint.add' : 'endpoint.edit')} onClose={close}>
      <form onSubmit={submit} class="form">
        <Problems message={message} issues={others} />
        <div class="pair">
          <TextField label={say('name')} {...field('name')} required disabled={!isNew} placeholder="openai-main" />
          <ChoiceField
            label={say('type')}
            {...field('type')}
            choices={[
              ['openai', say('type.openai')],
              ['azure', 'Azure OpenAI'],
              ['anthropic', 'Anthropic'],
            ]}
          />
        </div>
        {draft.type === 'azure' ? (
          <div class="pair">
            <TextField label={say('azure.endpoint')} {...field('endpoint')} placeholder="https://x.openai.azure.com" />
            <TextField label={say('azure.version')} {...field('apiVersion')} placeholder="2025-04-01-preview" />
          </div>
        ) : (
          <TextField
            label={say('baseURL')}
            {...field('baseURL')}
            hint={say('baseURL.hint')}
            placeholder={draft.type === 'anthropic' ? 'https://api.anthropic.com' : 'https://api.openai.com/v1'}
          />
        )}
        <TextField
          label={say('apiKey')}
          {...field('apiKey')}
          type="password"
          hint={isNew ? say('apiKey.hint') : say('apiKey.keep', { hint: hint ? `…${hint}` : '' })}
        />
        <div class="pair">
          <TextField
            label={say('models')}
            {...field('models')}
            lines={3}
            hint={say('models.hint')}
            placeholder="gpt-5"
          />
          <TextField
            label={say('modelMap')}
            {...field('modelMap')}
            lines={3}
            hint={say('modelMap.hint')}
            placeholder="gpt-5 = openai/gpt-5"
          />
        </div>
        <details open={[...issues].some(({ path }) => /weight|priority|limits/.test(path))}>
          <summary>{say('more.options')}</summary>
          <div class="pair">
            <TextField label={say('weight')} {...field('weight')} hint={say('weight.hint')} />
            <TextField label={say('priority')} {...field('priority')} hint={say('priority.hint')} />
          </div>
          <div class="pair">
            <TextField label={say('rpm')} {...field('requestsPerMinute', 'limits.requestsPerMinute')} />
            <TextField label={say('tpm')} {...field('tokensPerMinute', 'limits.tokensPerMinute')} />
            <TextField label={say('concurrent')} {...field('maxConcurrent', 'limits.maxConcurrent')} />
          </div>
        </details>
        <footer>
          <button type="button" onClick={close}>
            {say('cancel')}
          </button>
          <button type="submit" class="primary" disabled={running}>
            {say('save')}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
