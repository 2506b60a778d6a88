import { useCallback, useState } from "preact/hooks";
import { tell } from "../api/failure";

export interface Action<A extends unknown[]> {
  run: (...given: A) => Promise<boolean>;
  isRunning: boolean;
  failure: string | undefined;
}

/** Something the reader sets off: runs once at a time, and says in words why it failed. `run` tells whether it did it. */
export function useAction<A extends unknown[]>(act: (...given: A) => Promise<unknown>): Action<A> {
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<string>();
  const run = useCallback(
    async (...given: A) => {
      setRunning(true);
      setFailure(undefined);
      try {
        await act(...given);
        return true;
      } catch (thrown) {
        setFailure(tell(thrown));
        return false;
      } finally {
        setRunning(false);
      }
    },
    [act],
  );
  return { run, isRunning, failure };
}
