import { checkpointApart } from './checkpoint-apart.ts';
import { expiryIgnored } from './expiry-ignored.ts';
import { firstContextShared } from './first-context-shared.ts';
import { foreignHashIgnored } from './foreign-hash-ignored.ts';
import { hintMovesHub } from './hint-moves-hub.ts';
import { listOutOfOrder } from './list-out-of-order.ts';
import type { PlantedFault } from './planted-fault.ts';
import { publishBeforeCommit } from './publish-before-commit.ts';
import { slotDropsNewest } from './slot-drops-newest.ts';
import { snapshotBeforeInterest } from './snapshot-before-interest.ts';

/** Each one breaks a rule that live delivery depends on. */
export const plantedFaults: readonly PlantedFault[] = [
  publishBeforeCommit,
  hintMovesHub,
  snapshotBeforeInterest,
  checkpointApart,
  foreignHashIgnored,
  firstContextShared,
  slotDropsNewest,
  listOutOfOrder,
  expiryIgnored,
];
