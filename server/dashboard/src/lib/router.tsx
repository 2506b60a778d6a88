import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";

/** Where the page is served. */
export const BASE = "/settings/webhooks";

export interface Place {
  /** Below the base, like `/keys`; `/` for the list. */
  path: string;
  query: URLSearchParams;
}

const PlaceContext = createContext<Place>({ path: "/", query: new URLSearchParams() });

/** The place that the address names now. */
export const here = (): Place => read(address());

function address(): string {
  return location.pathname + location.search;
}

function read(url: string): Place {
  const { pathname, searchParams } = new URL(url, location.origin);
  const path = pathname.slice(BASE.length).replace(/\/+$/, "");
  return { path: path || "/", query: searchParams };
}

/** The address of a place of the page. */
export function href(path: string): string {
  return path === "/" ? BASE : BASE + path;
}

/** Goes to a place of the page. `replace` leaves no step to go back to. */
export function go(path: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", href(path));
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Follows links of the page without loading it anew. */
export function Router({ children }: { children: ComponentChildren }) {
  const [url, setUrl] = useState(address);
  useEffect(() => {
    const moved = () => setUrl(address());
    const clicked = (event: MouseEvent) => {
      const link = (event.target as Element).closest("a");
      const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
      if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return;
      event.preventDefault();
      if (link.href !== location.href) history.pushState(null, "", link.href);
      moved();
    };
    addEventListener("popstate", moved);
    document.addEventListener("click", clicked);
    return () => {
      removeEventListener("popstate", moved);
      document.removeEventListener("click", clicked);
    };
  }, []);
  const place = useMemo(() => read(url), [url]);
  return <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>;
}

export const usePlace = (): Place => useContext(PlaceContext);
