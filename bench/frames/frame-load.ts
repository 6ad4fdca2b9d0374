import { once } from 'node:events';
import { WebSocket } from 'ws';
import { openClient, type Post } from '../http-client.ts';
import { assertAccepted, bodyOf } from '../shop.ts';
import { latency, type Latency } from '../statistics.ts';
import { doJobs } from '../worker.ts';

export interface FrameJob {
  readonly side: 'orderstream' | 'bare';
  readonly url: string;
  readonly token: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly samples: number;
}

const frameTimeoutMs = 10_000; // after this time without a frame the run fails
const mostUnits = 10_000;
let sent = 0;

doJobs<FrameJob, Latency>(async job => {
  const client = openClient(job.url, { token: job.token, connections: 1 });
  const frames = await (job.side === 'orderstream' ? subscribed(job) : listening(job));
  try {
    const times: number[] = [];
    for (let sample = 0; sample < job.samples; sample++) times.push(await answerToFrame(job, client.post, frames));
    return latency(times);
  } finally {
    client.close();
    frames.socket.close();
    await once(frames.socket, 'close');
  }
});

interface Frames {
  readonly socket: WebSocket;
  /** Resolves when the frame of this version, or of a later one, arrives. */
  arrival(version: number): Promise<number>;
}

/** @returns ms; 0 if the frame arrived before the response */
async function answerToFrame({ side, orderId, lineId }: FrameJob, post: Post, frames: Frames): Promise<number> {
  // The quantity differs each time, because a command that changes nothing stores no event.
  const quantity = (sent++ % mostUnits) + 1;
  const input = { orderId, lineId, quantity };
  const body = side === 'bare' ? JSON.stringify(input) : bodyOf({ name: 'changeOrderItemQuantity', input });
  const answer = await post(body);
  const answered = performance.now();
  assertAccepted(answer);
  const version = Number(/"version":(\d+)/.exec(answer)?.[1]);
  return Math.max((await frames.arrival(version)) - answered, 0);
}

/** A subscription to the order over graphql-transport-ws. */
async function subscribed({ url, token, orderId }: FrameJob): Promise<Frames> {
  const socket = await opened(url, 'graphql-transport-ws');
  const frames = framesOf(socket);
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }));
  const query = `subscription ($id: ID!) { orderUpdated(id: $id) { kind position
    order { status version total { minorUnits } lines { id quantity } } } }`;
  await once(socket, 'message'); // connection_ack
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id: orderId } } }));
  await frames.arrival(1); // the snapshot
  return frames;
}

async function listening({ url }: FrameJob): Promise<Frames> {
  return framesOf(await opened(url));
}

async function opened(url: string, protocol?: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocol);
  await once(socket, 'open');
  return socket;
}

function framesOf(socket: WebSocket): Frames {
  let last = { version: 0, at: 0 };
  let wake: () => void = () => undefined;
  socket.on('message', (data: Buffer) => {
    const at = performance.now();
    const version = /"version":(\d+)/.exec(data.toString('utf8'))?.[1];
    if (version === undefined) return;
    last = { version: Number(version), at };
    wake();
  });
  return {
    socket,
    arrival: version =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no frame of version ${version} came`)), frameTimeoutMs);
        wake = () => {
          if (last.version < version) return;
          clearTimeout(timer);
          resolve(last.at);
        };
        wake();
      }),
  };
}
