import { useEffect } from "preact/hooks";

/** Calls again and again while the page is seen, and when it is seen again. */
export function useEvery(seconds: number, call: () => void): void {
  useEffect(() => {
    const seen = () => document.visibilityState === "visible" && call();
    const timer = setInterval(seen, seconds * 1000);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [seconds, call]);
}
