import { expect, test } from 'vitest';
import { boardHolds } from './board-holds.ts';
import { withPlantedBoard } from './planted-board.ts';

const timeLimitMs = 300_000;

/** The property of live-board-property.test.ts has to find each of these faults. */
const faults = [
  {
    name: 'changes are forgotten while a page is being loaded',
    file: 'board-rows.ts',
    search: '(floor !== undefined && listing.asOf > floor) ||',
    replace: '',
  },
  {
    name: 'a column that became short is not filled',
    file: 'board-rows.ts',
    search: 'rows.length <= wanted && end ?',
    replace: 'false && end ?',
  },
  {
    name: 'a row beyond the last loaded one is inserted',
    file: 'board-rows.ts',
    search: 'end !== undefined && compare(place, end) <= 0',
    replace: 'end !== undefined',
  },
  {
    name: 'ties are in the opposite order',
    file: 'list-place.ts',
    search: 'compare(left.id, right.id)',
    replace: 'compare(right.id, left.id)',
  },
  { name: 'after RESYNC old rows are kept', file: 'open-board.ts', search: 'rows.clear();', replace: '' },
  {
    name: 'a page replaces newer versions',
    file: 'board-rows.ts',
    search: '!known || versionOf(entity) > versionOf(known.entity) ?',
    replace: 'true ?',
  },
  {
    name: 'a page says of a newer frame whether the order matches',
    file: 'board-rows.ts',
    search: '!known || position >= known.asOf ?',
    replace: 'true ?',
  },
  {
    name: 'a page that is older than the list is taken',
    file: 'page-loads.ts',
    search: 'page.position < floor',
    replace: 'page.position < ""',
  },
  {
    name: 'the subscription starts at the newest page',
    file: 'open-board.ts',
    search: 'pages.map(page => page.position).sort()[0]',
    replace: 'pages.map(page => page.position).sort().at(-1)',
  },
  {
    name: 'an overlay that ended is not kept until the frame comes',
    file: 'board-rows.ts',
    search: 'known.version > shownVersion &&',
    replace: 'false &&',
  },
  {
    name: 'an overlay does not move the order to its column',
    file: 'board-rows.ts',
    search: "status: overlays.apply(keyOf(id), { status })['status']",
    replace: 'status',
  },
];

test.each(faults)(
  'the property finds this fault: $name',
  async ({ name: _, ...edit }) => {
    const { failed } = await withPlantedBoard([edit], create =>
      boardHolds(create, { numRuns: 2_000, seed: 1, endOnFailure: true }),
    );
    expect(failed).toBe(true);
  },
  timeLimitMs,
);
