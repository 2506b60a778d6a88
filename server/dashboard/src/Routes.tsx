import type { ComponentChildren } from "preact";
import { usePlace } from "./lib/router";
import { Activity } from "./pages/Activity";
import { Diagnose } from "./pages/Diagnose";
import { Keys } from "./pages/Keys";
import { NewWebhook } from "./pages/NewWebhook";
import { NotFound } from "./pages/NotFound";
import { WebhookPage } from "./pages/webhook/WebhookPage";
import { Webhooks } from "./pages/Webhooks";

const PAGES: Record<string, () => ComponentChildren> = {
  "/": () => <Webhooks />,
  "/new": () => <NewWebhook />,
  "/activity": () => <Activity />,
  "/diagnose": () => <Diagnose />,
  "/keys": () => <Keys />,
};

/** Which page stands at an address. */
export function Routes() {
  const { path } = usePlace();
  const page = PAGES[path];
  if (page) return <>{page()}</>;
  const [, kind, id, tab, rest] = path.split("/");
  if (kind === "w" && id) return <WebhookPage key={id} id={id} tab={tab ?? "overview"} rest={rest} />;
  return <NotFound />;
}
