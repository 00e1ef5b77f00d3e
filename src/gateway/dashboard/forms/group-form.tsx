/** The form of a group: its public name, who serves it in which order, and who is asked when nobody can. */
import { useState } from 'preact/hooks';
import { live } from '../live.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ChoiceField, Problems, TextField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { say } from '../say.ts';
import type { Group } from '../shapes.ts';
import { saveGroup } from './change.ts';
import { type GroupDraft, groupBody, groupDraft, type MemberDraft, newMember, strategies } from './group-draft.ts';
import { groupForm, type OpenForm } from './open-forms.ts';
import { type Saving, useSaving } from './use-saving.ts';

const close = (): void => {
  groupForm.value = undefined;
};

function MemberRow({
  member,
  index,
  saving,
  onChange,
  onRemove,
}: {
  member: MemberDraft;
  index: number;
  saving: Saving;
  onChange: (next: MemberDraft) => void;
  onRemove: (() => void) | undefined;
}) {
  const { issues } = saving;
  const names = live.value?.endpoints.map(({ name }) => name) ?? [];
  if (member.endpoint !== '' && !names.includes(member.endpoint)) names.push(member.endpoint);
  const text = (name: keyof MemberDraft, label: string, placeholder = '') => (
    <TextField
      label={label}
      path={`endpoints[${index}].${name}`}
      issues={issues}
      value={member[name]}
      placeholder={placeholder}
      onChange={(next) => onChange({ ...member, [name]: next })}
    />
  );
  return (
    <li class="member">
      <ChoiceField
        label={say('endpoint')}
        path={`endpoints[${index}].endpoint`}
        issues={issues}
        value={member.endpoint}
        choices={[['', '–'], ...names.map((name) => [name, name] as const)]}
        onChange={(endpoint) => onChange({ ...member, endpoint })}
      />
      {text('model', say('group.model'), say('group.sameModel'))}
      {text('weight', say('weight'), '1')}
      {text('priority', say('priority'))}
      <button
        type="button"
        class="bare"
        disabled={!onRemove}
        aria-label={`${say('remove')} ${member.endpoint}`}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

function Fallbacks({
  draft,
  others,
  set,
}: {
  draft: GroupDraft;
  others: readonly string[];
  set: (next: string[]) => void;
}) {
  if (others.length === 0) return null;
  return (
    <fieldset class="checks">
      <legend>{say('fallback')}</legend>
      {others.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={draft.fallback.includes(name)}
            onChange={({ currentTarget }) =>
              set(currentTarget.checked ? [...draft.fallback, name] : draft.fallback.filter((each) => each !== name))
            }
          />
          <span class="name">{name}</span>
        </label>
      ))}
      <p class="hint">{draft.fallback.length > 1 ? draft.fallback.join(' → ') : say('fallback.hint')}</p>
    </fieldset>
  );
}

/** The dialog. @param others names of the other groups. */
export function GroupForm({ form, others }: { form: OpenForm<Group>; others: readonly string[] }) {
  const { value, isNew } = form;
  const [draft, setDraft] = useState(groupDraft(value));
  const rows = draft.members.flatMap((_, index) =>
    ['endpoint', 'model', 'weight', 'priority'].map((name) => `endpoints[${index}].${name}`),
  );
  const saving = useSaving(['name', 'strategy', ...rows], form.refused);
  const members = (next: readonly MemberDraft[]) => setDraft((now) => ({ ...now, members: next }));
  const submit = async (event: Event) => {
    event.preventDefault();
    const save = () => saveGroup(draft.name.trim(), groupBody(draft, value), isNew ? undefined : value);
    if (await saving.run(save)) close();
  };
  return (
    <Dialog title={say(isNew ? 'group.add' : 'group.edit')} onClose={close}>
      <form onSubmit={submit} class="form">
        <Problems message={saving.message} issues={saving.others} />
        <div class="pair">
          <TextField
            {...{ label: say('group.name'), path: 'name', issues: saving.issues, value: draft.name, required: true }}
            disabled={!isNew}
            hint={say('group.name.hint')}
            placeholder="gpt-5"
            onChange={(name) => setDraft({ ...draft, name })}
          />
          <ChoiceField
            {...{ label: say('strategy'), path: 'strategy', issues: saving.issues, value: draft.strategy }}
            choices={[['', say('strategy.default')], ...strategies.map((name) => [name, name] as const)]}
            onChange={(strategy) => setDraft({ ...draft, strategy })}
          />
        </div>
        <fieldset>
          <legend>{say('nav.endpoints')}</legend>
          <ol class="members">
            {draft.members.map((member, index) => (
              <MemberRow
                key={String(index)}
                {...{ member, index, saving }}
                onChange={(next) => members(draft.members.map((each, at) => (at === index ? next : each)))}
                onRemove={
                  draft.members.length > 1 ? () => members(draft.members.filter((_, at) => at !== index)) : undefined
                }
              />
            ))}
          </ol>
          <button type="button" onClick={() => members([...draft.members, newMember])}>
            <Icon name="plus" /> {say('group.addMember')}
          </button>
        </fieldset>
        <Fallbacks draft={draft} others={others} set={(fallback) => setDraft({ ...draft, fallback })} />
        <footer>
          <button type="button" onClick={close}>
            {say('cancel')}
          </button>
          <button type="submit" class="primary" disabled={saving.running}>
            {say('save')}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
