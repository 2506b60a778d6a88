const DELIVERY = {
  success: { kind: "good", text: "Delivered" },
  pending: { kind: "warn", text: "Waiting" },
  failed: { kind: "bad", text: "Failed" },
} as const;

export type DeliveryStatus = keyof typeof DELIVERY;
export const STATUSES = Object.keys(DELIVERY) as DeliveryStatus[];
export const statusText = (status: DeliveryStatus): string => DELIVERY[status].text;

/** A state as a word, with a colour beside it. */
export function Badge({ kind, children }: { kind: "good" | "warn" | "bad" | "off"; children: string }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

export function DeliveryBadge({ status }: { status: string }) {
  const known = DELIVERY[status as DeliveryStatus];
  return <Badge kind={known?.kind ?? "off"}>{known?.text ?? status}</Badge>;
}
