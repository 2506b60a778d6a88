import { useEffect, useState } from "preact/hooks";
import { ago, full, short } from "../lib/time";

const listeners = new Set<() => void>();
setInterval(() => listeners.forEach((tell) => tell()), 10_000);

/** The time now, anew every ten seconds. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const tick = () => setNow(Date.now());
    listeners.add(tick);
    return () => {
      listeners.delete(tick);
    };
  }, []);
  return now;
}

/** An instant: relative or short for reading, the exact one on hover. */
export function Time({ at, as = "ago" }: { at: string; as?: "ago" | "short" | "full" }) {
  const now = useNow();
  const text = as === "ago" ? ago(at, now) : as === "short" ? short(at, now) : full(at);
  return (
    <time dateTime={at} title={`${full(at)} (${at})`}>
      {text}
    </time>
  );
}
