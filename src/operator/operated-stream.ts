import { deriveId } from '../ids.ts';

/** The namespace in which the id of a stream becomes the id of the stream of what operators did to it. Permanent. */
const operatedNamespace = 'f3b6a2de-54c0-4b7e-9a0c-6f0e2b1d7c58';

/** The stream of what operators did to a stream: two commands about one stream conflict there. */
export function operatedStreamId(streamId: string): string {
  return deriveId('prj', operatedNamespace, streamId);
}
