// Times in the reader's zone and language.

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayClock = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** Like "3 min. ago", from the nearest unit. */
export function ago(instant: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(instant) - nowMs) / 1000);
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Today the time of day, else with its day. */
export function short(instant: string, nowMs: number): string {
  const date = new Date(instant);
  return date.toDateString() === new Date(nowMs).toDateString() ? clock.format(date) : dayClock.format(date);
}

/** Day and time, in the reader's zone. */
export const full = (instant: string): string => day.format(new Date(instant));

/** Like "820 ms" or "1.4 s". */
export function lasted(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
