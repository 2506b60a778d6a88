import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { api, ask, session as watched, type Session } from "./api/client";
import { Failure, tell } from "./api/failure";
import { Announcer } from "./lib/announce";
import { Router } from "./lib/router";
import { SessionContext } from "./lib/session";
import { Shell } from "./parts/Shell";
import { FailureNotice } from "./parts/Notice";
import { Routes } from "./Routes";
import { SignIn } from "./pages/SignIn";

// Asked for while the rest of the page is still made.
const atStart = ask(api.GET("/api/session"));
atStart.catch(() => {});

type State = { kind: "asking" } | { kind: "out"; ended: boolean } | { kind: "in"; session: Session } | { kind: "failed"; why: string };

/** The gate: who is signed in sees the page, who is not signs in, at the same address. */
export function App() {
  const [state, setState] = useState<State>({ kind: "asking" });
  const opened = useCallback((session: Session) => setState({ kind: "in", session }), []);
  const settle = useCallback((asked: Promise<Session>) => {
    asked.then(opened, (thrown) => {
      const isOut = thrown instanceof Failure && thrown.status === 401;
      setState(isOut ? { kind: "out", ended: false } : { kind: "failed", why: tell(thrown) });
    });
  }, []);
  useEffect(() => {
    watched.ended = () => setState((now) => (now.kind === "in" ? { kind: "out", ended: true } : now));
    settle(atStart);
  }, []);
  const signedIn = useMemo(() => {
    if (state.kind !== "in") return undefined;
    const signOut = async () => {
      await ask(api.DELETE("/api/session"));
      setState({ kind: "out", ended: false });
    };
    return { ...state.session, signOut };
  }, [state]);

  return (
    <Router>
      <Announcer>
        <SessionContext.Provider value={signedIn}>
          <Shell>
            {state.kind === "in" && <Routes />}
            {state.kind === "out" && <SignIn ended={state.ended} onSignedIn={opened} />}
            {state.kind === "failed" && (
              <main class="page">
                <FailureNotice text={state.why} retry={() => settle(ask(api.GET("/api/session")))} />
              </main>
            )}
          </Shell>
        </SessionContext.Provider>
      </Announcer>
    </Router>
  );
}
