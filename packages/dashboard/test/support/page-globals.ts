/** What a page has around it, for the code of the dashboard that runs here without a browser. */
export interface PageGlobals {
  /** What the page stores. */
  storage: Map<string, string>;
  /** Whether the browser lets the page store anything. */
  storageIsOpen: boolean;
  /** Whether its room for what pages store is used up. */
  storageIsFull: boolean;
  /** The cookie the browser holds, and sends. */
  cookie: string | null;
  /** Whether the browser keeps the cookies it is given. */
  keepsCookies: boolean;
  /** Where the page went without loading anew. */
  replaced: string[];
  restore(): void;
}

const NAMES = ["document", "location", "history", "localStorage", "fetch", "requestAnimationFrame"] as const;

/**
 * Puts a page's globals in place: requests go to the server, with the cookie it gave.
 * @param address the page's own, such as `http://127.0.0.1:4000/login#code=x`
 * @param basePath what the server says in the page
 */
export function becomePage(address: string, basePath = ""): PageGlobals {
  const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  const realFetch = globalThis.fetch;
  const location = new URL(address);
  const page: PageGlobals = {
    storage: new Map(),
    storageIsOpen: true,
    storageIsFull: false,
    cookie: null,
    keepsCookies: true,
    replaced: [],
    restore() {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else Reflect.deleteProperty(globalThis, name);
      }
    },
  };
  const store = () => {
    if (!page.storageIsOpen) throw new DOMException("The operation is insecure.", "SecurityError");
    return page.storage;
  };
  const globals: Record<(typeof NAMES)[number], unknown> = {
    // As fast as the page may be painted.
    requestAnimationFrame: (callback: () => void) => setImmediate(callback),
    document: { querySelector: () => ({ content: basePath }) },
    location,
    history: { replaceState: (_: unknown, __: string, to: string) => page.replaced.push(to) },
    localStorage: {
      getItem: (name: string) => store().get(name) ?? null,
      setItem: (name: string, value: string) => {
        if (page.storageIsFull) throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
        store().set(name, value);
      },
      removeItem: (name: string) => store().delete(name),
    },
    fetch: async (path: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set("origin", location.origin);
      if (page.cookie !== null) headers.set("cookie", page.cookie);
      const response = await realFetch(new URL(path, location), { ...init, headers });
      const given = response.headers.get("set-cookie");
      if (given !== null && page.keepsCookies) {
        page.cookie = /Max-Age=0/i.test(given) ? null : (given.split(";", 1)[0] ?? null);
      }
      return response;
    },
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return page;
}
