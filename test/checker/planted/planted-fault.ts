/** A fault that the checker must find, as changes of the source: each text stands there exactly once. */
export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Under src/. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** @throws where the text is not there, or more than once: the source moved on, and the fault has to follow */
export function applied(source: string, { file, search, replace }: Edit): string {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`src/${file} has this ${parts.length - 1} times, not once:\n${search}`);
  return parts.join(replace);
}
