import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { href, usePlace } from "../lib/router";
import { SessionContext } from "../lib/session";
import { SignedInAs } from "./SignedInAs";
import { ThemeSwitch } from "./ThemeSwitch";

const LINKS = [
  { path: "/", text: "Webhooks" },
  { path: "/activity", text: "Activity" },
  { path: "/diagnose", text: "Diagnose" },
  { path: "/keys", text: "API keys" },
];

/** What stands around each page: the way to the others, and who is signed in. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = usePlace();
  const session = useContext(SessionContext);
  const isCurrent = (link: string) => (link === "/" ? path === "/" || path === "/new" || path.startsWith("/w/") : path === link);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="top-inside">
          <a class="brand" href={href("/")}>
            <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
              <rect width="16" height="16" rx="4" />
              <path d="M4.5 4.5h7M4.5 8h5M4.5 11.5h7" />
            </svg>
            Encrata
          </a>
          <nav aria-label="Settings">
            {session &&
              LINKS.map(({ path, text }) => (
                <a key={path} href={href(path)} aria-current={isCurrent(path) ? "page" : undefined}>
                  {text}
                </a>
              ))}
          </nav>
          <div class="top-end">
            <ThemeSwitch />
            {session && <SignedInAs />}
          </div>
        </div>
      </header>
      {children}
    </div>
  );
}
