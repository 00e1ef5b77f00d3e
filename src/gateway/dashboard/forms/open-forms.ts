/** Which form is open. Apart from the pages, because the way back of a toast may open one as well. */
import { signal } from '@preact/signals';
import type { ApiError } from '../api.ts';
import type { EndpointConfig, Group } from '../shapes.ts';

/** A form. `value`: what is changed, or the values to begin with; `isNew`: it does not stand in the gateway yet. */
export interface OpenForm<Value> {
  readonly value: Value | undefined;
  readonly isNew: boolean;
  /** Why it was not taken before. */
  readonly refused?: ApiError | undefined;
}

/** The endpoint's form. */
export const endpointForm = signal<OpenForm<EndpointConfig> | undefined>(undefined);
/** The group's form. */
export const groupForm = signal<OpenForm<Group> | undefined>(undefined);
/** Counts changes: what shows configuration reads it again. */
export const changes = signal(0);

/** Opens the form of an endpoint, or of a new one. */
export function editEndpoint(value: EndpointConfig | undefined): void {
  endpointForm.value = { value, isNew: value === undefined };
}

/** Opens the form of a group, or of a new one. */
export function editGroup(value: Group | undefined): void {
  groupForm.value = { value, isNew: value === undefined };
}
