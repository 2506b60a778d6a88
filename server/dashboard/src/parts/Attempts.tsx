import type { Attempt } from "../api/client";
import { sentence } from "../api/failure";
import { lasted } from "../lib/time";
import { Badge } from "./Badge";
import { Code } from "./Code";
import { Time } from "./Time";

/** Every attempt, the latest first: when, how long, what came. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  if (attempts.length === 0) return <p class="muted">None was made yet.</p>;
  return (
    <ol class="attempts" reversed role="list">
      {attempts.toReversed().map((attempt, at) => (
        <li key={attempt.started_at}>
          <div class="attempt-head">
            <strong>#{attempts.length - at}</strong>
            <Badge kind={attempt.error ? "bad" : "good"}>{attempt.response_status ? String(attempt.response_status) : "no answer"}</Badge>
            <span class="muted">{lasted(attempt.duration_ms)}</span>
            <Time at={attempt.started_at} as="short" />
          </div>
          {attempt.error && <p>{sentence(attempt.error)}</p>}
          {attempt.response_body && <Code text={attempt.response_body} of={`the answer to attempt ${attempts.length - at}`} wrap />}
        </li>
      ))}
    </ol>
  );
}
