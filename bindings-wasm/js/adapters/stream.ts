import { Pieces } from "./pieces.js";
import { notRaw } from "./refusal.js";

/** What is asked of a Node stream. */
export interface Stream {
  on(name: string, listener: (value: never) => void): unknown;
  off(name: string, listener: (value: never) => void): unknown;
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
    const settle = (then: () => void) => {
      for (const [name, listener] of Object.entries(listeners)) stream.off(name, listener);
      then();
    };
    const fail = (error: unknown) => {
      settle(() => stream.pause());
      // One may still come, and unheard it would end the process.
      stream.on("error", () => {});
      reject(error);
    };
    const listeners = {
      data: (piece: Uint8Array | string) => {
        try {
          pieces.add(piece);
        } catch (error) {
          fail(error);
        }
      },
      end: () => settle(() => resolve(pieces.whole())),
      error: fail,
      close: () => fail(new Error("the request was closed before its body was complete")),
    };
    if (stream.destroyed) listeners.close();
    else for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
  });
}
