import { useState } from "preact/hooks";
import { api, ask, type Key } from "../api/client";
import { useAnnounce } from "../lib/announce";
import { counted } from "../lib/number";
import { useSession } from "../lib/session";
import { useAction } from "../lib/use-action";
import { Badge } from "./Badge";
import { Confirm } from "./Confirm";
import { FailureNotice } from "./Notice";
import { RenameKey } from "./RenameKey";
import { Time } from "./Time";

type Asking = "rename" | "revoke" | "delete" | undefined;

interface Props {
  apiKey: Key;
  onChanged: () => void;
}

function state({ is_active, disabled_by_admin }: Key) {
  if (is_active) return { kind: "good", text: "Active" } as const;
  return disabled_by_admin ? ({ kind: "warn", text: "Disabled" } as const) : ({ kind: "off", text: "Revoked" } as const);
}

/** A key, and what can be done to it. */
export function KeyRow({ apiKey, onChanged }: Props) {
  const { mayWrite, role } = useSession();
  // As the server has it: nobody changes a key that is more than their own, or the operator's.
  const mayChange = mayWrite && apiKey.role !== "publisher" && (role === "admin" || apiKey.role !== "admin");
  const { kind, text } = state(apiKey);
  return (
    <li class="key">
      <div class="key-name">
        <strong>{apiKey.name}</strong>
        <p class="muted">
          <code>
            {apiKey.key_prefix}
            {apiKey.key_preview}
          </code>{" "}
          · {apiKey.role} · {counted(apiKey.total_requests, "request", "requests")} ·{" "}
          {apiKey.last_used ? (
            <>
              last used <Time at={apiKey.last_used} />
            </>
          ) : (
            "never used"
          )}{" "}
          · made <Time at={apiKey.created_at} />
        </p>
      </div>
      <Badge kind={kind}>{text}</Badge>
      {mayChange && <KeyActions apiKey={apiKey} onChanged={onChanged} state={text} />}
    </li>
  );
}

function KeyActions({ apiKey, onChanged, state }: Props & { state: string }) {
  const { id, name, is_active } = apiKey;
  const [asking, setAsking] = useState<Asking>();
  const announce = useAnnounce();
  const done = (text: string) => {
    announce(text);
    onChanged();
  };
  const { run, isRunning, failure } = useAction(async () => {
    await ask(api.PATCH("/api/keys", { params: { query: { id, action: is_active ? "disable" : "enable" } } }));
    done(is_active ? `“${name}” is disabled.` : `“${name}” is active again.`);
  });
  const remove = async (permanent: boolean) => {
    await ask(api.DELETE("/api/keys", { params: { query: { id, permanent } } }));
    done(permanent ? `“${name}” is deleted.` : `“${name}” is revoked.`);
  };
  const close = () => setAsking(undefined);
  return (
    <div class="actions" role="group" aria-label={`Actions on ${name}`}>
      <button type="button" class="button quiet small" onClick={() => setAsking("rename")}>
        Rename
      </button>
      {state !== "Revoked" && (
        <>
          <button type="button" class="button quiet small" disabled={isRunning} onClick={() => run()}>
            {is_active ? "Disable" : "Enable"}
          </button>
          <button type="button" class="button quiet small danger" onClick={() => setAsking("revoke")}>
            Revoke…
          </button>
        </>
      )}
      {state === "Revoked" && (
        <button type="button" class="button quiet small danger" onClick={() => setAsking("delete")}>
          Delete…
        </button>
      )}
      <FailureNotice text={failure} />
      {asking === "rename" && <RenameKey apiKey={apiKey} onClose={close} onRenamed={() => done("The key has a new name.")} />}
      {asking === "revoke" && (
        <Confirm title={`Revoke “${name}”?`} verb="Revoke the key" onClose={close} onConfirm={() => remove(false)}>
          <p>What uses it is refused from now on, sessions of this page among it. This can't be taken back; to try it out, disable it.</p>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm title={`Delete “${name}”?`} verb="Delete the key" onClose={close} onConfirm={() => remove(true)}>
          <p>It is no longer listed. It opens nothing already.</p>
        </Confirm>
      )}
    </div>
  );
}
