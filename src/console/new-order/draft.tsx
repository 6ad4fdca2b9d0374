import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { moneyText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { orderPath } from '../routes.ts';
import { refusalText } from '../words/refusal-words.ts';
import { wordsOf } from '../words/error-words.ts';
import { Basket } from './basket.tsx';
import { type CatalogueProduct, Products } from './products.tsx';
import { newId } from './new-id.ts';
import { OrderTrack } from './order-track.tsx';
import { useDraft } from './use-draft.ts';

/**
 * A customer's view of one order: from the empty draft to the delivery.
 * @param props.children beside the heading, while it is a draft
 */
export function Draft(props: {
  id: string;
  customerId: string | undefined;
  onAnother: () => void;
  children?: ReactNode;
}) {
  const { id, customerId, onAnother, children } = props;
  const { order, lines, isSending, refusal, add, submit, error, retry } = useDraft(id, customerId);
  const [isSubmitting, setSubmitting] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isOwn = customerId === undefined;
  const isDraft = order === undefined || order.status === 'DRAFT';

  function want(lineId: string, product: Omit<CatalogueProduct, 'available'>, quantity: number, isNew: boolean) {
    setProblem(undefined);
    add({
      key: newId('lin'),
      lineId,
      productId: product.id,
      productName: product.name,
      unitPrice: product.price,
      quantity,
      isNew,
    });
  }

  async function send() {
    setSubmitting(true);
    try {
      const result = await submit();
      setProblem(result.accepted ? undefined : refusalText(result.error));
    } catch (cause) {
      const { title, advice } = wordsOf(cause);
      setProblem(`${title}. ${advice}`);
    } finally {
      setSubmitting(false);
    }
  }

  return (
    <div className="new-order" data-state={isDraft ? 'draft' : 'ordered'}>
      <div className="page-head">
        <h1>{isDraft ? 'New order' : isOwn ? 'Your order' : 'The order'}</h1>
        {isDraft && children}
        {order && (
          <Link href={orderPath(order.number)} className="button">
            <span className="mono">{order.number}</span>
          </Link>
        )}
        {!isDraft && (
          <button className="primary" onClick={onAnother}>
            Place another order
          </button>
        )}
      </div>
      {error && <Problem error={error} onRetry={retry} />}
      {order && !isDraft && <OrderTrack order={order} />}
      <div className="new-order-columns">
        {isDraft && (
          <Products
            onAdd={product => {
              const line = lines.find(({ productId }) => productId === product.id);
              want(line?.id ?? newId('lin'), product, (line?.quantity ?? 0) + 1, line === undefined);
            }}
            currency={lines[0]?.unitPrice.currency}
          />
        )}
        <section className="panel basket" aria-labelledby="basket">
          <header>
            <h2 id="basket">{isDraft ? 'Draft' : 'Ordered'}</h2>
            <span className="quiet small" role="status">
              {isSending ? 'Saving…' : lines.length > 0 && isDraft ? 'Saved' : ''}
            </span>
          </header>
          <Basket
            lines={lines}
            isDraft={isDraft}
            onChange={(line, quantity) => {
              const product = { id: line.productId, sku: '', name: line.productName, price: line.unitPrice };
              want(line.id, product, quantity, false);
            }}
          />
          {isDraft && (
            <div className="body stack">
              {order && lines.length > 0 && <Total amount={order.total} />}
              <button className="primary" disabled={lines.length === 0 || isSubmitting} onClick={() => void send()}>
                {isSubmitting ? 'Submitting…' : 'Submit order'}
              </button>
              {(problem !== undefined || refusal !== undefined) && (
                <p className="refusal" role="alert">
                  {problem ?? textOf(refusal)}
                </p>
              )}
            </div>
          )}
          {!isDraft && (
            <div className="body">
              <Total amount={order.total} />
            </div>
          )}
        </section>
      </div>
    </div>
  );
}

function Total({ amount }: { amount: Parameters<typeof moneyText>[0] }) {
  return (
    <p className="row spread basket-total">
      Total <span>{moneyText(amount)}</span>
    </p>
  );
}

function textOf(refusal: unknown): string {
  if (typeof refusal === 'object' && refusal !== null && '__typename' in refusal) {
    return refusalText(refusal as Parameters<typeof refusalText>[0]);
  }
  const { title, advice } = wordsOf(refusal);
  return `${title}. ${advice}`;
}
