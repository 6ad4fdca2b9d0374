import { WebSocket } from 'ws';

/** Operations in flight have this long before their socket is closed; a command takes less. */
const maxAnswerMs = 12_000;
/**
 * Codes with which `ws` itself closes a socket whose client violates the protocol or sends a message that is too
 * long.
 */
const protocolErrors = [1002, 1007, 1009];

/**
 * A server-side socket that closes only after its operations in flight are answered. If the response of a command was
 * dropped, the command would be stored, and its client, which cannot know that, would send it again. From the first
 * attempt to close it, `isClosing` is true and no new operation may be executed: an operation without a response when
 * the socket closes was not executed. It then emits `closing`.
 */
export class AnsweringSocket extends WebSocket {
  readonly #unanswered = new Set<object>();
  #closeNow: (() => void) | undefined;

  get isClosing(): boolean {
    return this.#closeNow !== undefined;
  }

  /**
   * An operation starts.
   * @param operation the same object is passed to `answered`
   */
  began(operation: object): void {
    this.#unanswered.add(operation);
  }

  /** The response was sent, or there will be none. */
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
    const timer = setTimeout(closeNow, maxAnswerMs);
    this.once('close', () => clearTimeout(timer));
  }

  /**
   * Closes at once, except if `ws` itself closes the socket for an error of its client: earlier commands may be in
   * flight.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (code !== undefined && protocolErrors.includes(code)) this.closeAnswered(code, reason?.toString());
    else super.close(code, reason);
  }
}
