import { useConnection } from '@orderstream/client/react';
import { useEffect, useRef, useState } from 'react';
import { session } from '../client.ts';
import { countedText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { roleOf, signIn } from '../sign-in/viewer.ts';
import { checkReturn, type CutReport } from './check-return.ts';
import type { OrderState } from './count-catch-up.ts';

type Cut =
  | { readonly kind: 'none' | 'checking' }
  | { readonly kind: 'cut'; readonly at: string; readonly sinceMs: number }
  | { readonly kind: 'report'; readonly report: CutReport }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Cuts this page's connection for as long as one likes, and then shows what the return has brought. */
export function CutPanel(props: { position: string | undefined; rows: () => OrderState[]; isFiltered: boolean }) {
  const { position, rows, isFiltered } = props;
  const { status } = useConnection();
  const [cut, setCut] = useState<Cut>({ kind: 'none' });
  // What React shows, not what the client knows: the check is of the screen.
  const board = useRef({ position, rows });
  useEffect(() => {
    board.current = { position, rows };
  });
  useEffect(
    () => () => {
      session.resume(); // another page has no button for it
    },
    [],
  );

  async function comeBack(cutAt: string) {
    setCut({ kind: 'checking' });
    try {
      const report = await checkReturn({
        cutAt,
        isStaff: roleOf(signIn.current) !== 'customer',
        isFiltered,
        shown: () => ({ position: board.current.position, cards: board.current.rows() }),
      });
      setCut({ kind: 'report', report });
    } catch (error) {
      setCut({ kind: 'failed', error });
    }
  }

  return (
    <div className="cut" data-cut={cut.kind}>
      {cut.kind === 'cut' ? (
        <button className="primary" onClick={() => void comeBack(cut.at)}>
          Connect again
        </button>
      ) : (
        <button
          disabled={status !== 'live' || position === undefined || cut.kind === 'checking'}
          onClick={() => {
            if (position === undefined) return;
            setCut({ kind: 'cut', at: position, sinceMs: performance.now() });
            session.pause();
          }}
        >
          <span aria-hidden="true">✂</span> Cut my connection
        </button>
      )}
      <p role="status" className="cut-line">
        {cut.kind === 'none' && <span className="quiet">Cut it as long as you like: no update is lost.</span>}
        {cut.kind === 'cut' && (
          <>
            This page gets nothing now. Orders go on without it: <Seconds since={cut.sinceMs} />
          </>
        )}
        {cut.kind === 'checking' && 'Catching up, and comparing with the log…'}
        {cut.kind === 'report' && <Report report={cut.report} />}
      </p>
      {cut.kind === 'failed' && <Problem error={cut.error} />}
    </div>
  );
}

function Report({ report }: { report: CutReport }) {
  const { updates, lost, repeated, ms, events, compared } = report;
  return (
    <>
      <strong className={lost + repeated === 0 ? 'cut-good' : 'cut-bad'} data-report>
        {`${countedText(updates, 'update')} caught up, ${lost} lost, ${repeated} repeated, ${Math.round(ms)} ms`}
      </strong>{' '}
      <span className="quiet small">
        {events !== undefined && `from ${countedText(events, 'event')} of the log; `}
        {`${countedText(compared, 'card')} ${lost === 0 ? 'equal' : 'compared with'} a fresh query`}
      </span>
    </>
  );
}

function Seconds({ since }: { since: number }) {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(performance.now());
    }, 500);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <span aria-live="off">{`${Math.max(0, Math.round((now - since) / 1_000))} s`}</span>;
}
