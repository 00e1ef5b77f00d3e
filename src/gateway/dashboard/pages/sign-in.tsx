/** What is shown to who is not let in: the question for the admin key, or why nobody is let in from there. Nothing of the gateway. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from '../api.ts';
import { startOver } from '../live.ts';
import { Brand, LookSwitches } from '../parts/frame.tsx';
import { say } from '../say.ts';
import { adminKey, signIn, signOut } from '../session.ts';

/** Can stand in a header. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** Asks for the key. */
export function SignIn() {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState(adminKey.peek() === undefined ? '' : say('key.wrong'));
  const [asking, setAsking] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const given = key.trim();
    if (!SENDABLE.test(given)) return setProblem(say('key.wrong'));
    setAsking(true);
    signIn(given);
    try {
      await get('/live');
      startOver();
    } catch (error) {
      signOut();
      const { status, message } = error as ApiError;
      setProblem(error instanceof ApiError && status === 401 ? say('key.wrong') : message || say('lost'));
      setAsking(false);
    }
  };
  return (
    <main class="door">
      <Brand />
      <form onSubmit={submit}>
        <h1>{say('signIn')}</h1>
        <div class={problem === '' ? 'field' : 'field wrong'}>
          <label for="admin-key">{say('adminKey')}</label>
          <input
            ref={input}
            id="admin-key"
            type="password"
            autoComplete="current-password"
            required
            value={key}
            aria-describedby="admin-key-more"
            aria-invalid={problem !== ''}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
          <div id="admin-key-more" class="more">
            {problem !== '' && (
              <p class="problem" role="alert">
                {problem}
              </p>
            )}
            <p class="hint">{say('signIn.hint')}</p>
          </div>
        </div>
        <button type="submit" class="primary" disabled={asking}>
          {say('signIn')}
        </button>
      </form>
      <div class="switches">
        <LookSwitches />
      </div>
    </main>
  );
}

/** Says why. @param message the gateway's own words. */
export function Refused({ message }: { message: string }) {
  return (
    <main class="door">
      <Brand />
      <h1>{say('refused')}</h1>
      <p role="alert">{message}</p>
      <button type="button" onClick={startOver}>
        {say('retry')}
      </button>
      <div class="switches">
        <LookSwitches />
      </div>
    </main>
  );
}
