/** Client keys: who may make calls, of what, how many, until when. */
import { useState } from 'preact/hooks';
import { at, remove } from '../api.ts';
import { count, dayOf, money, timeOf } from '../format.ts';
import { changed } from '../forms/change.ts';
import { KeyForm } from '../forms/key-form.tsx';
import { changes } from '../forms/open-forms.ts';
import { live } from '../live.ts';
import { Confirm } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Loaded, useResource } from '../parts/resource.tsx';
import { SourceTag } from '../parts/source-tag.tsx';
import { tell, tellFailure } from '../parts/toasts.tsx';
import { say } from '../say.ts';
import type { ClientKey, Group } from '../shapes.ts';

interface KeyList {
  readonly keys: readonly ClientKey[];
  readonly adminKeys: readonly { readonly name: string }[];
}

function limitsText({ limits }: ClientKey): string {
  const { requestsPerMinute, tokensPerMinute, budget } = limits ?? {};
  const { amount, per } = typeof budget === 'object' ? budget : { amount: budget, per: 'month' as const };
  const parts = [
    requestsPerMinute !== undefined && say('limit.calls', { count: count(requestsPerMinute) }),
    tokensPerMinute !== undefined && say('limit.tokens', { count: count(tokensPerMinute) }),
    amount !== undefined && say(per === 'day' ? 'limit.day' : 'limit.month', { amount: money(amount) }),
  ].filter(Boolean);
  return parts.length === 0 ? say('limit.none') : parts.join(', ');
}

function Expiry({ value }: { value: ClientKey['expiresAt'] }) {
  const time = timeOf(value);
  if (time === undefined) return <>{say('expires.never')}</>;
  const over = time <= (live.value?.now ?? 0);
  return <span class={over ? 'problem' : ''}>{over ? say('expires.over', { day: dayOf(time) }) : dayOf(time)}</span>;
}

function KeyEntry({ entry, onRevoke }: { entry: ClientKey; onRevoke: () => void }) {
  const { name, source, groups, usage, expiresAt, createdAt } = entry;
  const created = timeOf(createdAt);
  return (
    <li class="card">
      <header>
        <h2 class="name">{name}</h2>
        <SourceTag source={source} />
      </header>
      <dl class="facts wide">
        <div>
          <dt>{say('key.groups')}</dt>
          <dd class="name">{groups && groups.length > 0 ? groups.join(', ') : say('key.groups.all')}</dd>
        </div>
        <div>
          <dt>{say('limits')}</dt>
          <dd>{limitsText(entry)}</dd>
        </div>
      </dl>
      <dl class="facts">
        <div>
          <dt>{say('expires')}</dt>
          <dd>
            <Expiry value={expiresAt} />
          </dd>
        </div>
        {created !== undefined && (
          <div>
            <dt>{say('created')}</dt>
            <dd>{dayOf(created)}</dd>
          </div>
        )}
        <div>
          <dt>{say('nav.calls')}</dt>
          <dd>{count(usage?.calls)}</dd>
        </div>
        <div>
          <dt>{say('tokens')}</dt>
          <dd>{usage ? count(usage.tokensIn + usage.tokensOut) : count(undefined)}</dd>
        </div>
        <div>
          <dt>{say('cost')}</dt>
          <dd>{money(usage?.cost)}</dd>
        </div>
      </dl>
      {source === 'store' && (
        <footer>
          <button type="button" onClick={onRevoke}>
            {say('key.revoke')}
          </button>
        </footer>
      )}
    </li>
  );
}

/** The page. */
export function Keys() {
  const list = useResource<KeyList>('/keys', changes.value);
  const groups = useResource<{ groups: readonly Group[] }>('/groups', changes.value);
  const [adding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<ClientKey>();
  const revoke = async ({ id, name }: ClientKey) => {
    setRevoked(undefined);
    try {
      await remove(at('keys', id));
      tell(say('key.revoked', { name }));
      changed();
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <>
      <div class="head">
        <h1>{say('nav.keys')}</h1>
        <button type="button" class="primary" onClick={() => setAdding(true)}>
          <Icon name="plus" /> {say('key.add')}
        </button>
      </div>
      <Loaded from={list}>
        {({ keys, adminKeys }) => (
          <>
            {keys.length === 0 ? (
              <Empty text={say('keys.empty')} more={say('keys.empty.more')} />
            ) : (
              <ul class="cards large">
                {keys.map((entry) => (
                  <KeyEntry key={entry.id} entry={entry} onRevoke={() => setRevoked(entry)} />
                ))}
              </ul>
            )}
            <p class="muted">
              {adminKeys.length > 0
                ? say('adminKeys', { names: adminKeys.map(({ name }) => name).join(', ') })
                : say('adminKeys.none')}
            </p>
          </>
        )}
      </Loaded>
      {adding && (
        <KeyForm groups={groups.value?.groups.map(({ name }) => name) ?? []} onClose={() => setAdding(false)} />
      )}
      {revoked && (
        <Confirm
          title={say('key.revoke')}
          text={say('key.revoke.sure', { name: revoked.name })}
          act={() => void revoke(revoked)}
          onClose={() => setRevoked(undefined)}
        />
      )}
    </>
  );
}
