/** A test call: a real, tiny one, and what became of it. */
import { useState } from 'preact/hooks';
import { post } from '../api.ts';
import type { TestResult } from '../call-shapes.ts';
import { duration, NONE } from '../format.ts';
import { askNow } from '../live.ts';
import { say } from '../say.ts';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';
import { Trace } from './trace.tsx';

/** What a result says in one text. */
function failureOf({ error }: TestResult): string {
  return typeof error === 'string' ? error : (error?.message ?? '');
}

function Result({ result }: { result: TestResult }) {
  return (
    <div class="result" aria-live="polite">
      <p class={result.ok ? 'verdict good' : 'verdict bad'}>
        <strong>{say(result.ok ? 'test.ok' : 'test.failed')}</strong> {result.status} · {result.endpoint ?? NONE} ·{' '}
        {duration(result.ms)}
      </p>
      {!result.ok && <p class="problem">{failureOf(result)}</p>}
      <Trace attempts={result.attempts} decisions={result.decisions} />
    </div>
  );
}

/** The dialog. @param model what is asked for at first. */
export function TestCall({ model: first, onClose }: { model: string; onClose: () => void }) {
  const [model, setModel] = useState(first);
  const [result, setResult] = useState<TestResult>();
  const [problem, setProblem] = useState<string>();
  const [running, setRunning] = useState(false);
  const call = async (event: Event) => {
    event.preventDefault();
    setRunning(true);
    setResult(undefined);
    setProblem(undefined);
    try {
      setResult(await post<TestResult>('/test', { model }));
    } catch (error) {
      setProblem((error as Error).message || say('lost'));
    }
    setRunning(false);
    askNow();
  };
  return (
    <Dialog title={say('test')} onClose={onClose}>
      <form onSubmit={call}>
        <p class="muted">{say('test.hint')}</p>
        <TextField label={say('model')} path="model" issues={[]} value={model} onChange={setModel} required />
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {result && <Result result={result} />}
        <footer>
          <button type="button" onClick={onClose}>
            {say('close')}
          </button>
          <button type="submit" class="primary" disabled={running}>
            {say(running ? 'test.running' : 'test.run')}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
