import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Payload } from '../../../src/server/execution/frames/payload.ts';

test('a socket gets one whole frame of its own operation, for any length and id, and after any other socket', () => {
  const lengths = fc.oneof(...[0, 20, 8_130, 65_430, 70_000].map(from => fc.integer({ min: from, max: from + 110 })));
  const ids = fc.array(fc.constantFrom('1', '"quoted"', 'a3b8f0c2-0000', 'ü中😀'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(lengths, ids, (length, all) => {
      const content = { data: `${'x'.repeat(length)}ü` };
      const payload = new Payload(JSON.stringify(content), undefined);
      const socket = new PassThrough({ highWaterMark: 10_000_000 });
      for (const id of all) payload.writeTo(socket, id);
      expect(messagesIn(bytesOf(socket))).toEqual(all.map(id => ({ id, type: 'next', payload: content })));
    }),
  );
});

function bytesOf(socket: PassThrough): Buffer {
  const pieces: Buffer[] = [];
  for (let piece = socket.read() as Buffer | null; piece; piece = socket.read() as Buffer | null) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Parses frames by RFC 6455, 5.2: whole, text, not masked, each length in its shortest form. */
function messagesIn(bytes: Buffer): unknown[] {
  const messages: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81);
    const short = bytes.readUInt8(at + 1);
    const [from, length] =
      short === 127
        ? [at + 10, Number(bytes.readBigUInt64BE(at + 2))]
        : short === 126
          ? [at + 4, bytes.readUInt16BE(at + 2)]
          : [at + 2, short];
    expect(length).toBeGreaterThanOrEqual(short === 127 ? 65_536 : short === 126 ? 126 : 0);
    messages.push(JSON.parse(bytes.toString('utf8', from, from + length)));
    at = from + length;
  }
  return messages;
}
