import type { Delivery } from "../api/client";

/** What a list keeps of a delivery: no bodies, so that ten thousand are light. */
export interface DeliveryRow {
  id: string;
  event_type: string;
  status: string;
  attempts: number;
  response_status: number | undefined;
  duration_ms: number | undefined;
  error: string | undefined;
  created_at: string;
  next_attempt_at: string | undefined;
}

export function row(delivery: Delivery): DeliveryRow {
  return {
    id: delivery.id,
    event_type: delivery.event_type,
    status: delivery.status,
    attempts: delivery.attempts,
    response_status: delivery.response_status ?? undefined,
    duration_ms: delivery.attempt_log.at(-1)?.duration_ms,
    error: delivery.error ?? undefined,
    created_at: delivery.created_at,
    next_attempt_at: delivery.next_attempt_at ?? undefined,
  };
}

/** The rows without one. */
export const without = (rows: DeliveryRow[], id: string): DeliveryRow[] => rows.filter((row) => row.id !== id);

/** Ids are ordered by time, so a list that is newest first is ordered by id, downwards. */
export function placed(rows: DeliveryRow[], one: DeliveryRow): DeliveryRow[] {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as DeliveryRow).id > one.id) low = middle + 1;
    else high = middle;
  }
  const isThere = rows[low]?.id === one.id;
  return rows.toSpliced(low, isThere ? 1 : 0, one);
}
