/** Stretches of time that charts and filters offer, up to now. */
export const RANGES = [
  { name: "hour", text: "Last hour", ms: 3_600_000, step: "minute" },
  { name: "day", text: "Last 24 hours", ms: 86_400_000, step: "hour" },
  { name: "week", text: "Last 7 days", ms: 7 * 86_400_000, step: "hour" },
  { name: "month", text: "Last 30 days", ms: 30 * 86_400_000, step: "day" },
] as const;

export type Range = (typeof RANGES)[number];
