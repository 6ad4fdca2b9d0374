import type { LoggedEventFragment } from '../generated/graphql.ts';

const fields = 'id type version position schemaVersion recordedAt actor correlationId data';

/**
 * The document that reads an event by the API, and its variables as a comment.
 * @param before the position of the event before it in the log; undefined: it is not known
 */
export function queryOf(event: LoggedEventFragment, before: string | undefined): string {
  if (event.streamType === 'order') {
    return withVariables(
      `query OrderAtVersion($id: ID!, $version: Int!) {
  orderAt(id: $id, at: { version: $version }) {
    version
    status
    total { amount currency }
    lines { productName quantity }
  }
  order(id: $id) {
    number
    history(first: 100) {
      nodes { ${fields} }
    }
  }
}`,
      { id: event.streamId, version: event.version },
    );
  }
  return withVariables(
    `subscription EventsAfter($after: Position) {
  eventsAppended(after: $after) { streamId ${fields} }
}`,
    // Without a position the feed starts with the first event of the log.
    { after: before ?? null },
  );
}

function withVariables(document: string, variables: object): string {
  const lines = JSON.stringify(variables, undefined, 2).split('\n');
  return `${document}\n\n# variables\n${lines.map(line => `# ${line}`).join('\n')}\n`;
}
