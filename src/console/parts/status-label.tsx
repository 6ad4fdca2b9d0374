import type { OrderStatus } from '../generated/schema-enums.ts';
import { statusWords } from '../words/status-words.ts';

export function StatusLabel({ status }: { status: OrderStatus }) {
  return (
    <span className="status" data-status={status}>
      {statusWords[status]}
    </span>
  );
}
