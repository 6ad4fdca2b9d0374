import type { ConnectionState } from '@orderstream/client';
import { useConnection } from '@orderstream/client/react';
import { countedText } from '../parts/format.ts';

/** Whether the page shows the present. Screen readers are told of each change. */
export function ConnectionPill() {
  const connection = useConnection();
  const { state, text } = shown(connection);
  return (
    <span className="pill" role="status" data-connection={state}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function shown({ status, behindEvents }: ConnectionState): { readonly state: string; readonly text: string } {
  switch (status) {
    case 'live':
      if (behindEvents === 0) return { state: 'live', text: 'Live' };
      return { state: 'behind', text: `${countedText(behindEvents, 'event')} behind` };
    case 'idle':
    case 'connecting':
      return { state: 'connecting', text: 'Connecting…' };
    case 'reconnecting':
      return { state: 'lost', text: 'Reconnecting…' };
    case 'paused':
      return { state: 'paused', text: 'Cut by you' };
    case 'offline':
      return { state: 'lost', text: 'No network' };
  }
}
