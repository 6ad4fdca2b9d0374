import { wordsOf } from '../words/error-words.ts';

/** An error in words: what happened, what to do, and what the server said. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { title, advice, message, code } = wordsOf(error);
  return (
    <div className="problem" role="alert" data-code={code}>
      <div>
        <strong>{title}.</strong> {advice}
        <p className="quiet small">
          {code}: {message}
        </p>
      </div>
      {onRetry && <button onClick={onRetry}>Try again</button>}
    </div>
  );
}
