import { useStore } from '@orderstream/client/react';
import { setTheme, type Theme, theme } from './theme.ts';

const next: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };
const marks: Readonly<Record<Theme, string>> = { auto: '◐', light: '☀', dark: '☾' };

export function ThemeSwitch() {
  const shown = useStore(theme);
  return (
    <button
      className="plain icon"
      title={`Theme: ${shown}`}
      aria-label={`Theme: ${shown}. Change to ${next[shown]}`}
      onClick={() => {
        setTheme(next[shown]);
      }}
    >
      <span aria-hidden="true">{marks[shown]}</span>
    </button>
  );
}
