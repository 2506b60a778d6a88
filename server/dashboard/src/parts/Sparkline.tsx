import { counted } from "../lib/number";

const BAR = 4;
const HEIGHT = 24;

interface Hour {
  delivered: number;
  failed: number;
}

/** Deliveries of the last 24 hours, a bar for each hour; what failed stands at its foot. */
export function Sparkline({ hours }: { hours: Hour[] }) {
  const top = Math.max(1, ...hours.map(({ delivered, failed }) => delivered + failed));
  const height = (value: number) => (value === 0 ? 0 : Math.max(1.5, (value / top) * HEIGHT));
  const delivered = hours.reduce((sum, hour) => sum + hour.delivered, 0);
  const failed = hours.reduce((sum, hour) => sum + hour.failed, 0);
  const label = `Last 24 hours: ${counted(delivered, "delivery", "deliveries")} arrived, ${failed} failed`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${hours.length * BAR} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {hours.map(({ delivered, failed }, index) => {
        const bad = height(failed);
        const good = Math.min(HEIGHT - bad, height(delivered));
        const x = index * BAR;
        return (
          <g key={index}>
            <rect class="base" x={x} y={HEIGHT - 1} width={BAR - 1} height={1} />
            <rect class="bad" x={x} y={HEIGHT - bad} width={BAR - 1} height={bad} />
            <rect class="good" x={x} y={HEIGHT - bad - good} width={BAR - 1} height={good} />
          </g>
        );
      })}
    </svg>
  );
}
