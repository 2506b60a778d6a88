import { useCallback, useState } from "preact/hooks";
import { api, ask, type Stats } from "../api/client";
import { count, rate } from "../lib/number";
import { RANGES, type Range } from "../lib/ranges";
import { lasted } from "../lib/time";
import { useEvery } from "../lib/use-every";
import { useLoad } from "../lib/use-load";
import { Chart } from "./Chart";
import { FailureNotice } from "./Notice";
import { StatsTable } from "./StatsTable";

async function load(webhook_id: string | undefined, { ms, step }: Range): Promise<Stats> {
  const since = new Date(Date.now() - ms).toISOString();
  const query = { since, step, ...(webhook_id === undefined ? {} : { webhook_id }) };
  return ask(api.GET("/api/webhooks/stats", { params: { query } }));
}

/** Deliveries by outcome and the receivers' answer times: of one webhook, or of all. */
export function Charts({ webhookId }: { webhookId?: string }) {
  const [range, setRange] = useState<Range>(RANGES[1]);
  const { data, failure, reload } = useLoad(() => load(webhookId, range), [webhookId, range]);
  useEvery(30, useCallback(reload, [reload]));
  const unit = { minute: "minute", hour: "hour", day: "day" }[range.step];
  return (
    <section class="charts" aria-label="Charts">
      <div class="segments" role="group" aria-label="Stretch of time">
        {RANGES.map((one) => (
          <button key={one.name} type="button" aria-pressed={one === range} onClick={() => setRange(one)}>
            {one.text}
          </button>
        ))}
      </div>
      <FailureNotice text={failure} retry={reload} />
      <figure class="card">
        <figcaption>
          <h2>Attempts per {unit}</h2>
          <Totals stats={data} />
        </figcaption>
        <Chart kind="outcomes" stats={data} />
      </figure>
      <figure class="card">
        <figcaption>
          <h2>Answer times of the receiver{webhookId ? "" : "s"}</h2>
          <Times stats={data} />
        </figcaption>
        <Chart kind="times" stats={data} />
      </figure>
      {data && <StatsTable stats={data} />}
    </section>
  );
}

function Totals({ stats }: { stats: Stats | undefined }) {
  const sum = (name: "delivered" | "failed" | "retried") => stats?.buckets.reduce((sum, bucket) => sum + bucket[name], 0) ?? 0;
  const [delivered, failed, retried] = [sum("delivered"), sum("failed"), sum("retried")];
  const ended = delivered + failed;
  return (
    <ul class="legend" role="list">
      <li class="good">Delivered {count(delivered)}</li>
      <li class="warn">To be tried again {count(retried)}</li>
      <li class="bad">Failed {count(failed)}</li>
      <li class="plain">{ended === 0 ? "Nothing ended in this time" : `${rate(delivered / ended)} arrived`}</li>
    </ul>
  );
}

function Times({ stats }: { stats: Stats | undefined }) {
  const last = stats?.buckets.findLast(({ p50_ms }) => typeof p50_ms === "number");
  const text = (ms: number | null | undefined) => (typeof ms === "number" ? lasted(Math.round(ms)) : "–");
  return (
    <ul class="legend" role="list">
      <li class="p50">Median {text(last?.p50_ms)}</li>
      <li class="p95">95th percentile {text(last?.p95_ms)}</li>
      <li class="plain">of the latest</li>
    </ul>
  );
}
