import { useSession } from "../lib/session";
import { useAction } from "../lib/use-action";

/** Who is signed in, and the way out. */
export function SignedInAs() {
  const { name, role, workspace, signOut } = useSession();
  const out = useAction(signOut);
  return (
    <div class="who">
      <span class="who-name" title={`Signed in with the key “${name}” (${role})`}>
        {workspace}
      </span>
      <button type="button" class="button quiet small" disabled={out.isRunning} onClick={() => out.run()}>
        Sign out
      </button>
    </div>
  );
}
