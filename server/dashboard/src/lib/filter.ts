import { RANGES } from "./ranges";

/** What a list of deliveries is narrowed to; it lives in the address, so that it can be shared and gone back to. */
export interface Filter {
  status: string;
  event: string;
  /** The name of a range, `custom`, or nothing for all. */
  time: string;
  since: string;
  until: string;
}

const NAMES = ["status", "event", "time", "since", "until"] as const;

export function fromQuery(query: URLSearchParams): Filter {
  const [status, event, time, since, until] = NAMES.map((name) => query.get(name) ?? "");
  return { status, event, time, since, until } as Filter;
}

export function toQuery(filter: Filter): string {
  const query = new URLSearchParams(NAMES.filter((name) => filter[name]).map((name) => [name, filter[name]]));
  return query.size ? `?${query}` : "";
}

/** What the API is asked for. Times of the form are of the reader's zone. */
export function asked({ status, event, time, since, until }: Filter): Record<string, string> {
  const range = RANGES.find(({ name }) => name === time);
  const instant = (local: string) => {
    const ms = Date.parse(local);
    return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
  };
  const from = range ? new Date(Date.now() - range.ms).toISOString() : time === "custom" ? instant(since) : "";
  const to = time === "custom" ? instant(until) : "";
  const given = { status, event, since: from, until: to };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}
