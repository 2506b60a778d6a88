import { Pieces } from "./pieces.js";
import { notRaw } from "./refusal.js";

/** What is asked of a Node stream. */
export interface Stream {
  on(name: string, listener: (value: never) => void): unknown;
  pause(): unknown;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly destroyed?: boolean;
}

/** Whether something has read from it. */
export function isRead(stream: Stream): boolean {
  return stream.readableDidRead === true || stream.readableEnded === true;
}

/** Reads a stream from its beginning. Over the limit it is left paused: destroyed, it could not be answered. */
export function readStream(stream: Stream, maxBytes: number, announced: unknown, fix: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (isRead(stream)) throw notRaw(fix);
    const pieces = new Pieces(maxBytes, announced);
    const fail = (error: unknown) => {
      stream.pause();
      reject(error);
    };
    // They stay: an error may come later, and unheard it would end the process.
    stream.on("error", fail);
    stream.on("data", (piece) => {
      try {
        pieces.add(piece);
      } catch (error) {
        fail(error);
      }
    });
    stream.on("end", () => resolve(pieces.whole()));
    const close = () => fail(new Error("the request was closed before its body was complete"));
    if (stream.destroyed) close();
    else stream.on("close", close);
  });
}
