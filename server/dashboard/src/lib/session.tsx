import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "../api/client";

interface SignedIn extends Session {
  signOut: () => Promise<void>;
}

export const SessionContext = createContext<SignedIn | undefined>(undefined);

/** Who is signed in. Below the gate of the app there is always one. */
export function useSession(): SignedIn & { mayWrite: boolean } {
  const session = useContext(SessionContext);
  if (!session) throw new Error("used outside of a session");
  return { ...session, mayWrite: session.role !== "readonly" };
}
