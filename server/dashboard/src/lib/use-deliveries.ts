import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { answered, api } from "../api/client";
import { tell } from "../api/failure";
import { type DeliveryRow, placed, row, without } from "./rows";

const PAGE = 100;

interface State {
  rows: DeliveryRow[];
  /** Where the next page begins; none at the end. */
  cursor: string | undefined;
  isLoading: boolean;
  failure: string | undefined;
}

const EMPTY: State = { rows: [], cursor: undefined, isLoading: true, failure: undefined };

/** The cursor in a `Link` header that names the next page (RFC 8288). */
function nextCursor(link: string | null): string | undefined {
  const url = link?.match(/<([^>]*)>;\s*rel="next"/)?.[1];
  return url ? (new URL(url, location.origin).searchParams.get("cursor") ?? undefined) : undefined;
}

/** The deliveries of a webhook, page after page. `query` is what the API is asked for, and stays the same between pages. */
export function useDeliveries(webhook_id: string, query: Record<string, string>) {
  const [state, setState] = useState(EMPTY);
  const round = useRef(0);

  const fetchPage = useCallback(
    async (cursor: string | undefined) => {
      const mine = round.current;
      setState((before) => ({ ...before, isLoading: true, failure: undefined }));
      try {
        const params = { query: { ...query, webhook_id, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } };
        const { data, response } = await answered(api.GET("/api/webhooks/deliveries", { params }));
        const rows = (Array.isArray(data) ? data : [data]).map(row);
        if (mine !== round.current) return;
        const next = nextCursor(response.headers.get("link"));
        setState((before) => ({
          rows: cursor === undefined ? rows : before.rows.concat(rows),
          cursor: next,
          isLoading: false,
          failure: undefined,
        }));
      } catch (thrown) {
        if (mine === round.current) setState((before) => ({ ...before, isLoading: false, failure: tell(thrown) }));
      }
    },
    [webhook_id, query],
  );

  const reload = useCallback(() => {
    round.current += 1;
    void fetchPage(undefined);
  }, [fetchPage]);
  useEffect(() => {
    setState(EMPTY);
    reload();
    return () => {
      round.current += 1;
    };
  }, [reload]);

  const more = useCallback(() => {
    if (!state.isLoading && state.cursor !== undefined) void fetchPage(state.cursor);
  }, [state.isLoading, state.cursor, fetchPage]);
  const place = useCallback((changed: DeliveryRow) => {
    setState((before) => ({ ...before, rows: placed(before.rows, changed) }));
  }, []);
  const drop = useCallback((id: string) => setState((before) => ({ ...before, rows: without(before.rows, id) })), []);
  return { ...state, reload, more, place, drop };
}
