import type { Line } from "../lib/use-live";

const TEXTS: Record<Line, string> = { off: "Not live", connecting: "Connecting…", live: "Live" };

/** Whether news comes by itself. */
export function LiveLine({ line }: { line: Line }) {
  return <span class={`line ${line}`}>{TEXTS[line]}</span>;
}
