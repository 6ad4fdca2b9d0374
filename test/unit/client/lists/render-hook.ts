import { act, createElement, type FunctionComponent, type ReactElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { vi } from 'vitest';

/** As much of a browser as React needs to render components that show nothing. */
function lightContainer(): Element {
  const listeners = { addEventListener: () => undefined, removeEventListener: () => undefined };
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('window', { event: undefined, HTMLIFrameElement: Object });
  const ownerDocument = { nodeType: 9, activeElement: null, body: null, ...listeners };
  const empty = { textContent: '', firstChild: null, lastChild: null };
  return { nodeType: 1, nodeName: 'DIV', tagName: 'DIV', ownerDocument, ...listeners, ...empty } as unknown as Element;
}

/** A hook in its own component. */
export interface RenderedHook<Properties, Result> {
  /** What it returned last. */
  readonly result: Result;
  /** All that it returned. */
  readonly results: readonly Result[];
  rerender(properties: Properties): Promise<void>;
  unmount(): Promise<void>;
}

/** Lets React and all that waits for promises come to rest, after a change. */
export async function settled(change: () => void = () => undefined): Promise<void> {
  await act(async () => {
    change();
    await new Promise(resolve => setTimeout(resolve, 5));
  });
}

/**
 * Renders a hook in React's StrictMode, which mounts everything twice.
 * @param wrap puts a provider around it
 */
export async function renderHook<Properties extends object, Result>(
  hook: (properties: Properties) => Result,
  properties: Properties,
  wrap: (child: ReactElement) => ReactElement,
): Promise<RenderedHook<Properties, Result>> {
  const results: Result[] = [];
  const root = createRoot(lightContainer());
  const Hooked: FunctionComponent<Properties> = given => {
    results.push(hook(given));
    return null;
  };
  const rerender = async (next: Properties) => {
    act(() => root.render(createElement(StrictMode, null, wrap(createElement(Hooked, next)))));
    await settled();
  };
  await rerender(properties);
  return {
    get result() {
      return results.at(-1) as Result;
    },
    results,
    rerender,
    async unmount() {
      act(() => root.unmount());
      await settled();
    },
  };
}
