import { useEffect, useRef } from "preact/hooks";
import type { Stats } from "../api/client";

interface Props {
  kind: "outcomes" | "times";
  stats: Stats | undefined;
}

/** A chart; what draws it comes when one is seen for the first time. Its place is kept meanwhile. */
export function Chart({ kind, stats }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef(() => {});
  useEffect(() => () => drawn.current(), []);
  useEffect(() => {
    const element = place.current;
    if (!stats || !element) return;
    let isGone = false;
    const redraw = async () => {
      const { draw } = await import("../lib/draw");
      if (isGone) return;
      drawn.current();
      drawn.current = draw(element, kind, stats);
    };
    const observer = new ResizeObserver(() => void redraw());
    observer.observe(element);
    addEventListener("themechange", redraw);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", redraw);
    return () => {
      isGone = true;
      observer.disconnect();
      removeEventListener("themechange", redraw);
      scheme.removeEventListener("change", redraw);
    };
  }, [kind, stats]);
  const label = kind === "outcomes" ? "Attempts by outcome over time" : "Answer times over time";
  return <div class="chart" ref={place} role="img" aria-label={`${label}; the figures are in the table below`} />;
}
