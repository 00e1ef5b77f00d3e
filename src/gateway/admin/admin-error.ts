/** How the admin API says that something cannot be done: in words, with the place of each thing that is wrong. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ConfigurationError } from '../../errors.ts';
import { UnreadableFile } from '../config/config-file.ts';
import { InvalidConfiguration } from '../config/invalid.ts';
import { Refused } from '../http/api-error.ts';
import { CannotStart } from '../running/start-checks.ts';
import { ChangedMeanwhile, KeyTaken, StoreFailure } from '../store/gateway-store.ts';

/** One thing that is wrong, and where it stands. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Something that is not done, and why. */
export class AdminError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly issues: readonly Issue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    issues: readonly Issue[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.issues = issues;
    this.headers = headers;
  }
}

const line = ({ path, message }: Issue) => (path === '' ? message : `${path}: ${message}`);

/** Something is wrong with what was sent, or with what would come of it. */
export const invalid = (issues: readonly Issue[], code = 'invalid_configuration'): AdminError =>
  new AdminError(422, code, issues.map(line).join('\n'), issues);

/** What is said of an error; nothing of what only the log may know. */
export function adminErrorOf(error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  if (error instanceof Refused) {
    const { status, code, message, headers } = error.facts;
    return new AdminError(status as ContentfulStatusCode, code, message, [], headers);
  }
  if (error instanceof InvalidConfiguration) {
    const { problems } = error;
    // By the file's place as well, where it has one: what is wrong may stand there.
    const issues = problems.map(({ path, message }) => ({ path, message }));
    return new AdminError(422, 'invalid_configuration', error.message, issues);
  }
  if (error instanceof ConfigurationError) return invalid(error.issues);
  if (error instanceof CannotStart) return new AdminError(409, 'refused', error.message);
  if (error instanceof UnreadableFile) return new AdminError(422, 'unreadable_file', error.message);
  if (error instanceof KeyTaken)
    return new AdminError(409, 'name_taken', error.message, [{ path: 'name', message: 'is taken by another key' }]);
  if (error instanceof ChangedMeanwhile) return new AdminError(409, 'changed_meanwhile', error.message);
  if (error instanceof StoreFailure) return new AdminError(503, 'store_failed', error.message);
  return new AdminError(500, 'internal_error', 'The gateway failed on this; its log says more.');
}

/** The body of an error reply. */
export const adminErrorBody = ({ message, code, issues }: AdminError): { error: object } => ({
  error: { message, code, ...(issues.length > 0 && { issues }) },
});
