import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { refused } from "./failure";

type Schemas = components["schemas"];
export type Webhook = Schemas["WebhookView"];
export type Delivery = Schemas["DeliveryView"];
export type Attempt = Schemas["AttemptView"];
export type Key = Schemas["KeyView"];
export type CreatedKey = Schemas["CreatedKey"];
export type Tested = Schemas["Tested"];
export type Session = Schemas["SessionView"];
export type Overview = Schemas["Glance"];
export type WebhookNotice = Schemas["NoticeView"];
export type Stats = Schemas["StatsView"];
export type SentRequest = Schemas["SentRequest"];

const PAGE_HEADER = { "X-Encrata-Page": "1" };

/** The API under the page's own session. */
export const api = createClient<paths>({ headers: PAGE_HEADER });

/** Told when an answer says that there is no session any more. */
export const session = { ended: () => {} };

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, and its response; a refusal is thrown in words. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<{ data: NonNullable<T>; response: Response }> {
  const { data, error, response } = await call;
  if (response.status === 401) session.ended();
  if (!response.ok) throw refused(response, error);
  return { data: data as NonNullable<T>, response };
}

/** The data of an answer; a refusal is thrown in words. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<NonNullable<T>> {
  return (await answered(call)).data;
}
