import type { Variables } from './data.ts';
import type { EntityVersions } from './entity-versions.ts';

interface Entity {
  readonly __typename?: string;
  readonly id?: string;
  readonly version?: number;
}

/**
 * Whether a newer state of a frame's own object is known from an answer: it comes as a frame, too.
 * @param frame data of a subscription's frame
 */
export function isOvertaken(entities: EntityVersions, frame: Variables): boolean {
  const objects = Object.values(frame).flatMap((update): unknown[] => Object.values({ ...(update as object) }));
  return objects.some(object => {
    const { __typename: type, id, version } = { ...(object as Entity) };
    return typeof version === 'number' && (entities.known(`${type}:${id}`)?.version ?? 0) > version;
  });
}
