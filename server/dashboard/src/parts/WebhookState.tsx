import type { Webhook } from "../api/client";
import { Badge } from "./Badge";

/** Whether a webhook gets events, in a word. */
export function WebhookState({ webhook }: { webhook: Webhook }) {
  if (webhook.disabled_reason) return <Badge kind="bad">Switched off</Badge>;
  if (!webhook.is_active) return <Badge kind="off">Paused</Badge>;
  if (webhook.failing_since) return <Badge kind="warn">Failing</Badge>;
  return <Badge kind="good">Active</Badge>;
}
