import { createStore } from '@orderstream/client';

/** `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

const key = 'orderstream theme';
const kept = localStorage.getItem(key);

export const theme = createStore<Theme>(kept === 'light' || kept === 'dark' ? kept : 'auto');

export function showTheme(): void {
  document.documentElement.dataset['theme'] = theme.current;
}

export function setTheme(next: Theme): void {
  if (next === 'auto') localStorage.removeItem(key);
  else localStorage.setItem(key, next);
  theme.set(next);
  showTheme();
}
