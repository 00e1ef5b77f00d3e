/** The endpoints: where they are, what they serve, how they are. */
import { useState } from 'preact/hooks';
import { count } from '../format.ts';
import { deleteEndpoint, drainEndpoint, restoreEndpoint } from '../forms/change.ts';
import { EndpointForm } from '../forms/endpoint-form.tsx';
import { changes, editEndpoint, endpointForm } from '../forms/open-forms.ts';
import { live } from '../live.ts';
import { ConfigButtons } from '../parts/config-buttons.tsx';
import { Headroom } from '../parts/endpoint-card.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Loaded, useResource } from '../parts/resource.tsx';
import { SourceTag } from '../parts/source-tag.tsx';
import { ModelStates, StateWord } from '../parts/state-word.tsx';
import { TestCall } from '../parts/test-call.tsx';
import { tellFailure } from '../parts/toasts.tsx';
import { say, sayReason } from '../say.ts';
import type { EndpointConfig, Group } from '../shapes.ts';

function Serves({ endpoint: { models, modelMap } }: { endpoint: EndpointConfig }) {
  const mapped = Object.entries(modelMap ?? {});
  return (
    <dl class="facts wide">
      <div>
        <dt>{say('models')}</dt>
        <dd class="name">{models && models.length > 0 ? models.join(', ') : say('models.any')}</dd>
      </div>
      {mapped.length > 0 && (
        <div>
          <dt>{say('modelMap')}</dt>
          <dd class="name">
            {mapped.map(([name, own]) => `${name} → ${typeof own === 'string' ? own : JSON.stringify(own)}`).join(', ')}
          </dd>
        </div>
      )}
    </dl>
  );
}

function EndpointEntry({ endpoint, onTest }: { endpoint: EndpointConfig; onTest: () => void }) {
  const { name, source, type, baseURL, key, skipped, weight, priority } = endpoint;
  const state = live.value?.endpoints.find((each) => each.name === name) ?? endpoint.state;
  const isOurs = source === 'store';
  return (
    <li class="card">
      <header>
        <h2 class="name">{name}</h2>
        <span class="muted">{type}</span>
        <SourceTag source={source} />
      </header>
      {skipped && (
        <span class="state excluded">
          <span class="sign" aria-hidden="true" />
          <span>
            {say('state.skipped')} <span class="muted">({sayReason(skipped)})</span>
          </span>
        </span>
      )}
      {state && <StateWord state={state} />}
      {state && <ModelStates state={state} />}
      <dl class="facts wide">
        <div>
          <dt>{say('baseURL')}</dt>
          <dd class="name">{baseURL ?? ''}</dd>
        </div>
        <div>
          <dt>{say('apiKey')}</dt>
          <dd>
            {key?.hint ? `…${key.hint} ` : ''}
            <span class="muted">{key && !skipped ? say('key.from', { place: key.from }) : say('key.none')}</span>
          </dd>
        </div>
      </dl>
      <Serves endpoint={endpoint} />
      {((weight ?? 1) !== 1 || (priority ?? 0) !== 0) && (
        <p class="muted">
          {weight !== undefined && `${say('weight')} ${count(weight)} `}
          {priority !== undefined && `${say('priority')} ${count(priority)}`}
        </p>
      )}
      {state && <Headroom state={state} />}
      <footer>
        {state && (
          <button type="button" onClick={onTest}>
            {say('test')}
          </button>
        )}
        {!state ? null : state.drained ? (
          <button type="button" onClick={() => restoreEndpoint(endpoint).catch(tellFailure)}>
            {say('endpoint.restore')}
          </button>
        ) : (
          <button type="button" onClick={() => drainEndpoint(endpoint).catch(tellFailure)}>
            {say('endpoint.drain')}
          </button>
        )}
        {isOurs && (
          <>
            <button type="button" onClick={() => editEndpoint(endpoint)}>
              {say('edit')}
            </button>
            <button type="button" onClick={() => deleteEndpoint(endpoint).catch(tellFailure)}>
              {say('delete')}
            </button>
          </>
        )}
      </footer>
    </li>
  );
}

/** What a test call of an endpoint asks for: a group's model pinned to it, or a model that it names itself. */
function modelFor({ name, models, modelMap }: EndpointConfig, groups: readonly Group[]): string {
  const group = groups.find(({ endpoints }) => endpoints.some(({ endpoint }) => endpoint === name));
  return group ? `${group.name}$${name}` : (models?.[0] ?? Object.keys(modelMap ?? {})[0] ?? '');
}

/** The page. */
export function Endpoints() {
  const endpoints = useResource<{ endpoints: readonly EndpointConfig[] }>('/endpoints', changes.value);
  const groups = useResource<{ groups: readonly Group[] }>('/groups', changes.value);
  const [tested, setTested] = useState<EndpointConfig>();
  const form = endpointForm.value;
  return (
    <>
      <div class="head">
        <h1>{say('nav.endpoints')}</h1>
        <div class="actions">
          <ConfigButtons />
          <button type="button" class="primary" onClick={() => editEndpoint(undefined)}>
            <Icon name="plus" /> {say('endpoint.add')}
          </button>
        </div>
      </div>
      <Loaded from={endpoints}>
        {({ endpoints: all }) =>
          all.length === 0 ? (
            <Empty text={say('endpoints.empty')} more={say('endpoints.empty.more')} />
          ) : (
            <ul class="cards large">
              {all.map((endpoint) => (
                <EndpointEntry key={endpoint.name} endpoint={endpoint} onTest={() => setTested(endpoint)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {form && <EndpointForm form={form} />}
      {tested && <TestCall model={modelFor(tested, groups.value?.groups ?? [])} onClose={() => setTested(undefined)} />}
    </>
  );
}
