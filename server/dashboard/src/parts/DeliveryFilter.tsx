import { EVENTS } from "../lib/events";
import type { Filter } from "../lib/filter";
import { RANGES } from "../lib/ranges";
import { STATUSES, statusText } from "./Badge";

interface Props {
  filter: Filter;
  onChange: (filter: Filter) => void;
}

/** What the list is narrowed to. */
export function DeliveryFilter({ filter, onChange }: Props) {
  const select = (name: keyof Filter) => ({
    value: filter[name],
    onChange: (event: { currentTarget: { value: string } }) => onChange({ ...filter, [name]: event.currentTarget.value }),
  });
  return (
    <div class="filter" role="search" aria-label="Deliveries">
      <select aria-label="Status" {...select("status")}>
        <option value="">Any status</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {statusText(status)}
          </option>
        ))}
      </select>
      <select aria-label="Event" {...select("event")}>
        <option value="">Any event</option>
        {EVENTS.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <select aria-label="Time" {...select("time")}>
        <option value="">Any time</option>
        {RANGES.map(({ name, text }) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
        <option value="custom">From … to …</option>
      </select>
      {filter.time === "custom" && (
        <>
          <input type="datetime-local" aria-label="From" {...select("since")} />
          <input type="datetime-local" aria-label="To" {...select("until")} />
        </>
      )}
    </div>
  );
}
