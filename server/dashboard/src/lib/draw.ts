import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Stats } from "../api/client";

type Kind = "outcomes" | "times";

interface Line {
  label: string;
  colour: string;
  values: (number | null)[];
}

/** A colour of the theme, as a canvas takes it. */
function colours(element: Element): (name: string) => string {
  const probe = document.createElement("i");
  element.append(probe);
  const resolved = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  queueMicrotask(() => probe.remove());
  return resolved;
}

function lines(kind: Kind, { buckets }: Stats, colour: (name: string) => string): Line[] {
  if (kind === "times") {
    return [
      { label: "Median", colour: colour("p50"), values: buckets.map(({ p50_ms }) => p50_ms ?? null) },
      { label: "95th percentile", colour: colour("p95"), values: buckets.map(({ p95_ms }) => p95_ms ?? null) },
    ];
  }
  return [
    { label: "Failed", colour: colour("bad"), values: buckets.map(({ failed }) => failed) },
    { label: "To be tried again", colour: colour("warn"), values: buckets.map(({ retried }) => retried) },
    { label: "Delivered", colour: colour("good"), values: buckets.map(({ delivered }) => delivered) },
  ];
}

/** Bars stand on each other: each line becomes the sum up to it, and the tallest is drawn first. */
function stacked(given: Line[]): Line[] {
  const sums = given.map((line, index) => ({
    ...line,
    values: line.values.map((_, at) => given.slice(0, index + 1).reduce((sum, { values }) => sum + (values[at] ?? 0), 0)),
  }));
  return sums.reverse();
}

/** Draws a chart of the element's width, and answers how to remove it. */
export function draw(element: HTMLElement, kind: Kind, stats: Stats): () => void {
  const colour = colours(element);
  const drawn = kind === "outcomes" ? stacked(lines(kind, stats, colour)) : lines(kind, stats, colour);
  const axis = { stroke: colour("muted"), font: "11px system-ui", ticks: { show: false }, grid: { stroke: colour("line"), width: 1 } };
  const bars = uPlot.paths.bars?.({ size: [0.7, 28], align: 1 });
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: element.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { range: (_, min, max) => [min, max + stats.step_seconds] }, y: { range: (_, __, max) => [0, Math.max(max * 1.1, 4)] } },
      axes: [{ ...axis, grid: { show: false } }, { ...axis, size: 48 }],
      series: [
        {},
        ...drawn.map(({ label, colour }) => ({
          label,
          stroke: colour,
          ...(kind === "outcomes" && bars ? { fill: colour, width: 0, paths: bars } : { width: 2, spanGaps: true }),
          points: { show: kind === "times", size: 5, fill: colour },
        })),
      ],
    },
    [stats.buckets.map(({ start }) => Date.parse(start) / 1000), ...drawn.map(({ values }) => values)],
    element,
  );
  return () => plot.destroy();
}
