import { createContext, type ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useState } from "preact/hooks";

const AnnounceContext = createContext<(text: string) => void>(() => {});

/** Says what was done, for eyes and for screen readers, without taking the focus. */
export function Announcer({ children }: { children: ComponentChildren }) {
  const [said, setSaid] = useState({ text: "", round: 0 });
  const announce = useCallback((text: string) => setSaid(({ round }) => ({ text, round: round + 1 })), []);
  useEffect(() => {
    if (!said.text) return;
    const timer = setTimeout(() => setSaid(({ round }) => ({ text: "", round })), 6000);
    return () => clearTimeout(timer);
  }, [said.round]);
  return (
    <AnnounceContext.Provider value={announce}>
      {children}
      <div class="announcer" role="status" aria-live="polite">
        {said.text && <p key={said.round}>{said.text}</p>}
      </div>
    </AnnounceContext.Provider>
  );
}

/** A function that says what was done. */
export const useAnnounce = (): ((text: string) => void) => useContext(AnnounceContext);
