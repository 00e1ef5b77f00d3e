/** Changes of endpoints and groups, each with its way back: the value of before, put again, or deleted. */
import { ApiError, at, post, put, remove } from '../api.ts';
import { askNow } from '../live.ts';
import { tell } from '../parts/toasts.tsx';
import { go } from '../place.ts';
import { say } from '../say.ts';
import type { EndpointConfig, Group } from '../shapes.ts';
import { endpointOptions } from './endpoint-draft.ts';
import { groupOptions } from './group-draft.ts';
import { changes, endpointForm } from './open-forms.ts';

/** Everything that shows it is read again. */
export function changed(): void {
  changes.value += 1;
  askNow();
}

async function undoing(act: () => Promise<unknown>): Promise<void> {
  await act();
  tell(say('undone'));
  changed();
}

/** Puts an endpoint. @param before what stood there; `undefined` = nothing did. @throws ApiError */
export async function saveEndpoint(name: string, body: object, before: EndpointConfig | undefined): Promise<void> {
  const path = at('endpoints', name);
  await put(path, body);
  const back = before ? () => put(path, endpointOptions(before)) : () => remove(path);
  const newKey = before !== undefined && 'apiKey' in body;
  tell(say(newKey ? 'endpoint.savedKey' : before ? 'saved' : 'endpoint.added', { name }), () => undoing(back));
  changed();
}

/** Deletes an endpoint. The gateway keeps its key for as long as this can be undone; one that does not is given it again in the form. @throws ApiError */
export async function deleteEndpoint(before: EndpointConfig): Promise<void> {
  const { name } = before;
  await remove(at('endpoints', name));
  tell(say('deleted', { name }), async () => {
    try {
      await undoing(() => put(at('endpoints', name), endpointOptions(before)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      endpointForm.value = { value: before, isNew: true, refused: error };
      go('endpoints');
    }
  });
  changed();
}

/** Lets an endpoint take calls again. @throws ApiError */
export async function restoreEndpoint(endpoint: EndpointConfig): Promise<void> {
  await remove(`${at('endpoints', endpoint.name)}/drain`);
  tell(say('endpoint.restored', { name: endpoint.name }));
  changed();
}

/** Takes an endpoint out without cutting its calls. @throws ApiError */
export async function drainEndpoint(endpoint: EndpointConfig): Promise<void> {
  const { name } = endpoint;
  await post(`${at('endpoints', name)}/drain`);
  tell(say('endpoint.drained', { name }), () => undoing(() => remove(`${at('endpoints', name)}/drain`)));
  changed();
}

/** Puts a group. @throws ApiError */
export async function saveGroup(name: string, body: object, before: Group | undefined): Promise<void> {
  const path = at('groups', name);
  await put(path, body);
  const back = before ? () => put(path, groupOptions(before)) : () => remove(path);
  tell(say(before ? 'saved' : 'group.added', { name }), () => undoing(back));
  changed();
}

/** Deletes a group. @throws ApiError */
export async function deleteGroup(before: Group): Promise<void> {
  const path = at('groups', before.name);
  await remove(path);
  tell(say('deleted', { name: before.name }), () => undoing(() => put(path, groupOptions(before))));
  changed();
}
