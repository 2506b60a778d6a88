import { useState } from "preact/hooks";
import { api, ask, type CreatedKey, type Key } from "../api/client";
import { useSession } from "../lib/session";
import { useLoad } from "../lib/use-load";
import { KeyMade } from "../parts/KeyMade";
import { KeyRow } from "../parts/KeyRow";
import { NewKey } from "../parts/NewKey";
import { FailureNotice } from "../parts/Notice";
import { Page } from "../parts/Page";
import { Skeleton } from "../parts/Skeleton";

const load = async (): Promise<Key[]> => (await ask(api.GET("/api/keys"))).keys;

/** The keys of the workspace. */
export function Keys() {
  const { mayWrite } = useSession();
  const { data, failure, reload } = useLoad(load, []);
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedKey>();
  return (
    <Page
      title="API keys"
      lead="Each opens the API, and this page, for its workspace. Give each program its own."
      actions={
        mayWrite && (
          <button type="button" class="button primary" onClick={() => setMaking(true)}>
            Create a key
          </button>
        )
      }
    >
      <FailureNotice text={failure} retry={reload} />
      {!data && !failure && <Skeleton rows={3} tall />}
      {data && (
        <ul class="keys" role="list">
          {data.map((key) => (
            <KeyRow key={key.id} apiKey={key} onChanged={reload} />
          ))}
        </ul>
      )}
      {isMaking && (
        <NewKey
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
            reload();
          }}
        />
      )}
      {made && <KeyMade made={made} onClose={() => setMade(undefined)} />}
    </Page>
  );
}
