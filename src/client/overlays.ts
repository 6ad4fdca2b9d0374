import type { Data } from './data.ts';

/** The part of EntityVersions that overlays need. */
export interface KnownEntities {
  known(key: string): { readonly position: string } | undefined;
  subscribe(listener: (keys: ReadonlySet<string>) => void): () => void;
}

/** Fields that are shown on top of an entity. It stays the same object until the overlay ends. */
export interface ShownOverlay {
  /** The entity, e.g. `Order:ord_…`. */
  readonly key: string;
  /** By the names of the schema, not by aliases. */
  readonly fields: Data;
}

export interface OverlayChange {
  readonly added: readonly ShownOverlay[];
  readonly removed: readonly ShownOverlay[];
}

/** The optimistic values of a browser tab: what a command will change, until its result is known and shown. */
export interface Overlays {
  /**
   * Shows the fields on top of the entity until the overlay ends. If the entity is not known yet, give all fields of
   * it, `__typename` too: then they are the entity.
   */
  add(key: string, fields: Data): Overlay;
  /** Returns what is shown of the entity: with the fields of its overlays. The same object if there is none. */
  apply<Entity extends Data | undefined>(key: string, entity: Entity): Entity | Data;
  /** All overlays, oldest first. */
  readonly current: readonly ShownOverlay[];
  /**
   * Calls the listener after each change. When an overlay ends by position, `entities` knows the newer state already.
   * A cache with optimistic layers mirrors the change; it removes a layer after it has written the state that
   * `entities` knows, in the same tick.
   */
  subscribe(listener: (change: OverlayChange) => void): () => void;
  /**
   * Keeps overlays that have reached their position as long as the screen shows an older state below them.
   * @param isNeeded whether it shows the entity at an earlier position than this one
   */
  hold(isNeeded: (key: string, position: string) => boolean): void;
  /** Ends all overlays: the viewer signed out, or the log was replaced. */
  clear(): void;
}

/** One overlay. After its end, its methods do nothing. */
export interface Overlay {
  /** The command was stored: the overlay ends as soon as the entity is known at this position or a later one. */
  confirm(position: string): void;
  /** The command was refused: the overlay ends now. */
  withdraw(): void;
  /** Whether it is still shown. */
  readonly isShown: boolean;
}

export function createOverlays(entities: KnownEntities): Overlays {
  const listeners = new Set<(change: OverlayChange) => void>();
  const positions = new Map<ShownOverlay, string>();
  const holders: ((key: string, position: string) => boolean)[] = [];
  let current: readonly ShownOverlay[] = [];

  function change(added: readonly ShownOverlay[], removed: readonly ShownOverlay[]): void {
    if (added.length + removed.length === 0) return;
    current = [...current.filter(shown => !removed.includes(shown)), ...added];
    for (const shown of removed) positions.delete(shown);
    for (const listener of [...listeners]) listener({ added, removed });
  }

  /** Ends the overlays whose commands are part of the known state. Positions of one log sort as strings. */
  function endReached(): void {
    const reached = ([{ key }, position]: [ShownOverlay, string]) =>
      (entities.known(key)?.position ?? '') >= position && !holders.some(isNeeded => isNeeded(key, position));
    change(
      [],
      [...positions].filter(reached).map(([shown]) => shown),
    );
  }

  entities.subscribe(endReached);

  return {
    get current() {
      return current;
    },
    add(key, fields) {
      const shown: ShownOverlay = { key, fields };
      change([shown], []);
      return {
        get isShown() {
          return current.includes(shown);
        },
        confirm(position) {
          if (!current.includes(shown)) return;
          positions.set(shown, position);
          endReached();
        },
        withdraw() {
          if (current.includes(shown)) change([], [shown]);
        },
      };
    },
    apply(key, entity) {
      const own = current.filter(shown => shown.key === key);
      return own.length === 0 ? entity : (Object.assign({}, entity, ...own.map(({ fields }) => fields)) as Data);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hold(isNeeded) {
      holders.push(isNeeded);
    },
    clear() {
      change([], current);
    },
  };
}
