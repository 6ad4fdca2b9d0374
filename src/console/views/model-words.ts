import type { ReadModelsSubscription } from '../generated/graphql.ts';

export type ReadModel = ReadModelsSubscription['projectionsUpdated'][number];

export const stateWords: Readonly<Record<ReadModel['state'], string>> = {
  LIVE: 'Live',
  REBUILDING: 'Rebuilding',
  PAUSED: 'Paused',
  FAILED: 'Failed',
};

/** What to do about a state. */
export const stateAdvice: Readonly<Partial<Record<ReadModel['state'], string>>> = {
  PAUSED: 'Events wait, and no projector runs: start a process with the role projector.',
  FAILED: 'The projector fails again and again: its log has the reason.',
};

/** @param seconds as "12 s", "3 min 20 s", "2 h 5 min" */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
