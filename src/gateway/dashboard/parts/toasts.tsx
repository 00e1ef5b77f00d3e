/** Short news of what was done, with a way back for a while. */
import { signal } from '@preact/signals';
import { say } from '../say.ts';
import { Icon } from './icon.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly undo: (() => Promise<void>) | undefined;
  readonly bad: boolean;
}

/** How long a toast stays, in ms; one that can be undone stays longer. */
const [SHORT, LONG] = [6_000, 15_000];
const toasts = signal<readonly Toast[]>([]);
let next = 1;

const drop = (id: number): void => {
  toasts.value = toasts.value.filter((each) => each.id !== id);
};

/** Says that something was done. @param undo does the opposite. */
export function tell(text: string, undo?: () => Promise<void>, bad = false): void {
  const id = next;
  next += 1;
  toasts.value = [...toasts.value.slice(-2), { id, text, undo, bad }];
  setTimeout(() => drop(id), undo || bad ? LONG : SHORT);
}

/** Says that something failed. */
export function tellFailure(error: unknown): void {
  const { message } = error as Error;
  tell(message === '' ? say('lost') : message, undefined, true);
}

/** The toasts. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, undo, bad }) => (
        <div key={id} class={bad ? 'toast bad' : 'toast'}>
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              onClick={() => {
                drop(id);
                undo().catch(tellFailure);
              }}
            >
              {say('undo')}
            </button>
          )}
          <button type="button" class="bare" aria-label={say('close')} onClick={() => drop(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
