import { useMemo, useRef, useState } from "preact/hooks";
import { asked, fromQuery, toQuery } from "../../lib/filter";
import { counted } from "../../lib/number";
import { go, href, usePlace } from "../../lib/router";
import { type DeliveryRow, row } from "../../lib/rows";
import { useSession } from "../../lib/session";
import { useDeliveries } from "../../lib/use-deliveries";
import { useLive } from "../../lib/use-live";
import { DeliveryFilter } from "../../parts/DeliveryFilter";
import { DeliveryList } from "../../parts/DeliveryList";
import { Empty } from "../../parts/Empty";
import { LiveLine } from "../../parts/LiveLine";
import { FailureNotice } from "../../parts/Notice";
import { Skeleton } from "../../parts/Skeleton";
import { DeliveryPanel } from "./DeliveryPanel";
import { ResendMany } from "./ResendMany";
import { ResumeNotice } from "./ResumeNotice";
import type { TabProps } from "./WebhookPage";

/** What was delivered, newest first and live; `open` is the one that stands beside the list. */
export function Deliveries({ webhook, reload, open }: TabProps & { open: string | undefined }) {
  const { mayWrite } = useSession();
  const { query } = usePlace();
  const filter = fromQuery(query);
  const search = toQuery(filter);
  const question = useMemo(() => asked(filter), [search]);
  const list = useDeliveries(webhook.id, question);
  const [isResending, setResending] = useState(false);
  const top = useRef<HTMLDivElement>(null);
  const { held, heard, release } = useHeld(list, top);
  const line = useLive(webhook.id, question, !question["until"], {
    gone: list.drop,
    delivery: (delivery) => {
      const { since } = question;
      if (!since || Date.parse(delivery.created_at) >= Date.parse(since)) heard(row(delivery));
    },
  });
  const base = `/w/${webhook.id}/deliveries`;
  const opened = list.rows.find(({ id }) => id === open);
  const isEmpty = !list.isLoading && list.rows.length === 0 && !list.failure;
  return (
    <>
      <ResumeNotice webhook={webhook} reload={reload} />
      <div class="list-head" ref={top}>
        <DeliveryFilter filter={filter} onChange={(next) => go(base + toQuery(next), { replace: true })} />
        <LiveLine line={line} />
        {mayWrite && (
          <button type="button" class="button small" onClick={() => setResending(true)}>
            Resend…
          </button>
        )}
      </div>
      <FailureNotice text={list.failure} retry={list.rows.length ? list.more : list.reload} />
      <div class="news" aria-live="polite">
        {held > 0 && (
          <button type="button" class="button small primary" onClick={release}>
            Show {counted(held, "newer delivery", "newer deliveries")}
          </button>
        )}
      </div>
      {list.rows.length > 0 && (
        <DeliveryList
          rows={list.rows}
          hasMore={list.cursor !== undefined}
          address={({ id }) => href(`${base}/${id}${search}`)}
          onEnd={list.more}
        />
      )}
      {list.isLoading && <Skeleton rows={list.rows.length ? 2 : 12} />}
      {isEmpty && (
        <Empty
          title={search ? "Nothing matches" : "Nothing was delivered yet"}
          action={
            <a class="button" href={href(search ? base : `/w/${webhook.id}/test`)}>
              {search ? "Show all" : "Send a test"}
            </a>
          }
        >
          {search ? "No delivery is of this status, event and time." : "What is sent here appears by itself, within a second."}
        </Empty>
      )}
      {!list.isLoading && list.cursor === undefined && list.rows.length > 0 && <p class="end">That is all of them.</p>}
      {open && (
        <DeliveryPanel
          key={open}
          webhookId={webhook.id}
          id={open}
          version={opened ? `${opened.status} ${opened.attempts} ${opened.next_attempt_at}` : ""}
          onClose={() => go(base + search)}
        />
      )}
      {isResending && <ResendMany webhook={webhook} onClose={() => setResending(false)} onQueued={list.reload} />}
    </>
  );
}

interface Kept {
  rows: DeliveryRow[];
  place: (row: DeliveryRow) => void;
  reload: () => void;
}

/** News goes straight into the list while its top is seen; to a reader further down it is offered, so that nothing moves. */
function useHeld({ rows, place, reload }: Kept, top: { current: HTMLElement | null }) {
  const [held, setHeld] = useState<ReadonlySet<string>>(new Set());
  const release = () => {
    setHeld(new Set());
    top.current?.scrollIntoView();
    reload();
  };
  const heard = (row: DeliveryRow) => {
    const isAtTop = (top.current?.getBoundingClientRect().bottom ?? 0) > 0;
    if (isAtTop || rows.some(({ id }) => id === row.id)) place(row);
    else setHeld((before) => new Set(before).add(row.id));
  };
  return { held: held.size, heard, release };
}
