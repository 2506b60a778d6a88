/** A request that did not do what was asked, in words for the reader. */
export class Failure extends Error {
  /** The status of the answer; 0 when none came. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.name = "Failure";
    this.status = status;
  }
}

/** What a refusal means and what to do, from the answer and what it says. */
export function refused(response: Response, body: unknown): Failure {
  const { status } = response;
  const said = (body as { error?: unknown } | undefined)?.error;
  return new Failure(status, words(status, typeof said === "string" ? said : "", response.headers.get("retry-after")));
}

function words(status: number, said: string, retryAfter: string | null): string {
  switch (status) {
    case 401:
      return "You are signed out. Sign in again to go on.";
    case 403:
      return said === "forbidden"
        ? "The key you signed in with may only read. Sign in with a member's or an admin's key."
        : sentence(said);
    case 429:
      return `Too many requests. Try again in ${retryAfter ?? "some"} seconds.`;
    case 500:
      return "The server has a fault of its own; its log says which. Nothing was changed: try again.";
    default:
      return said ? sentence(said) : `The server answered ${status}. Try again.`;
  }
}

/** A text of the server as a sentence of its own. */
export function sentence(text: string): string {
  const named = text.replace(/^url\b/, "the URL");
  const begun = named.charAt(0).toUpperCase() + named.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** What to tell the reader of anything that was thrown. */
export function tell(thrown: unknown): string {
  if (thrown instanceof Failure) return thrown.message;
  if (thrown instanceof TypeError) return "The server can't be reached. Check the connection, then try again.";
  return `The page has a fault: ${String(thrown)}`;
}
