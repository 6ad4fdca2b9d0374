import { useQuery } from '@apollo/client/react';
import { CustomerNameDocument } from '../generated/graphql.ts';

/** For whom staff orders, with the way to another customer. */
export function OrderingCustomer({ id, onChange }: { id: string; onChange: () => void }) {
  const { data } = useQuery(CustomerNameDocument, { variables: { id } });
  return (
    <>
      <span className="ordering-customer">
        for <strong>{data?.customer?.name ?? id}</strong>
      </span>
      <button className="plain" onClick={onChange}>
        Another customer
      </button>
    </>
  );
}
