/** Header lines as pairs. A line without a name is the bare value of `X-Encrata-Signature`. */
export function readHeaders(text: string): [string, string][] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim())
    .map((line) => {
      const [, name, value] = line.match(/^\s*["']?([\w-]+)["']?\s*:\s*(.*?)\s*$/) ?? [];
      return name === undefined || value === undefined ? ["x-encrata-signature", line.trim()] : [name, value];
    });
}
