interface Events {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Notices that the network is back, or that the page is visible again after the browser slowed down its timers.
 * Outside of browsers it does nothing.
 * @param listeners `onNetwork` is called with whether there is a network
 * @returns a function that stops it
 */
export function whenAwake(listeners: { onWake: () => void; onNetwork: (online: boolean) => void }): () => void {
  const { onWake, onNetwork } = listeners;
  const { window, document } = globalThis as { window?: Events; document?: Events & { visibilityState: string } };
  if (typeof window?.addEventListener !== 'function' || typeof document?.addEventListener !== 'function') {
    return () => undefined;
  }
  const online = () => {
    onNetwork(true);
    onWake();
  };
  const offline = () => {
    onNetwork(false);
  };
  const visible = () => {
    if (document.visibilityState === 'visible') onWake();
  };
  const listened: [Events, string, () => void][] = [
    [window, 'online', online],
    [window, 'offline', offline],
    [window, 'pageshow', visible],
    [document, 'visibilitychange', visible],
    [document, 'resume', visible],
  ];
  for (const [target, type, listener] of listened) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listened) target.removeEventListener(type, listener);
  };
}
