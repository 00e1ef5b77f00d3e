/** A dialog above the page. The browser keeps the keyboard inside of it and closes it on Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { say } from '../say.ts';
import { Icon } from './icon.tsx';

/** A dialog, open as long as it is drawn. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="bare" aria-label={say('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Asks before what cannot be undone. */
export function Confirm({
  title,
  text,
  act,
  onClose,
}: {
  title: string;
  text: string;
  act: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <footer>
        <button type="button" onClick={onClose}>
          {say('cancel')}
        </button>
        <button type="button" class="danger" onClick={act}>
          {title}
        </button>
      </footer>
    </Dialog>
  );
}
