const whole = new Intl.NumberFormat();

export const count = (value: number): string => whole.format(value);

/** Like "99.4 %", never rounded up to 100. */
export function rate(part: number): string {
  const percent = Math.floor(part * 1000) / 10;
  return `${percent.toLocaleString(undefined, { maximumFractionDigits: 1 })} %`;
}

/** "1 delivery", "2 deliveries". */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
