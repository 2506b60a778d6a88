import { useState } from "preact/hooks";
import { api, ask, type Session } from "../api/client";
import { Failure } from "../api/failure";
import { useAction } from "../lib/use-action";
import { Field } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { Page } from "../parts/Page";

const WRONG = "No key opens with this. Copy it again, whole, as it was shown when it was made: enc_live_ and 32 characters.";

async function signIn(key: string): Promise<Session> {
  try {
    return await ask(api.POST("/api/session", { body: { key } }));
  } catch (thrown) {
    throw thrown instanceof Failure && thrown.status === 401 ? new Failure(401, WRONG) : thrown;
  }
}

/** The key goes to the server once, for a session; nothing of it stays in the browser. */
export function SignIn({ ended, onSignedIn }: { ended: boolean; onSignedIn: (session: Session) => void }) {
  const [key, setKey] = useState("");
  const { run, isRunning, failure } = useAction(async () => {
    const session = await signIn(key.trim());
    setKey("");
    onSignedIn(session);
  });
  const error = failure ?? (key.trim().startsWith("whsec_") ? "This is a signing secret. Sign in with an API key." : undefined);
  return (
    <Page title="Sign in" tab="Sign in to webhooks" lead="Webhooks of your workspace: register them, see what was delivered, mend what was not.">
      {ended && (
        <Notice kind="warn" title="Your session has ended.">
          It lasts 12 hours, 2 without use, and ends with its key. Sign in again to go on where you were.
        </Notice>
      )}
      <form
        class="card sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field
          label="API key"
          hint="An admin's, a member's or a read-only key. It is exchanged for a session and not kept in this browser."
          error={error}
        >
          {(wiring) => (
            <input
              {...wiring}
              type="password"
              class="mono"
              required
              autoFocus
              autoComplete="off"
              spellcheck={false}
              placeholder="enc_live_…"
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !key.trim()}>
            {isRunning ? "Signing in…" : "Sign in"}
          </button>
        </div>
      </form>
      <details class="aside">
        <summary>You have no key?</summary>
        <p>The operator of this server makes the first one on its command line:</p>
        <pre class="wrap">encrata-webhooks keys create --workspace acme --name console --role admin</pre>
      </details>
    </Page>
  );
}
