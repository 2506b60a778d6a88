/** A request's headers, however a framework holds them, or the bare value of `x-encrata-signature`. */
export type HeadersLike =
  | string
  | { get(name: string): string | null | undefined }
  | Iterable<readonly [string, HeaderValue]>
  | readonly string[]
  | { readonly [name: string]: HeaderValue };

/** One value, several, or none. */
export type HeaderValue = string | number | readonly string[] | null | undefined;

/** Values, each after the number of its name in `NAMES`. */
export type Found = (number | string)[];

export const NAMES = ["x-encrata-signature", "webhook-id", "webhook-timestamp", "webhook-signature"];
/** Stands for a value that is no text: it is there, and can't be well formed. */
const MALFORMED = "\ufffd";

/** The values of the headers that count. What they mean is the core's business. */
export function find(headers: unknown): Found {
  const found: Found = [];
  if (typeof headers === "string") return [0, headers];
  if (typeof headers !== "object" || headers === null) return found;
  const isMap = Object.prototype.toString.call(headers) === "[object Map]";
  const { get } = headers as { get?: unknown };
  if (typeof get === "function" && !isMap) {
    for (let number = 0; number < NAMES.length; number++) add(found, number, get.call(headers, NAMES[number]));
  } else {
    each(headers, (name, value) => {
      const number = numberOf(name);
      if (number >= 0) add(found, number, value);
    });
  }
  return found;
}

/** Calls `visit` with every header: of an object, of pairs in anything iterable, or of Node's flat `rawHeaders`. */
export function each(headers: object, visit: (name: string, value: unknown) => void): void {
  if (!(Symbol.iterator in headers)) {
    for (const name of Object.keys(headers)) visit(name, (headers as Record<string, unknown>)[name]);
    return;
  }
  let name: string | undefined;
  for (const item of headers as Iterable<unknown>) {
    if (typeof item !== "string") {
      const [key, value] = item as [unknown, unknown];
      if (typeof key === "string") visit(key, value);
    } else if (name === undefined) {
      name = item;
    } else {
      visit(name, item);
      name = undefined;
    }
  }
}

/** The length tells most names apart, without making them lower-case. */
function numberOf(name: string): number {
  return name.length === 19 || name.length === 17 || name.length === 10 ? NAMES.indexOf(name.toLowerCase()) : -1;
}

function add(found: Found, number: number, value: unknown): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) found.push(number, text(one));
  } else {
    found.push(number, text(value));
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : MALFORMED;
}
