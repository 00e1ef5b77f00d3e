/** The configuration as a whole: read the file again, and have what is in force as a file, without its keys. */
import { ApiError, get, post } from '../api.ts';
import { changed } from '../forms/change.ts';
import { saveFile } from '../save-file.ts';
import { say } from '../say.ts';
import { tell, tellFailure } from './toasts.tsx';

async function reload(): Promise<void> {
  try {
    const { warnings = [] } = await post<{ warnings?: readonly string[] }>('/reload');
    tell(warnings.length === 0 ? say('config.reloaded') : `${say('config.reloaded')} ${warnings.join(' ')}`);
    changed();
  } catch (error) {
    const issues = error instanceof ApiError ? error.issues : [];
    const why = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
    tellFailure(why === '' ? error : new Error(`${say('config.kept')} ${why}`));
  }
}

async function download(): Promise<void> {
  try {
    const { config } = await get<{ config: object }>('/config');
    saveFile(`${JSON.stringify(config, undefined, 2)}\n`, 'load-balanced-openai.json', 'application/json');
  } catch (error) {
    tellFailure(error);
  }
}

/** The two buttons. */
export function ConfigButtons() {
  return (
    <>
      <button type="button" onClick={() => void download()}>
        {say('config.export')}
      </button>
      <button type="button" onClick={() => void reload()}>
        {say('config.reload')}
      </button>
    </>
  );
}
