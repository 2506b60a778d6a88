import { useEffect, useRef } from "preact/hooks";
import { useMedia } from "../lib/use-media";
import { useWindow } from "../lib/use-window";
import type { DeliveryRow } from "../lib/rows";
import { lasted } from "../lib/time";
import { DeliveryBadge } from "./Badge";
import { Time } from "./Time";

interface Props {
  rows: DeliveryRow[];
  /** Whether there are more than these. */
  hasMore: boolean;
  address: (row: DeliveryRow) => string;
  /** Called when the end comes near. */
  onEnd: () => void;
}

const NEAR_END = 30;
const BORDERS = 2;

/** A list of any length: only the rows that are seen exist. Arrow keys go from row to row. */
export function DeliveryList({ rows, hasMore, address, onEnd }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const rowHeight = useMedia("(max-width: 640px)") ? 64 : 41;
  const { first, end } = useWindow(list, rows.length, rowHeight);
  useEffect(() => {
    if (hasMore && end > rows.length - NEAR_END) onEnd();
  }, [end, rows.length, hasMore, onEnd]);

  const moved = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const link = (event.target as Element).closest<HTMLElement>("a[data-index]");
    if (by === 0 || !link) return;
    const next = list.current?.querySelector<HTMLElement>(`a[data-index="${Number(link.dataset["index"]) + by}"]`);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const style = { height: `${rows.length * rowHeight + BORDERS}px`, paddingTop: `${first * rowHeight}px` };
  return (
    <ol class="deliveries" role="list" aria-label="Deliveries" ref={list} style={style} onKeyDown={moved}>
      {rows.slice(first, end).map((row, at) => (
        <Row key={row.id} row={row} index={first + at} total={hasMore ? -1 : rows.length} address={address(row)} />
      ))}
    </ol>
  );
}

function Row({ row, index, total, address }: { row: DeliveryRow; index: number; total: number; address: string }) {
  return (
    <li aria-posinset={index + 1} aria-setsize={total}>
      <a href={address} data-index={index}>
        <DeliveryBadge status={row.status} />
        <code class="what">{row.event_type}</code>
        <span class="came" title={row.error}>
          {row.response_status ?? (row.error ? "no answer" : "")}
          {row.error && <span class="why">{row.error}</span>}
        </span>
        <span class="took">{row.duration_ms === undefined ? "" : lasted(row.duration_ms)}</span>
        <span class="tries">{row.attempts > 1 ? `${row.attempts} attempts` : ""}</span>
        <Time at={row.created_at} as="short" />
      </a>
    </li>
  );
}
