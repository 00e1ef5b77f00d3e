/** Saving from a form: what was refused, and that it runs. */
import { useState } from 'preact/hooks';
import { ApiError } from '../api.ts';
import type { Issue } from '../shapes.ts';
import { elsewhere } from './problems.ts';

/** The state of saving. */
export interface Saving {
  readonly running: boolean;
  readonly issues: readonly Issue[];
  /** What belongs to no field. */
  readonly others: readonly Issue[];
  /** Why it was refused, when no field tells that; `undefined` = it was not. */
  readonly message: string | undefined;
  /** Runs it. @returns whether it was taken. */
  run(act: () => Promise<void>): Promise<boolean>;
}

/** @param fields the paths that the form shows. @param refused an error of before. */
export function useSaving(fields: readonly string[], refused?: ApiError): Saving {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<Error | undefined>(refused);
  const issues = error instanceof ApiError ? error.issues : [];
  const others = elsewhere(issues, fields);
  return {
    ...{ running, issues, others },
    message: error && issues.length === 0 ? error.message : undefined,
    async run(act) {
      setRunning(true);
      setError(undefined);
      try {
        await act();
        return true;
      } catch (failure) {
        setError(failure as Error);
        // To what is to be mended, as soon as it is drawn.
        setTimeout(() => document.querySelector<HTMLElement>('dialog [aria-invalid="true"]')?.focus());
        return false;
      } finally {
        setRunning(false);
      }
    },
  };
}
