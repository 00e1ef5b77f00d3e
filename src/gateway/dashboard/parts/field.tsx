/** A labelled input with what is wrong with it. What the gateway found is shown at the field whose path it names. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { problemAt } from '../forms/problems.ts';
import { say } from '../say.ts';
import type { Issue } from '../shapes.ts';

interface FieldParts {
  readonly label: string;
  readonly path: string;
  readonly issues: readonly Issue[];
  readonly hint?: string;
}

/** Label, whatever takes the value, hint, problem. */
export function Field({
  label,
  path,
  issues,
  hint,
  children,
}: FieldParts & {
  children: (props: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ComponentChildren;
}) {
  const id = useId();
  const problem = problemAt(issues, path);
  return (
    <div class={problem === undefined ? 'field' : 'field wrong'}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-more`, 'aria-invalid': problem !== undefined })}
      <div id={`${id}-more`} class="more">
        {problem !== undefined && <p class="problem">{problem}</p>}
        {hint && <p class="hint">{hint}</p>}
      </div>
    </div>
  );
}

interface TextParts extends FieldParts {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'password' | 'datetime-local';
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly lines?: number;
}

/** Written out: each kind of input has its own attributes. */
function inputType(type: TextParts['type']) {
  if (type === 'password') return { type: 'password' as const };
  return type === 'datetime-local' ? { type: 'datetime-local' as const } : { type: 'text' as const };
}

/** One line of text, or several. */
export function TextField({ value, onChange, type = 'text', lines, ...parts }: TextParts) {
  const { placeholder, required, disabled, label, path, issues, hint } = parts;
  return (
    <Field label={label} path={path} issues={issues} hint={hint}>
      {(props) =>
        lines ? (
          <textarea
            {...props}
            {...{ rows: lines, value, placeholder, disabled, spellcheck: false }}
            onInput={({ currentTarget }) => onChange(currentTarget.value)}
          />
        ) : (
          <input
            {...props}
            {...{ value, placeholder, required, disabled, spellcheck: false }}
            {...inputType(type)}
            autoComplete={type === 'password' ? 'new-password' : 'off'}
            onInput={({ currentTarget }) => onChange(currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

/** One of a few. */
export function ChoiceField({
  value,
  onChange,
  choices,
  disabled,
  ...parts
}: FieldParts & {
  value: string;
  onChange: (value: string) => void;
  choices: readonly (readonly [value: string, text: string])[];
  disabled?: boolean;
}) {
  return (
    <Field {...parts}>
      {(props) => (
        <select
          {...props}
          value={value}
          disabled={disabled}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        >
          {choices.map(([each, text]) => (
            <option key={each} value={each} selected={each === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What is wrong and stands at no field. */
export function Problems({ message, issues }: { message: string | undefined; issues: readonly Issue[] }) {
  if (message === undefined && issues.length === 0) return null;
  return (
    <div class="banner bad" role="alert">
      <div>
        <strong>{say('notSaved')}</strong>
        {issues.length === 0 && <p>{message === '' ? say('lost') : message}</p>}
        {issues.map(({ path, message: text }) => (
          <p key={`${path} ${text}`}>
            {path !== '' && <code>{path}</code>} {text}
          </p>
        ))}
      </div>
    </div>
  );
}
