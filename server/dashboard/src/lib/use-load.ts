import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { tell } from "../api/failure";

export interface Loaded<T> {
  /** What came last; kept while it is asked for again. */
  data: T | undefined;
  /** Why it could not be had, in words. */
  failure: string | undefined;
  /** Asks again. */
  reload: () => void;
}

/** Asks for something, and again when one of `keys` changes. An answer that was overtaken is dropped. */
export function useLoad<T>(load: () => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data?: T | undefined; failure?: string | undefined }>({});
  const round = useRef(0);
  const run = useCallback(() => {
    const mine = ++round.current;
    load().then(
      (data) => mine === round.current && setState({ data }),
      (thrown) => mine === round.current && setState(({ data }) => ({ data, failure: tell(thrown) })),
    );
  }, keys);
  useEffect(() => {
    run();
    return () => {
      round.current += 1;
    };
  }, [run]);
  return { data: state.data, failure: state.failure, reload: run };
}
