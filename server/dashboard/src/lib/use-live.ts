import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask, type Delivery } from "../api/client";

const AGAIN_MS = 5000;

export type Line = "off" | "connecting" | "live";

interface Heard {
  /** One that is new or changed; the newest fifty at the beginning. */
  delivery: (delivery: Delivery) => void;
  /** One that no longer fits what was asked for. */
  gone: (id: string) => void;
}

/**
 * Hears of deliveries while the page is seen. Browsers allow a server six connections, so a tab in the background gives
 * its own back.
 */
export function useLive(
  webhook_id: string,
  query: Record<string, string>,
  isOn: boolean,
  to: Heard,
): Line {
  const [line, setLine] = useState<Line>("off");
  const heard = useRef(to);
  heard.current = to;

  useEffect(() => {
    if (!isOn) return setLine("off");
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const { status, event } = query;
    const asked = new URLSearchParams({ webhook_id, ...(status ? { status } : {}), ...(event ? { event } : {}) });

    const close = () => {
      clearTimeout(again);
      source?.close();
      source = undefined;
    };
    const open = () => {
      setLine("connecting");
      source = new EventSource(`/api/webhooks/deliveries/stream?${asked}`);
      source.onopen = () => setLine("live");
      source.addEventListener("delivery", ({ data }) => heard.current.delivery(JSON.parse(data) as Delivery));
      source.addEventListener("gone", ({ data }) => heard.current.gone((JSON.parse(data) as { id: string }).id));
      source.onerror = () => {
        setLine("connecting");
        if (source?.readyState !== EventSource.CLOSED) return;
        // It was refused: perhaps the session has ended, which this finds out.
        ask(api.GET("/api/session")).catch(() => {});
        again = setTimeout(open, AGAIN_MS);
      };
    };
    const seen = () => {
      close();
      if (document.visibilityState !== "visible") return setLine("off");
      open();
    };
    if (document.visibilityState === "visible") open();
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      close();
    };
  }, [webhook_id, query, isOn]);
  return line;
}
