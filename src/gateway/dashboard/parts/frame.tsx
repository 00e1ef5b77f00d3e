/** What stands around every page: the name, the navigation, and the switches for language, theme and leaving. */
import { startOver } from '../live.ts';
import { language, shade, switchLanguage, switchTheme } from '../look.ts';
import { page, pages } from '../place.ts';
import { say } from '../say.ts';
import { adminKey, signOut } from '../session.ts';
import { Icon } from './icon.tsx';

/** The name, with the drawing of the favicon. */
export function Brand() {
  return (
    <p class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="7" />
        <path d="M6 16h6M12 16c5 0 4-7 10-7M12 16h10M12 16c5 0 4 7 10 7" />
      </svg>
      <span>load-balanced-openai</span>
    </p>
  );
}

/** The pages. */
export function Navigation() {
  return (
    <nav aria-label={say('navigation')}>
      <ul>
        {pages.map((name) => (
          <li key={name}>
            <a href={`#/${name}`} aria-current={page.value === name ? 'page' : undefined}>
              <Icon name={name} />
              <span>{say(`nav.${name}`)}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Language and theme. */
export function LookSwitches() {
  const isDark = shade.value === 'dark';
  return (
    <>
      <button type="button" class="quiet" lang={language.value === 'en' ? 'zh-CN' : 'en'} onClick={switchLanguage}>
        {language.value === 'en' ? '中文' : 'English'}
      </button>
      <button type="button" class="quiet" aria-label={say(isDark ? 'theme.light' : 'theme.dark')} onClick={switchTheme}>
        <Icon name={isDark ? 'sun' : 'moon'} />
      </button>
    </>
  );
}

/** All switches. */
export function Switches() {
  const leave = () => {
    signOut();
    startOver();
  };
  return (
    <div class="switches">
      <LookSwitches />
      {adminKey.value !== undefined && (
        <button type="button" class="quiet" onClick={leave}>
          {say('signOut')}
        </button>
      )}
    </div>
  );
}
