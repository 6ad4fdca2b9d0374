import { WebSocket } from 'ws';

/** Operations in flight have this long to be answered before their socket is closed: longer than a command takes. */
const longestAnswerMs = 12_000;
/** Codes with which `ws` itself closes a socket whose client breaks the protocol, or sends too long a message. */
const protocolErrors = [1002, 1007, 1009];

/**
 * A server's socket that is closed only once the operations in flight on it are answered: a command whose answer is
 * dropped is stored, and its client, which can't know that, sends it again. From the first attempt to close it, `isClosing`
 * is true and nothing that arrives may be executed any more: what was not answered when the socket closes did not run.
 * Emits `closing` then.
 */
export class AnsweringSocket extends WebSocket {
  readonly #unanswered = new Set<object>();
  #closeNow: (() => void) | undefined;

  get isClosing(): boolean {
    return this.#closeNow !== undefined;
  }

  /** An operation begins. @param operation what `answered` is told */
  began(operation: object): void {
    this.#unanswered.add(operation);
  }

  /** The answer was sent, or none will be. */
  answered(operation: object): void {
    this.#unanswered.delete(operation);
    if (this.#unanswered.size === 0) this.#closeNow?.();
  }

  closeAnswered(code: number, reason = ''): void {
    if (this.isClosing || this.readyState !== WebSocket.OPEN) return;
    const closeNow = (this.#closeNow = () => super.close(code, reason));
    this.emit('closing');
    if (this.#unanswered.size === 0) {
      closeNow();
      return;
    }
    const timer = setTimeout(closeNow, longestAnswerMs);
    this.once('close', () => clearTimeout(timer));
  }

  /** At once, unless `ws` itself closes it for an error of the client, whose earlier commands are still in flight. */
  override close(code?: number, reason?: string | Buffer): void {
    if (code !== undefined && protocolErrors.includes(code)) this.closeAnswered(code, reason?.toString());
    else super.close(code, reason);
  }
}
