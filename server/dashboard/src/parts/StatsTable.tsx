import type { Stats } from "../api/client";
import { count } from "../lib/number";
import { Time } from "./Time";

/** The charts' figures as a table, for those who read rather than look. */
export function StatsTable({ stats }: { stats: Stats }) {
  const rows = stats.buckets.filter(({ delivered, failed, retried }) => delivered + failed + retried > 0);
  const time = (ms: number | null | undefined) => (typeof ms === "number" ? count(Math.round(ms)) : "–");
  return (
    <details class="aside">
      <summary>The figures as a table</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Delivered</th>
              <th scope="col">To be tried again</th>
              <th scope="col">Failed</th>
              <th scope="col">Median, ms</th>
              <th scope="col">95th percentile, ms</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ start, delivered, retried, failed, p50_ms, p95_ms }) => (
              <tr key={start}>
                <th scope="row">
                  <Time at={start} as="full" />
                </th>
                <td>{count(delivered)}</td>
                <td>{count(retried)}</td>
                <td>{count(failed)}</td>
                <td>{time(p50_ms)}</td>
                <td>{time(p95_ms)}</td>
              </tr>
            ))}
            {rows.length === 0 && (
              <tr>
                <td colSpan={6}>Nothing was sent in this time.</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </details>
  );
}
