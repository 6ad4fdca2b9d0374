import { useSettled } from './use-settled.ts';

/** A search is sent when typing pauses for this long, ms. */
const typingMs = 180;

/** The words in a search field, as soon as typing pauses. @param typed the text of the field */
export function useSettledSearch(typed: string): string {
  return useSettled(typed.trim(), typingMs);
}
