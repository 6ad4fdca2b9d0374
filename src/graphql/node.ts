import { kindOfId } from '../ids.ts';
import { builder, type ObjectRef } from './builder.ts';
import { badInput, limitExceeded } from './coded-error.ts';
import type { Context } from './context.ts';

const maximumNodes = 100;

type Load = (context: Context, id: string) => Promise<object | null | undefined>;

const nodeTypes = new Map<string, { readonly typeName: string; readonly load: Load }>();
const typeNames = new WeakMap<object, string>();

export const Node = builder.interfaceRef<object>('Node').implement({
  description:
    'An object that `node` returns. Its id has the form `<kind>_<uuid>` in lower case, where each type has its own kind, and is unique over all kinds. A client may create the ids of new objects itself.',
  fields: t => ({ id: t.id({ description: 'The id of the object, unique over all kinds.' }) }),
  resolveType: row => typeNames.get(row),
});

/**
 * Makes a type available to `node`, `nodes` and the `current` field of command errors.
 * @param kind the prefix of its ids, as the decider of its aggregate names it
 * @param load returns the row; null or undefined if it does not exist or the viewer may not see it
 */
export function registerNode<Row extends object>(
  kind: string,
  type: ObjectRef<Row>,
  load: (context: Context, id: string) => Promise<Row | null | undefined>,
): void {
  if (nodeTypes.has(kind)) throw new Error(`a type with ${kind}_ ids is registered already`);
  nodeTypes.set(kind, { typeName: type.name, load });
}

/** The current state of the node, as its viewer may see it; null if there is none. */
export async function loadNode(context: Context, id: string): Promise<object | null> {
  const kind = kindOfId(id);
  const type = kind === undefined ? undefined : nodeTypes.get(kind);
  const row = await type?.load(context, id);
  if (!type || !row) return null;
  typeNames.set(row, type.typeName);
  return row;
}

/**
 * Checks an id argument of a query or subscription.
 * @param kind the required kind; by default any kind
 * @throws BAD_USER_INPUT if the text is no id, or an id of another kind
 */
export function checkedId(id: string, kind = kindOfId(id)): string {
  if (kind === undefined || kindOfId(id) !== kind) {
    throw badInput(`An id has to be \`${kind ?? '<kind>'}_<uuid>\` in lower case.`);
  }
  return id;
}

builder.queryField('node', t =>
  t.field({
    type: Node,
    nullable: true,
    rule: 'authenticated',
    description: 'Returns any object by its id. Null if it does not exist or the viewer may not see it.',
    args: { id: t.arg.id({ required: true, description: 'The id of the object.' }) },
    resolve: (_root, { id }, context) => loadNode(context, checkedId(id)),
  }),
);

builder.queryField('nodes', t =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    rule: 'authenticated',
    description: `Returns objects by their ids, in the order of the ids. An entry is null if its object does not exist or the viewer may not see it.`,
    args: { ids: t.arg.idList({ required: true, description: `At most ${maximumNodes} ids.` }) },
    resolve: (_root, { ids }, context) => {
      if (ids.length > maximumNodes) throw limitExceeded(`\`nodes\` takes at most ${maximumNodes} ids.`, maximumNodes);
      // All ids are checked before the first read starts. If a check failed later, the reads already started could
      // fail with an unhandled rejection.
      const checked = ids.map(id => checkedId(id));
      return checked.map(id => loadNode(context, id));
    },
  }),
);
