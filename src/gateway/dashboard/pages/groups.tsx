/** Public model names, and who serves them. */
import { useState } from 'preact/hooks';
import { deleteGroup } from '../forms/change.ts';
import { strategyText } from '../forms/group-draft.ts';
import { GroupForm } from '../forms/group-form.tsx';
import { changes, editGroup, groupForm } from '../forms/open-forms.ts';
import { live } from '../live.ts';
import { ConfigButtons } from '../parts/config-buttons.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Loaded, useResource } from '../parts/resource.tsx';
import { SourceTag } from '../parts/source-tag.tsx';
import { TestCall } from '../parts/test-call.tsx';
import { tellFailure } from '../parts/toasts.tsx';
import { say } from '../say.ts';
import type { Group } from '../shapes.ts';

function GroupCard({ group, onTest }: { group: Group; onTest: () => void }) {
  const { name, source, endpoints, fallback, strategy } = group;
  const isOurs = source === 'store';
  return (
    <li class="card">
      <header>
        <h2 class="name">{name}</h2>
        <SourceTag source={source} />
      </header>
      <p class="muted">
        {say('strategy')}: {strategyText(strategy) || say('strategy.default')}
      </p>
      <ol class="served">
        {endpoints.map(({ endpoint, model, weight, priority }, index) => (
          <li key={`${endpoint}${index}`}>
            <span class="name">{endpoint}</span>
            <span class="name muted">{model ?? name}</span>
            <span class="muted">
              {weight !== undefined && `${say('weight')} ${weight} `}
              {priority !== undefined && `${say('priority')} ${priority}`}
            </span>
          </li>
        ))}
      </ol>
      {fallback.length > 0 && (
        <p>
          <span class="muted">{say('fallback')}:</span> <span class="name">{fallback.join(' → ')}</span>
        </p>
      )}
      <footer>
        <button type="button" onClick={onTest}>
          {say('test')}
        </button>
        {isOurs && (
          <>
            <button type="button" onClick={() => editGroup(group)}>
              {say('edit')}
            </button>
            <button type="button" onClick={() => deleteGroup(group).catch(tellFailure)}>
              {say('delete')}
            </button>
          </>
        )}
      </footer>
    </li>
  );
}

/** The page. */
export function Groups() {
  const groups = useResource<{ groups: readonly Group[] }>('/groups', changes.value);
  const [tested, setTested] = useState<string>();
  const form = groupForm.value;
  const hasEndpoints = (live.value?.endpoints.length ?? 0) > 0;
  return (
    <>
      <div class="head">
        <h1>{say('nav.groups')}</h1>
        <div class="actions">
          <ConfigButtons />
          <button type="button" class="primary" onClick={() => editGroup(undefined)} disabled={!hasEndpoints}>
            <Icon name="plus" /> {say('group.add')}
          </button>
        </div>
      </div>
      <p class="lead">{say('groups.lead')}</p>
      <Loaded from={groups}>
        {({ groups: all }) => (
          <>
            {all.length === 0 && (
              <Empty
                text={say('groups.empty')}
                more={say(hasEndpoints ? 'groups.empty.more' : 'groups.needsEndpoint')}
              />
            )}
            <ul class="cards">
              {all.map((group) => (
                <GroupCard key={group.name} group={group} onTest={() => setTested(group.name)} />
              ))}
            </ul>
            {form && (
              <GroupForm form={form} others={all.map(({ name }) => name).filter((name) => name !== form.value?.name)} />
            )}
          </>
        )}
      </Loaded>
      {tested !== undefined && <TestCall model={tested} onClose={() => setTested(undefined)} />}
    </>
  );
}
