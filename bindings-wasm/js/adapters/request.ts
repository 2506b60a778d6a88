import type { Body } from "@encrata/webhooks";
import { Pieces } from "./pieces.js";
import { notRaw, refusalBody } from "./refusal.js";
import type { Outcome } from "./endpoint.js";

/** Reads a request's body, up to the limit. */
export async function readRequest(request: Request, maxBytes: number, fix: string): Promise<Body> {
  const { body } = request;
  if (request.bodyUsed || body?.locked) throw notRaw(fix);
  const pieces = new Pieces(maxBytes, request.headers.get("content-length"));
  if (body === null) return pieces.whole();
  const reader = body.getReader();
  try {
    for (let piece; !(piece = await reader.read()).done; ) pieces.add(piece.value);
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  }
  return pieces.whole();
}

/** The response to an outcome: the handler's own, where it gave one. */
export function respond(outcome: Outcome<unknown>): Response {
  if (!outcome.ok) {
    const headers = { "content-type": "application/json" };
    return new Response(refusalBody(outcome.code), { status: outcome.status, headers });
  }
  return isResponse(outcome.answer) ? outcome.answer : new Response(null, { status: 204 });
}

/** Without `instanceof`: a framework's response may be of a class of its own. */
function isResponse(answer: unknown): answer is Response {
  return typeof answer === "object" && answer !== null && "status" in answer && "headers" in answer;
}
