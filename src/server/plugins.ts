import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import type { Exchange } from './http/exchange.ts';

/**
 * The plugins of this deployment, yoga's and envelop's. Their hooks run in this order, after ours, for every operation
 * of every transport. With an empty list, requests take the fast path (docs/adding-a-plugin.md).
 */
export const plugins: readonly Plugin<Context, Exchange>[] = [];
