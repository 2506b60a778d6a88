import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask, type Delivery } from "../api/client";

const AGAIN_MS = 5000;

export type Line = "off" | "connecting" | "live";

/**
 * Hears of deliveries that are new or changed, while the page is seen. Browsers allow a server six connections, so a
 * tab in the background gives its own back; `onReturn` is called when it is seen again.
 */
export function useLive(
  webhook_id: string,
  query: Record<string, string>,
  isOn: boolean,
  onDelivery: (delivery: Delivery) => void,
  onReturn: () => void,
): Line {
  const [line, setLine] = useState<Line>("off");
  const heard = useRef({ onDelivery, onReturn });
  heard.current = { onDelivery, onReturn };

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
      source.addEventListener("delivery", ({ data }) => heard.current.onDelivery(JSON.parse(data) as Delivery));
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
      heard.current.onReturn();
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
