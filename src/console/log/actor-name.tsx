import { type LoggedEventFragment } from '../generated/graphql.ts';

/** Who caused an event. What operators did is marked. */
export function ActorName({ event: { actor, actorRole } }: { event: LoggedEventFragment }) {
  const isCustomer = actorRole === 'CUSTOMER';
  return (
    <span className="actor small" data-role={actorRole}>
      {isCustomer ? 'Customer' : actor}
      {actorRole === 'OPERATOR' && <b>operator</b>}
    </span>
  );
}
