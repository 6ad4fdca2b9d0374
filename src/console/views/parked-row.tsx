import { useState } from 'react';
import { Link } from 'wouter';
import { client } from '../client.ts';
import {
  type ParkedRowFragment,
  ParkedStreamsDocument,
  RetryParkedStreamDocument,
  SkipParkedStreamDocument,
} from '../generated/graphql.ts';
import { countedText, countText, eventNumber, momentText } from '../parts/format.ts';
import { routes } from '../routes.ts';
import { wordsOf } from '../words/error-words.ts';
import { operate, type Operated } from './operate.ts';
import { SkipDialog } from './skip-dialog.tsx';
import { Refusal } from '../parts/refusal.tsx';

/** What became of a stream that is no longer in the list. */
export interface ParkedOutcome {
  readonly streamId: string;
  readonly text: string;
}

/** A parked stream: why, how often it was tried, and what an operator can do. */
export function ParkedRow(props: {
  stream: ParkedRowFragment;
  isOperator: boolean;
  onOutcome: (outcome: ParkedOutcome) => void;
}) {
  const { stream, isOperator, onOutcome } = props;
  const { streamId, streamType, version, position, error, attempts, triedAt } = stream;
  const [doing, setDoing] = useState<'retry' | 'skip'>();
  const [isAsking, setAsking] = useState(false);
  const [answer, setAnswer] = useState<string>();

  async function send(what: 'retry' | 'skip', command: () => Promise<Operated>) {
    if (doing !== undefined) return;
    setDoing(what);
    setAnswer(undefined);
    const result = await command();
    setAnswer(result.accepted ? await follow(what, result.position) : result.why);
    setDoing(undefined);
  }

  /** Waits until a projector has carried it out. @returns what to say beside the stream if it is still parked */
  async function follow(what: 'retry' | 'skip', atLeast: string): Promise<string | undefined> {
    try {
      const { data } = await client.query({
        query: ParkedStreamsDocument,
        variables: { first: 100, atLeast },
        fetchPolicy: 'network-only',
      });
      const now = data?.parkedStreams?.nodes.find(one => one.streamId === streamId);
      if (!now) {
        onOutcome({
          streamId,
          text:
            what === 'retry'
              ? 'folded, its rows are up to date.'
              : 'skipped, its rows are up to date without that event.',
        });
        return undefined;
      }
      return now.version === version
        ? `Tried again, and it failed again at ${momentText(now.triedAt)}: ${now.error}`
        : `Version ${version} is done, but version ${now.version} cannot be folded: ${now.error}`;
    } catch (failure) {
      const { title, advice } = wordsOf(failure);
      return `It is stored. What came of it is unknown: ${title}. ${advice}`;
    }
  }

  const search = new URLSearchParams({ from: 'first', stream: streamId, event: position });
  return (
    <li data-parked={streamId}>
      <div className="row-main">
        <code>{streamId}</code>
        <span className="quiet small">
          {streamType}, before version {version}: event{' '}
          <Link href={`${routes.log}?${search.toString()}`}>{countText(eventNumber(position))} of the log</Link>
        </span>
      </div>
      <span className="small quiet">
        {countedText(attempts, 'attempt')}, last {momentText(triedAt)}
      </span>
      {isOperator && (
        <div className="row row-actions">
          <button
            className="primary"
            aria-disabled={doing !== undefined}
            aria-label={`Retry ${streamId}`}
            onClick={() => void send('retry', () => operate(RetryParkedStreamDocument, { streamId }))}
          >
            {doing === 'retry' ? 'Retrying…' : 'Retry'}
          </button>
          <button
            className="danger"
            aria-disabled={doing !== undefined}
            aria-label={`Skip version ${version} of ${streamId}`}
            onClick={() => {
              setAsking(true);
            }}
          >
            {doing === 'skip' ? 'Skipping…' : 'Skip…'}
          </button>
        </div>
      )}
      <pre className="parked-error" tabIndex={0} aria-label={`Error of ${streamId}`}>
        {error}
      </pre>
      <Refusal>{answer}</Refusal>
      {isAsking && (
        <SkipDialog
          stream={stream}
          onSkip={() => void send('skip', () => operate(SkipParkedStreamDocument, { streamId, version }))}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </li>
  );
}
