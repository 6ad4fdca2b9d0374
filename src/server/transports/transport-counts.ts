import type { AuthenticationFailure } from '../authentication/token-fault.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** Undefined: nothing is counted. */
    readonly transportCounts?: TransportCounts;
  }
}

/** Counts of connections, for metrics. Each function is called when its event happens. */
export interface TransportCounts {
  readonly socketOpened: () => void;
  readonly socketClosed: (code: number) => void;
  /** An event stream was opened. @returns called at its end */
  readonly streamOpened: () => () => void;
  /** A client that read nothing for 30 s was disconnected. */
  readonly slowReader: (transport: Transport) => void;
  readonly authenticationFailed: (kind: AuthenticationFailure) => void;
}

export const transports = ['websocket', 'sse'] as const;
export type Transport = (typeof transports)[number];
