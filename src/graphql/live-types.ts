import type { ListFrame } from '../live/watch-list.ts';
import type { ReportFrame } from '../live/watch-report.ts';
import type { LiveRow, RowFrame } from '../live/watch-row.ts';
import type { AnyLiveView, LiveView } from '../projections/read-changes.ts';
import { builder, type ObjectRef } from './builder.ts';
import { LiveKind } from './common-types.ts';

const kindDescription = 'The kind of this frame.';
const positionDescription = 'The position that this frame reflects. Pass it as `after` to continue from here.';

/** The value of a field that sends a list: a frame, and whether its row matches the list's filter now. */
export type ListUpdate<Row> = ListFrame<Row> & {
  readonly matches: (row: Row) => boolean | Promise<boolean>;
};

/**
 * Declares `<Node>Update`, the type of a field that sends one object after each change.
 * @param nodeOf turns a row of the view into the value of the node's type
 */
export function updateType<Row extends LiveRow, Node extends object>(
  node: ObjectRef<Node>,
  { rows }: LiveView<Row, never>,
  nodeOf: (row: Row) => Node,
): ObjectRef<RowFrame<Row>> {
  const noun = rows.streamType;
  return builder.objectRef<RowFrame<Row>>(`${node.name}Update`).implement({
    description: `The current state of one ${noun}.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
      // Pothos distinguishes rows from lists, and the compiler can't do that for a row of any type.
      [fieldOf(node)]: t.field({
        type: node,
        description: `The current ${noun}.`,
        resolve: ({ row }) => nodeOf(row) as never,
      }),
      position: t.expose('position', { type: 'Position', description: positionDescription }),
    }),
  });
}

/** Declares `<Node>ListUpdate`, the type of a field that sends the objects of a list after each change. */
export function listUpdateType<Row extends LiveRow, Node extends object>(
  node: ObjectRef<Node>,
  { rows }: LiveView<Row, never>,
  nodeOf: (row: Row) => Node,
): ObjectRef<ListUpdate<Row>> {
  const noun = rows.streamType;
  return builder.objectRef<ListUpdate<Row>>(`${node.name}ListUpdate`).implement({
    description: `A change to a list of ${noun}s.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
      position: t.expose('position', { type: 'Position', description: positionDescription }),
      [`${fieldOf(node)}Id`]: t.id({
        nullable: true,
        description: `The id of the changed ${noun}. Set only if the kind is UPDATE.`,
        resolve: ({ row }) => row && (row[rows.key] as string),
      }),
      matches: t.boolean({
        nullable: true,
        description: `Whether the ${noun} matches the filter. If true, add the ${noun} to the list, or replace it there. If false, remove it if it is there. Set only if the kind is UPDATE.`,
        resolve: ({ row, matches }) => row && matches(row),
      }),
      [fieldOf(node)]: t.field({
        type: node,
        nullable: true,
        description: `The current ${noun}. Set only if the kind is UPDATE.`,
        resolve: ({ row }) => (row && nodeOf(row)) as never,
      }),
    }),
  });
}

/**
 * Declares `<Report>Update`, the type of a field that sends a report again when it has changed.
 * @param field the name of the report's field
 * @param reportOf turns a frame into the value of the report's type
 */
export function reportUpdateType<Value, Report extends object>(
  report: ObjectRef<Report>,
  field: string,
  reportOf: (frame: ReportFrame<Value>) => Report,
): ObjectRef<ReportFrame<Value>> {
  return builder.objectRef<ReportFrame<Value>>(`${report.name}Update`).implement({
    description: `The current ${field}.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
      [field]: t.field({
        type: report,
        description: `The current ${field}.`,
        resolve: frame => reportOf(frame) as never,
      }),
      position: t.expose('position', { type: 'Position', description: positionDescription }),
    }),
  });
}

function fieldOf({ name }: { readonly name: string }): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The argument of every field that sends a list. */
export const listUpdateArguments = builder.args(t => ({
  after: t.field({
    type: 'Position',
    description: 'The position of a page, or of the last frame. The subscription continues after it.',
  }),
}));

/** The argument of a field that sends one object. */
export function updateArguments({ rows }: AnyLiveView) {
  return builder.args(t => ({
    after: t.field({
      type: 'Position',
      description: `The position of the last frame, or of a response that showed this ${rows.streamType}. The subscription continues after it.`,
    }),
  }));
}
