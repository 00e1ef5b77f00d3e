/** The form of a new client key, and the one time that the key is shown. */
import { useState } from 'preact/hooks';
import { post } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ChoiceField, Problems, TextField } from '../parts/field.tsx';
import { tell } from '../parts/toasts.tsx';
import { say } from '../say.ts';
import { changed } from './change.ts';
import { type KeyDraft, keyBody, newKey } from './key-draft.ts';
import { useSaving } from './use-saving.ts';

const FIELDS = ['name', 'groups', 'limits.requestsPerMinute', 'limits.tokensPerMinute', 'limits.budget', 'expiresAt'];

/** Shows a new key, which nobody can show again. */
function ShownOnce({ shown, onClose }: { shown: string; onClose: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(shown);
      tell(say('copied'));
    } catch {
      // Without a secure context there is no clipboard: the text is selected for the reader's own copying.
      document.querySelector<HTMLInputElement>('#new-key')?.select();
    }
  };
  return (
    <Dialog title={say('key.made')} onClose={onClose}>
      <p>{say('key.once')}</p>
      <div class="copy">
        <input
          id="new-key"
          readOnly
          value={shown}
          aria-label={say('key.made')}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button type="button" class="primary" onClick={copy}>
          {say('copy')}
        </button>
      </div>
      <footer>
        <button type="button" onClick={onClose}>
          {say('done')}
        </button>
      </footer>
    </Dialog>
  );
}

/** The dialog. @param groups the public names to choose from. */
export function KeyForm({ groups, onClose }: { groups: readonly string[]; onClose: () => void }) {
  const [draft, setDraft] = useState(newKey);
  const [made, setMade] = useState<string>();
  const { issues, others, message, running, run } = useSaving(FIELDS);
  const set = (next: Partial<KeyDraft>) => setDraft((now) => ({ ...now, ...next }));
  const submit = async (event: Event) => {
    event.preventDefault();
    await run(async () => {
      const { key } = await post<{ key: string }>('/keys', keyBody(draft));
      setMade(key);
      changed();
    });
  };
  if (made !== undefined) return <ShownOnce shown={made} onClose={onClose} />;
  return (
    <Dialog title={say('key.add')} onClose={onClose}>
      <form onSubmit={submit} class="form">
        <Problems message={message} issues={others} />
        <TextField
          {...{
            label: say('name'),
            path: 'name',
            issues,
            value: draft.name,
            required: true,
            placeholder: 'team-search',
          }}
          hint={say('key.name.hint')}
          onChange={(name) => set({ name })}
        />
        {groups.length > 0 && (
          <fieldset class="checks">
            <legend>{say('key.groups')}</legend>
            {groups.map((name) => (
              <label key={name}>
                <input
                  type="checkbox"
                  checked={draft.groups.includes(name)}
                  onChange={({ currentTarget }) =>
                    set({
                      groups: currentTarget.checked
                        ? [...draft.groups, name]
                        : draft.groups.filter((each) => each !== name),
                    })
                  }
                />
                <span class="name">{name}</span>
              </label>
            ))}
            <p class="hint">{say('key.groups.hint')}</p>
          </fieldset>
        )}
        <div class="pair">
          <TextField
            {...{ label: say('rpm'), path: 'limits.requestsPerMinute', issues, value: draft.requestsPerMinute }}
            onChange={(requestsPerMinute) => set({ requestsPerMinute })}
          />
          <TextField
            {...{ label: say('tpm'), path: 'limits.tokensPerMinute', issues, value: draft.tokensPerMinute }}
            onChange={(tokensPerMinute) => set({ tokensPerMinute })}
          />
        </div>
        <div class="pair">
          <TextField
            {...{ label: say('budget'), path: 'limits.budget', issues, value: draft.budget }}
            hint={say('budget.hint')}
            onChange={(budget) => set({ budget })}
          />
          <ChoiceField
            {...{ label: say('budget.per'), path: 'limits.budget.per', issues: [], value: draft.per }}
            choices={[
              ['month', say('month')],
              ['day', say('day')],
            ]}
            onChange={(per) => set({ per: per as KeyDraft['per'] })}
          />
        </div>
        <TextField
          {...{ label: say('expires'), path: 'expiresAt', issues, value: draft.expiresAt, type: 'datetime-local' }}
          hint={say('expires.hint')}
          onChange={(expiresAt) => set({ expiresAt })}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {say('cancel')}
          </button>
          <button type="submit" class="primary" disabled={running}>
            {say('key.create')}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
