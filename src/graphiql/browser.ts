/** The parts of the browser's API that the page uses: the project is compiled without the DOM types. */
interface Browser {
  readonly document: {
    getElementById(id: string): { readonly textContent: string } | null;
    querySelector(selector: string): { click(): void } | null;
  };
  readonly location: { readonly origin: string };
  readonly sessionStorage: {
    getItem(key: string): string | null;
    setItem(key: string, text: string): void;
    removeItem(key: string): void;
  };
  /** Read by the editor to find its workers. */
  MonacoEnvironment?: { globalAPI: boolean; getWorkerUrl(module: string, label: string): string | undefined };
  readonly YogaGraphiQL: { renderYogaGraphiQL(root: unknown, props: object): void };
}

export const browser = globalThis as unknown as Browser;
