import { type RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const OVERSCAN = 12;

interface Slice {
  first: number;
  /** One past the last. */
  end: number;
}

/** Which rows of a long list are seen, of rows of one height, in a list that scrolls with the page. */
export function useWindow(list: RefObject<HTMLElement | null>, total: number, rowHeight: number): Slice {
  const [slice, setSlice] = useState<Slice>({ first: 0, end: 60 });
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - OVERSCAN);
      const end = first + Math.ceil(innerHeight / rowHeight) + 2 * OVERSCAN;
      setSlice((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [rowHeight]);
  const first = Math.min(slice.first, Math.max(0, total - 1));
  return { first, end: Math.min(total, slice.end) };
}
