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
    'Every id is `<kind>_<uuid>` in lower case (ord_, lin_, cus_, prd_, evt_), unique over all kinds; a client may mint its own.',
  fields: t => ({ id: t.id({ description: 'Names this object among all of all kinds.' }) }),
  resolveType: row => typeNames.get(row),
});

/**
 * Hooks a type into `node`, `nodes` and the `current` of refused commands.
 * @param kind the prefix of its ids, e.g. `abc` for `abc_<uuid>`
 * @param load the row, or nothing where there is none or it is not the viewer's
 */
export function registerNode<Row extends object>(
  kind: string,
  type: ObjectRef<Row>,
  load: (context: Context, id: string) => Promise<Row | null | undefined>,
): void {
  if (nodeTypes.has(kind)) throw new Error(`${kind}_ ids are taken`);
  nodeTypes.set(kind, { typeName: type.name, load });
}

/** The node as its viewer may see it now; null where there is none. */
export async function loadNode(context: Context, id: string): Promise<object | null> {
  const kind = kindOfId(id);
  const type = kind === undefined ? undefined : nodeTypes.get(kind);
  const row = await type?.load(context, id);
  if (!type || !row) return null;
  typeNames.set(row, type.typeName);
  return row;
}

/**
 * An id argument of a query or subscription.
 * @throws BAD_USER_INPUT where it is none of these kinds; of no kind in particular: where it is no id at all
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
    description: "Any object by its id; null where it does not exist or is not the viewer's.",
    args: { id: t.arg.id({ required: true, description: 'Id of any kind.' }) },
    resolve: (_root, { id }, context) => loadNode(context, checkedId(id)),
  }),
);

builder.queryField('nodes', t =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    rule: 'authenticated',
    description: `The same for up to ${maximumNodes} ids, in their order.`,
    args: { ids: t.arg.idList({ required: true, description: `At most ${maximumNodes}.` }) },
    resolve: (_root, { ids }, context) => {
      if (ids.length > maximumNodes) throw limitExceeded(`\`nodes\` takes at most ${maximumNodes} ids.`, maximumNodes);
      // All before the first is read: what was begun for the others would fail with nobody there to hear of it.
      const checked = ids.map(id => checkedId(id));
      return checked.map(id => loadNode(context, id));
    },
  }),
);
