// What an attempt that failed means, and what to do about it.

interface Failed {
  response_status?: number | null | undefined;
  error?: string | null | undefined;
}

const BY_STATUS: [(status: number) => boolean, string][] = [
  [(status) => status === 401 || status === 403,
    "The receiver refused the signature, or wants a login. Check its secret with “Why did my signature fail?”, and let these requests past any login."],
  [(status) => status === 404 || status === 405, "Nothing takes a POST at this path. Check the URL of the webhook and the route of the receiver."],
  [(status) => status === 410, "The receiver says that it is gone for good, so the webhook was switched off. Mend the URL, then switch it on again."],
  [(status) => status === 413, "The receiver takes no body of this size. Raise its limit to 1 MB."],
  [(status) => status === 415, "The receiver does not take application/json. Let its parser take it, and verify the raw body."],
  [(status) => status === 429, "The receiver asks for fewer requests. Set a limit of deliveries a second in the settings, or raise the receiver's."],
  [(status) => status >= 300 && status < 400, "A slash too many or too few at the end of the path, or another host name, is the usual cause: see where it leads with curl -I."],
  [(status) => status === 502 || status === 503 || status === 504, "A proxy before the receiver, or the receiver, is not up. Look there first; it is tried again by itself."],
  [(status) => status >= 500, "The receiver failed while it worked on this. Its log says why. Answer 2xx first and work afterwards."],
  [(status) => status >= 400, "The receiver refused this request. Its answer and its log say why."],
];

const BY_ERROR: [RegExp, string][] = [
  [/no complete answer within/, "Answer 2xx as soon as the body is verified and kept, and work afterwards: a queue or a background task."],
  [/^not sent: .*secret/, "The operator's master key does not open this secret. Rotate the secret, and tell the operator."],
  [/^not sent: no public address/, "Check the spelling of the host, and that its DNS record exists and is public, or let the operator allow its network."],
  [/^not sent/, "Deliveries go to public addresses only. Register a public URL, or let the operator allow this network."],
  [/^TLS failed/, "Renew the receiver's certificate, and let it send the whole chain: that is what is missing most of the time."],
  [/operator's proxy/, "The operator's proxy did not connect: see that the host name exists, is public, and listens, then ask the operator."],
  [/^no connection/, "Nothing listens there, or a firewall is in the way. See that the receiver runs and that its port is open."],
  [/connection broke/, "The receiver hung up before it answered: it crashed, or a proxy's time ran out. Look into its log."],
];

/** What to do about a failed attempt; nothing when there is nothing to do. */
export function advice({ response_status, error }: Failed): string | undefined {
  if (!error) return undefined;
  if (response_status) return BY_STATUS.find(([applies]) => applies(response_status))?.[1];
  return BY_ERROR.find(([pattern]) => pattern.test(error))?.[1];
}
