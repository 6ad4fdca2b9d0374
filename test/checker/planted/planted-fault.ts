/** A fault that the checker must find, as edits of the source. Each searched text occurs exactly once. */
export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Path under src/. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** @throws if the text is missing or occurs twice: the source has changed, and the fault must be adapted */
export function applied(source: string, { file, search, replace }: Edit): string {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`src/${file} has this ${parts.length - 1} times, not once:\n${search}`);
  return parts.join(replace);
}
